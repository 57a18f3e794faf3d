"""Who has how much: seen by everybody at the firm; capacity and time off said by those who may."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

import pytest
from helpers.attorneys import AT_THE_DESK
from helpers.callers import hashed, stranger
from helpers.firm_at_work import HOSTILE, LONG, at_work, person

from gateway.db.models import Case, Client, Staff, UnassignedCase
from gateway.domain.people import walls
from gateway.domain.people.walls import NewWall
from gateway.web.console.plots.levels import LEFT, RIGHT, Level, levels

NOWHERE = "01900000-0000-7000-8000-000000000001"


@pytest.fixture
def firm(office, tenants):
    return at_work(office, tenants.northgate, tenants.acme)


@pytest.fixture
def admin(browser):
    browser.sign_in("admin")
    return browser


def days(firm, first, last):
    return {"first": str(firm.today + timedelta(first)), "last": str(firm.today + timedelta(last))}


def test_the_fullest_stand_first_and_the_finding_is_said(paralegal, firm):
    dee = firm.firm.hire("dee", 1)
    firm.firm.open(2, attorney_id=dee, deadline_on=firm.today)
    firm.firm.away(firm.attorneys["ben"], firm.today, firm.today + timedelta(5))
    page = paralegal.get("/workload")
    assert re.search(r"1 of 4 is full; those who are here have room for 38 cases\.", page.text)
    assert re.search(r"dee\s+is the fullest, with 2 of 1\s*, 2 of them urgent\.", page.text.replace("\n", ""))
    assert re.search(rf"Away: Ben {LONG} until", page.text)
    assert next(one for one in page.links if one.startswith("/workload/")) == f"/workload/{dee}"
    assert "dee: 2 of 1, 2 urgent. " in paralegal.page.text
    assert re.search(r"dee\s*2\s*1\s*200 %\s*2\s*100 %", page.text)


def test_what_waits_stands_there_with_its_reason_and_when_it_may_end(paralegal, firm):
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.name != "Ana Lima").update({"active": Staff.role == "paralegal"})
    firm.firm.away(firm.attorneys["ana"], firm.today, firm.today + timedelta(6))
    [waits] = firm.firm.open(client_id=(whose := firm.client_id))
    firm.firm.work()
    page = paralegal.get("/workload")
    assert f"/cases/{waits}/candidates" in page.links
    assert f"/clients/{whose}" in page.links
    assert "Nobody can take it" in page.text
    assert "Perhaps from" in page.text


def test_the_queue_goes_on_where_it_ended(paralegal, firm, monkeypatch):
    from gateway.web.console import workload

    monkeypatch.setattr(workload, "SHOWN", 2)
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.role != "paralegal").update({"active": False})
    opened = firm.firm.open(4)
    firm.firm.work()
    seen, path = set(), "/workload"
    while path:
        page = paralegal.get(path)
        seen |= {one.split("/")[2] for one in page.links if one.endswith("/candidates")}
        path = next((one for one in page.links if "cursor=" in one), None)
    assert {str(one) for one in opened} <= seen


def test_the_queue_stands_by_deadline_and_goes_on_behind_a_case_that_has_left(paralegal, firm, office, monkeypatch):
    from gateway.web.console import workload

    monkeypatch.setattr(workload, "SHOWN", 2)
    with office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.role != "paralegal").update({"active": False})
        [(other,)] = session.query(Case.id).filter(Case.attorney_id.is_(None))  # due in 14 days
    [first], [none], [soon], [late], [last] = (
        firm.firm.open(deadline_on=days and firm.today + timedelta(days)) for days in (9, None, 3, 9, None)
    )
    firm.firm.work()
    seen = waiting(paralegal.get("/workload"))
    with office.db.firm(firm.firm.firm_id) as session:
        session.query(UnassignedCase).filter(UnassignedCase.case_id == UUID(seen[-1])).delete()
    while path := next((one for one in paralegal.forms.links if "cursor=" in one), None):
        seen += waiting(paralegal.get(path))
    assert seen == [str(one) for one in (soon, first, late, other, none, last)]


def test_namesakes_who_wait_are_told_apart_by_their_birth_dates(paralegal, firm, office, inbox):
    with office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.role != "paralegal").update({"active": False})
    same = [person(firm.firm, "Björn", name) for name in ("Abara", "ABARA")]
    other = person(firm.firm, "Nobody", "Else")
    with office.db.firm(firm.firm.firm_id) as session:
        for day, one in enumerate([*same, other], start=11):
            session.get_one(Client, (firm.firm.firm_id, one)).date_of_birth = date(1988, 5, day)
    for one in [*same, other]:
        firm.firm.open(client_id=one)
    firm.firm.work()
    page = paralegal.get("/workload").text
    assert re.search(r"Björn Abara\s*born May 11, 1988", page)
    assert re.search(r"Björn ABARA\s*born May 12, 1988", page)
    assert "May 13, 1988" not in page  # whom nobody could take for somebody else
    looks = inbox.sql("SELECT changes FROM audit_log WHERE action = 'client.list' ORDER BY at DESC LIMIT 1")
    assert {one["id"] for one in looks[0][0]} == {str(one) for one in same}


def waiting(page):
    return [one.split("/")[2] for one in page.links if one.endswith("/candidates")]


def test_a_firm_without_attorneys_is_told_what_to_do(paralegal):
    page = paralegal.get("/workload")
    assert "No attorney takes cases yet." in page.text
    assert "None waits" in page.text


def test_an_admin_says_how_much_somebody_may_hold(admin, firm):
    at = f"/workload/{firm.attorneys['ana']}"
    page = admin.get(at)
    assert re.search(r"Holds\s+1 case\s+of 20", page.text)
    assert f"/cases?attorney={firm.attorneys['ana']}&status=open" in page.links
    for wrong in ("", "lots", "201", "-1"):
        page = admin.press(f"{at}/capacity", capacity=wrong)
        assert (admin.page.status_code, "#capacity" in page.links) == (422, True), wrong
        assert page.found[f"{at}/capacity"]["capacity"] == wrong
    page = admin.press(f"{at}/capacity", capacity="18", licence="none")
    assert "Said." in page.text
    assert re.search(r"Holds\s+1 case\s+of 18", page.text)
    assert "NY 1" in page.text  # what the form does not ask for is not changed by it


def test_what_saving_gives_away_is_said_before_and_that_it_is_looked_at_after(admin, firm):
    """Raising a capacity hands waiting cases over within seconds, which nobody would expect who only meant to note it."""
    dee = firm.firm.hire("dee", 0)
    at = f"/workload/{dee}"
    assert "at once" not in admin.get(at).text  # none waits
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.role == "attorney", Staff.name != "dee").update({"active": False})
    firm.firm.open(2)  # and one of the firm's waits already
    firm.firm.work()
    told = "Cases that wait may be given to dee at once: 3 cases wait."
    page = admin.get(at)
    assert page.text.count(told) == 3  # by the capacity, by hours and licence, by what they know
    assert "/workload#waiting" in page.links
    assert "Cases that wait may be given to them at once: 3 cases wait." in admin.get("/workload").text
    admin.get(at)
    said = admin.press(f"{at}/capacity", capacity="1").text
    assert "Said. Cases that are held stay; those that wait are looked at again now" in said
    assert told in said  # none has been given yet
    firm.firm.work()
    assert "may be given to dee at once: 2 cases wait." in admin.get(at).text
    admin.press(f"{at}/time-off", **days(firm, 0, 9))
    assert admin.forms.text.count("at once: 2 cases wait.") == 4  # by what takes the time off back as well
    assert firm.firm.held()[dee] == 1


def test_waiting_cases_behind_a_wall_are_not_counted_to_whoever_stands_before_it(admin, firm, office, tenants):
    with office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.role == "attorney").update({"active": False})
    walled = person(firm.firm, "Wanda", "Walled")
    firm.firm.open(client_id=walled)
    firm.firm.work()
    at = f"/workload/{firm.attorneys['ana']}"
    assert "at once: 2 cases wait." in admin.get(at).text
    with office.acting(tenants.northgate, AT_THE_DESK) as acting:
        walls.add(acting, NewWall(tenants.staff["admin"], walled, None, "her sister"))
    assert "at once: 1 case waits." in admin.get(at).text


def test_a_member_of_staff_comes_to_hold_cases_and_what_they_know_is_said(admin, firm, inbox):
    page = admin.get("/workload")
    assert re.findall(r">([^<]*), admin</option>", admin.page.text) == [
        "admin"
    ]  # whoever is one already is not offered
    page = admin.press("/workload", email="", capacity="20")
    assert (admin.page.status_code, "#email" in page.links) == (422, True)
    page = admin.press("/workload", email="paralegal@northgate.example", capacity="20")
    assert (admin.page.status_code, "cases go to attorneys and admins" in page.text) == (409, True)
    fields = page.found["/workload"] | {"email": "admin@northgate.example", "capacity": "18", "licence": "NY 77"}
    for _ in range(2):
        admin.page = admin.send("/workload", fields)
        assert re.search(r"Said\. Cases come to them", admin.page.text)
    assert inbox.sql("SELECT capacity, licence FROM attorneys WHERE licence = 'NY 77'") == [(18, "NY 77")]
    assert "All attorneys and admins of the firm hold cases already." in admin.get("/workload").text


def test_what_is_said_of_an_attorney_is_changed_whole(admin, firm, inbox):
    ana = firm.attorneys["ana"]
    at = f"/workload/{ana}"
    admin.get(at)
    said = {
        "licence": "CA 9",
        "languages": "Spanish, zh",
        "certifications": "eb5",
        "senior": "true",
        "mon": "8",
        "fri": "4",
    }
    page = admin.press(f"{at}/about", **said)
    assert "Said. Cases that are held stay" in page.text
    told = f"SELECT licence, languages, certifications, senior, availability FROM attorneys WHERE id = '{ana}'"
    kept = ("CA 9", ["es", "zh"], ["eb5"], True, {"mon": 8, "fri": 4})
    assert inbox.sql(told) == [kept]
    for name, wrong, told_so in [
        ("languages", "Klingonish", "no code of ISO 639-1"),
        ("certifications", "no word!", "is no word such as eb5"),
        ("mon", "25", "25"),
        ("tue", "many", "many"),
        ("licence", "x" * 201, "200"),
    ]:
        page = admin.press(f"{at}/about", **{name: wrong})
        assert (admin.page.status_code, f"#{name}" in page.links) == (422, True), (name, page.links)
        assert (page.found[f"{at}/about"][name], told_so in page.text) == (wrong, True), page.text
        admin.get(at)
    assert inbox.sql(told) == [kept]
    admin.press(f"{at}/about", licence="", languages="", certifications="", mon="", fri="")
    assert inbox.sql(told) == [(None, [], [], True, {})]


def test_what_an_attorney_knows_is_said_by_type_of_case(admin, firm, inbox):
    ana = firm.attorneys["ana"]
    at = f"/workload/{ana}"
    admin.get(at)
    admin.press(f"{at}/expertise", new_type="PERM", new_level="4")
    admin.press(f"{at}/expertise", new_type="TN", new_level="2")
    known = f"SELECT case_type, level FROM expertise WHERE attorney_id = '{ana}' ORDER BY 1"
    assert inbox.sql(known) == [("PERM", 4), ("TN", 2)]
    page = admin.press(f"{at}/expertise", new_type="NO_SUCH", new_level="2")
    assert (admin.page.status_code, "#new_type" in page.links) == (422, True)
    assert "there is no type of case" in page.text.lower()
    admin.get(at)
    admin.press(f"{at}/expertise", **{"level.PERM": "", "level.TN": "5"})
    assert inbox.sql(known) == [("TN", 5)]


def test_time_off_is_noted_once_and_taken_back(admin, firm, inbox):
    at = f"/workload/{firm.attorneys['ana']}"
    admin.get(at)
    page = admin.press(f"{at}/time-off", first="", last="")
    assert (admin.page.status_code, "#first" in page.links) == (422, True)
    page = admin.press(f"{at}/time-off", **days(firm, 5, 3))
    assert (admin.page.status_code, "before it begins" in page.text) == (422, True)
    assert page.found[f"{at}/time-off"]["last"] == days(firm, 5, 3)["last"]
    fields = page.found[f"{at}/time-off"] | days(firm, 0, 9)
    for _ in range(2):
        admin.page = admin.send(f"{at}/time-off", fields)
        assert "Noted." in admin.page.text
    [action] = [one for one in admin.forms.found if one.endswith("/remove")]
    assert re.search(r"Away until", admin.forms.text)
    fields_of_back = admin.forms.found[action]
    assert "Taken back." in admin.press(action).text
    assert inbox.sql("SELECT count(*) FROM time_off") == [(0,)]
    assert admin.send(action, fields_of_back).status_code == 404
    admin.send(f"{at}/time-off", fields)  # the same press once more, from a tab that was left open
    assert inbox.sql("SELECT count(*) FROM time_off") == [(0,)]


def test_attorneys_say_it_for_themselves_alone(browser, firm):
    mine, other = (f"/workload/{firm.attorneys[one]}" for one in ("attorney", "ana"))
    browser.sign_in("attorney", mine)
    assert set(browser.forms.found) == {"/sign-out", f"{mine}/time-off"}
    assert "Noted." in browser.press(f"{mine}/time-off", **days(firm, 1, 2)).text
    assert set(browser.get(other).found) == {"/sign-out"}
    fields = browser.forms.found["/sign-out"] | days(firm, 1, 2) | {"capacity": "3"}
    refused = browser.send(f"{other}/time-off", fields)
    assert (refused.status_code, "for the attorney to say, or for an admin" in refused.text) == (403, True)
    assert browser.send(f"{mine}/capacity", fields).status_code == 403


@pytest.mark.parametrize("role", ["viewer", "paralegal"])
def test_what_somebody_may_not_do_is_not_drawn_and_refused_all_the_same(browser, firm, role):
    at = f"/workload/{firm.attorneys['ana']}"
    browser.sign_in(role, at)
    assert set(browser.forms.found) == {"/sign-out"}
    fields = browser.forms.found["/sign-out"] | days(firm, 1, 2) | {"capacity": "3"}
    for action in ("capacity", "about", "expertise", "time-off", f"time-off/{NOWHERE}/remove"):
        assert browser.send(f"{at}/{action}", fields).status_code == 403, action
    assert browser.send("/workload", fields | {"email": "admin@northgate.example"}).status_code == 403
    assert "Let somebody hold cases" not in browser.get("/workload").text


def test_another_firms_attorney_is_not_there(browser, firm, office, tenants, db):
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    at = f"/workload/{firm.attorneys['ana']}"
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    fields = browser.forms.found["/sign-out"] | days(firm, 1, 2) | {"capacity": "3"}
    assert "Ana Lima" not in browser.get("/workload").text
    for action in ("capacity", "about", "expertise", "time-off", f"time-off/{NOWHERE}/remove"):
        assert browser.send(f"{at}/{action}", fields).status_code == 404, action
    browser.get(at)
    assert (browser.page.status_code, "Ana" in browser.page.text) == (404, False)


def test_what_people_are_called_is_text(paralegal, firm):
    with firm.firm.office.db.firm(firm.firm.firm_id) as session:
        session.query(Staff).filter(Staff.name == "Ana Lima").update({"name": HOSTILE})
    for path in ("/workload", f"/workload/{firm.attorneys['ana']}"):
        paralegal.get(path)
        assert "<script>alert" not in paralegal.page.text
        assert "&lt;script&gt;alert" in paralegal.page.text


# ------------------------------------------------------------------------------------------------ the plot


def test_bars_are_on_one_scale_and_say_who_is_full():
    given = [("a", 30, 3, 20), ("b", 20, 0, 20), ("c", 10, 5, 20), ("d", 0, 0, 0)]
    over, full, room, none = levels([Level(*one, is_away=False) for one in given]).rows
    assert [one.tone for one in (over, full, room)] == ["over", "full", "room"]
    assert (over.load, full.load, room.load, none.load) == (RIGHT - LEFT, full.most, full.most / 2, 0.0)
    assert room.urgent == pytest.approx(room.load / 2, abs=0.2)
    assert over.ends_at > LEFT + over.load
    assert over.y < full.y < room.y


def test_what_is_there_is_seen_and_long_names_are_cut():
    [tiny, _] = levels([Level(LONG, 1, 1, 1, is_away=True), Level("b", 0, 0, 2_000, is_away=False)]).rows
    assert (tiny.load, tiny.urgent, tiny.most) == (3, 3, 3)
    assert (len(tiny.label), tiny.label[-1], tiny.told) == (28, "…", "1 of 1, away")
    assert levels([]).height == 0
