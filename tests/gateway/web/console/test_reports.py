"""Reports looked at, taken and ordered, as a browser without scripts does it."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from helpers.browsing import PROGRAM, fits, told_to_everybody
from helpers.doing import do_jobs
from helpers.inbox import people, person

from gateway.reports import REPORTS


@pytest.fixture
def acme(inbox, roster):
    """Two files, of which one has two bad rows."""
    inbox.apply(roster)
    hostile = person(22) | {"DOB": "<script>alert(1)</script>"}
    inbox.drop("roster_20260301.csv", [*people(20), person(21) | {"DOB": "=soon"}, hostile])
    inbox.drop("roster_20260302.csv", people(21))
    return inbox


def rows(browser):
    return browser.page.text.rpartition("<caption>")[2].count("<tr>") - 1  # of the head


def test_the_list_leads_to_each_report_that_somebody_may_take(browser, acme):
    browser.sign_in("admin")
    links = browser.get("/reports").links
    assert [one for one in links if one.startswith("/reports/")] == [f"/reports/{name}" for name in REPORTS]
    for name in REPORTS:
        browser.get(f"/reports/{name}")
        assert browser.page.status_code == 200, name
        assert REPORTS[name].title in browser.page.text


def test_what_is_for_admins_is_drawn_for_nobody_else(paralegal, acme):
    assert "/reports/audit_extract" not in paralegal.get("/reports").links
    assert paralegal.http.get("/reports/audit_extract").status_code == 403


def test_rows_are_shown_as_the_file_has_them_and_what_partners_wrote_is_text(paralegal, acme):
    paralegal.get("/reports/import_errors")
    assert rows(paralegal) == 2
    assert "<script>alert" not in paralegal.page.text
    assert "&lt;script&gt;" in paralegal.page.text
    assert "=soon" in paralegal.page.text
    [path] = set(re.findall(r'<td><a href="(/files/[0-9a-f-]{36})">[0-9a-f-]{13}</a>', paralegal.page.text))
    paralegal.get(path)
    assert paralegal.page.status_code == 200


def test_a_day_is_the_firms_and_the_last_one_is_meant_whole(paralegal, acme):
    page = paralegal.get("/reports/notification_log?since=2026-05-01&until=2026-05-01")
    [address] = [one for one in page.links if "format=csv" in one]
    asked = parse_qs(urlparse(address).query)
    assert asked["since"] == ["2026-05-01T00:00:00-04:00"]
    assert asked["until"] == ["2026-05-02T00:00:00-04:00"]
    assert "No row matches." in page.text
    assert paralegal.http.get(address).status_code == 200
    paralegal.get("/reports/import_receipt?since=2020-01-01")
    assert rows(paralegal) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("import_errors?since=soon", "an instant with its offset is wanted"),
        ("import_errors?import_id=x", "an id is wanted"),
        ("notification_log?state=bad", "nothing is called"),
        ("import_errors?nosuch=1", "This report has no filter"),
        ("notification_log?since=2026-05-02&until=2026-05-01", "later than since"),
        ("notification_log?until=9999-12-31", "an instant with its offset is wanted"),
    ],
)
def test_a_filter_that_cannot_be_is_told_where_it_stands(paralegal, acme, asked, told):
    page = paralegal.get(f"/reports/{asked}")
    assert paralegal.page.status_code == 422
    assert told in page.text
    assert "There is a problem" in page.text
    assert not [one for one in page.links if "format=csv" in one]


def test_a_long_report_is_ordered_and_lies_there(paralegal, acme):
    paralegal.get("/reports/import_errors?partner=acme")
    page = paralegal.press("/reports/import_errors", format="xlsx")
    assert "It waits for its turn." in page.text
    path = paralegal.path
    do_jobs(acme.office, ["bulk"])
    page = paralegal.get(path)
    assert "It is there: 2 rows" in page.text
    [file] = [one for one in page.links if one.endswith("/file")]
    assert paralegal.http.get(file).content[:2] == b"PK"


def test_an_order_is_its_owners_alone(paralegal, elsewhere, acme):
    paralegal.get("/reports/import_errors")
    paralegal.press("/reports/import_errors")
    path = paralegal.path
    elsewhere.sign_in("attorney")
    assert elsewhere.http.get(path).status_code == 404


def test_looking_is_on_record_like_taking(paralegal, acme, tenants):
    paralegal.get("/reports/import_errors?partner=acme")
    told = acme.sql(
        "SELECT changes->0->>'id', changes->0->'new'->>'partner' FROM audit_log WHERE action = 'report.read'"
    )
    assert told == [("import_errors", "acme")]


def test_there_is_no_such_report(paralegal, acme):
    assert paralegal.http.get("/reports/import_error").status_code == 404
    assert "import_errors" in paralegal.http.get("/reports/import_error").text


in_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium on this machine (Debian: chromium)")
PAGES = ("/reports", "/reports/import_errors", "/reports/import_errors?since=soon", "/reports/escalations")


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_people_who_cannot_see_it_are_told_all_of_it(opened, acme, scheme):
    page = opened(color_scheme=scheme)
    for path in PAGES:
        told_to_everybody(page, path)


@in_chromium
@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 640])
def test_no_page_goes_sideways(opened, acme, width):
    page = opened(viewport={"width": width, "height": 700})
    for path in PAGES:
        fits(page, path)


def test_a_viewer_sees_problems_without_what_stood_in_the_rows(browser, inbox):
    inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="March of 88")])
    browser.sign_in("viewer", "/reports/import_errors")
    assert "is not a date" in browser.page.text
    assert "March" not in browser.page.text
