"""A firm's assignments by chance, and what the reports about them have to say, in plain Python over all rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from math import ceil, floor
from random import Random
from statistics import median
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from gateway.db.models import Assignment, Attorney, Case, Client, Staff
from gateway.domain.assignment.complexity import base
from gateway.reports import REPORTS

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
TODAY = date(2027, 3, 10)
ZONE = ZoneInfo("America/New_York")
HALF = {"mon": 10, "tue": 10}
OF_ASSIGNMENTS = ("workload_distribution", "cases_assigned", "reassignment_frequency", "time_to_assignment")
CAPACITIES = [(20, {}), (15, HALF), (3, {}), (0, {}), (25, {"mon": 60}), (1, {"fri": 2})]


def furnish(db, tenants, chance: Random, attorneys: int = 8, cases: int = 120) -> SimpleNamespace:
    """Attorneys of every kind, cases of two partners, and a history of who had them."""
    staff = [
        row(Staff, tenants, email=f"a{n}@northgate.example", name=f"A{n % 4}", role="attorney", active=n != 5)
        for n in range(attorneys)
    ]
    kinds = [*CAPACITIES, (20, {}), (20, {})]
    lawyers = [
        row(
            Attorney,
            tenants,
            staff_id=one["id"],
            licence=None if n == 6 else "NY",
            capacity=capacity,
            availability=hours,
        )
        for n, (one, (capacity, hours)) in enumerate(zip(staff, kinds, strict=False))
    ]
    made, history = [], []
    for number in range(cases):
        made.append(case(chance, tenants, number))
        history += had(chance, tenants, made[-1], [one["id"] for one in lawyers[:7]])
    people = [row(Client, tenants, partner_id=tenants.acme, key=f"K{n}", pins={}, attributes={}) for n in range(3)]
    for one in made:
        if one["partner_id"] == tenants.acme:
            one["client_id"] = chance.choice([None, *(one["id"] for one in people)])
    with db.firm(tenants.northgate) as session:
        tables = ((Staff, staff), (Attorney, lawyers), (Client, people), (Case, made), (Assignment, history))
        for model, rows in tables:
            if rows:
                session.execute(insert(model), rows)
    return SimpleNamespace(staff=staff, attorneys=lawyers, people=people, cases=made, history=history)


def without(world: SimpleNamespace, client_id: UUID) -> SimpleNamespace:
    """The same as if nothing of a person were there."""
    cases = [one for one in world.cases if one["client_id"] != client_id]
    known = {one["id"] for one in cases}
    history = [one for one in world.history if one["case_id"] in known]
    return SimpleNamespace(staff=world.staff, attorneys=world.attorneys, cases=cases, history=history)


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
        client_id=None,
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


def told(db, tenants, name: str, who: str | None = None, **filters: Any) -> list[dict[str, Any]]:
    """The rows of a report as the firm, or somebody of its staff, is shown them."""
    report = REPORTS[name]
    with db.firm(tenants.northgate, tenants.staff[who] if who else None) as session:
        rows = list(report.query(session, report.filters(**filters)))
    return [dict(zip(report.columns, one, strict=True)) for one in rows]


# ------------------------------------------------------------------------------------------------ in plain Python


def people(world):
    staff = {one["id"]: one for one in world.staff}
    found = [(staff[one["staff_id"]], one) for one in world.attorneys]
    return sorted(found, key=lambda pair: (pair[0]["name"], pair[1]["id"]))


def modelled_workload(world, cases, today=TODAY):
    found, now = [], {one["case_id"]: one for one in world.history if one["until"] is None}
    for member, one in people(world):
        hours = sum(one["availability"].values()) if one["availability"] else 40
        most = max(1, floor(one["capacity"] * min(1, hours / 40))) if one["capacity"] and hours else 0
        mine = [c for c in cases if c["attorney_id"] == one["id"] and c["status"] == "open" and c["stage"] != "closed"]
        urgent = [c for c in mine if c["deadline_on"] and (c["deadline_on"] - today).days <= 30]
        points = [
            c["complexity"] or (now[c["id"]]["complexity"] if c["id"] in now else None) or base(c["case_type"], today)
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
    if not whole:
        return found, (1.0, 0.0)
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
    usual = median(one["passed_on"] / one["had"] for one in found) if found else 0.0
    for one in found:
        rate = one["passed_on"] / one["had"]
        is_flagged = rate > 2 * usual and one["passed_on"] >= 3
        one |= {"rate": round(rate, 4), "median": round(usual, 4), "flagged": is_flagged}
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


def approximately(rows):
    """The same, but that fractions of seconds may be rounded otherwise."""
    return [
        {name: pytest.approx(one) if isinstance(one, float) else one for name, one in each.items()} for each in rows
    ]
