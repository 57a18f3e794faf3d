"""What ends: found by a day, understood, acknowledged by the dozen, snoozed; who was told of it."""

import re
from uuid import UUID

import pytest
from helpers import ending
from helpers.callers import hashed, stranger
from helpers.inbox import ME

from gateway.db.models import Staff, Wall
from outbound.notify import of_paper

MARCH = "/expiring?of=work&until=2027-03-01"


@pytest.fixture(autouse=True)
def clocked(monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", ending.NOW)


@pytest.fixture
def people(inbox, roster, tenants):
    inbox.apply(roster)
    return ending.load(inbox, tenants)


@pytest.fixture
def told(inbox, people):
    """Whoever is to be told of the first one's papers has been; notice and dispatch of each."""
    return ending.tell(inbox, people["E1"])


def boxes(browser):
    return re.findall(r'name="(notice:[0-9a-f-]+)"', browser.page.text)


def test_who_cannot_work_after_a_day_and_who_was_told_is_read_at_once(paralegal, told, people):
    page = paralegal.get(MARCH)
    assert "3 people may not work after Mar 1, 2027;" in page.text
    assert "of 2 nobody has been told." in page.text
    assert "1 more person with a paper that ends by then" in page.text
    days = re.findall(r'scope="rowgroup"[^>]*>(\w+ \d+, \d+)', paralegal.page.text)
    assert days == ["Jun 30, 2026", "Feb 10, 2027", "Mar 1, 2027"]
    row = paralegal.page.text.split("Mar 1, 2027 <span")[1]
    assert re.search(r'state good">told</span>\s+<bdi>paralegal</bdi>.*?Feb 1, 10:00', row, re.DOTALL)
    assert "Permission to work ends on Mar 1, 2027 (TN): the I-94 controls." in row
    gone = paralegal.page.text.split("Jun 30, 2026 <span")[1].split("Feb 10, 2027 <span")[0]
    assert 'state bad">nobody<' in gone
    assert "ended with this paper" in gone


@pytest.mark.parametrize("state", ["failed", "dead", "held", "unknown"])
def test_whom_a_message_did_not_reach_was_not_told(paralegal, told, inbox, state):
    for _, dispatch in told:
        inbox.sql("UPDATE dispatches SET state = %s WHERE id = %s RETURNING id", state, dispatch)
    page = paralegal.get(MARCH)
    assert "of none has anybody been told." in " ".join(page.text.split())
    row = paralegal.page.text.split("Mar 1, 2027 <span")[1]
    assert "did not arrive, or nobody knows" in row
    assert 'state good">told' not in row


def test_papers_say_whether_the_work_ends_with_them(paralegal, people):
    page = paralegal.get("/expiring?within=30")
    assert "5 papers end by Mar 3, 2027; of none has anybody been told." in " ".join(page.text.split())
    rows = paralegal.page.text.split("Feb 10, 2027 <span")[1].split("Feb 20, 2027 <span")[0].split("<tr>")[1:]
    assert [("ends with this paper" in row, "passport" in row) for row in rows if "<td" in row].count(
        (True, False)
    ) == 1
    assert "Whether this person may work, and until when, is unknown" in page.text
    assert "/expiring?of=work&within=30" in page.links


def test_many_are_acknowledged_at_once_and_are_told_of_no_more(paralegal, told, people, inbox):
    ending.tell(inbox, people["E3"])
    paralegal.get("/expiring?until=2027-03-02")
    assert len(boxes(paralegal)) == 5
    action = next(one for one in paralegal.forms.found if one.startswith("/expiring/acknowledge"))
    page = paralegal.press(action, **dict.fromkeys(boxes(paralegal), "on"))
    assert "Acknowledged: 5 lines. Nobody is told next" in page.text
    assert (paralegal.path, "until=2027-03-02" in str(paralegal.page.url)) == ("/expiring", True)
    assert boxes(paralegal) == []
    assert page.text.count("paralegal@northgate.example, Feb 1") == 5
    assert inbox.sql("SELECT DISTINCT kind, by FROM notice_answers") == [("acknowledge", "paralegal@northgate.example")]
    assert "Acknowledged: " not in paralegal.get("/expiring").text


def test_where_no_reminder_is_left_the_page_says_so_and_what_to_do(browser, people, inbox, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-02-20T15:00:00+00:00")  # the last day of one, nine before that of the other
    for one in ("E4", "E1"):
        ending.tell(inbox, people[one])
    over, ahead = (ending.paper_of(inbox, people[one]) for one in ("E4", "E1"))
    browser.sign_in("paralegal", f"/expiring/{over}")
    assert "no reminder of it comes after this one, so see to it that a newer paper comes" in browser.forms.text
    assert "until its next lead time" not in browser.forms.text
    assert "nobody is told next of it until its next lead time" in browser.get(f"/expiring/{ahead}").text
    page = browser.get("/expiring?until=2027-02-20")
    assert "in hand: no reminder comes after these, so see to it" in page.text
    page = browser.get("/expiring?until=2027-03-01")
    number = len(boxes(browser))
    assert f"next lead time; of {number - 1} of these none is left, so see to it" in page.text
    action = next(one for one in page.found if one.startswith("/expiring/acknowledge"))
    page = browser.press(action, **dict.fromkeys(boxes(browser), "on"))
    assert f"Acknowledged: {number} lines. Nobody is told next of any until its next lead time; of some" in page.text
    sentences = browser.get(f"/expiring/{over}").text
    assert "reminder of 0 days" in sentences
    assert "no reminder comes after that one" in sentences
    assert "nobody is told next of it until the next lead time" in browser.get(f"/expiring/{ahead}").text


def test_one_of_which_no_reminder_is_left_says_so_when_it_is_acknowledged(browser, people, inbox, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2027-02-20T15:00:00+00:00")
    ending.tell(inbox, people["E4"])
    paper = ending.paper_of(inbox, people["E4"])
    browser.sign_in("paralegal", f"/expiring/{paper}")
    page = browser.press(f"/expiring/{paper}/acknowledge")
    assert "Acknowledged. No reminder of it comes after this one: see to it that a newer paper comes" in page.text


def test_all_are_ticked_by_a_link_which_keeps_what_was_asked_for(paralegal, told, people, inbox):
    ending.tell(inbox, people["E3"])
    page = paralegal.get("/expiring?until=2027-03-02")
    assert (paralegal.page.text.count(" checked>"), len(boxes(paralegal))) == (0, 5)
    page = paralegal.get(next(one for one in page.links if "tick=all" in one))
    assert (paralegal.page.text.count(" checked>"), len(boxes(paralegal))) == (5, 5)
    paralegal.get(next(one for one in page.links if one == "/expiring?of=papers&until=2027-03-02"))  # none
    assert (paralegal.page.text.count(" checked>"), len(boxes(paralegal))) == (0, 5)


def test_acknowledging_nothing_says_what_is_missing_and_keeps_the_list(paralegal, told):
    paralegal.get(MARCH)
    action = next(one for one in paralegal.forms.found if one.startswith("/expiring/acknowledge"))
    page = paralegal.press(action)
    assert (paralegal.page.status_code, "#chosen" in page.links) == (422, True)
    assert "3 people may not work after Mar 1, 2027;" in page.text


def test_what_is_over_meanwhile_is_told_on_the_same_page_with_the_ticks_kept(paralegal, told, inbox):
    paralegal.get(MARCH)
    action = next(one for one in paralegal.forms.found if one.startswith("/expiring/acknowledge"))
    chosen = [one for one in boxes(paralegal) if one[7:] in {str(notice) for notice, _ in told}]
    inbox.sql("UPDATE notices SET state = 'cancelled' WHERE id = %s RETURNING id", chosen[0][7:])
    page = paralegal.press(action, **{chosen[0]: "on"})
    assert paralegal.page.status_code == 409
    assert "the paper was renewed, or its person left" in page.text
    still = boxes(paralegal)
    keeps = next(one for one in still if one not in chosen)
    page = paralegal.press(action, **{keeps: "on", chosen[0]: "on"})
    assert "Acknowledged: 2 lines." in page.text  # what is over is left out


def test_snooze_offers_the_days_before_the_next_reminder_and_no_other(paralegal, told, people, inbox):
    paper = ending.paper_of(inbox, people["E1"])
    paralegal.get(f"/expiring/{paper}")
    days = re.findall(r'<option value="(\d{4}-\d{2}-\d{2})"', paralegal.page.text)
    [until] = {days[-1]}
    assert days[0] == "2027-02-02"
    assert until < "2027-02-15"  # fourteen days before the end
    page = paralegal.press(f"/expiring/{paper}/snooze", day=until)
    assert "Snoozed. It comes again on that day." in page.text
    [(granted,)] = inbox.sql("SELECT until FROM notice_answers WHERE kind = 'snooze'")
    assert f"{granted:%Y-%m-%d %H:%M}" == f"{until} 05:00"  # midnight in New York
    assert "Snoozed by" in page.text


@pytest.mark.parametrize(("act", "more"), [("acknowledge", {}), ("snooze", {"day": "2027-02-03"})])
def test_a_notice_is_answered_at_its_own_paper_alone(paralegal, told, people, inbox, act, more):
    own, other = (ending.paper_of(inbox, people[one]) for one in ("E1", "E3"))
    fields = paralegal.get(f"/expiring/{own}").found[f"/expiring/{own}/{act}"] | more
    for elsewhere in (other, "0197a3c2-5e10-7c4e-9d2b-4f00000000ff"):
        assert paralegal.send(f"/expiring/{elsewhere}/{act}", fields).status_code == 404
    assert inbox.sql("SELECT count(*) FROM notice_answers") == [(0,)]
    assert paralegal.send(f"/expiring/{own}/{act}", fields).status_code == 200
    assert inbox.sql("SELECT count(*) FROM notice_answers") == [(1,)]


def test_a_day_that_has_passed_is_told_at_its_field(paralegal, told, people, inbox):
    paper = ending.paper_of(inbox, people["E1"])
    paralegal.get(f"/expiring/{paper}")
    page = paralegal.press(f"/expiring/{paper}/snooze", day="2027-01-01")
    assert (paralegal.page.status_code, "#day" in page.links) == (422, True)
    page = paralegal.press(f"/expiring/{paper}/snooze", day="soon")
    assert (paralegal.page.status_code, "#day" in page.links) == (422, True)
    assert inbox.sql("SELECT count(*) FROM notice_answers") == [(0,)]


def test_one_paper_says_who_was_told_by_which_reminder_and_how_that_stands(paralegal, told, people, inbox):
    [(_, dispatch), *_] = told
    inbox.sql("UPDATE dispatches SET state = 'dead' WHERE id = %s RETURNING id", dispatch)
    paper = ending.paper_of(inbox, people["E1"])
    page = paralegal.get(f"/expiring/{paper}")
    assert f"/messages/{dispatch}" in page.links
    assert "did not arrive, or nobody knows" in page.text
    assert "30 days before" in page.text
    assert "The status is TN" in page.text
    page = paralegal.press(f"/expiring/{paper}/acknowledge")
    assert "Acknowledged by paralegal@northgate.example" in page.text
    assert set(page.found) == {"/sign-out"}  # nothing is left to answer


def test_one_paper_says_why_somebody_was_not_told_as_the_command_does(paralegal, told, people, inbox):
    [(_, dispatch), *_] = told
    inbox.sql(
        "UPDATE dispatches SET state = 'dead', ended_code = 'mail_unreachable' WHERE id = %s RETURNING id", dispatch
    )
    inbox.sql("UPDATE notices SET state = 'waiting' WHERE dispatch_id = %s RETURNING id", dispatch)
    paper = ending.paper_of(inbox, people["E1"])
    page = paralegal.get(f"/expiring/{paper}")
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        sentences = of_paper.explain(acting, UUID(paper)).sentences
    assert len(sentences) > 3
    shown = [re.sub("; `gateway[^`]*` says more", "", one) for one in sentences]
    plain = re.sub(r"\b[A-Z][a-z]{2} \d{1,2}, \d{4}", "a day", page.text)
    for one in shown:
        assert re.sub(r"\d{4}-\d{2}-\d{2}", "a day", one) in plain, one
    assert "what it leaves with is dead (mail_unreachable)" in page.text
    assert "gateway notice" not in page.text


def test_a_persons_paper_leads_to_who_was_told_of_it_while_anybody_is(paralegal, people, inbox):
    paper = f"/expiring/{ending.paper_of(inbox, people['E1'])}"
    assert paper in paralegal.get(f"/clients/{people['E1']}").links
    inbox.sql("UPDATE clients SET termination_date = '2027-01-31' WHERE id = %s RETURNING id", people["E1"])
    assert paper not in paralegal.get(f"/clients/{people['E1']}").links
    paralegal.get(paper)
    assert paralegal.page.status_code == 404


def test_whoever_may_not_answer_for_others_is_offered_nothing(browser, told, people, inbox):
    browser.sign_in("viewer", MARCH)
    assert "3 people may not work" in browser.forms.text
    assert set(browser.forms.found) == {"/sign-out"}
    assert boxes(browser) == []
    fields = browser.forms.found["/sign-out"]
    notice = str(told[0][0])
    refused = browser.send("/expiring/acknowledge", fields | {f"notice:{notice}": "on"})
    assert (refused.status_code, "not_yours" in refused.text) == (403, True)
    paper = ending.paper_of(inbox, people["E1"])
    for act, more in (("acknowledge", {}), ("snooze", {"day": "2027-02-03"})):
        refused = browser.send(f"/expiring/{paper}/{act}", fields | {"notice": notice} | more)
        assert refused.status_code == 403, act
    assert inbox.sql("SELECT count(*) FROM notice_answers") == [(0,)]


def test_whoever_is_behind_a_wall_finds_nobody(browser, told, people, db, tenants, inbox):
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
    browser.sign_in("paralegal", MARCH)
    assert "2 people may not work after" in browser.forms.text
    assert "Name1" not in browser.page.text
    browser.get(f"/expiring/{ending.paper_of(inbox, people['E1'])}")
    assert browser.page.status_code == 404
    fields = browser.get(MARCH).found["/sign-out"]
    refused = browser.send("/expiring/acknowledge", fields | {f"notice:{told[0][0]}": "on"})
    assert refused.status_code == 404


def test_another_firm_and_partners_see_none_of_it(browser, http, acme_key, told, people, inbox, office, tenants, db):
    paper = ending.paper_of(inbox, people["E1"])
    for path in ("/expiring", f"/expiring/{paper}"):
        assert http.get(path, headers=acme_key).status_code == 403
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    browser.get(f"/expiring/{paper}")
    assert browser.page.status_code == 404
    assert "No paper with a last day is on record" in browser.get("/expiring?within=180").text


def test_what_an_employer_calls_somebody_is_text(paralegal, people, inbox):
    ending.tell(inbox, people["E4"])
    for path in ("/expiring", f"/expiring/{ending.paper_of(inbox, people['E4'])}"):
        paralegal.get(path)
        assert "<script>alert" not in paralegal.page.text
        assert "&lt;script&gt;alert(1)" in paralegal.page.text


def test_long_lists_go_on_where_they_ended_and_keep_what_was_asked_for(paralegal, people, monkeypatch):
    from gateway.web.console import expiring

    monkeypatch.setattr(expiring, "SHOWN", 2)
    for asked, number in (("until=2027-03-02", 5), ("of=work&until=2027-03-02", 4)):
        seen, path = 0, f"/expiring?{asked}"
        while path:
            page = paralegal.get(path)
            seen += len(re.findall(r'<td class="who">', paralegal.page.text))
            path = next((link for link in page.links if "cursor=" in link), None)
            assert path is None or "until=2027-03-02" in path
            assert re.search(rf"{number} (papers|people)", page.text)
        assert seen == number
    assert "Name" not in str(path)


def test_days_that_are_none_or_too_far_ahead_are_told_at_their_field(paralegal, people):
    for wrong in ("soon", "2040-01-01", "0000-00-00"):
        page = paralegal.get(f"/expiring?of=work&until={wrong}")
        assert (paralegal.page.status_code, "#until" in page.links) == (422, True), wrong
    assert paralegal.get("/expiring?until=").text.count("5 papers end") == 1  # as a form says "any"


def test_where_nothing_ends_the_page_says_what_is_next(paralegal, people):
    page = paralegal.get("/expiring?within=5")
    assert "Nothing ends by Feb 6, 2027." in page.text
    assert "The next paper ends on Feb 10, 2027." in page.text
    assert "2 papers end by Feb 10, 2027" in paralegal.get(next(one for one in page.links if "2027-02-10" in one)).text


def test_columns_add_up_and_stand_beside_the_same_as_a_table(paralegal, people):
    page = paralegal.get("/expiring?within=30")
    heights = [float(one) for one in re.findall(r'<rect class="s\d" [^>]*height="([\d.]+)"', paralegal.page.text)]
    assert sum(heights) == pytest.approx(120 * 5 / 2, abs=1)  # the highest week has two
    assert "Most end in the week of Feb 8: 2, of which 1" in page.text
    assert re.search(r"Mar 1\s*2\s*0\s*2", page.text)
    paralegal.get("/expiring?within=400")
    assert "by four weeks" in paralegal.page.text
