"""What was recommended against what was decided, held against plain Python over all rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from gateway.db.models import Case, Client, EligibilityCheck, Firm, Partner, RecommendationRow, Wall
from gateway.reports import REPORTS

REPORT = REPORTS["calibration"]
ZONE = ZoneInfo("America/New_York")
DAY = date(2027, 3, 10)
OF = {"EB1A": {"I140_EB1A"}, "L1A": {"L1A", "L1_BLANKET"}, "L1B": {"L1B", "L1_BLANKET"}}
NO_CHANCE = {"chance": None}


def told(db, firm, staff=None, **filters):
    with db.firm(firm.id, staff) as session:
        rows = REPORT.query(session, REPORT.filters(**filters))
        return [dict(zip(REPORT.columns, row, strict=True)) for row in rows]


# ------------------------------------------------------------------------------------------------ the account


def modelled(world, visa=None, partner=None):
    """The report in plain Python: every band of both measures."""
    said = {"score": [], "probability": []}
    for case in world.cases:
        if case["status"] not in {"approved", "denied"} or not case["decided_on"] or not case["client_id"]:
            continue
        for name, kinds in OF.items():
            if case["case_type"] not in kinds or visa not in {None, name} or partner not in {None, case["partner_id"]}:
                continue
            if found := last_before(world, case, name):
                outcome = case["status"] == "approved"
                if found["score"] is not None:
                    said["score"].append((float(found["score"]), outcome))
                if found["told"]["chance"]:
                    said["probability"].append((100 * found["told"]["chance"]["probability"], outcome))
    bands = [(0, 100), *((first, first + 10) for first in range(0, 100, 10))]
    return [band(measure, *bounds, said[measure]) for measure in said for bounds in bands]


def last_before(world, case, visa):
    checks = {one["id"]: one for one in world.checks}
    fitting = [
        (checks[one["check_id"]], one)
        for one in world.recommendations
        if one["client_id"] == case["client_id"] and one["visa"] == visa
    ]
    known = [
        pair
        for pair in fitting
        if pair[0]["state"] == "completed" and pair[0]["ended_at"].astimezone(ZONE).date() < case["decided_on"]
    ]
    return max(known, key=lambda pair: pair[0]["ended_at"])[1] if known else None


def band(measure, first, last, said):
    within = [one for one in said if first <= one[0] < last or one[0] == last == 100]
    row = {"measure": measure, "from": first, "to": last, "n": len(within)}
    approved = sum(outcome for _, outcome in within)
    row |= {"approved": approved, "denied": len(within) - approved}
    if not within:
        return row | {"share": None, "predicted": None, "brier": None}
    means = {
        "share": approved / len(within),
        "predicted": sum(percent for percent, _ in within) / len(within) / 100,
        "brier": sum((percent / 100 - outcome) ** 2 for percent, outcome in within) / len(within),
    }
    return row | {name: pytest.approx(mean, abs=1e-4) for name, mean in means.items()}


# ------------------------------------------------------------------------------------------------ furnishing


def furnish(db, firm, chance, cases, checks):
    people = [mine(firm, partner_id=firm.partner, key=f"K{n}", pins={}, attributes={}) for n in range(4)]
    world = SimpleNamespace(people=people, cases=[], checks=[], recommendations=[])
    ids = [one["id"] for one in people]
    for number in range(cases):
        kind = chance.choice(["I140_EB1A", "I140_EB1A", "L1A", "L1_BLANKET", "TN", None])
        status = chance.choice(["approved", "approved", "denied", "withdrawn", "open"])
        day = chance.choice([None, *(DAY + timedelta(days=chance.randint(-9, 9)) for _ in range(5))])
        common = {"case_number": f"C{number}", "case_type": kind, "status": status, "decided_on": day, "pins": {}}
        partner = chance.choice([firm.partner, firm.other])
        world.cases.append(
            mine(firm, **common, attributes={}, partner_id=partner, client_id=chance.choice([None, *ids]))
        )
    for number in range(checks):
        add_check(world, firm, chance, number, chance.choice(ids))
    write(db, firm, world)
    return world


def add_check(world, firm, chance, number, client):
    at = datetime.combine(DAY + timedelta(days=chance.randint(-9, 9)), time(chance.choice([3, 15]), number), UTC)
    made = check(firm, client, at, state=chance.choice(["completed", "completed", "failed"]))
    world.checks.append(made)
    for visa in OF:
        score = chance.choice([None, Decimal(0), Decimal("49.9"), Decimal(50), Decimal("87.5"), Decimal(100)])
        likely = chance.choice([None, 0.05, 0.333, 0.72, 0.999])
        said = {"chance": {"probability": likely} if likely else None}
        row = mine(firm, check_id=made["id"], client_id=client, visa=visa, score=score, told=said)
        world.recommendations.append(row)


def check(firm, client, at, state="completed"):
    common = {
        "visas": [*OF],
        "tier": "batch",
        "as_of": at.date(),
        "profile": [],
        "digest": "d",
        "rules": "r",
        "key": "k",
    }
    return mine(
        firm,
        **common,
        client_id=client,
        policy_version=1,
        state=state,
        by_kind="staff",
        by="x",
        asked_at=at,
        ended_at=at,
    )


def mine(firm, **values):
    return {"firm_id": firm.id, "id": uuid4(), **values}


def write(db, firm, world):
    tables = (
        (Client, world.people),
        (Case, world.cases),
        (EligibilityCheck, world.checks),
        (RecommendationRow, world.recommendations),
    )
    with db.firm(firm.id) as session:
        for model, rows in tables:
            if rows:
                session.execute(insert(model), rows)


def another(db):
    made = SimpleNamespace(id=uuid4(), partner=uuid4(), other=uuid4())
    with db.system() as session:
        zone = {"wrapped_key": b"", "time_zone": "America/New_York"}
        session.add(Firm(id=made.id, slug=f"f{made.id.hex}", name="A firm", **zone))
        session.flush()
        for one in (made.partner, made.other):
            session.add(Partner(firm_id=made.id, id=one, slug=f"p{one.hex}", name="P", time_zone="UTC"))
    return made


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False), cases=st.integers(0, 25), checks=st.integers(0, 15))
def test_of_any_firm_each_figure_is_the_models(db, chance, cases, checks):
    firm = another(db)
    world = furnish(db, firm, chance, cases, checks)
    assert told(db, firm) == modelled(world)
    assert told(db, firm, visa="L1A") == modelled(world, "L1A")
    assert told(db, firm, partner=f"p{firm.other.hex}") == modelled(world, partner=firm.other)
    assert all(one["n"] == 0 for one in told(db, another(db)))


# ------------------------------------------------------------------------------------------------ one by one


@pytest.fixture
def firm(tenants):
    return SimpleNamespace(id=tenants.northgate, partner=tenants.acme, other=tenants.globex)


def decided(db, firm, *said, status="approved", on=DAY):
    """A person whose EB-1A case was decided, and checks before and after it: days from it, score, probability."""
    person = mine(firm, partner_id=firm.partner, key=f"{uuid4()}", pins={}, attributes={})
    case = mine(firm, case_number=f"{uuid4()}", case_type="I140_EB1A", status=status, decided_on=on, pins={})
    case |= {"attributes": {}, "partner_id": firm.partner, "client_id": person["id"]}
    world = SimpleNamespace(people=[person], cases=[case], checks=[], recommendations=[])
    for days, score, probability in said:
        at = datetime.combine(on + timedelta(days=days), time(15), UTC)
        made = check(firm, person["id"], at)
        row = {"check_id": made["id"], "client_id": person["id"], "visa": "EB1A", "score": score}
        world.checks.append(made)
        world.recommendations.append(mine(firm, **row, told={"chance": {"probability": probability}}))
    write(db, firm, world)
    return person["id"]


def in_band(rows, measure, first, last):
    [found] = [one for one in rows if (one["measure"], one["from"], one["to"]) == (measure, first, last)]
    return found


def test_the_last_recommendation_before_the_decision_counts(db, firm):
    decided(db, firm, (-90, 40, 0.5), (-30, 75, 0.8), (0, 90, 0.9), (5, 95, 0.95))
    rows = told(db, firm)
    assert [one["from"] for one in rows if one["measure"] == "score" and one["n"]] == [0, 70]
    assert in_band(rows, "score", 70, 80)["approved"] == 1
    assert in_band(rows, "probability", 80, 90)["brier"] == pytest.approx(0.04)


def test_of_two_chances_of_which_one_held_the_brier_score_is_their_mean(db, firm):
    decided(db, firm, (-9, 80, 0.8))
    decided(db, firm, (-9, 80, 0.8), status="denied")
    row = in_band(told(db, firm), "probability", 0, 100)
    assert (row["n"], row["share"], row["predicted"]) == (2, 0.5, 0.8)
    assert row["brier"] == pytest.approx((0.04 + 0.64) / 2)


def test_a_band_without_a_case_has_no_figures(db, firm):
    rows = told(db, firm)
    assert len(rows) == 22
    assert all((one["n"], one["share"], one["brier"]) == (0, None, None) for one in rows)


def test_what_is_behind_a_wall_does_not_count(db, firm, tenants):
    person, staff = decided(db, firm, (-9, 80, 0.8)), tenants.staff["attorney"]
    with db.firm(firm.id) as session:
        session.add(Wall(firm_id=firm.id, staff_id=staff, client_id=person, reason="x", created_by="x"))
    assert in_band(told(db, firm, staff), "score", 0, 100)["n"] == 0
    assert in_band(told(db, firm), "score", 0, 100)["n"] == 1
