"""Reports over HTTP: the firm's for staff, its own for a partner."""

import csv
import io
import json

import openpyxl
import pytest
from helpers.inbox import people, person

REPORTS = "/v1/reports"


@pytest.fixture
def errors(inbox):
    inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="=1+1")])


def test_reports_are_listed_with_their_columns(http, acme_key):
    found = {one["name"]: one for one in http.get(REPORTS, headers=acme_key).json()}
    assert "column" in found["import_errors"]["columns"]


def test_a_report_comes_as_csv_json_and_workbook(http, acme_key, errors):
    told = http.get(f"{REPORTS}/import_errors", headers=acme_key)
    assert told.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(told.text))
    assert (row["partner"], row["code"], row["value"]) == ("acme", "bad_date", "'=1+1")

    [same] = http.get(f"{REPORTS}/import_errors?format=json", headers=acme_key).json()
    assert (same["code"], same["value"]) == ("bad_date", "=1+1")

    book = openpyxl.load_workbook(
        io.BytesIO(http.get(f"{REPORTS}/import_errors?format=xlsx", headers=acme_key).content)
    )
    header, cells = book.worksheets[0].iter_rows()
    value = cells[[cell.value for cell in header].index("value")]
    assert (value.value, value.data_type) == ("=1+1", "s")


def test_a_partner_reads_about_itself_alone(http, key_of, tenants, errors):
    globex = key_of(tenants.northgate, tenants.globex)
    assert http.get(f"{REPORTS}/import_errors?format=json", headers=globex).json() == []
    assert http.get(f"{REPORTS}/import_errors?partner=acme", headers=globex).status_code == 404


def test_an_unknown_report_is_told_with_the_nearest(http, acme_key):
    answer = http.get(f"{REPORTS}/import_error", headers=acme_key)
    assert answer.status_code == 404
    assert "import_errors" in answer.json()["message"]


def test_who_took_a_report_out_is_on_record(http, acme_key, inbox):
    http.get(f"{REPORTS}/import_errors", headers=acme_key)
    assert inbox.sql("SELECT actor_kind, actor FROM audit_log WHERE action = 'report.read'") == [("partner", "acme")]


FORMS = ("csv", "xlsx", "json")


def told_of_errors(http, headers, form):
    answer = http.get(f"{REPORTS}/import_errors?format={form}", headers=headers)
    assert answer.status_code == 200
    return table_of(answer.content, form)


def table_of(content, form):
    """Rows as they are read from a file of a form."""
    if form == "json":
        return json.loads(content)
    if form == "csv":
        return [*csv.DictReader(io.StringIO(content.decode()))]
    header, *rows = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("role", ["viewer", "paralegal", "attorney", "admin"])
def test_values_of_rejected_rows_are_for_those_who_may_read_them(http, as_staff, inbox, role, form):
    inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="March of 88")])
    [row] = told_of_errors(http, as_staff(role), form)
    if role == "viewer":
        assert row["value"] in (None, "")
        assert row["message"].startswith("DOB: the value is not a date")
        assert "March" not in str(row)
    else:
        assert row["value"] == "March of 88"
        assert "DOB: “March of 88” is not a date" in row["message"]


def test_a_credential_that_sends_no_files_is_told_no_values(http, key_of, tenants, inbox):
    inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="March of 88")])
    for scopes, value in ((["reports:read"], None), (["reports:read", "files:write"], "March of 88")):
        headers = key_of(tenants.northgate, tenants.acme, scopes)
        assert [row["value"] for row in told_of_errors(http, headers, "json")] == [value]
