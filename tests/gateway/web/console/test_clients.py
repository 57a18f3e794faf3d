"""A paralegal's day with people: found, understood with where each value came from, corrected, kept and erased."""

import re
from datetime import timedelta

import pytest
from helpers.callers import hashed, stranger
from helpers.inbox import COLUMNS, as_csv, person

from gateway import clock
from gateway.db.models import Staff

HOSTILE = "<script>alert(1)</script>"


def day(offset):
    return f"{clock.day_in('America/New_York', clock.now()) + timedelta(days=offset):%m/%d/%Y}"  # the firm's


@pytest.fixture
def people(inbox):
    """Two people of acme by employee id: one with papers and a social security number."""
    rows = [person(1, ssn="536904399", passport="K1234567", passport_expiry=day(900), i94_expiry=day(41)), person(2)]
    inbox.drop("roster_20260301.csv", rows)
    return dict(inbox.sql("SELECT employee_id, id::text FROM clients"))


@pytest.fixture
def ana(people):
    return f"/clients/{people['E1']}"


def seen(inbox, client_id):
    """The acts on record about a person, but those of files."""
    query = "SELECT action FROM audit_log WHERE client_id = %s AND actor_kind = 'staff' ORDER BY at, id"
    return [one for (one,) in inbox.sql(query, client_id)]


def row(page, name):
    """What stands in the row of a value."""
    found = re.search(rf'<tr id="value-{name}">(.*?)</tr>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", found[1])) if found else None


def value(inbox, client_id, column):
    [(found,)] = inbox.sql(f"SELECT {column} FROM clients WHERE id = %s", client_id)
    return found


def test_the_list_finds_people_and_says_what_ends_first(paralegal, people, ana):
    page = paralegal.get("/clients")
    assert ana in page.links
    assert "I-94, in 41 days" in page.text
    assert "passport" not in page.text  # it ends in years
    page = paralegal.get("/clients?search=name2&partner=acme&status=active")
    assert ("Name2" in page.text, "Name1" in page.text) == (True, False)
    page = paralegal.get("/clients?search=NÁME2,%20e2")  # as the list itself writes people, accent or not
    assert ("Name2" in page.text, "Name1" in page.text) == (True, False)
    assert "Nobody matches." in paralegal.get("/clients?search=name1&partner=globex").text
    assert "Name1" in paralegal.get("/clients?search=&partner=&status=").text  # as a form says "any"
    paralegal.get("/clients?status=nonsense")
    assert paralegal.page.status_code == 400


def test_what_ends_is_noted_for_those_alone_who_stand_in_the_list(paralegal, people, inbox):
    paralegal.get("/clients?search=name2")
    told = inbox.sql("SELECT action, changes FROM audit_log WHERE actor_kind = 'staff' AND action LIKE '%%.list'")
    named = {one["id"] for _, changes in told for one in changes or [] if one["kind"] == "client"}
    assert named == {people["E2"]}
    assert sorted(action for action, _ in told) == ["client.list", "document.list"]


def test_a_person_leads_to_the_audit_for_whoever_may_read_it_and_an_empty_heading_is_not_drawn(
    browser, elsewhere, people, ana
):
    audit = ana.replace("/clients/", "/audit?person=")
    nobodys = f"/clients/{people['E2']}"  # who has no identifier
    browser.sign_in("paralegal")
    page = browser.get(nobodys)
    assert (f"/audit?person={people['E2']}" in page.links, "<h2>More</h2>" in browser.page.text) == (False, False)
    browser.get(audit)
    assert browser.page.status_code == 403
    elsewhere.sign_in("admin")
    assert audit in elsewhere.get(ana).links
    assert "client: view" in elsewhere.get(audit).text


def test_the_list_goes_on_where_it_ended_and_keeps_its_filters(paralegal, people, monkeypatch):
    from gateway.web.console.clients import browsing

    monkeypatch.setattr(browsing, "SHOWN", 1)
    page = paralegal.get("/clients?partner=acme")
    following = next(link for link in page.links if "cursor=" in link)
    assert "partner=acme" in following
    names = re.findall(r"Name\d", page.text) + re.findall(r"Name\d", paralegal.get(following).text)
    assert sorted(names) == ["Name1", "Name2"]


def test_an_empty_list_says_where_people_come_from(paralegal):
    assert "They come with the partners' files" in paralegal.get("/clients").text


def test_a_person_is_shown_with_what_ends_first_and_the_source_of_each_value(paralegal, ana, people, inbox):
    inbox.drop("roster_20260302.csv", [person(2), person(1) | {"Salary": "61000"}])
    page = paralegal.get(ana)
    assert page.text.index("I-94") < page.text.index("Passport")
    assert "First to end: I-94, in 41 days. 0 open cases." in page.text
    assert "roster_20260301.csv, line 2" in row(paralegal.page.text, "family_name")
    assert "61,000.00" in row(paralegal.page.text, "annual_salary")
    assert "roster_20260302.csv, line 3" in row(paralegal.page.text, "annual_salary")
    assert "the usual, nobody said so" in row(paralegal.page.text, "enrollment_status")
    assert "•••• 4399" in row(paralegal.page.text, "ssn")
    assert "536904399" not in paralegal.page.text.replace("-", "")
    assert "•••• 4567" in page.text
    assert seen(inbox, people["E1"]) == ["client.view", "client.history", "client.authorization"]
    listed = inbox.sql("SELECT action FROM audit_log WHERE actor_kind = 'staff' AND action LIKE '%%.list' ORDER BY 1")
    assert listed == [("case.list",), ("document.list",), ("eligibility.list",)]


def test_the_history_tells_kept_columns_one_by_one(paralegal, inbox, roster):
    inbox.apply(roster.replace("    client:\n", "    keep: [Manager, Floor]\n    client:\n", 1))
    rows = [person(1) | {"Manager": "<b>Li</b>", "Floor": floor} for floor in ("3", "4")]
    for row_, name in zip(rows, ("roster_20260301.csv", "roster_20260302.csv"), strict=True):
        assert inbox.drop(name, as_csv([row_], [*COLUMNS, "Manager", "Floor"]))["rows"]["rejected"] == 0
    [(client_id,)] = inbox.sql("SELECT id FROM clients")
    text = " ".join(paralegal.get(f"/clients/{client_id}/history").text.split())
    for floor in "34":
        assert f"Floor: {floor}; Manager: <b>Li</b>" in text
    assert "{'" not in text


def test_a_value_is_corrected_and_pinned_and_the_pin_taken_out(paralegal, ana, people, inbox):
    paralegal.get(f"{ana}/values/family_name")
    page = paralegal.press(f"{ana}/values/family_name", family_name=f"Null {HOSTILE}")
    assert "Written, and pinned" in page.text
    assert HOSTILE not in paralegal.page.text
    assert "by hand, pinned , paralegal@northgate.example" in row(paralegal.page.text, "family_name")
    inbox.drop("roster_20260302.csv", [person(1), person(2)])
    assert value(inbox, people["E1"], "family_name") == f"Null {HOSTILE}"
    paralegal.get(ana)
    fields = paralegal.forms.found[f"{ana}/values/family_name/unpin"]
    assert "The pin is out." in paralegal.press(f"{ana}/values/family_name/unpin").text
    assert f"{ana}/values/family_name/unpin" not in paralegal.forms.found
    again = paralegal.send(f"{ana}/values/family_name/unpin", fields)  # pressed twice
    assert "The pin is out." in again.text
    assert seen(inbox, people["E1"]).count("client.unpin") == 1


def test_values_of_every_kind_are_written_as_people_write_them(paralegal, ana, people, inbox):
    for name, text, stands in (
        ("family_name", "Null", "Null"),  # a name, and not its absence
        ("given_name", " Ana ", "Ana"),
        ("given_name", "", None),
        ("date_of_birth", "1990-02-03", "1990-02-03"),
        ("date_of_birth", "May 21, 1988", "1988-05-21"),  # as the page shows it
        ("date_of_birth", " september 4, 1988 ", "1988-09-04"),
        ("annual_salary", "98500.50", "98500.50"),
        ("graduation_year", "2012", "2012"),
        ("awards", "First\r\n\r\n Second, of two\r\n", '{First,"Second, of two"}'),
        ("citizenship", "India", "IND"),
        ("enrollment_status", "withdrawn", "withdrawn"),
    ):
        paralegal.get(f"{ana}/values/{name}")
        paralegal.press(f"{ana}/values/{name}", **{name: text})
        assert value(inbox, people["E1"], f"{name}::text") == stands, name


def test_what_cannot_be_is_told_at_its_field_and_stays_there(paralegal, ana, people, inbox):
    before = value(inbox, people["E1"], "version")
    for name, text, sentence in (
        ("date_of_birth", "05/04/1988", "05/04/2026 could be two days"),
        ("date_of_birth", "02/03/1990", "Write the day as year-month-day"),
        ("date_of_birth", "4 5, 1988", "Write the day as year-month-day"),
        ("date_of_birth", "Feb 30, 1988", "Write the day as year-month-day"),
        ("date_of_birth", "null", "Write the day as year-month-day"),
        ("annual_salary", "much", "Write a number"),
        ("annual_salary", "1e30", "999999999999.99"),
        ("graduation_year", "1", "a year has four digits"),
        ("citizenship", "Atlantis", "Atlantis"),
        ("family_name", "x" * 1_001, "It is too long"),
        ("awards", "a\r\n" * 201, "It is too long"),
        ("enrollment_status", "", "value"),
        ("enrollment_status", "gone", "terminated"),
        ("ssn", "000-00-0000", "social security number"),
        ("employee_id", "E7", "By this the partner's files know the person"),
    ):
        paralegal.get(f"{ana}/values/{name}")
        page = paralegal.press(f"{ana}/values/{name}", **{name: text})
        assert (paralegal.page.status_code, f"#{name}" in page.links) == (422, True), name
        assert sentence in page.text, name
        assert "000-00-0000" not in paralegal.page.text
        if name not in ("ssn", "enrollment_status", "awards"):
            assert page.found[f"{ana}/values/{name}"][name] == text
    assert value(inbox, people["E1"], "version") == before


def test_whoever_is_second_sees_both_values_and_decides(paralegal, ana, people, inbox):
    action = f"{ana}/values/given_name"
    paralegal.get(action)
    mine = paralegal.forms.found[action] | {"given_name": "Anna"}
    paralegal.press(action, given_name="Hannah")
    paralegal.page = paralegal.send(action, mine)
    assert paralegal.page.status_code == 412
    text = paralegal.forms.text
    assert re.search(r"Stands there now\s*Hannah", text)
    assert re.search(r"You wrote\s*Anna", text)
    assert value(inbox, people["E1"], "given_name") == "Hannah"
    paralegal.press(action)
    assert value(inbox, people["E1"], "given_name") == "Anna"


def test_pressing_twice_writes_once_and_says_so(paralegal, ana, people, inbox):
    action = f"{ana}/values/given_name"
    paralegal.get(action)
    mine = paralegal.forms.found[action] | {"given_name": "Anna"}
    assert ["Written, and pinned" in paralegal.send(action, mine).text for _ in range(2)] == [True, True]
    assert seen(inbox, people["E1"]).count("client.update") == 1
    lost = {name: text for name, text in mine.items() if name != "version"} | {"given_name": "Hanna"}
    assert paralegal.send(action, lost).status_code == 412  # who does not say what they saw does not write over it


def test_a_sensitive_value_is_typed_anew_and_never_shown(paralegal, ana, people, inbox):
    paralegal.get(f"{ana}/values/ssn")
    assert paralegal.forms.found[f"{ana}/values/ssn"]["ssn"] == ""
    assert "536" not in paralegal.forms.text
    paralegal.press(f"{ana}/values/ssn", ssn="536-90-4388")
    assert "•••• 4388" in row(paralegal.page.text, "ssn")
    assert "4388" not in str(inbox.sql("SELECT changes FROM audit_log WHERE action = 'client.update'"))


def test_identifiers_are_shown_behind_a_press_and_looking_is_on_record(paralegal, ana, people, inbox):
    paralegal.get(ana)
    page = paralegal.press(f"{ana}/identifiers")
    assert "536904399" in page.text.replace("-", "")
    assert seen(inbox, people["E1"]).count("client.identifiers") == 1
    assert paralegal.http.get(f"{ana}/identifiers").status_code == 405


def test_history_has_old_and_new_side_by_side(paralegal, ana, inbox):
    inbox.drop("roster_20260302.csv", [person(2), person(1) | {"Salary": "61000", "Last Name": HOSTILE}])
    page = paralegal.get(f"{ana}/history")
    cells = re.findall(
        r'<td>annual salary</td><td class="value">(.*?)</td><td class="value">(.*?)</td>', paralegal.page.text
    )
    assert [tuple(re.sub("<[^>]+>", "", one).partition(".")[0] for one in pair) for pair in cells] == [
        ("50,000", "61,000"),
        ("nothing", "50,000"),
    ]
    assert "roster_20260302.csv, line 3" in page.text
    assert HOSTILE not in paralegal.page.text
    assert "536" not in page.text


def test_long_histories_go_on_where_they_ended(paralegal, ana, inbox, monkeypatch):
    from gateway.web.console.clients import looking

    monkeypatch.setattr(looking, "SHOWN", 1)
    for n, salary in enumerate(("61000", "62000"), 2):
        inbox.drop(f"roster_2026030{n}.csv", [person(1) | {"Salary": salary}, person(2)])
    shown, path = [], f"{ana}/history"
    while path:
        page = paralegal.get(path)
        shown += re.findall(r"roster_2026030\d", page.text)
        path = next((link for link in page.links if "cursor=" in link), None)
    assert shown == ["roster_20260303", "roster_20260302", "roster_20260301"]


def test_values_older_than_what_is_looked_at_say_so(paralegal, ana, inbox, monkeypatch):
    from gateway.web.console.clients import sources

    monkeypatch.setattr(sources, "MOST", 1)
    inbox.drop("roster_20260302.csv", [person(1) | {"Salary": "61000"}, person(2)])
    paralegal.get(ana)
    assert "roster_20260302.csv" in row(paralegal.page.text, "annual_salary")
    assert "older than what this page looks back to" in row(paralegal.page.text, "family_name")


def test_a_person_is_archived_and_taken_back(browser, ana, people, inbox):
    browser.sign_in("attorney", ana)
    mine = browser.forms.found[f"{ana}/archive"]
    assert ["Archived. The records stay" in browser.send(f"{ana}/archive", mine).text for _ in range(2)] == [True, True]
    assert seen(inbox, people["E1"]).count("client.archive") == 1
    browser.get(ana)
    browser.press(f"{ana}/restore")
    assert value(inbox, people["E1"], "status") == "active"
    browser.page = browser.send(f"{ana}/archive", mine)  # of a page from before
    assert (browser.page.status_code, "#archive" in browser.forms.links) == (412, True)
    assert value(inbox, people["E1"], "status") == "active"


def test_a_person_is_erased_by_whoever_types_the_name(browser, ana, people, inbox):
    browser.sign_in("admin", ana)
    page = browser.press(f"{ana}/erase", typed="Name2", reason="Asked for it")
    assert (browser.page.status_code, "#typed" in page.links) == (422, True)
    assert page.found[f"{ana}/erase"]["reason"] == "Asked for it"
    page = browser.press(f"{ana}/erase", typed="name1", reason=" ")
    assert (browser.page.status_code, "#reason" in page.links) == (422, True)
    assert value(inbox, people["E1"], "erased_at") is None
    page = browser.press(f"{ana}/erase", typed=" name1 ", reason="Asked for it")
    assert "Erased." in page.text
    assert "This person was erased on" in page.text
    assert "Name1" not in browser.page.text
    assert "Asked for it" in browser.get(f"{ana}/history").text
    assert "Name1" not in browser.page.text
    assert "erased person" in browser.get("/clients").text
    for name in ("family_name", "ssn"):
        browser.get(f"{ana}/values/{name}")
        browser.press(f"{ana}/values/{name}", **{name: "536904399"})
        assert browser.page.status_code == 409


def test_what_somebody_may_not_do_is_not_drawn_and_refused_all_the_same(browser, ana, people, inbox):
    browser.sign_in("viewer", ana)
    assert set(browser.forms.found) == {"/sign-out", f"{ana}/identifiers"}
    assert not [link for link in browser.forms.links if "/values/" in link]
    fields = browser.forms.found["/sign-out"] | {"given_name": "x", "typed": "Name1", "reason": "x", "version": '"1"'}
    for action in ("values/given_name", "values/given_name/unpin", "archive", "restore", "erase"):
        assert browser.send(f"{ana}/{action}", fields).status_code == 403, action
    assert browser.http.get(f"{ana}/values/given_name", headers={"Accept": "text/html"}).status_code == 403
    assert seen(inbox, people["E1"]).count("client.update") == 0
    browser.http.cookies.clear()
    browser.sign_in("paralegal", ana)
    assert not {f"{ana}/archive", f"{ana}/erase"} & set(browser.forms.found)


def test_a_field_that_there_is_not_is_not_there(paralegal, ana):
    for name in ("status", "pins", "colour"):
        paralegal.get(f"{ana}/values/{name}")
        assert paralegal.page.status_code == 404, name


def test_another_firms_person_is_not_there(browser, ana, office, tenants, db):
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password="fig-tree-lamp-owl")
    fields = browser.forms.found["/sign-out"] | {"version": '"1"', "given_name": "x", "typed": "Name1", "reason": "x"}
    for path in (ana, f"{ana}/history", f"{ana}/values/given_name"):
        browser.get(path)
        assert (browser.page.status_code, "Name1" in browser.page.text) == (404, False), path
    for action in ("values/given_name", "values/given_name/unpin", "identifiers", "archive", "restore", "erase"):
        assert browser.send(f"{ana}/{action}", fields).status_code == 404, action
    assert "There are no clients yet." in browser.get("/clients").text


def test_behind_a_wall_there_is_no_trace_of_a_person(browser, ana, people, http, as_staff, tenants):
    wall = {"staff_id": str(tenants.staff["attorney"]), "client_id": people["E1"], "reason": "Acted for the other side"}
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    browser.sign_in("attorney", "/clients")
    assert ("Name1" in browser.forms.text, "Name2" in browser.forms.text) == (False, True)
    fields = browser.forms.found["/sign-out"] | {"version": '"1"'}
    for path in (ana, f"{ana}/history", f"{ana}/values/given_name"):
        browser.get(path)
        assert browser.page.status_code == 404, path
    assert browser.send(f"{ana}/identifiers", fields).status_code == 404
    assert browser.send(f"{ana}/archive", fields).status_code == 404


def test_every_field_that_staff_may_write_stands_on_the_page():
    from gateway.web.console.clients.sources import GROUPS
    from gateway.web.people import ClientFields

    assert sorted(name for names in GROUPS.values() for name in names) == sorted(ClientFields.__struct_fields__)
