"""Filters of reports: each report has its own, from one struct, and another one is refused with the nearest name."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from helpers.inbox import people, person

from gateway.errors import Invalid
from gateway.reports import REPORTS, Filters
from gateway.reports.filters import described, filters_of
from gateway.reports.import_errors import ImportErrorFilters


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_has_filters_of_its_own_with_a_partner_among_them(name):
    kind = REPORTS[name].filters
    assert issubclass(kind, Filters)
    assert kind is not Filters
    assert described(kind)[0].name == "partner"
    assert all(one.schema["description"].endswith(".") for one in described(kind))
    assert sum(kind is one.filters for one in REPORTS.values()) == 1


def test_text_becomes_the_filter_that_was_meant():
    given = {"partner": "acme", "import_id": str(UUID(int=5)), "since": "2026-05-01T00:00:00Z"}
    asked = filters_of(ImportErrorFilters, given)
    assert asked == ImportErrorFilters(partner="acme", import_id=UUID(int=5), since=datetime(2026, 5, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"partnr": "acme"}, "unknown_filter", "This report has no filter 'partnr'. Did you mean 'partner'?"),
        ({"xyz": "acme"}, "unknown_filter", "It has partner, import_id, since."),
        ({"since": "2026-05-01"}, "bad_filter", "since: an instant with its offset is wanted"),
        ({"since": "2026-05-01T00:00:00"}, "bad_filter", "since: an instant with its offset is wanted"),
        ({"since": "1"}, "bad_filter", "since: an instant with its offset is wanted"),
        ({"import_id": "7"}, "bad_filter", "import_id: "),
    ],
)
def test_a_filter_that_there_is_not_is_refused_with_its_name(given, code, told):
    with pytest.raises(Invalid) as error:
        filters_of(ImportErrorFilters, given)
    assert error.value.code == code
    assert told in error.value.sentence


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"stage": "fild"}, "stage: nothing is called 'fild'. Did you mean 'filed'?"),
        ({"stage": "nonsense"}, "stage: nothing is called 'nonsense'. There are evaluation, document_collection,"),
        ({"case_type": "h1b-ext"}, "case_type: nothing is called 'h1b-ext'. Did you mean 'H1B_EXT'?"),
        ({"status": "opn"}, "status: nothing is called 'opn'. Did you mean 'open'?"),
    ],
)
def test_a_word_that_there_is_not_is_refused_with_the_nearest(http, acme_key, inbox, gateway, given, told):
    [(name, value)] = given.items()
    refused = http.get("/v1/reports/case_status", params=given, headers=acme_key)
    assert (refused.status_code, refused.json()["error"]) == (422, "bad_filter")
    assert told in refused.json()["message"]
    ordered = http.post("/v1/reports/case_status", json={"filters": given}, headers=acme_key)
    assert (ordered.status_code, ordered.json()["error"]) == (422, "bad_filter")
    by_hand = gateway("report", "case_status", "--firm", "northgate", f"--{name.replace('_', '-')}", value)
    assert by_hand.exit_code == 2
    assert ("Did you mean" in by_hand.output) == ("Did you mean" in told)


@pytest.fixture
def problems(inbox):
    first = inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="x")])
    inbox.drop("roster_20260302.csv", [*people(3), person(5, dob="y")])
    return first["import_id"]


def test_the_api_takes_them_as_parameters_of_the_query(http, acme_key, problems):
    def asked(query):
        return http.get(f"/v1/reports/import_errors?format=json&{query}", headers=acme_key)

    assert [one["value"] for one in asked(f"import_id={problems}").json()] == ["x"]
    assert [one["value"] for one in asked("since=2020-01-01T00:00:00Z").json()] == ["y", "x"]
    refused = asked("import=7")
    assert (refused.status_code, refused.json()["error"]) == (422, "unknown_filter")
    assert "import_id" in refused.json()["message"]
    assert asked("stage=filed").json()["error"] == "unknown_filter"


def test_the_api_says_which_there_are(http, acme_key):
    listed = {one["name"]: one for one in http.get("/v1/reports", headers=acme_key).json()}
    assert [one["name"] for one in listed["import_errors"]["filters"]] == ["partner", "import_id", "since"]
    paths = http.get("/v1/openapi.json").json()["paths"]
    for name, report in REPORTS.items():
        told = {one["name"]: one for one in paths[f"/v1/reports/{name}"]["get"]["parameters"]}
        assert set(told) == {"format", *(one.name for one in described(report.filters))}
        assert all(one["description"] for key, one in told.items() if key != "format")
    formats = {
        one["name"]: one["schema"].get("format") for one in paths["/v1/reports/audit_extract"]["get"]["parameters"]
    }
    assert (formats["person"], formats["since"], formats["actor"]) == ("uuid", "date-time", None)


def test_the_command_line_takes_them_as_options(gateway, problems):
    report = ("report", "import_errors", "--firm", "northgate", "--format", "json")
    assert [one["value"] for one in json.loads(gateway(*report, "--import-id", problems).stdout)] == ["x"]
    assert gateway(*report, "--stage", "filed").exit_code == 2
    assert gateway("report", "case_status", "--firm", "northgate", "--status", "opn").exit_code == 2
    assert "--changed-since" in gateway("report", "case_status", "--help").stdout


def test_an_answer_for_which_somebody_waits_has_a_limit_of_rows(http, acme_key, problems, monkeypatch):
    monkeypatch.setattr("gateway.web.api.reports.MOST_AT_ONCE", 1)
    answer = http.get("/v1/reports/import_errors", headers=acme_key)
    assert (answer.status_code, answer.json()["error"]) == (422, "report_too_long")
    assert "POST /v1/reports/import_errors" in answer.json()["message"]


def test_a_report_that_no_scope_allows_says_whose_it_is(http, acme_key):
    told = http.get("/v1/reports/audit_extract", headers=acme_key).json()
    assert (told["error"], told["message"].partition("; ")[2]) == (
        "forbidden",
        "it takes somebody of the firm's staff.",
    )


def test_a_period_that_ends_before_it_begins_is_refused_at_every_door(http, as_staff, gateway):
    """It would look as if there were nothing to tell."""
    late, early = "2027-03-01", "2027-01-01"
    for name in (
        name for name, one in REPORTS.items() if {"since", "until"} <= {each.name for each in described(one.filters)}
    ):
        at = f"/v1/reports/{name}?since={late}T00:00:00Z&until={early}T00:00:00Z"
        asked = http.get(at, headers=as_staff("admin"))
        assert (asked.status_code, asked.json()["error"]) == (422, "bad_filter"), name
        typed = gateway("report", name, "--firm", "northgate", "--since", late, "--until", early)
        assert (typed.exit_code, typed.stdout) == (1, ""), name
        assert "until: it must be later than since." in typed.stderr
