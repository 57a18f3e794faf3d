"""Reports about who holds, got and passed on which cases, held against plain Python over all rows."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from helpers.assignments_told import (
    MODELS,
    NOW,
    OF_ASSIGNMENTS,
    approximately,
    by_case,
    furnish,
    modelled_workload,
    row,
    told,
)
from sqlalchemy import insert

from gateway.db.models import Assignment, Wall
from gateway.domain.access.permissions import SCOPES, holds
from gateway.reports import REPORTS


@pytest.fixture
def world(db, tenants, monkeypatch):
    """By chance, always the same."""
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())
    return furnish(db, tenants, random.Random(13))


def test_the_workload_is_what_the_model_says(db, tenants, world):
    for slug, cases in (
        (None, world.cases),
        ("acme", [one for one in world.cases if one["partner_id"] == tenants.acme]),
    ):
        expected, evenness = modelled_workload(world, cases)
        rows = told(db, tenants, "workload_distribution", partner=slug)
        assert [(one.pop("jain"), one.pop("gini")) for one in rows] == [pytest.approx(evenness, abs=1e-4)] * 8
        assert rows == expected
        assert len([one for one in rows if one["load"]]) >= 4
        assert sum(one["urgent"] for one in rows) > 0


@pytest.mark.parametrize("name", MODELS)
def test_a_report_of_the_history_is_what_the_model_says(db, tenants, world, name):
    expected = MODELS[name](world, world.history)
    assert len(expected) >= 4
    assert told(db, tenants, name) == approximately(expected)
    acme = {one["id"] for one in world.cases if one["partner_id"] == tenants.acme}
    theirs = [one for one in world.history if one["case_id"] in acme]
    assert told(db, tenants, name, partner="acme") == approximately(MODELS[name](world, theirs))


@pytest.mark.parametrize("name", ["cases_assigned", "reassignment_frequency"])
def test_a_time_leaves_what_the_model_leaves(db, tenants, world, name):
    since, until = NOW - timedelta(days=60), NOW - timedelta(days=20)
    within = [one for one in world.history if since <= one["at"] < until]
    assert 0 < len(within) < len(world.history)
    assert told(db, tenants, name, since=since, until=until) == approximately(MODELS[name](world, within))


def test_other_filters_leave_what_they_say(db, tenants, world):
    some = world.attorneys[0]["id"]
    every = told(db, tenants, "cases_assigned")
    assert told(db, tenants, "cases_assigned", attorney=some) == [one for one in every if one["attorney"] == some]
    every = told(db, tenants, "time_to_assignment")
    some = [one for one in every if one["case_type"] == "I140_NIW"]
    assert 0 < len(some) < len(every)
    assert told(db, tenants, "time_to_assignment", case_type="I140_NIW") == some
    since = NOW - timedelta(days=40)
    late = told(db, tenants, "time_to_assignment", since=since, until=NOW)
    expected = [steps[0] for steps in by_case(world.history).values() if steps[0]["kind"] == "assigned"]
    assert sum(one["cases"] for one in late) == sum(since <= one["at"] < NOW for one in expected)


@pytest.mark.parametrize("count", [2, 3])
def test_somebody_is_flagged_who_passes_on_three_and_more_than_twice_the_usual(db, tenants, world, count):
    busy, cases = world.attorneys[7]["id"], world.cases[:count]
    with db.firm(tenants.northgate) as session:
        for one in cases:
            values = {"case_id": one["id"], "attorney_id": world.attorneys[0]["id"], "previous_id": busy}
            made = row(
                Assignment, tenants, **values, kind="reassigned", reason="x", by_kind="staff", by="x", at=NOW, until=NOW
            )
            session.execute(insert(Assignment), made)
    [one] = [one for one in told(db, tenants, "reassignment_frequency") if one["attorney"] == busy]
    assert (one["had"], one["passed_on"], one["rate"], one["flagged"]) == (count, count, 1.0, count == 3)
    assert one["median"] < 0.5


def test_whoever_is_walled_off_counts_without_these_cases(db, tenants, world):
    with db.firm(tenants.northgate) as session:
        wall = {"staff_id": tenants.staff["paralegal"], "partner_id": tenants.globex, "reason": "x", "created_by": "x"}
        session.add(Wall(firm_id=tenants.northgate, **wall))
    for name in OF_ASSIGNMENTS:
        assert told(db, tenants, name, "paralegal") == told(db, tenants, name, partner="acme"), name
        assert told(db, tenants, name, "viewer") == told(db, tenants, name), name


def test_a_firm_without_attorneys_has_empty_reports(db, tenants):
    for name in OF_ASSIGNMENTS:
        assert told(db, tenants, name) == []


def test_no_report_of_assignments_is_a_partners():
    for name in OF_ASSIGNMENTS:
        assert not holds(REPORTS[name].permission, role=None, scopes=frozenset(SCOPES))
