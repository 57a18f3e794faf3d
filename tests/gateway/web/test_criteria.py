"""What the law asks for each visa, as it is read through the API and at the command line."""

import json

import pytest

from gateway.domain.rules.criteria import VISAS

WHERE = "/v1/eligibility/criteria"


def test_all_visas_are_listed_with_their_sources(http, as_staff):
    listed = http.get(WHERE, headers=as_staff("viewer")).json()["data"]
    assert {one["visa"] for one in listed} == set(VISAS)
    assert all(one["source"] and one["case_types"] and len(one["timeline_months"]) == 2 for one in listed)


def test_a_visa_is_told_in_words_with_each_way_in_which_it_can_be_shown(http, as_staff):
    told = http.get(f"{WHERE}/eb1a", headers=as_staff("viewer")).json()
    assert told["visa"] == "EB1A"
    assert told["needed"].startswith("3 of the criteria, or MAJOR alone")
    [award] = [one for one in told["criteria"] if one["criterion"] == "AWARD"]
    assert award["shown_by"] == ["award: scope is national or international; is_for_excellence is so"]
    assert award["source"] == "8 CFR 204.5(h)(3)(i)"
    assert told["notice"] == "Not legal advice; attorney review required."


def test_a_visa_that_there_is_not_is_not_found_and_the_nearest_is_offered(http, as_staff):
    answer = http.get(f"{WHERE}/EB1AA", headers=as_staff("viewer"))
    assert (answer.status_code, answer.json()["error"]) == (404, "visa_unknown")
    assert "Did you mean" in answer.text


def test_a_day_before_the_criteria_of_a_visa_has_none(http, as_staff):
    on = {"on": "2010-01-01"}
    headers = as_staff("viewer")
    listed = {one["visa"] for one in http.get(WHERE, params=on, headers=headers).json()["data"]}
    assert "EB1A" in listed
    assert not {"NIW", "H1B_CAP", "TN"} & listed
    assert http.get(f"{WHERE}/NIW", params=on, headers=headers).json()["error"] == "visa_unknown"


def test_partners_do_not_read_criteria(http, acme_key):
    assert http.get(WHERE, headers=acme_key).status_code == 403


@pytest.mark.parametrize("visa", VISAS)
def test_the_command_prints_what_the_law_asks(gateway, visa):
    shown = gateway("eligibility", "criteria", visa).stdout
    told = json.loads(gateway("eligibility", "criteria", visa, "--json").stdout)
    assert told["id"] == visa
    for one in (*told["gates"], *told["criteria"]):
        assert f"{one['id']}: {one['text']} ({one['source']})" in shown
    assert all(paper in shown for paper in told["documents"])


def test_the_command_lists_the_visas_and_refuses_another(gateway, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert [one["id"] for one in json.loads(gateway("eligibility", "criteria", "--json").stdout)] == list(VISAS)
    assert "National interest waiver" in gateway("eligibility", "criteria").stdout
    refused = gateway("eligibility", "criteria", "EB1Z")
    assert refused.exit_code == 1
    assert 'no criteria for "EB1Z". Did you mean "EB1' in refused.stderr
