"""Reports about papers that end and who was told, over HTTP and at the command line."""

import json
from datetime import UTC, datetime

import pytest
from helpers.inbox import ROSTER, Inbox, person

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
OF_THE_FIRM = ("notification_log", "unanswered", "escalations")


@pytest.fixture
def people(inbox, office, tenants, monkeypatch):
    """One of acme's whose stay ends in ten days, one of globex's whose stay ends in fifty."""
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())
    globex = Inbox(office, tenants.northgate, "globex")
    globex.apply(ROSTER.format(partner="globex", firm="northgate"))
    inbox.drop("roster_20261101.csv", [person(1, i94_expiry="12/11/2026")])
    globex.drop("roster_20261101.csv", [person(2, i94_expiry="01/20/2027")])


def test_a_partner_sees_which_papers_of_its_own_end_and_not_who_was_told(http, acme_key, people):
    found = http.get("/v1/reports/expiring_documents?format=json&within=60", headers=acme_key).json()
    assert [one["employee_id"] for one in found] == ["E1"]
    for name in OF_THE_FIRM:
        assert http.get(f"/v1/reports/{name}", headers=acme_key).status_code == 403


def test_whole_numbers_are_filters_at_both_doors(http, as_staff, gateway, people):
    viewer, at = as_staff("viewer"), "/v1/reports/expiring_documents"
    assert len(http.get(f"{at}?format=json&within=10", headers=viewer).json()) == 1
    for wrong in ("ten", "-1", "1826", "1.5"):
        assert http.get(f"{at}?within={wrong}", headers=viewer).json()["error"] == "bad_filter", wrong
    ordered = http.post(at, headers=viewer, json={"format": "csv", "filters": {"within": "10"}})
    assert ordered.status_code == 202
    words = ("report", "expiring_documents", "--firm", "northgate", "--format", "json", "--within")
    assert len(json.loads(gateway(*words, "10").stdout)) == 1
    assert gateway(*words, "1826").exit_code == 2
