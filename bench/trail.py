"""The row about questions to the audit log: a day of ten million entries, asked by person, by record and by time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from statistics import quantiles
from time import perf_counter
from uuid import UUID

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario

from gateway import clock, settings
from gateway.db.paging import Paging
from gateway.db.session import Database
from gateway.domain import audit
from gateway.domain.audit import EntryFilter

ENTRIES = 10_000_000
FIRMS, PEOPLE = 200, 500  # people of each firm, one case each
ASKED = 200  # questions of each kind
SLOWEST = 0.2  # seconds, of 95 in 100

# ids are computed, so that entries can name them without a join: firm, then people and cases below it
_ID = "format('01900000-0000-7000-8000-%%s%%s%%s', lpad(to_hex({kind}), 2, '0'), lpad(to_hex({firm}), 4, '0'), lpad(to_hex({n}), 6, '0'))::uuid"  # noqa: E501 - one expression
_FIRM = _ID.format(kind=1, firm="f", n="0")

_INSTALLATION = f"""
INSERT INTO firms (id, slug, name, time_zone, wrapped_key)
SELECT {_FIRM}, 'firm' || f, 'Firm ' || f, 'UTC', '' FROM generate_series(1, {FIRMS}) f;
INSERT INTO partners (firm_id, id, slug, name, time_zone)
SELECT {_FIRM}, {_FIRM}, 'partner' || f, 'Partner ' || f, 'UTC' FROM generate_series(1, {FIRMS}) f;
INSERT INTO clients (firm_id, id, partner_id, key)
SELECT {_FIRM}, {_ID.format(kind=2, firm="f", n="n")}, {_FIRM}, 'E' || n
FROM generate_series(1, {FIRMS}) f, generate_series(1, {PEOPLE}) n;
INSERT INTO cases (firm_id, id, partner_id, client_id, case_number)
SELECT {_FIRM}, {_ID.format(kind=3, firm="f", n="n")}, {_FIRM}, {_ID.format(kind=2, firm="f", n="n")}, 'C' || n
FROM generate_series(1, {FIRMS}) f, generate_series(1, {PEOPLE}) n
"""

# of ten entries eight come from files, one is a look at a person, one a list of twenty people
_ENTRIES = f"""
INSERT INTO audit_log (firm_id, at, id, actor_kind, actor, action, origin, client_id, case_id, import_id, row, changes)
SELECT {_FIRM}, %(day)s + n * interval '86400 s' / {ENTRIES}, uuidv7(),
    CASE WHEN n %% 10 < 8 THEN 'import' ELSE 'staff' END,
    CASE WHEN n %% 10 < 8 THEN 'partner/roster' ELSE 'staff' || n %% 7 || '@firm.example' END,
    CASE n %% 10 WHEN 8 THEN 'client.view' WHEN 9 THEN 'client.list' ELSE 'import.row' END,
    CASE WHEN n %% 10 >= 8 THEN '10.0.0.1' END,
    CASE WHEN n %% 10 < 9 THEN {_ID.format(kind=2, firm="f", n="p")} END,
    CASE WHEN n %% 10 < 4 THEN {_ID.format(kind=3, firm="f", n="p")} END,
    CASE WHEN n %% 10 < 8 THEN {_ID.format(kind=4, firm="f", n="n / 100000")} END,
    CASE WHEN n %% 10 < 8 THEN n END,
    CASE WHEN n %% 10 < 8 THEN jsonb_build_array(jsonb_build_object('kind', 'client', 'action', 'updated',
             'id', {_ID.format(kind=2, firm="f", n="p")}, 'old', '{{"annual_salary": "50000.00"}}'::jsonb,
             'new', '{{"annual_salary": "60000.00"}}'::jsonb))
         WHEN n %% 10 = 9 THEN (SELECT jsonb_agg(jsonb_build_object('kind', 'client', 'action', 'seen',
             'id', {_ID.format(kind=2, firm="f", n=f"1 + (p + k) %% {PEOPLE}")})) FROM generate_series(1, 20) k) END
FROM (SELECT n, 1 + n %% {FIRMS} AS f, 1 + (n / {FIRMS}) %% {PEOPLE} AS p
      FROM generate_series(%(first)s, %(last)s) n) entries
"""


def _questions(lab: Laboratory) -> Samples:
    """Nothing is warm but what the entries left in memory."""
    database = Database.open(settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)}))
    _fabricate(lab)
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    asked: dict[str, Callable[[int, int], EntryFilter]] = {
        "audit_person": lambda firm, n: EntryFilter(person=_id(2, firm, n)),
        "audit_record": lambda firm, n: EntryFilter(record=_id(3, firm, n)),
        "audit_time": lambda _, n: EntryFilter(from_=midnight, to=midnight + timedelta(minutes=n)),
    }
    for name, wanted in asked.items():
        yield name, Sample(quantiles(_ask(database, wanted), n=20)[-1], SLOWEST, 0.0)
    database.close()


def _ask(database: Database, wanted: Callable[[int, int], EntryFilter]) -> list[float]:
    chance, taken = random.Random(2026), []
    for _ in range(ASKED):
        firm = chance.randint(1, FIRMS)
        one = wanted(firm, chance.randint(1, PEOPLE))
        begun = perf_counter()
        with database.firm(_id(1, firm, 0)) as session:
            audit.newest(session, one, Paging(50))
        taken.append(perf_counter() - begun)
    return taken


def _fabricate(lab: Laboratory) -> None:
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        connection.execute(_INSTALLATION.replace("%%", "%"))
        day = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        for first, last in _portions():
            connection.execute(_ENTRIES, {"day": day, "first": first, "last": last})
        connection.execute("ANALYZE")
        connection.execute("CHECKPOINT")


def _portions() -> Iterator[tuple[int, int]]:
    step = 1_000_000
    return ((first, min(first + step, ENTRIES) - 1) for first in range(0, ENTRIES, step))


def _id(kind: int, firm: int, number: int) -> UUID:
    return UUID(f"01900000-0000-7000-8000-{kind:02x}{firm:04x}{number:06x}")


FLOOR = f"{1000 * SLOWEST:.0f} ms"
SCENARIOS = (
    Scenario(
        {
            f"audit_{by}": Budget(f"95th percentile of a question by {by} to a day of {ENTRIES:,} entries", FLOOR, 1.0)
            for by in ("person", "record", "time")
        },
        _questions,
        rounds=1,
        long=True,
    ),
)
