"""A firm's eligibility checks and calls to models by chance, and what the report of them has to say, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from gateway.db.models import Client, EligibilityCheck, ModelCall
from gateway.reports.eligibility_usage import OUTCOMES
from helpers.assignments_told import month_of, part

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
MODELS = (("openai", "gpt-5"), ("openai", "house"), ("anthropic", "claude-sonnet-5-5"), ("rules", ""))
LEFT = ("answered", "refused", "malformed", "too_many_requests", "away", "declined")


def furnish(db, firm_id, partners, chance: Random, checks: int = 80) -> SimpleNamespace:
    """People of these partners, checks of them over some months, some at the very end of one, and calls to models."""
    people = [
        {"firm_id": firm_id, "id": uuid4(), "partner_id": partner, "key": f"K{n}", "pins": {}, "attributes": {}}
        for n in range(3)
        for partner in partners
    ]
    made: list[dict[str, Any]] = []
    for _ in range(checks):
        made.append(_check(chance, firm_id, chance.choice(people), made))
    calls = [call for one in made for call in _calls(chance, firm_id, one)]
    with db.firm(firm_id) as session:
        for model, rows in ((Client, people), (EligibilityCheck, made), (ModelCall, calls)):
            session.execute(insert(model), rows)
    return SimpleNamespace(people=people, checks=made, calls=calls)


def without(world: SimpleNamespace, *clients: Any) -> SimpleNamespace:
    """The same as if nothing of these people were there."""
    checks = [one for one in world.checks if one["client_id"] not in clients]
    known = {one["id"] for one in checks}
    return SimpleNamespace(checks=checks, calls=[one for one in world.calls if one["check_id"] in known])


def modelled(world: SimpleNamespace, checks=None, calls=None) -> list[dict[str, Any]]:
    """The report: over all of it, or over these."""
    asked, made = defaultdict(list), defaultdict(list)
    for one in world.checks if checks is None else checks:
        asked[month_of(one["asked_at"]), one["provider"] or "", one["model"] or ""].append(one)
    for one in world.calls if calls is None else calls:
        made[month_of(one["at"]), one["provider"], one["model"]].append(one)
    order = sorted(asked.keys() | made.keys(), key=lambda key: (-key[0].toordinal(), *key[1:]))
    return [_row(key, asked[key], made[key]) for key in order]


def _row(key, checks, calls):
    month, provider, model = key
    costs = [one["cost"] for one in calls if one["cost"] is not None]
    took = [float(one["took_ms"]) for one in calls if one["took_ms"]]
    return {
        "month": month,
        "provider": provider or None,
        "model": model or None,
        "checks": len(checks),
        "cached": sum(one["cached_from"] is not None for one in checks),
        "degraded": sum(one["is_degraded"] for one in checks),
        "failed": sum(one["state"] == "failed" for one in checks),
        "calls": len(calls),
        "tokens_in": sum(one["tokens_in"] for one in calls),
        "tokens_out": sum(one["tokens_out"] for one in calls),
        "cost": sum(costs) if costs else None,
        "median_ms": part(took, 0.5) if took else None,
        "p95_ms": part(took, 0.95) if took else None,
        **{outcome: sum(one["outcome"] == outcome for one in calls) for outcome in OUTCOMES},
    }


def _check(chance, firm_id, person, before):
    state = chance.choice(["completed", "completed", "completed", "failed", "open"])
    provider, model = chance.choice(MODELS) if state == "completed" else (None, None)
    likes = [one["id"] for one in before if state == "completed" and one["provider"] == provider]
    return {
        "firm_id": firm_id,
        "id": uuid4(),
        "client_id": person["id"],
        "visas": ["EB1A"],
        "tier": "interactive",
        "as_of": NOW.date(),
        "profile": [],
        "digest": "d",
        "rules": "r",
        "key": "k",
        "policy_version": 0,
        "state": state,
        "provider": provider,
        "model": model or None,
        "is_degraded": provider == "rules" and chance.random() < 0.5,
        "cached_from": chance.choice(likes) if likes and chance.random() < 0.4 else None,
        "by_kind": "staff",
        "by": "x",
        "asked_at": chance.choice(
            [NOW - timedelta(days=chance.randint(0, 80)), datetime(2027, 3, 1, chance.randint(3, 7), tzinfo=UTC)]
        ),  # a month of New York's ends at five o'clock
    }


def _calls(chance, firm_id, check):
    for number in range(1, chance.choice([1, 1, 2, 4])):
        outcome = chance.choice(OUTCOMES)
        provider, model = chance.choice(MODELS)
        yield {
            "firm_id": firm_id,
            "id": uuid4(),
            "check_id": check["id"],
            "number": number,
            "provider": provider,
            "model": model,
            "prompt": "1",
            "tokens_in": chance.randint(0, 9_000),
            "tokens_out": chance.randint(0, 900),
            "cost": None if model == "house" else Decimal(chance.randint(0, 90_000)) / 1_000_000,
            "took_ms": chance.randint(1, 30_000) if outcome in LEFT else chance.choice([0, None]),
            "outcome": outcome,
            "at": check["asked_at"] + timedelta(seconds=chance.choice([1, 4_000])),
        }
