"""Reports of assignments of firms by chance: every figure, what they add up to, and what stands behind walls."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
from helpers.assignments_told import MODELS, approximately, furnish, modelled_workload, told, without
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.db.models import Firm, Partner, Staff, Wall

BY_DAY = (datetime(2027, 3, 10, 15, 0, tzinfo=UTC), date(2027, 3, 10))
BY_NIGHT = (datetime(2027, 3, 10, 3, 0, tzinfo=UTC), date(2027, 3, 9))  # in New York it is the evening before


def another_firm(db):
    """As `tenants`, but nobody's yet; what other firms have stays where it is."""
    ids = {name: uuid4() for name in ("northgate", "acme", "globex")}
    paralegal = uuid4()
    with db.system() as session:
        session.add(Firm(id=ids["northgate"], slug=f"f{ids['northgate'].hex}", name="A firm", wrapped_key=b""))
        session.flush()
        for name in ("acme", "globex"):
            plain = {"firm_id": ids["northgate"], "id": ids[name], "name": name, "time_zone": "UTC"}
            session.add(Partner(**plain, slug=f"{name}-{ids[name].hex}"))
        who = {"email": "p@northgate.example", "name": "P", "role": "paralegal"}
        session.add(Staff(firm_id=ids["northgate"], id=paralegal, **who))
    return SimpleNamespace(**ids, staff={"paralegal": paralegal})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chance=st.randoms(use_true_random=False),
    attorneys=st.integers(2, 8),
    cases=st.integers(0, 30),
    when=st.sampled_from([BY_DAY, BY_NIGHT]),
)
def test_of_any_firm_each_figure_is_the_models_and_all_add_up(db, chance, attorneys, cases, when):
    now, today = when
    firm = another_firm(db)
    world = furnish(db, firm, chance, attorneys, cases)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GATEWAY_NOW", now.isoformat())
        as_modelled(db, firm, world, today)
        add_up(db, firm, world)
        hidden = world.people[0]["id"]
        with db.firm(firm.northgate) as session:
            wall = {"staff_id": firm.staff["paralegal"], "client_id": hidden, "reason": "x", "created_by": "x"}
            session.add(Wall(firm_id=firm.northgate, **wall))
        as_modelled(db, firm, without(world, hidden), today, "paralegal")


def as_modelled(db, firm, world, today, who=None):
    for slug, cases in (
        (None, world.cases),
        (f"acme-{firm.acme.hex}", [one for one in world.cases if one["partner_id"] == firm.acme]),
        ("nobody", []),
    ):
        expected, evenness = modelled_workload(world, cases, today)
        rows = told(db, firm, "workload_distribution", who, partner=slug)
        told_alike = [(one.pop("jain"), one.pop("gini")) for one in rows]
        assert told_alike == [pytest.approx(evenness, abs=1e-4)] * len(rows)
        assert approximately(rows) == expected
        known = {one["id"] for one in cases}
        history = [one for one in world.history if one["case_id"] in known]
        for name, model in MODELS.items():
            assert told(db, firm, name, who, partner=slug) == approximately(model(world, history)), name


def add_up(db, firm, world):
    """To the same as the tables, and as each other."""
    held, got, passed, waited = (told(db, firm, name) for name in ("workload_distribution", *MODELS))
    now = [one for one in world.cases if one["status"] == "open" and one["stage"] != "closed" and one["attorney_id"]]
    assert sum(one["cases"] for one in held) == len(now)
    for kind in ("assigned", "reassigned", "undone"):
        assert sum(one[kind] for one in got) == sum(one["kind"] == kind for one in world.history)
    by_hand = sum(one["reassigned"] - one["undone"] for one in got)
    first = [one for one in world.history if one["previous_id"] is None and one["kind"] == "reassigned"]
    assert sum(one["passed_on"] for one in passed) == by_hand - len(first)
    assert sum(one["taken_over"] for one in passed) == by_hand
    assert sum(one["cases"] for one in waited) == sum(one["assigned"] for one in got)
