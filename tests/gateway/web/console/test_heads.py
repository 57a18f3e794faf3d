"""HEAD of a page: as a GET, without what it says."""

import re

import pytest
from helpers.inbox import people, person


@pytest.fixture
def told(inbox):
    return inbox.drop("roster_20260301.csv", [*people(20), person(21) | {"DOB": "soon"}])


def kept(answer):
    """The headers that do not differ from one answer to the next."""
    return {name: text for name, text in answer.headers.items() if name not in ("x-request-id", "date", "set-cookie")}


def test_every_page_answers_as_it_would_be_shown(paralegal, inbox, told):
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    missing = "/clients/01900000-0000-7000-8000-000000000000"
    paralegal.get("/")
    [style] = re.findall(r"/static/[0-9a-f]+/console.css", paralegal.page.text)
    for path in (
        "/",
        "/files",
        f"/files/{told['import_id']}",
        f"/files/{told['import_id']}/repair",
        f"/clients/{client_id}",
        missing,
        "/audit",
        style,
    ):
        shown, asked = paralegal.http.get(path), paralegal.http.head(path)
        assert (asked.status_code, asked.content) == (shown.status_code, b""), path
        assert kept(asked).keys() == kept(shown).keys(), path
        assert asked.headers["content-type"] == shown.headers["content-type"], path
        assert int(asked.headers["content-length"]) > 0
    assert paralegal.http.get("/").status_code == 200  # on the same connection: nothing of a body was left in it


def test_whoever_is_not_signed_in_is_led_to_do_so(browser):
    asked = browser.http.head("/files")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/files")
    assert browser.http.head("/sign-in").status_code == 200


def test_a_look_at_somebody_is_on_record_as_one(paralegal, inbox, told):
    [(client_id,)] = inbox.sql("SELECT id FROM clients WHERE employee_id = 'E1'")
    query = "SELECT count(*) FROM audit_log WHERE action = 'client.view'"
    paralegal.http.head(f"/clients/{client_id}")
    assert inbox.sql(query) == [(1,)]


def test_what_was_done_is_still_said_to_whoever_reads_it(paralegal, told):
    action = f"/files/{told['import_id']}/replay"
    page = paralegal.get(f"/files/{told['import_id']}")
    answer = paralegal.http.post(action, data=page.found[action])
    assert answer.status_code == 303
    paralegal.http.head(answer.headers["location"])
    assert "Taken again, as a new import" in paralegal.get(answer.headers["location"]).text


def test_addresses_that_are_no_pages_answer_as_they_did(paralegal):
    assert paralegal.http.head("/v1/me").status_code == 405
    assert paralegal.http.head("/sign-out").status_code == 405
    assert paralegal.http.head("/nowhere").status_code == 404
