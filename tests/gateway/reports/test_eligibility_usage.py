"""What models took, held against plain Python over all checks and calls."""

from __future__ import annotations

import csv
import io
import random
from datetime import timedelta
from typing import get_args

import openpyxl
import pytest
from helpers.assignments_told import approximately
from helpers.callers import asking, key_headers, staff_headers
from helpers.usage_told import NOW, furnish, modelled, without

from gateway.db.models import Wall
from gateway.domain.access.permissions import SCOPES, holds
from gateway.reports import REPORTS
from gateway.reports.eligibility_usage import OUTCOMES
from outbound.llm.asking import Outcome

NAME = "eligibility_usage"
REPORT = REPORTS[NAME]


@pytest.fixture
def world(db, tenants):
    """By chance, always the same; the other firm has as much of its own."""
    furnish(db, tenants.harbor, [tenants.initech], random.Random(7), 30)
    return furnish(db, tenants.northgate, [tenants.acme, tenants.globex], random.Random(13))


def told(db, tenants, who=None, **filters):
    with db.firm(tenants.northgate, tenants.staff[who] if who else None) as session:
        rows = list(REPORT.query(session, REPORT.filters(**filters)))
    return [dict(zip(REPORT.columns, one, strict=True)) for one in rows]


def test_every_figure_is_what_the_model_says(db, tenants, world):
    expected = modelled(world)
    assert told(db, tenants) == approximately(expected)
    assert len({one["month"] for one in expected}) == 4
    assert {one["provider"] for one in expected} == {None, "openai", "anthropic", "rules"}
    for name in (*REPORT.columns[3:10], *OUTCOMES):
        assert sum(one[name] for one in expected) > 0, name
    assert any(one["cost"] is None and one["calls"] for one in expected)
    assert any(one["median_ms"] is not None and one["median_ms"] < one["p95_ms"] for one in expected)
    assert sum(one["checks"] for one in expected) == len(world.checks)
    assert sum(one["calls"] for one in expected) == len(world.calls)


def test_a_time_leaves_what_was_asked_within_it(db, tenants, world):
    since, until = NOW - timedelta(days=50), NOW - timedelta(days=9)
    checks = [one for one in world.checks if since <= one["asked_at"] < until]
    calls = [one for one in world.calls if since <= one["at"] < until]
    assert 0 < len(checks) < len(world.checks)
    assert told(db, tenants, since=since, until=until) == approximately(modelled(world, checks, calls))


def test_other_filters_leave_what_they_say(db, tenants, world):
    every = told(db, tenants)
    assert told(db, tenants, provider="openai") == [one for one in every if one["provider"] == "openai"]
    assert told(db, tenants, provider="nobody") == []
    others = [one["id"] for one in world.people if one["partner_id"] != tenants.acme]
    assert told(db, tenants, partner="acme") == approximately(modelled(without(world, *others)))


def test_whoever_is_walled_off_counts_without_these_people(db, tenants, world):
    hidden = world.people[0]["id"]
    with db.firm(tenants.northgate) as session:
        wall = {"staff_id": tenants.staff["paralegal"], "client_id": hidden, "reason": "x", "created_by": "x"}
        session.add(Wall(firm_id=tenants.northgate, **wall))
    expected = modelled(without(world, hidden))
    assert expected != modelled(world)
    assert told(db, tenants, "paralegal") == approximately(expected)
    assert told(db, tenants, "viewer") == approximately(modelled(world))


def test_a_firm_that_checked_nobody_has_an_empty_report(db, tenants):
    assert told(db, tenants) == []


def test_every_way_in_which_a_call_ends_has_a_column():
    assert set(OUTCOMES) == {*get_args(Outcome), "begun", "lost"}


def test_it_is_the_firms_and_no_partners(settings, office, db, tenants, world):
    assert not holds(REPORT.permission, role=None, scopes=frozenset(SCOPES))
    viewer = staff_headers(office, tenants.northgate, tenants.staff["viewer"])
    rows = told(db, tenants)
    with asking(settings) as http:

        def asked(form, headers):
            return http.get(f"/v1/reports/{NAME}?format={form}", headers=headers)

        as_json = asked("json", viewer).json()
        assert [(one["month"], one["cost"]) for one in as_json] == [
            (str(one["month"]), None if one["cost"] is None else str(one["cost"])) for one in rows
        ]
        as_csv = list(csv.DictReader(io.StringIO(asked("csv", viewer).text)))
        assert as_csv == [{name: "" if one is None else str(one) for name, one in row.items()} for row in rows]
        sheet = openpyxl.load_workbook(io.BytesIO(asked("xlsx", viewer).content)).worksheets[0]
        assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == [one["checks"] for one in rows]
        partner = key_headers(office, tenants.northgate, tenants.acme, tuple(SCOPES))
        assert asked("json", partner).status_code == 403
