"""Links that act when pressed: looked at without effect, pressed once, as their recipient and on record."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from helpers.telling import Whom, a_person, said, tell
from sqlalchemy import event, select, text

from gateway import clock
from gateway.db.models import ActionLink, AuditEntry, Notice, Staff
from gateway.domain.links import actions, upkeep
from gateway.domain.people.erasure import erase
from gateway.jobs.handling import Handling
from gateway.jobs.ledger import Job
from gateway.office import Actor
from gateway.wings import ERASERS

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ALL = ("acknowledge", "snooze", "unsubscribe")
PATIENCE = 30  # seconds


@pytest.fixture
def ana(office, tenants):
    return a_person(office, tenants.northgate, tenants.acme)


@pytest.fixture
def paralegal(tenants):
    return Whom(staff_id=tenants.staff["paralegal"])


@pytest.fixture
def told(office, tenants, ana, paralegal):
    return tell(office, tenants.northgate, paralegal, [ana], ALL)


@pytest.fixture
def acts(db):
    """What is on record: who pressed what."""

    def found():
        with db.system() as session:
            entries = session.scalars(
                select(AuditEntry).where(AuditEntry.action == "link.press").order_by(AuditEntry.id)
            )
            return [(one.actor_kind, one.actor, one.actor_id, one.origin, one.changes[0]["action"]) for one in entries]

    return found


def kept(all_rows):
    """All but what the process counts of its calls, which a thread of its own adds every two seconds."""
    return {table: rows for table, rows in all_rows().items() if table != "tallies"}


def used(db):
    with db.system() as session:
        return dict(session.execute(select(ActionLink.act, ActionLink.used_at.is_not(None))).all())


# ---------------------------------------------------------------- looked at


@pytest.mark.parametrize("act", ALL)
def test_looking_at_a_link_says_what_the_press_does_and_changes_nothing(http, told, all_rows, act):
    before = kept(all_rows)
    for method in ("GET", "HEAD", "GET"):
        answer = http.request(method, told.path(act))
        assert answer.status_code == 200
    assert kept(all_rows) == before
    page = answer.text
    assert "<button" in page
    assert "If you press the button" in page
    assert 'method="post"' in page


@pytest.mark.parametrize("act", ALL)
def test_looking_locks_nothing_and_waits_for_nobody_who_does(http, told, db, act):
    with ThreadPoolExecutor(1) as pool, db.system() as session:
        for table in ("notices", "dispatches", "action_links", "documents", "clients", "staff", "firms"):
            session.execute(text(f"SELECT FROM {table} FOR UPDATE"))
        for method in ("GET", "HEAD"):
            assert pool.submit(http.request, method, told.path(act)).result(PATIENCE).status_code == 200


def test_looking_at_what_is_gone_says_that_nothing_is_left(http, told, db):
    with db.system() as session:
        session.execute(text("DELETE FROM notices"))
    for act in ("acknowledge", "snooze"):
        for method in ("GET", "HEAD"):
            answer = http.request(method, told.path(act))
            assert answer.status_code == 200
        assert "nothing left to answer" in http.get(told.path(act)).text
    assert "<button" in http.get(told.path("unsubscribe")).text


def test_notices_that_go_while_somebody_looks_cannot_wait(http, told, db, monkeypatch):
    """Between what a message told and until when that can wait."""
    from gateway.domain.links import doing

    really = doing.latest

    def goes(*given):
        with db.system() as session:
            session.execute(text("DELETE FROM notices"))
        return really(*given)

    monkeypatch.setattr(doing, "latest", goes)
    answer = http.get(told.path("snooze"))
    assert answer.status_code == 200
    assert "cannot wait" in answer.text
    assert "<button" not in answer.text


@pytest.mark.parametrize("act", ALL)
def test_a_dispatch_that_goes_while_somebody_looks_leaves_an_answer(http, told, db, monkeypatch, act):
    """Between finding the link and looking at what it is for."""
    really = actions.find

    def goes(*given):
        found = really(*given)
        with db.system() as session:
            session.execute(text("UPDATE notices SET dispatch_id = NULL"))
            session.execute(text("DELETE FROM dispatches"))
        return found

    monkeypatch.setattr(actions, "find", goes)
    answer = http.get(told.path(act))
    assert answer.status_code == 200
    assert ("nothing left to answer" if act != "unsubscribe" else "by message") in answer.text


def test_a_page_names_people_by_their_initials_and_nothing_sensitive(http, told):
    page = http.get(told.path("acknowledge")).text
    assert "A.S.: record of admission, ends on" in page
    assert "Ana" not in page
    assert "Silva" not in page


@pytest.mark.parametrize("act", ALL)
def test_a_page_runs_nothing_loads_nothing_and_is_kept_by_nobody(http, told, act):
    answer = http.get(told.path(act))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert not re.search(r"<script|javascript:|\son\w+=|<img|<link|https?://", answer.text)
    for needed in ('<html lang="en">', "<main>", "<h1>", "<title>", 'name="viewport"'):
        assert needed in answer.text


def test_nothing_that_opens_a_link_is_kept_but_its_digest(told, all_rows, caplog, capfd, http):
    http.get(told.path("acknowledge"))
    http.post(told.path("acknowledge"))
    tokens = [told.path(act).rsplit("/", 1)[1] for act in ALL]
    assert all(len(one) >= 32 for one in tokens)
    written = str(all_rows()) + caplog.text + "".join(capfd.readouterr())
    assert not [one for one in tokens if one in written]


# ---------------------------------------------------------------- pressed


def test_a_press_acts_once_as_the_recipient_and_on_record(http, told, acts, tenants, db):
    first, again = (http.post(told.path("acknowledge")) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert "Done" in first.text
    assert "This was done already" in again.text
    assert "This was done already" in http.get(told.path("acknowledge")).text
    assert said(db) == [("acknowledge", "staff", "paralegal@northgate.example", "link")]
    me = tenants.staff["paralegal"]
    assert acts() == [("staff", "paralegal@northgate.example", me, "link", "acknowledge")]
    assert used(db) == {"acknowledge": True, "snooze": False, "unsubscribe": False}


def test_presses_at_the_same_moment_act_once(told, office, acts):
    offered = actions.find(office, told.path("acknowledge").rsplit("/", 1)[1])
    with ThreadPoolExecutor(4) as pool:
        new = list(pool.map(lambda _: actions.press(office, offered), range(4)))
    assert sorted(new) == [False, False, False, True]
    assert (len(said(office.db)), len(acts())) == (1, 1)


def test_a_message_that_was_put_into_words_twice_acts_once(http, told, office, tenants, paralegal):
    with office.db.firm(tenants.northgate) as session:
        again = actions.offer(office, session, tenants.northgate, "acknowledge", told.dispatch_id, paralegal)
    http.post("/" + again.split("/", 3)[3])
    assert "This was done already" in http.post(told.path("acknowledge")).text
    assert len(said(office.db)) == 1


def test_a_snooze_takes_the_days_that_are_allowed_and_no_others(http, told, db):
    page = http.get(told.path("snooze")).text
    assert re.findall(r'value="(\d+)"', page) == ["1", "2", "3", "7", "14"]
    for days in ("30", "0", "-1", "x", "", "²", "9" * 5_000):
        answer = http.post(told.path("snooze"), data={"days": days})
        assert (answer.status_code, said(db)) == (422, [])
    assert not used(db)["snooze"]
    assert http.post(told.path("snooze"), data={"days": "7"}).status_code == 200
    assert said(db) == [("snooze", "staff", "paralegal@northgate.example", "link")]


def test_what_cannot_wait_says_so_and_offers_nothing(http, told, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(days=31)).isoformat())  # its last day has come
    page = http.get(told.path("snooze")).text
    assert "cannot wait" in page
    assert "<button" not in page


@pytest.fixture
def both(office, tenants, ana, paralegal):
    """A message of two people's papers, and the addresses of each paper's own."""
    other = a_person(office, tenants.northgate, tenants.acme, "Okafor")
    told = tell(office, tenants.northgate, paralegal, [ana, other], ["acknowledge"])
    with office.db.firm(tenants.northgate) as session:
        ids = session.scalars(select(Notice.id).order_by(Notice.id)).all()
        both_acts = ["acknowledge", "snooze"]
        wanted = [actions.Offer(told.dispatch_id, paralegal, both_acts, one) for one in ids]
        each = actions.offers_of(office, session, tenants.northgate, wanted)
    paths = {one: {act: "/" + url.split("/", 3)[3] for act, url in acts.items()} for (_, one), acts in each.items()}
    return told, [paths[one] for one in ids]


def test_one_of_many_papers_is_answered_alone(http, both, db):
    told, (anas, others) = both
    page = http.get(anas["acknowledge"]).text
    assert "A.S." in page
    assert "A.O." not in page
    assert "Done" in http.post(anas["acknowledge"]).text
    assert len(said(db)) == 1
    assert "done already" in http.post(anas["acknowledge"]).text
    assert "Done" in http.post(others["snooze"], data={"days": "1"}).text
    assert [one[0] for one in said(db)] == ["acknowledge", "snooze"]
    assert "Done" in http.post(told.path("acknowledge")).text, "the rest of them"
    assert [one[0] for one in said(db)] == ["acknowledge", "snooze", "acknowledge"]


def test_one_of_many_papers_goes_with_its_erased_person(http, both, office, tenants, ana):
    told, (anas, others) = both
    assert erased(office, tenants, ana) == 2
    assert http.get(anas["acknowledge"]).status_code == 404
    assert http.get(others["acknowledge"]).status_code == http.get(told.path("acknowledge")).status_code == 200


def test_what_was_told_ahead_of_its_last_day_as_if_it_had_come_cannot_wait(http, told, workers_database):
    """So it is after a sweep as if it were a later day."""
    _, _, superuser = workers_database
    superuser.execute("UPDATE notices SET lead = 0")
    answer = http.get(told.path("snooze"))
    assert answer.status_code == 200
    assert "cannot wait" in answer.text
    assert http.post(told.path("snooze"), data={"days": "1"}).status_code == 422


def test_what_was_renewed_meanwhile_needs_no_answer_and_takes_none(http, told, db):
    with db.system() as session:
        session.execute(text("UPDATE notices SET state = 'cancelled'"))
    assert "nothing left to answer" in http.get(told.path("acknowledge")).text
    assert http.post(told.path("acknowledge")).status_code == 409
    assert (said(db), used(db)["acknowledge"]) == ([], False)


def test_a_press_that_fails_may_be_repeated(http, told, monkeypatch, acts):
    from gateway.domain.links import doing
    from gateway.errors import Transient

    def away(*_):
        raise Transient("database_away", "The database is away.")

    really = doing.acknowledge
    monkeypatch.setattr(doing, "acknowledge", away)
    failed = http.post(told.path("acknowledge"))
    assert (failed.status_code, acts()) == (503, [])
    assert failed.headers["content-type"].startswith("text/html")
    assert "retry-after" in failed.headers
    monkeypatch.setattr(doing, "acknowledge", really)
    assert "Done" in http.post(told.path("acknowledge")).text


# ---------------------------------------------------------------- unsubscribed


def test_one_click_unsubscribes_without_a_page_a_cookie_or_a_redirect(http, office, tenants, ana, acts):
    told = tell(office, tenants.northgate, Whom(client_id=ana), [ana])
    answer = http.post(told.path("unsubscribe"), data=ONE_CLICK, follow_redirects=False)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert said(office.db) == [("email", "one_click", "client")]
    assert acts() == [("system", "client", ana, "link", "unsubscribe")]
    assert http.post(told.path("unsubscribe"), files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert len(said(office.db)) == 1


def test_the_address_of_one_click_shows_a_page_to_people_whose_button_works(http, told, db):
    assert "/l/u/" in told.links["unsubscribe"]
    page = http.get(told.path("unsubscribe")).text
    [action] = re.findall(r'action="([^"]+)"', page)
    assert http.post(action).status_code == 200
    assert said(db) == [("email", "one_click", "paralegal@northgate.example")]


def test_one_click_takes_nothing_else_and_acts_for_nothing_else(http, told, db):
    assert http.post(told.path("unsubscribe"), data={"other": "x"}).status_code == 400
    other = told.path("acknowledge").replace("/l/a/", "/l/u/")
    assert http.post(other, data=ONE_CLICK).status_code == 404
    assert said(db) == []


def test_a_partners_contact_is_a_recipient(http, office, tenants, acts):
    hr = Whom(partner_id=tenants.acme, contact="errors")
    told = tell(office, tenants.northgate, hr)
    assert http.post(told.path("unsubscribe"), data=ONE_CLICK).status_code == 200
    assert said(office.db) == [("email", "one_click", "acme")]
    assert acts() == [("partner", "acme", None, "link", "unsubscribe")]


# ---------------------------------------------------------------- none, over, not theirs


def test_what_is_no_link_is_the_same_page_whatever_it_is(http):
    bad = ["x", "A" * 32, "%00", "a" * 4_000, "..%2e", "%F0%9F%92%A9", "a.b", "'--"]
    answers = [http.request(method, f"/l/a/{one}") for one in bad for method in ("GET", "POST")]
    assert {(one.status_code, one.text) for one in answers} == {(404, answers[0].text)}


def test_what_is_no_link_is_asked_about_as_often_whatever_it_is(http, office, monkeypatch):
    asked = []
    look_up = office.db.look_up
    monkeypatch.setattr(type(office.db), "look_up", lambda _, *given: asked.append(given[1]) or look_up(*given))
    for one in ("x", "A" * 32, "a.b"):
        http.get(f"/l/a/{one}")
    assert len(asked) == 3


def test_whoever_tries_many_is_sent_away(http, told):
    found = [http.get(f"/l/a/{number}").status_code for number in range(61)]
    assert (set(found[:60]), found[60]) == ({404}, 429)
    assert http.get(told.path("acknowledge")).status_code == 429


@pytest.mark.parametrize(("act", "days"), [("acknowledge", 30 + 32), ("snooze", 30 + 32), ("unsubscribe", 401)])
def test_a_link_ends(http, told, db, monkeypatch, act, days):
    begun = clock.now()
    monkeypatch.setenv("GATEWAY_NOW", (begun + timedelta(days=days - 3)).isoformat())
    assert http.get(told.path(act)).status_code == 200
    monkeypatch.setenv("GATEWAY_NOW", (begun + timedelta(days=days)).isoformat())
    assert {http.request(method, told.path(act)).status_code for method in ("GET", "HEAD")} == {410}
    body = ONE_CLICK if act == "unsubscribe" else {"days": "1"}
    assert http.post(told.path(act), data=body).status_code == 410
    assert said(db) == []


@pytest.mark.parametrize("change", ["UPDATE staff SET active = false", "UPDATE firms SET status = 'deactivated'"])
def test_a_link_of_somebody_who_has_left_is_none(http, told, db, change):
    with db.system() as session:
        session.execute(text(change))
    assert http.get(told.path("acknowledge")).status_code == 404
    assert http.post(told.path("acknowledge")).status_code == 404


def test_whoever_is_walled_off_meanwhile_sees_and_answers_nothing(http, told, db, ana, tenants, as_staff):
    wall = {"staff_id": str(tenants.staff["paralegal"]), "client_id": str(ana), "reason": "Acted for the other side"}
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    assert "A.S." not in http.get(told.path("acknowledge")).text
    assert http.post(told.path("acknowledge")).status_code == 409
    assert said(db) == []
    assert http.post(told.path("unsubscribe"), data=ONE_CLICK).status_code == 200


def test_nobody_is_offered_what_another_is_told(office, told, tenants, ana):
    for firm, to in [
        (tenants.northgate, Whom(staff_id=tenants.staff["admin"])),
        (tenants.northgate, Whom(client_id=ana)),
        (tenants.northgate, Whom()),
        (tenants.harbor, told.to),
    ]:
        with office.db.system() as session, pytest.raises(ValueError, match="has no dispatch"):
            actions.offer(office, session, firm, "acknowledge", told.dispatch_id, to)


def test_all_that_a_message_offers_is_one_statement(office, tenants, told, paralegal):
    ran = []
    with office.db.firm(tenants.northgate) as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *given: ran.append(given[2]))
        made = actions.offers(office, session, tenants.northgate, ALL, told.dispatch_id, paralegal)
    assert set(made) == set(ALL)
    assert len(ran) == 1


# ---------------------------------------------------------------- gone


def erased(office, tenants, client_id):
    with office.acting(tenants.northgate, Actor("system", "tests")) as acting:
        return erase(acting, client_id, "She asked", ERASERS).counts["action_links"]


def test_links_of_an_erased_person_go_and_those_of_others_stay(http, office, tenants, ana, paralegal):
    other = a_person(office, tenants.northgate, tenants.acme, "Okafor")
    own = tell(office, tenants.northgate, Whom(client_id=ana), [ana])
    alone = tell(office, tenants.northgate, paralegal, [ana], ["acknowledge"])
    digest = tell(office, tenants.northgate, paralegal, [ana, other], ["acknowledge"])
    others = tell(office, tenants.northgate, paralegal, [other], ["acknowledge"])
    assert erased(office, tenants, ana) == 2
    gone = [http.get(one.path(act)).status_code for one, act in [(own, "unsubscribe"), (alone, "acknowledge")]]
    assert gone == [404, 404]
    assert [http.get(one.path("acknowledge")).status_code for one in (digest, others)] == [200, 200]
    assert "A.S." not in http.get(digest.path("acknowledge")).text


def test_links_that_expired_a_month_ago_go(http, office, told, db, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", (clock.now() + timedelta(days=100)).isoformat())
    upkeep.purge(Handling(office, Job(uuid4(), None, "links.purge", {}, 1, 1, "tests", None)))
    assert set(used(db)) == {"unsubscribe"}


def test_a_link_goes_with_its_dispatch(told, db):
    with db.system() as session:
        session.execute(text("UPDATE notices SET dispatch_id = NULL"))
        session.execute(text("DELETE FROM dispatches"))
    assert used(db) == {}


def test_the_recipient_is_named_by_the_address_of_today(http, told, db, tenants, acts):
    with db.firm(tenants.northgate) as session:
        session.get_one(Staff, (tenants.northgate, tenants.staff["paralegal"])).email = "new@northgate.example"
    http.post(told.path("acknowledge"))
    assert [one[1] for one in acts()] == ["new@northgate.example"]
