"""Reports about who holds, got and passed on which cases, held against plain Python over all rows."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor
from statistics import median
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from gateway.db.models import Assignment, Attorney, Case, Staff, Wall
from gateway.domain.access.permissions import SCOPES, holds
from gateway.domain.assignment.complexity import base
from gateway.reports import REPORTS

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
TODAY = date(2027, 3, 10)
ZONE = ZoneInfo("America/New_York")
HALF = {"mon": 10, "tue": 10}
OF_ASSIGNMENTS = ("workload_distribution", "cases_assigned", "reassignment_frequency", "time_to_assignment")
CAPACITIES = [(20, {}), (15, HALF), (3, {}), (0, {}), (25, {"mon": 60}), (1, {"fri": 2})]


@pytest.fixture
def world(db, tenants, monkeypatch):
    """Attorneys of every kind, cases of two partners, and a history of who had them; by chance, always the same."""
    monkeypatch.setenv("GATEWAY_NOW", NOW.isoformat())
    chance = random.Random(13)
    staff = [
        row(Staff, tenants, email=f"a{n}@northgate.example", name=f"A{n % 4}", role="attorney", active=n != 5)
        for n in range(8)
    ]
    attorneys = [
        row(
            Attorney,
            tenants,
            staff_id=one["id"],
            licence=None if n == 6 else "NY",
            capacity=capacity,
            availability=hours,
        )
        for n, (one, (capacity, hours)) in enumerate(zip(staff, [*CAPACITIES, (20, {}), (20, {})], strict=True))
    ]
    cases, history = [], []
    for number in range(120):
        cases.append(case(chance, tenants, number))
        history += had(chance, tenants, cases[-1], [one["id"] for one in attorneys[:7]])
    with db.firm(tenants.northgate) as session:
        for model, rows in ((Staff, staff), (Attorney, attorneys), (Case, cases), (Assignment, history)):
            session.execute(insert(model), rows)
    return SimpleNamespace(staff=staff, attorneys=attorneys, cases=cases, history=history)


def row(_model, tenants, **values):
    return {"firm_id": tenants.northgate, "id": uuid4(), **values}


def case(chance, tenants, number):
    created = NOW - timedelta(days=chance.randint(0, 90), seconds=chance.randint(0, 80_000))
    return row(
        Case,
        tenants,
        partner_id=chance.choice([tenants.acme, tenants.globex]),
        case_number=f"NG-{number:03}",
        case_type=chance.choice(["H1B_EXT", "I140_NIW", None]),
        stage=chance.choice(["drafting", "filed", "closed"]),
        status=chance.choice(["open", "open", "open", "approved"]),
        complexity=chance.choice([None, None, 6]),
        deadline_on=chance.choice([None, TODAY + timedelta(chance.randint(-5, 60)), TODAY + timedelta(30)]),
        attorney_id=None,
        created_at=created,
        pins={},
        attributes={},
    )


def had(chance, tenants, case, attorneys):
    """Who had a case: by the rule, then by hand, now and then back again; some came otherwise, or nobody had them."""
    steps, found, at, before = chance.choice([0, 1, 1, 2, 3, 4]), [], case["created_at"], None
    for step in range(steps):
        at += timedelta(seconds=chance.choice([3, 60, 86_400 * 3]))
        back = step > 1 and chance.random() < 0.4
        to = found[-1]["previous_id"] if back else chance.choice([one for one in attorneys if one != before])
        kind = "undone" if back else "assigned" if step == 0 and chance.random() < 0.8 else "reassigned"
        if back and found[-1]["kind"] != "reassigned":
            kind, to = "reassigned", chance.choice([one for one in attorneys if one != before])
        points = chance.choice([None, 2, 9])
        one = {"case_id": case["id"], "attorney_id": to, "previous_id": before, "kind": kind, "complexity": points}
        found.append(row(Assignment, tenants, **one, reason="x", by_kind="system", by="x", at=at, until=None))
        if step:
            found[-2]["until"] = at
        before = to
    case["attorney_id"] = before if case["status"] == "open" or chance.random() < 0.5 else None
    return found


def told(db, tenants, name, who=None, **filters):
    report = REPORTS[name]
    with db.firm(tenants.northgate, tenants.staff[who] if who else None) as session:
        rows = list(report.query(session, report.filters(**filters)))
    return [dict(zip(report.columns, one, strict=True)) for one in rows]


# ------------------------------------------------------------------------------------------------ in plain Python


def people(world):
    staff = {one["id"]: one for one in world.staff}
    found = [(staff[one["staff_id"]], one) for one in world.attorneys]
    return sorted(found, key=lambda pair: (pair[0]["name"], pair[1]["id"]))


def modelled_workload(world, cases):
    found, now = [], {one["case_id"]: one for one in world.history if one["until"] is None}
    for member, one in people(world):
        hours = sum(one["availability"].values()) if one["availability"] else 40
        most = max(1, floor(one["capacity"] * min(1, hours / 40))) if one["capacity"] and hours else 0
        mine = [c for c in cases if c["attorney_id"] == one["id"] and c["status"] == "open" and c["stage"] != "closed"]
        urgent = [c for c in mine if c["deadline_on"] and (c["deadline_on"] - TODAY).days <= 30]
        points = [
            c["complexity"] or (now[c["id"]]["complexity"] if c["id"] in now else None) or base(c["case_type"], TODAY)
            for c in mine
        ]
        found.append(
            {
                "attorney": one["id"],
                "name": member["name"],
                "email": member["email"],
                "takes_cases": member["active"] and one["licence"] is not None,
                "may_hold": most,
                "cases": len(mine),
                "weighted": sum(points),
                "urgent": len(urgent),
                "urgent_share": round(len(urgent) / len(mine), 4) if mine else 0.0,
                "load": round(len(mine) / most, 4) if most else None,
            }
        )
    loads = [one["cases"] / one["may_hold"] for one in found if one["may_hold"] and one["takes_cases"]]
    everybody, whole = len(loads), sum(loads)
    jain = whole**2 / (everybody * sum(one**2 for one in loads))
    gini = sum(abs(one - other) for one in loads for other in loads) / (2 * everybody * whole)
    return found, (jain, gini)


def by_case(history):
    found = defaultdict(list)
    for one in sorted(history, key=lambda one: one["at"]):
        found[one["case_id"]].append(one)
    return found


def month_of(at):
    return at.astimezone(ZONE).date().replace(day=1)


def modelled_assigned(world, history):
    found = []
    for month in sorted({month_of(one["at"]) for one in history}, reverse=True):
        for member, who in people(world):
            mine = [one for one in history if one["attorney_id"] == who["id"] and month_of(one["at"]) == month]
            if mine:
                kinds = {
                    kind: sum(one["kind"] == kind for one in mine) for kind in ("assigned", "reassigned", "undone")
                }
                told = {"month": month, "attorney": who["id"], "name": member["name"], "email": member["email"]}
                found.append(told | kinds | {"complexity": sum(one["complexity"] or 0 for one in mine)})
    return found


def modelled_frequency(world, history):
    found = []
    for member, who in people(world):
        mine = [one for one in history if who["id"] in {one["attorney_id"], one["previous_id"]}]
        if not mine:
            continue

        def count(side, kind, mine=mine, who=who):
            return sum(one[side] == who["id"] and one["kind"] == kind for one in mine)

        passed = max(0, count("previous_id", "reassigned") - count("attorney_id", "undone"))
        took = max(0, count("attorney_id", "reassigned") - count("previous_id", "undone"))
        cases = len({one["case_id"] for one in mine})
        told = {"attorney": who["id"], "name": member["name"], "email": member["email"]}
        found.append(told | {"had": cases, "passed_on": passed, "taken_over": took})
    usual = median(one["passed_on"] / one["had"] for one in found)
    for one in found:
        rate = one["passed_on"] / one["had"]
        one |= {
            "rate": round(rate, 4),
            "median": round(usual, 4),
            "flagged": rate > 2 * usual and one["passed_on"] >= 3,
        }
    return found


def modelled_times(world, history):
    cases, waits = {one["id"]: one for one in world.cases}, defaultdict(list)
    for case_id, steps in by_case(history).items():
        if steps[0]["kind"] == "assigned":
            one = cases[case_id]
            waits[month_of(steps[0]["at"]), one["case_type"]].append(
                (steps[0]["at"] - one["created_at"]).total_seconds()
            )
    rows = [
        {"month": month, "case_type": kind, "cases": len(found), "median_seconds": part(found, 0.5)}
        | {"p95_seconds": part(found, 0.95), "longest_seconds": max(found)}
        for (month, kind), found in waits.items()
    ]
    return sorted(rows, key=lambda one: (-one["month"].toordinal(), one["case_type"] is None, one["case_type"]))


def part(found, share):
    """Between the two nearest, as `percentile_cont` of SQL."""
    place, ranked = share * (len(found) - 1), sorted(found)
    low, high = ranked[floor(place)], ranked[ceil(place)]
    return low + (high - low) * (place - floor(place))


MODELS = {
    "cases_assigned": modelled_assigned,
    "reassignment_frequency": modelled_frequency,
    "time_to_assignment": modelled_times,
}


# ------------------------------------------------------------------------------------------------ what is told


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


def approximately(rows):
    """The same, but that fractions of seconds may be rounded otherwise."""
    return [
        {name: pytest.approx(one) if isinstance(one, float) else one for name, one in each.items()} for each in rows
    ]
