"""Messages: found by how they stand, read as they were sent, explained; sent again, released, cancelled."""

import re

import msgspec
import pytest
from helpers import ending
from helpers.attorneys import Lawyers
from helpers.callers import ME, hashed, stranger
from helpers.dispatches import make
from sqlalchemy import update

from gateway.db.models import Dispatch, Staff, Wall
from gateway.domain.people.erasure import erase
from gateway.wings import ERASERS
from outbound.notify.channels.base import Words
from outbound.notify.claiming import SAID

SPOKEN = Words(
    subject="A stay ends <b>soon</b>",
    text=f"The stay of {ending.HOSTILE} ends.\n\nI have seen this:\nhttp://127.0.0.1:8000/l/a/Secret9\n",
    short="A stay ends.",
)


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)


@pytest.fixture
def message(office, tenants, db):
    """One of the admin's in some state, that said what is said above."""

    def made(state="sent", role="admin", **more):
        [one] = make(
            office, tenants.northgate, tenants.staff[role], kind="expiry", template="expiry", state=state, **more
        )
        with db.firm(tenants.northgate) as session:
            plain = msgspec.json.encode(SPOKEN).decode()
            [said] = office.cipher(session, tenants.northgate).encrypt_column([plain], SAID)
            session.execute(update(Dispatch).where(Dispatch.id == one).values(said=said))
        return one

    return made


def state_of(inbox, one):
    return inbox.sql("SELECT state, is_repeat FROM dispatches WHERE id = %s", one)[0]


def test_what_was_not_sent_is_found_by_its_state_and_sent_again(paralegal, message, inbox):
    dead = message("dead", ended_code="mail_unreachable")
    message("sent")
    page = paralegal.get("/messages")
    assert len(re.findall(r'<td class="who" data-is="to">', paralegal.page.text)) == 2
    page = paralegal.get(next(one for one in page.links if "state=dead" in one))
    assert re.findall(r'href="/messages/([0-9a-f-]+)"', paralegal.page.text) == [str(dead)]
    page = paralegal.get(f"/messages/{dead}")
    assert "It was given up after the last attempt." in page.text
    page = paralegal.press(f"/messages/{dead}/retry")
    assert "It leaves again now, over the gate." in page.text
    assert state_of(inbox, dead) == ("waiting", False)
    assert "No message matches." in paralegal.get("/messages?state=dead").text


def test_the_text_is_shown_by_a_press_alone_and_as_text(paralegal, message, inbox):
    one = message()
    paralegal.get(f"/messages/{one}")
    assert "The stay of" not in paralegal.page.text
    assert paralegal.http.get(f"/messages/{one}/words").status_code == 405
    page = paralegal.press(f"/messages/{one}/words")
    assert "A stay ends <b>soon</b>" in page.text
    assert f"The stay of {ending.HOSTILE} ends." in page.text
    assert "<script>alert" not in paralegal.page.text
    assert "[a link for the recipient alone]" in page.text
    assert "Secret9" not in paralegal.page.text
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'notice.words'") == [(1,)]


def test_why_it_was_sent_is_told_in_sentences_with_the_papers(paralegal, inbox, roster, tenants):
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    [(_, one), *_] = ending.tell(inbox, people["E1"])
    inbox.sql(
        "INSERT INTO gate_decisions (firm_id, dispatch_id, path, verdict, reason, until, facts) VALUES"
        " (%s, %s, 'reminder', 'delay', 'quiet_hours', '2027-02-02T13:00:00Z', '{}') RETURNING id",
        tenants.northgate,
        one,
    )
    page = paralegal.get(f"/messages/{one}")
    assert "lead_times.i94 says 30 days before, and 28 were left on Feb 1, 2027" in page.text
    assert "the gate held it back until Feb 2, 2027 08:00 EST on its way as reminder" in page.text
    assert f"/expiring/{ending.paper_of(inbox, people['E1'])}" in page.links
    assert "gateway notice" not in page.text
    assert "I-94, Mar 1, 2027" in paralegal.get("/messages").text


def test_what_nobody_knows_of_is_released_or_cancelled(paralegal, message, inbox):
    one, other = message("held"), message("held")
    paralegal.get(f"/messages/{one}")
    assert set(paralegal.forms.found) == {
        "/sign-out",
        *(f"/messages/{one}/{act}" for act in ("release", "cancel", "words")),
    }
    assert "It leaves now." in paralegal.press(f"/messages/{one}/release").text
    assert state_of(inbox, one) == ("waiting", True)
    paralegal.get(f"/messages/{other}")
    assert "Cancelled. It does not leave." in paralegal.press(f"/messages/{other}/cancel").text
    assert state_of(inbox, other) == ("cancelled", False)


def test_pressing_twice_says_on_the_same_page_what_has_become_of_it(paralegal, message, inbox):
    one = message("failed")
    paralegal.get(f"/messages/{one}")
    fields = paralegal.forms.found[f"/messages/{one}/retry"]
    paralegal.send(f"/messages/{one}/retry", fields)
    again = paralegal.send(f"/messages/{one}/retry", fields)
    assert (again.status_code, "is waiting; it cannot be let leave again" in again.text) == (409, True)
    assert "<h1>To" in again.text
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'notice.retry'") == [(1,)]


def test_one_that_never_left_has_no_text(paralegal, office, tenants):
    [one] = make(office, tenants.northgate, tenants.staff["admin"])
    page = paralegal.get(f"/messages/{one}")
    assert "no text is kept" in page.text
    assert f"/messages/{one}/words" not in page.found
    fields = paralegal.forms.found["/sign-out"]
    told = paralegal.send(f"/messages/{one}/words", fields)
    assert (told.status_code, "No words of it are kept" in told.text) == (404, True)


def test_a_viewer_reads_and_does_nothing(browser, message, inbox):
    one = message("failed")
    browser.sign_in("viewer", f"/messages/{one}")
    assert set(browser.forms.found) == {"/sign-out", f"/messages/{one}/words"}
    assert "The stay of" in browser.press(f"/messages/{one}/words").text
    fields = browser.forms.found["/sign-out"]
    for act in ("retry", "release", "cancel"):
        assert browser.send(f"/messages/{one}/{act}", fields).status_code == 403, act
    assert state_of(inbox, one) == ("failed", False)


def test_from_a_person_to_what_anybody_was_told_of_their_papers(paralegal, inbox, roster, tenants, message):
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    mine = {str(one) for _, one in ending.tell(inbox, people["E4"])}
    message("sent")  # about nobody
    ending.tell(inbox, people["E1"])
    about = f"/messages?about={people['E4']}"
    assert about in paralegal.get(f"/clients/{people['E4']}").links
    page = paralegal.get(about)
    assert set(re.findall(r'href="/messages/([0-9a-f-]{36})"', paralegal.page.text)) == mine != set()
    assert f"Messages about {ending.HOSTILE}" in page.text
    assert ending.HOSTILE not in paralegal.page.text
    assert "last two weeks" not in page.text  # that is of everybody
    page = paralegal.get(f"/messages?about={people['E4']}&state=dead")
    assert "about a paper of theirs, matches" in page.text
    assert all(f"about={people['E4']}" in one for one in page.links if "state=" in one)
    paralegal.get("/messages?about=0197a3c2-5e10-7c4e-9d2b-4f00000000ff")
    assert paralegal.page.status_code == 404


def test_whom_a_paper_or_a_case_is_of_stands_at_each_message(browser, inbox, roster, tenants, office, db):
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    ending.tell(inbox, people["E4"])
    firm = Lawyers(office, tenants.northgate, tenants.acme)
    firm.hire("ana")
    for one in ("E2", "E3"):  # told in one message of both
        firm.open(client_id=people[one])
    firm.work()
    browser.sign_in("paralegal", "/messages")
    told = about(browser)
    assert f'<a href="/clients/{people["E4"]}"><bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi></a>' in told
    assert names(browser) >= {"Name2", "Name3"}
    assert ("New cases" in browser.page.text, "Warning about files" in browser.page.text) == (True, False)
    seen = inbox.sql("SELECT changes FROM audit_log WHERE action = 'notice.list' ORDER BY at DESC LIMIT 1")[0][0]
    assert {one["id"] for one in seen} == {str(people[one]) for one in ("E2", "E3", "E4")}
    with db.firm(tenants.northgate) as session:
        wall = Wall(firm_id=tenants.northgate, staff_id=tenants.staff["paralegal"], client_id=people["E2"])
        wall.reason, wall.created_by = "Acted for the other side", "admin"
        session.add(wall)
    browser.get("/messages")
    assert (names(browser) & {"Name2", "Name3"}) == {"Name3"}
    with office.acting(tenants.northgate, ME) as acting:
        erase(acting, people["E3"], "She asked", ERASERS)
    browser.get("/messages")
    assert "an erased person" in about(browser)
    assert "Name3" not in browser.page.text


def about(browser):
    return " ".join(re.findall(r'<span class="about">of (.*?)</span>', browser.page.text))


def names(browser):
    return set(re.findall(r"<bdi>(.*?)</bdi>", about(browser)))


def test_what_had_come_through_is_sent_again_after_a_second_thought_only(paralegal, message):
    for state, asked in (("sent", True), ("dead", False)):
        one = message(state)
        paralegal.get(f"/messages/{one}")
        deeds = re.search(r'<section class="decide".*?</section>', paralegal.page.text, re.DOTALL)[0]
        assert ("<details><summary>Send again" in deeds) is asked


def test_walls_firms_and_partners_part_messages(browser, http, acme_key, inbox, roster, office, tenants, db):
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    [(_, one), *_] = ending.tell(inbox, people["E1"])
    for path in ("/messages", f"/messages/{one}"):
        assert http.get(path, headers=acme_key).status_code == 403
    with db.firm(tenants.northgate) as session:
        session.add(
            Wall(
                firm_id=tenants.northgate,
                staff_id=tenants.staff["paralegal"],
                client_id=people["E1"],
                reason="Acted for the other side",
                created_by="admin",
            )
        )
    browser.sign_in("paralegal", "/messages")
    assert "Nobody has been told anything yet." in browser.forms.text
    browser.get(f"/messages/{one}")
    assert browser.page.status_code == 404
    browser.get(f"/messages?about={people['E1']}")
    assert browser.page.status_code == 404
    fields = browser.get("/messages").found["/sign-out"]
    for act in ("words", "retry", "release", "cancel"):
        assert browser.send(f"/messages/{one}/{act}", fields).status_code == 404, act
    browser.press("/sign-out")
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    browser.get(f"/messages/{one}")
    assert browser.page.status_code == 404


def test_long_lists_go_on_and_keep_their_filters(paralegal, message, monkeypatch):
    from gateway.web.console import messages

    monkeypatch.setattr(messages, "SHOWN", 2)
    made = [message() for _ in range(5)]
    message("dead")
    seen, path = [], "/messages?state=sent&channel=email"
    while path:
        page = paralegal.get(path)
        seen += re.findall(r'href="/messages/([0-9a-f-]{36})"', paralegal.page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
        assert path is None or ("state=sent" in path and "channel=email" in path)
    assert sorted(seen) == sorted(map(str, made))
    paralegal.get("/messages?state=nonsense")
    assert paralegal.page.status_code == 400
    paralegal.get("/messages?channel=emial")
    assert paralegal.page.status_code == 404
    assert len(paralegal.get("/messages?state=&channel=").links) > 3  # as a form says "any"


def test_the_columns_say_how_many_did_not_arrive(paralegal, message):
    for state in ("sent", "delivered", "dead", "held", "waiting"):
        message(state)
    page = paralegal.get("/messages")
    assert "Of 5 messages 1 did not arrive, and 1 waits for a person to decide." in page.text
    assert re.search(r"Feb 1\s*2\s*1\s*1\s*1\s*5", page.text)


def test_a_digest_of_many_papers_stays_a_page(paralegal, inbox, roster, tenants, monkeypatch):
    from gateway.web.console import messages

    monkeypatch.setattr(messages, "MOST", 2)
    inbox.apply(roster)
    people = ending.load(inbox, tenants)
    first, second = ending.tell(inbox, people["E2"])[:2]
    [(third, _), *_] = ending.tell(inbox, people["E3"])
    for notice in (second[0], third):
        inbox.sql("UPDATE notices SET dispatch_id = %s WHERE id = %s RETURNING id", first[1], notice)
    page = paralegal.get(f"/messages/{first[1]}")
    assert "And 1 more." in page.text
    assert "The other 2 sentences" in page.text
