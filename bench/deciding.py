"""The row about one decision: who of a hundred attorneys gets a case, its facts read first."""

from __future__ import annotations

import random
from statistics import quantiles
from time import perf_counter
from uuid import UUID

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario

from gateway import clock, settings
from gateway.db.session import Database
from gateway.domain.assignment.deciding import decide
from gateway.domain.assignment.facts import gather
from gateway.domain.assignment.terms import Policy

ATTORNEYS, PEOPLE = 100, 5_000
OPEN, DECIDED = 1_500, 6_000  # cases that are held, and those of which experience is made
ASKED = 300
SLOWEST = 0.02  # seconds, of 95 in 100

_ID = "format('01900000-0000-7000-8000-{kind:02x}%s', lpad(to_hex({n}), 10, '0'))::uuid"
_FIRM, _PARTNER = _ID.format(kind=1, n="1"), _ID.format(kind=2, n="1 + n % 20")


def _id(kind: int, n: str) -> str:
    return _ID.format(kind=kind, n=n)


_INSTALLATION = f"""
INSERT INTO firms (id, slug, name, time_zone, wrapped_key) VALUES ({_FIRM}, 'firm', 'Firm', 'UTC', '');
INSERT INTO partners (firm_id, id, slug, name, time_zone)
SELECT {_FIRM}, {_id(2, "n")}, 'partner' || n, 'Partner ' || n, 'UTC' FROM generate_series(1, 20) n;
INSERT INTO staff (firm_id, id, email, name, role)
SELECT {_FIRM}, {_id(3, "n")}, n || '@firm.example', 'Attorney ' || n, 'attorney'
FROM generate_series(1, {ATTORNEYS}) n;
INSERT INTO attorneys (firm_id, id, staff_id, licence, senior)
SELECT {_FIRM}, {_id(4, "n")}, {_id(3, "n")}, 'NY ' || n, n % 4 = 0 FROM generate_series(1, {ATTORNEYS}) n;
INSERT INTO expertise (firm_id, attorney_id, case_type, level)
SELECT {_FIRM}, {_id(4, "n")}, t, 1 + n % 5
FROM generate_series(1, {ATTORNEYS}) n, unnest('{{H1B_EXT,PERM,O1A}}'::text[]) t;
INSERT INTO time_off (firm_id, attorney_id, starts_on, ends_on)
SELECT {_FIRM}, {_id(4, "n")}, current_date + n, current_date + n + 7
FROM generate_series(0, {ATTORNEYS} - 1, 3) n WHERE n > 0;
INSERT INTO clients (firm_id, id, partner_id, key, employee_id)
SELECT {_FIRM}, {_id(5, "n")}, {_PARTNER}, 'E' || n, 'E' || n / 2 FROM generate_series(1, {PEOPLE}) n;
INSERT INTO documents (firm_id, client_id, doc_type, number_index, expires_on)
SELECT {_FIRM}, {_id(5, "n")}, t, decode(md5(n || t), 'hex'), current_date + n % 900 - 30
FROM generate_series(1, {PEOPLE}) n, unnest('{{i94,i797,passport}}'::text[]) t;
INSERT INTO cases (firm_id, id, partner_id, client_id, case_number, case_type, attorney_id, status, stage, decided_on)
SELECT {_FIRM}, {_id(6, "n")}, {_PARTNER}, {_id(5, f"1 + n % {PEOPLE}")}, 'C' || n,
    (array['H1B_EXT', 'PERM', 'O1A'])[1 + n % 3], {_id(4, f"1 + n % {ATTORNEYS}")},
    CASE WHEN n <= {OPEN} THEN 'open' ELSE 'approved' END, CASE WHEN n <= {OPEN} THEN 'drafting' ELSE 'decided' END,
    CASE WHEN n > {OPEN} THEN current_date - n % 900 END
FROM generate_series(1, {OPEN + DECIDED}) n;
INSERT INTO assignments (firm_id, case_id, attorney_id, kind, complexity, reason, by_kind, by, at)
SELECT firm_id, id, attorney_id, 'assigned', 5, '-', 'system', 'bench', now() - interval '1 day' FROM cases;
INSERT INTO cases (firm_id, id, partner_id, client_id, case_number, case_type)
SELECT {_FIRM}, {_id(7, "n")}, {_PARTNER}, {_id(5, "n")}, 'N' || n, (array['H1B_EXT', 'PERM', 'O1A'])[1 + n % 3]
FROM generate_series(1, {ASKED}) n
"""


def _decisions(lab: Laboratory) -> Samples:
    database = Database.open(settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)}))
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        connection.execute(_INSTALLATION)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    _ask(database, 20)
    taken = _ask(database, ASKED)
    database.close()
    for name, seconds in zip(("decide", "decide_facts"), zip(*taken, strict=True), strict=True):
        yield name, Sample(quantiles(seconds, n=20)[-1], SLOWEST, 0.0)


def _ask(database: Database, times: int) -> list[tuple[float, float]]:
    """Seconds of each decision: itself, and with the reading of its facts."""
    chance, taken = random.Random(2026), []
    firm_id, today = UUID(int=_number(1, 1)), clock.now().date()
    for _ in range(times):
        case_id = UUID(int=_number(7, chance.randint(1, ASKED)))
        with database.firm(firm_id) as session:
            begun = perf_counter()
            field = gather(session, [case_id], today)
            read = perf_counter()
            matter = field.matters[case_id]
            decide(matter, field.candidates(matter), Policy(), today)
            ended = perf_counter()
            taken.append((ended - read, ended - begun))
    return taken


def _number(kind: int, n: int) -> int:
    return UUID(f"01900000-0000-7000-8000-{kind:02x}{n:010x}").int


FLOOR = f"{1000 * SLOWEST:.0f} ms"
SCENARIOS = (
    Scenario(
        {
            "decide": Budget(f"95th percentile of a decision among {ATTORNEYS} attorneys", FLOOR, 1.0),
            "decide_facts": Budget("the same of one alone, with the reading of its facts", FLOOR, 1.0),
        },
        _decisions,
        rounds=1,
    ),
)
