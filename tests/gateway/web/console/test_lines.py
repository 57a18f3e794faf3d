"""From a value of a person back to the line of the file that said it, as a browser without scripts goes there."""

import pytest
from helpers.callers import PASSWORD, hashed, stranger
from helpers.inbox import as_csv, people, person

from gateway.db.models import Staff


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def told(acme):
    table = [*people(20), person(21, ssn="123-45-6789") | {"Last Name": "O'Neil"}, person(22) | {"DOB": "soon"}]
    return acme.drop("roster_20260301.csv", table)


def person_of(acme, key):
    [(found,)] = acme.sql("SELECT id FROM clients WHERE employee_id = %s", key)
    return f"/clients/{found}"


def line_of(page, field):
    return next(one for one in page.links if f"field=client.{field}" in one)


def test_from_a_value_to_its_line_and_back(paralegal, acme, told):
    someone = person_of(acme, "E21")
    address = line_of(paralegal.get(someone), "date_of_birth")
    assert address.startswith(f"/files/{told['import_id']}/lines/22?")
    page = paralegal.get(address)
    assert paralegal.page.text.count('class="marked"') == 1
    for words in (
        "Line 22 of roster_20260301.csv",
        "02/03/1980",
        "Feb 3, 1980",
        "feeds.roster.client.fields.date_of_birth",
    ):
        assert words in page.text
    assert "Person created" in page.text
    assert someone in page.links
    assert f"/files/{told['import_id']}" in page.links
    history = paralegal.get(f"{someone}/history")
    assert any(one.startswith(f"/files/{told['import_id']}/lines/22?") for one in history.links)


def test_secrets_are_dots_on_it(paralegal, acme, told):
    page = paralegal.get(line_of(paralegal.get(person_of(acme, "E21")), "ssn"))
    assert "•••••••6789" in page.text
    assert "123-45" not in paralegal.page.text


def test_what_is_masked_says_why_and_where_it_may_be_seen(paralegal, acme):
    rows = [person(1, ssn="123-45-6789", passport="X1234567", passport_expiry="05/01/2030"), person(2)]
    told = acme.drop("roster_20260301.csv", [*rows, person(3, ssn="123-45-6781", dob="soon")])
    someone = person_of(acme, "E1")
    page = paralegal.get(line_of(paralegal.get(someone), "ssn"))
    text = paralegal.page.text
    assert text.count("Masked, for with such a number somebody could pass for another") == 1
    assert f'<a href="{someone}">Show identifiers in clear</a>' in text
    assert "SSN: who needs it presses Show identifiers in clear on this person's page" in page.text
    assert "Passport: no page shows it; the number of a paper is told to programs alone" in page.text
    assert text.count('href="#masked"') == 2
    assert "Show identifiers in clear" in paralegal.get(someone).text  # where the sentence leads
    paralegal.get(f"/files/{told['import_id']}/lines/3")
    assert 'id="masked"' not in paralegal.page.text
    rejected = paralegal.get(f"/files/{told['import_id']}/lines/4")
    assert "SSN: as it came, it stands in the file of rejected rows" in rejected.text
    assert "Show identifiers" not in rejected.text


def test_a_rejected_line_says_what_was_wrong_and_leads_to_its_repair(paralegal, told):
    page = paralegal.get(f"/files/{told['import_id']}/lines/23")
    assert "Nothing was taken from it" in page.text
    assert "“soon”" in page.text
    assert f"/files/{told['import_id']}/repair" in page.links


def test_a_line_whose_cells_may_have_moved_says_that_a_number_may_stand_elsewhere(paralegal, acme):
    table = as_csv(people(9)).replace(b"E5,Name5,02/03/1980,50000,,,,", b"E5,Name5")
    told = acme.drop("roster_20260301.csv", table)
    assert "cells have moved" in paralegal.get(f"/files/{told['import_id']}/lines/6").text
    assert "cells have moved" not in paralegal.get(f"/files/{told['import_id']}/lines/5").text


def test_what_a_partner_sent_is_text_on_it(paralegal, acme):
    odd = person(1) | {"Last Name": '"><script>alert(1)</script>', "Passport": "=cmd|' /C calc'!A0"}
    told = acme.drop("roster_20260301.csv", [odd, *people(9)[1:]])
    page = paralegal.get(f"/files/{told['import_id']}/lines/2")
    assert "<script>alert" not in paralegal.page.text
    assert '"><script>alert(1)</script>' in page.text


def test_what_is_not_there_is_a_sentence(paralegal, acme, told):
    page = paralegal.get(f"/files/{told['import_id']}/lines/1")
    assert (paralegal.page.status_code, "No row begins on line 1" in page.text) == (404, True)
    for wrong, status in (("lines/2?field=<b>", 400), ("lines/0", 404), ("lines/99999999999", 404)):
        assert paralegal.http.get(f"/files/{told['import_id']}/{wrong}").status_code == status
    acme.sql("UPDATE files SET destroyed_at = '2026-04-01T12:00:00Z'")
    page = paralegal.get(f"/files/{told['import_id']}/lines/2")
    assert (paralegal.page.status_code, "destroyed on 2026-04-01" in page.text) == (410, True)


def test_who_may_not_see_rejected_rows_sees_no_line_and_no_way_to_one(browser, acme, told):
    browser.sign_in("viewer")
    page = browser.get(person_of(acme, "E21"))
    assert not [one for one in page.links if "/lines/" in one]
    assert f"/files/{told['import_id']}" in page.links
    assert browser.http.get(f"/files/{told['import_id']}/lines/2").status_code == 403


def test_another_firms_line_is_not_there(browser, told, office, tenants, db):
    other = stranger(office, tenants)
    with db.firm(tenants.harbor) as session:
        session.get_one(Staff, (tenants.harbor, other)).password_hash = hashed()
    browser.get("/")
    browser.press("/sign-in", email="admin@harbor.example", password=PASSWORD)
    page = browser.get(f"/files/{told['import_id']}/lines/2")
    assert (browser.page.status_code, "Name1" in page.text) == (404, False)


def test_who_is_walled_off_from_one_of_the_people_sees_no_line_of_the_file(
    browser, acme, told, http, as_staff, tenants
):
    client_id = person_of(acme, "E1").rpartition("/")[2]
    wall = {"staff_id": str(tenants.staff["attorney"]), "client_id": client_id, "reason": "Acted for the other side"}
    assert http.post("/v1/walls", json=wall, headers=as_staff("admin")).status_code == 201
    browser.sign_in("attorney")
    page = browser.get(f"/files/{told['import_id']}/lines/3")
    assert (browser.page.status_code, "ethical wall" in page.text, "Name2" in page.text) == (403, True, False)
    someone = person_of(acme, "E21")
    for path in (someone, f"{someone}/history"):
        page = browser.get(path)
        assert "roster_20260301.csv" in page.text
        assert not [one for one in page.links if "/lines/" in one], path  # what would be refused is not drawn
