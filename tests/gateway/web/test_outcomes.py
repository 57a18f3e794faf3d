"""How comparable cases ended, as it is asked through the API."""

from datetime import date

import pytest

from gateway.db.models import Case

WHERE = "/v1/eligibility/outcomes"


@pytest.fixture
def decided(db, tenants, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T15:00:00+00:00")
    common = {"firm_id": tenants.northgate, "partner_id": tenants.acme, "pins": {}, "case_type": "I140_EB1A"}
    with db.firm(tenants.northgate) as session:
        for number, status in enumerate(["approved", "approved", "denied", "withdrawn", "open"]):
            day = date(2026, 1, 1 + number)
            session.add(Case(case_number=f"C{number}", status=status, decided_on=day, **common))


def test_outcomes_of_a_visa_are_told_with_the_chance_and_where_it_is_from(http, as_staff, decided):
    [one] = http.get(WHERE, params={"visa": "eb1a"}, headers=as_staff("viewer")).json()["data"]
    assert (one["visa"], one["n"], one["approved"], one["denied"], one["imported"]) == ("EB1A", 3, 2, 1, 0)
    assert one["chance"]["period"] == "fiscal year 2024"
    assert one["notice"] == "Not legal advice; attorney review required."


def test_of_another_day_other_cases_count(http, as_staff, decided):
    headers = as_staff("viewer")
    [one] = http.get(WHERE, params={"visa": "EB1A", "on": "2026-01-01"}, headers=headers).json()["data"]
    assert (one["n"], one["last"]) == (1, "2026-01-01")


def test_all_visas_are_told_and_without_a_public_rate_no_chance(http, as_staff, decided):
    told = {one["visa"]: one for one in http.get(WHERE, headers=as_staff("attorney")).json()["data"]}
    assert len(told) == 15
    assert told["TN"]["chance"] is None
    assert told["NIW"]["chance"]["n"] == 0


def test_an_unknown_visa_is_not_found_and_a_partner_may_not_ask(http, as_staff, acme_key, decided):
    answer = http.get(WHERE, params={"visa": "EB1AA"}, headers=as_staff("viewer"))
    assert (answer.status_code, answer.json()["error"]) == (404, "visa_unknown")
    assert http.get(WHERE, headers=acme_key).status_code == 403
