"""The row about what attorneys hold: the report of a firm with as many attorneys and cases as an installation has."""

from __future__ import annotations

from statistics import quantiles
from time import perf_counter
from uuid import UUID

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario

from gateway import settings
from gateway.db.session import Database
from gateway.reports import REPORTS

ATTORNEYS, CASES = 800, 100_000
DECIDED = 40  # words of 32 letters that each decision holds: as much as fits beside the row, which is the worst
ASKED = 40
SLOWEST = 0.3  # seconds, of 95 in 100

_FIRM = UUID("01900000-0000-7000-8000-0000000000f1")
_INSTALLATION = f"""
INSERT INTO firms (id, slug, name, time_zone, wrapped_key) VALUES ('{_FIRM}', 'large', 'Large', 'UTC', '');
INSERT INTO partners (firm_id, id, slug, name, time_zone) VALUES ('{_FIRM}', '{_FIRM}', 'acme', 'Acme', 'UTC');
INSERT INTO staff (firm_id, email, name, role)
SELECT '{_FIRM}', 'a' || n || '@large.example', 'Attorney ' || n, 'attorney' FROM generate_series(1, {ATTORNEYS}) n;
INSERT INTO attorneys (firm_id, staff_id, licence, capacity)
SELECT firm_id, id, 'NY', 200 FROM staff WHERE firm_id = '{_FIRM}';
INSERT INTO cases (firm_id, partner_id, case_number, case_type, attorney_id, complexity, deadline_on)
SELECT '{_FIRM}', '{_FIRM}', 'C' || n, (ARRAY['H1B_EXT', 'PERM', 'O1A', 'I485', NULL])[1 + n % 5],
    (SELECT array_agg(id) FROM attorneys WHERE firm_id = '{_FIRM}')[1 + n % {ATTORNEYS}],
    CASE WHEN n % 4 = 0 THEN 1 + n % 10 END, CASE WHEN n % 3 = 0 THEN current_date + n % 90 END
FROM generate_series(1, {CASES}) n;
INSERT INTO assignments (firm_id, case_id, attorney_id, kind, complexity, reason, by_kind, by, decision)
SELECT firm_id, id, attorney_id, 'assigned', 1 + abs(hashtext(id::text)) % 10, 'By the rule.', 'system', 'gateway',
    (SELECT jsonb_agg(md5(id::text || n)) FROM generate_series(1, {DECIDED}) n)
FROM cases WHERE firm_id = '{_FIRM}'
"""


def _held(lab: Laboratory) -> Samples:
    database = Database.open(settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)}))
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        connection.execute(_INSTALLATION)
        connection.execute("ANALYZE")
    taken = [_ask(database) for _ in range(ASKED)]
    database.close()
    yield "workload", Sample(quantiles(taken, n=20)[-1], SLOWEST, 0.0)


def _ask(database: Database) -> float:
    report = REPORTS["workload_distribution"]
    begun = perf_counter()
    with database.firm(_FIRM) as session:
        rows = list(report.query(session, report.filters()))
    taken = perf_counter() - begun
    if sum(row[report.columns.index("cases")] for row in rows) != CASES:
        raise AssertionError("the report does not count every case")
    return taken


SCENARIOS = (
    Scenario(
        {
            "workload": Budget(
                f"95th percentile of the report of what {ATTORNEYS} attorneys of a firm hold, {CASES:,} cases",
                f"{1000 * SLOWEST:.0f} ms",
                1.0,
            )
        },
        _held,
        rounds=1,
    ),
)
