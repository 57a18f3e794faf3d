"""A line of a file through the API: for staff and for the partner itself."""

import pytest
from helpers.inbox import people, person


@pytest.fixture
def told(inbox):
    return inbox.drop("roster_20260301.csv", [*people(20), person(21, ssn="123-45-6789")])


def test_a_line_is_told_whole_and_settings_in_their_words_to_staff_alone(http, as_staff, acme_key, inbox, told):
    path = f"/v1/imports/{told['import_id']}/lines/22"
    mine, theirs = (http.get(path, headers=one).json() for one in (as_staff("paralegal"), acme_key))
    [birth] = next(cell for cell in mine["cells"] if cell["column"] == "DOB")["uses"]
    assert (birth["field"], birth["value"]) == ("client.date_of_birth", "1980-02-03")
    assert birth["setting_text"].startswith("{from: DOB")
    assert next(cell["text"] for cell in mine["cells"] if cell["column"] == "SSN") == "•••••••6789"
    [(client_id,)] = inbox.sql("SELECT id::text FROM clients WHERE employee_id = 'E21'")
    assert (mine["client_id"], mine["made"][0]["id"]) == (client_id, client_id)
    for cell in mine["cells"]:
        for use in cell["uses"]:
            use["setting_text"] = None
    assert theirs == mine


def test_who_may_not_or_asks_for_what_is_not_there_is_told_so(http, as_staff, key_of, tenants, told):
    path = f"/v1/imports/{told['import_id']}/lines"
    for headers, number, wanted in [
        (as_staff("viewer"), "2", (403, "forbidden")),
        (as_staff("stranger"), "2", (404, "not_found")),
        (key_of(tenants.northgate, tenants.acme, ["status:read"]), "2", (403, "forbidden")),
        (key_of(tenants.northgate, tenants.globex), "2", (404, "not_found")),
        (as_staff("paralegal"), "1", (404, "no_such_line")),
        (as_staff("paralegal"), "2?sheet=Left", (404, "no_such_sheet")),
        (as_staff("paralegal"), f"{1 << 70}", (404, "no_such_line")),
    ]:
        answer = http.get(f"{path}/{number}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == wanted, (number, wanted)


def test_few_are_read_at_once(http, as_staff, told):
    leafing = http.app.state.leafing
    me = as_staff("paralegal")
    path = f"/v1/imports/{told['import_id']}/lines/2"
    assert http.get(path, headers=me).status_code == 200
    leafing.most = 0
    assert http.get(path, headers=me).json()["error"] == "busy"
