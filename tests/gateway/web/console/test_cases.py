"""A lawyer's day with cases: found, looked into, moved on, passed on, closed and taken up again."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from helpers.attorneys import AT_THE_DESK
from helpers.firm_at_work import at_work, number_of, person

from gateway.db.models import Attorney, Case, Staff, Wall
from gateway.domain.assignment import moving

NOWHERE = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def firm(office, tenants):
    return at_work(office, tenants.northgate, tenants.acme)


@pytest.fixture
def attorney(browser):
    browser.sign_in("attorney")
    return browser


def case_of(firm, case_id=None):
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        found = session.get_one(Case, (firm.firm.firm_id, case_id or firm.case_id))
        session.expunge(found)
        return found


def acts(inbox):
    return [one for (one,) in inbox.sql("SELECT action FROM audit_log WHERE actor_kind = 'staff' ORDER BY at, id")]


# ------------------------------------------------------------------------------------------------ the list


def test_ones_own_stand_first_the_next_deadline_above_those_without_one(attorney, firm):
    mine = firm.attorneys["attorney"]
    late = firm.firm.open(attorney_id=mine, deadline_on=firm.today + timedelta(days=90))
    soon = firm.firm.open(attorney_id=mine, deadline_on=firm.today + timedelta(days=1))
    firm.firm.open(attorney_id=mine, status="approved", stage="decided", deadline_on=firm.today)
    page = attorney.get("/cases")
    own = page.text.partition("Yours, the next deadline first")[2].partition("All cases")[0]
    numbers = re.findall(r"C-[0-9a-f]{12}", own)
    assert numbers[0] == number_of(firm.firm, soon[0])
    assert numbers[1] == number_of(firm.firm, late[0])
    assert len(numbers) == 3  # the one that the firm had, without a deadline, is last; what is decided is none
    assert "in 1 day" in own
    assert re.search(r"4 days past|in 5 days", page.text)


def test_who_holds_nothing_is_told_so_and_who_takes_no_cases_is_not(attorney, firm):
    firm.firm.change([one for one in firm.firm.held() if one], attorney_id=None)
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.query(Case).update({"attorney_id": None})
    assert "You hold no open case." in attorney.get("/cases").text
    attorney.press("/sign-out")
    attorney.sign_in("paralegal", "/cases")
    assert "You hold no open case." not in attorney.page.text
    assert "All cases" in attorney.page.text


def test_filters_narrow_the_list_and_stand_in_the_address(paralegal, firm):
    number = number_of(firm.firm, firm.case_id)
    ana, client = firm.attorneys["ana"], firm.client_id
    for query in (
        f"attorney={ana}&status=&stage=&type=&partner=&number=",
        f"client={client}",
        f"number={number[3:9].upper()}",
        "stage=drafting&type=H1B_EXT&partner=acme&status=open",
    ):
        page = paralegal.get(f"/cases?{query}")
        assert re.findall(r"C-[0-9a-f]{12}", page.text) == [number], query
    page = paralegal.get(f"/cases?client={client}")
    assert f"/clients/{client}" in page.links
    assert f'type="hidden" name="client" value="{client}"' in paralegal.page.text  # other filters keep it
    assert "No case matches." in paralegal.get("/cases?partner=globex").text
    for wrong, status in (("attorney=me", 400), ("cursor=x", 400), ("stage=lunch", 422)):
        paralegal.get(f"/cases?{wrong}")
        assert paralegal.page.status_code == status, wrong


def test_long_lists_go_on_where_they_ended_with_their_filters(paralegal, firm, monkeypatch):
    from gateway.web.console.cases import listing

    monkeypatch.setattr(listing, "SHOWN", 2)
    firm.firm.open(5, case_type="TN")
    seen, path = [], "/cases?type=TN"
    while path:
        page = paralegal.get(path)
        seen += re.findall(r"C-[0-9a-f]{12}", page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
        assert path is None or "type=TN" in path
    assert len(seen) == len(set(seen)) == 5


def test_a_firm_without_cases_is_told_where_they_come_from(paralegal, db):
    assert "There is no case yet." in paralegal.get("/cases").text


# ------------------------------------------------------------------------------------------------ one case


def test_a_case_says_where_it_stands_whose_it_is_and_leads_on(paralegal, firm, inbox):
    page = paralegal.get(f"/cases/{firm.case_id}")
    assert "drafting" in page.text
    assert re.search(r"Ana Lima\s+has it", page.text)
    assert "in 60 days" in page.text
    assert f"/clients/{firm.client_id}" in page.links
    assert f"/cases/{firm.case_id}/candidates" in page.links
    assert "<script>alert" not in paralegal.page.text
    assert "&lt;script&gt;alert(1)" in paralegal.page.text
    assert acts(inbox)[-3:] == ["case.view", "eligibility.list", "handover.list"]


def test_a_case_is_moved_on_and_what_was_chosen_is_pinned(paralegal, firm):
    paralegal.get(f"/cases/{firm.case_id}")
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="filed")
    assert "Moved on." in page.text
    case = case_of(firm)
    assert (case.stage, "stage" in case.pins) == ("filed", True)
    assert "by hand, pinned (paralegal@northgate.example" in page.text
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="decided", status="approved", decided_on="2026-11-02")
    assert "Moved on." in page.text
    case = case_of(firm)
    assert (case.stage, case.status, str(case.decided_on)) == ("decided", "approved", "2026-11-02")
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="rfe_received")
    assert (case_of(firm).stage, case_of(firm).status) == ("rfe_received", "open")


def test_a_move_that_cannot_be_is_told_at_its_field_with_what_was_filled_in(paralegal, firm):
    paralegal.get(f"/cases/{firm.case_id}")
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="rfe_received")
    assert (paralegal.page.status_code, "#stage" in page.links) == (422, True)
    assert "From drafting a case can go to" in page.text
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="")
    assert (paralegal.page.status_code, "Choose the stage" in page.text) == (422, True)
    firm.firm.change([firm.case_id], stage="filed")
    paralegal.get(f"/cases/{firm.case_id}")
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="review", status="approved")
    assert "in the stage decided, not review" in page.text
    assert page.found[f"/cases/{firm.case_id}/stage"]["stage"] == "review"
    page = paralegal.press(f"/cases/{firm.case_id}/stage", stage="decided", status="approved", decided_on="soon")
    assert (paralegal.page.status_code, "#decided_on" in page.links) == (422, True)
    assert page.found[f"/cases/{firm.case_id}/stage"]["decided_on"] == "soon"
    assert case_of(firm).stage == "filed"


def test_two_who_move_a_case_do_not_undo_each_other(paralegal, firm):
    paralegal.get(f"/cases/{firm.case_id}")
    fields = paralegal.forms.found[f"/cases/{firm.case_id}/stage"] | {"stage": "review"}
    paralegal.send(f"/cases/{firm.case_id}/stage", fields | {"stage": "filed"})
    paralegal.page = paralegal.send(f"/cases/{firm.case_id}/stage", fields)
    assert paralegal.page.status_code == 412
    assert (
        "You chose review. Somebody has changed the case since you looked: it is now filed, open."
        in paralegal.forms.text
    )
    assert paralegal.forms.found[f"/cases/{firm.case_id}/stage"]["stage"] == "review"
    assert case_of(firm).stage == "filed"
    paralegal.press(f"/cases/{firm.case_id}/stage")  # looked at again, and still meant
    assert case_of(firm).stage == "review"
    without = {name: text for name, text in fields.items() if name != "version"}
    assert paralegal.send(f"/cases/{firm.case_id}/stage", without).status_code == 412


def test_a_case_is_closed_with_its_outcome_and_taken_up_again(attorney, firm):
    at = f"/cases/{firm.case_id}"
    attorney.get(at)
    fields = attorney.forms.found[f"{at}/stage"] | {"stage": "review"}
    page = attorney.press(f"{at}/close", outcome="")
    assert (attorney.page.status_code, "#outcome" in page.links) == (422, True)
    page = attorney.press(f"{at}/close", outcome="withdrawn", decided_on="2026-11-03")
    assert "Closed." in page.text
    assert (case_of(firm).stage, case_of(firm).status) == ("closed", "withdrawn")
    assert set(page.found) == {"/sign-out", f"{at}/reopen"}
    fields |= {"version": str(case_of(firm).version)}
    again = attorney.send(f"{at}/stage", fields)
    assert (again.status_code, "The case is closed; reopen it first." in again.text) == (409, True)
    page = attorney.press(f"{at}/reopen", stage="review")
    assert "Taken up again." in page.text
    assert (case_of(firm).stage, case_of(firm).status) == ("review", "open")


def test_stages_are_drawn_with_their_days_and_the_deadline(paralegal, firm, monkeypatch):
    at = f"/cases/{firm.case_id}"
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        case = session.get_one(Case, (firm.firm.firm_id, firm.case_id))
        noon = datetime.combine(firm.today, time(12), ZoneInfo("America/New_York"))
        case.created_at = noon - timedelta(days=40)  # at one hour, clocks that change in between would move the day
    assert "It has been in drafting for 40 days." in paralegal.get(at).text
    page = paralegal.press(f"{at}/stage", stage="review")
    assert "It came to review today; before that it was longest in drafting, for 40 days." in page.text
    drawn = paralegal.page.text.partition('<svg class="spans"')[2].partition("</svg>")[0]
    assert drawn.count("<polygon") == 3
    assert "Deadline: from" in drawn
    page = paralegal.press(f"{at}/stage", stage="filed")
    paralegal.press(f"{at}/stage", stage="decided", status="denied")
    drawn = paralegal.page.text.partition('<svg class="spans"')[2].partition("</svg>")[0]
    assert (drawn.count("<polygon"), "Deadline" in drawn) == (4, False)


# ------------------------------------------------------------------------------------------------ passing on


def test_who_could_take_it_stands_with_parts_and_of_the_others_why_not(attorney, firm, inbox):
    away, off = firm.firm.hire("away"), firm.firm.hire("cai", licence=None)
    firm.firm.away(away, firm.today - timedelta(days=1), firm.today + timedelta(days=200))
    page = attorney.get(f"/cases/{firm.case_id}/candidates")
    assert "By the rule it would go to" in page.text
    for part in ("expertise", "capacity", "deadline"):
        assert part in page.text
    barred = page.text.partition("The rule leaves them out")[2]
    assert "Away until" in barred
    assert "licence" in barred
    assert barred.count("cannot be") == 2
    assert "has it now" in page.text
    assert str(off) not in attorney.page.text
    assert acts(inbox)[-1] == "case.view"


def test_a_case_passes_on_with_reason_and_note(attorney, firm):
    at, ben = f"/cases/{firm.case_id}/candidates", str(firm.attorneys["ben"])
    attorney.get(at)
    page = attorney.press(at, attorney=ben, reason="  ", note="Call her first.")
    assert (attorney.page.status_code, f"#reason-{ben}" in page.links) == (422, True)
    assert "Call her first." in attorney.page.text
    page = attorney.press(at, attorney=ben, reason="Knows the employer <b>", note="Call her first.")
    assert attorney.path == f"/cases/{firm.case_id}"
    assert "The case has passed on" in page.text
    assert "Knows the employer <b>" in page.text
    assert "Note: Call her first." in page.text
    assert "<b>" not in attorney.page.text
    assert case_of(firm).attorney_id == firm.attorneys["ben"]


def test_why_somebody_cannot_have_it_is_told_at_their_row(attorney, firm):
    at, ben = f"/cases/{firm.case_id}/candidates", str(firm.attorneys["ben"])
    attorney.get(at)
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.get_one(Attorney, (firm.firm.firm_id, firm.attorneys["ben"])).capacity = 0
    page = attorney.press(at, attorney=ben, reason="Has time.")
    assert (attorney.page.status_code, f"#give-{ben}" in page.links) == (409, True)
    row = attorney.page.text.partition("The rule leaves them out")[2]
    assert "may hold 0" in row.partition('id="give-')[0]
    assert 'value="Has time."' in row
    assert case_of(firm).attorney_id == firm.attorneys["ana"]


def test_near_a_deadline_the_receiver_is_asked_and_says_yes_or_no(attorney, firm):
    firm.firm.change([firm.case_id], deadline_on=firm.today + timedelta(days=3))
    at, mine = f"/cases/{firm.case_id}", firm.attorneys["attorney"]
    attorney.get(f"{at}/candidates")
    page = attorney.press(f"{at}/candidates", attorney=str(firm.attorneys["ben"]), reason="Is ill.")
    assert "They have been asked." in page.text
    assert re.search(r"Ben Wolfe\S+ was asked by attorney@northgate.example", page.text)
    assert not [one for one in page.found if "/handovers/" in one]
    [one] = firm.firm.handovers()
    refused = attorney.send(f"{at}/handovers/{one.id}", page.found["/sign-out"] | {"answer": "yes"})
    assert (refused.status_code, "for the attorney to decide" in refused.text) == (403, True)
    with firm.firm.office.acting(firm.firm.firm_id, AT_THE_DESK) as acting:
        moving.decline(acting, one.id)
        moving.move(acting, firm.case_id, mine, "Is ill.")
    page = attorney.get(at)
    [action] = [one for one in page.found if "/handovers/" in one]
    page = attorney.press(action, answer="yes")
    assert "The case is yours." in page.text
    assert case_of(firm).attorney_id == mine
    attorney.page = attorney.send(action, page.found["/sign-out"] | {"answer": "no"})
    assert (attorney.page.status_code, "accepted, declined or withdrawn already" in attorney.forms.text) == (409, True)


# ------------------------------------------------------------------------------------------------ who may not


def test_what_somebody_may_not_do_is_not_drawn_and_refused_all_the_same(browser, firm):
    at = f"/cases/{firm.case_id}"
    deeds = [f"{at}/stage", f"{at}/close", f"{at}/reopen", f"{at}/candidates", f"{at}/handovers/{NOWHERE}"]
    for role, allowed in (("viewer", set()), ("paralegal", {f"{at}/stage"})):
        browser.sign_in(role, at)
        drawn = set(browser.forms.found) | set(browser.get(f"{at}/candidates").found)
        assert drawn == {"/sign-out"} | allowed
        fields = browser.forms.found["/sign-out"] | {"stage": "review", "outcome": "denied", "reason": "no"}
        for action in deeds:
            if action not in allowed:
                assert browser.send(action, fields).status_code == 403, (role, action)
        browser.press("/sign-out")
    assert case_of(firm).stage == "drafting"


def test_behind_a_wall_and_at_another_firm_there_is_no_such_case(browser, firm, tenants, office, db):
    from helpers.callers import hashed, stranger

    at = f"/cases/{firm.case_id}"
    with db.firm(tenants.northgate) as session:
        wall = {"staff_id": tenants.staff["attorney"], "client_id": firm.client_id, "reason": "Knows them."}
        session.add(Wall(firm_id=tenants.northgate, created_by="test", **wall))
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    number = number_of(firm.firm, firm.case_id)
    browser.sign_in("attorney")
    for email in ("", "admin@harbor.example"):
        if email:
            browser.get("/")
            browser.press("/sign-out")
            browser.get("/")
            browser.press("/sign-in", email=email, password="fig-tree-lamp-owl")
        fields = browser.get("/cases").found["/sign-out"] | {"stage": "review", "version": "1", "reason": "x"}
        assert number not in browser.page.text
        fields |= {"outcome": "denied", "attorney": str(firm.attorneys["ben"])}
        for path in (at, f"{at}/candidates"):
            browser.get(path)
            assert browser.page.status_code == 404
        for action in ("stage", "close", "reopen", "candidates", f"handovers/{NOWHERE}"):
            assert browser.send(f"{at}/{action}", fields).status_code == 404, action
    assert case_of(firm).version == 1


def test_people_are_named_in_the_list(paralegal, firm):
    firm.firm.open(client_id=person(firm.firm, "Zoë", "Okafor"))
    assert "Zoë Okafor" in paralegal.get("/cases").text
