"""The rows about papers that end: a sweep of half a million on a day on which 20,000 are due, and one more sweep."""

from __future__ import annotations

from datetime import date, timedelta
from time import perf_counter

import psycopg
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario

from gateway import clock, settings
from gateway.db.session import Database
from gateway.domain.expiry.sweep import sweep
from gateway.wings import office_of

FIRMS, PAPERS = 200, 500_000
DUE_IN = 25  # one in so many papers comes to its lead time on the day

_FIRM = "md5('firm' || f)::uuid"
_WHO = "md5('{kind}' || f)::uuid"

_INSTALLATION = f"""
INSERT INTO firms (id, slug, name, time_zone, wrapped_key)
SELECT {_FIRM}, 'firm' || f, 'Firm ' || f, 'UTC', '' FROM generate_series(1, {FIRMS}) f;
INSERT INTO partners (firm_id, id, slug, name, time_zone)
SELECT {_FIRM}, {_FIRM}, 'partner' || f, 'Partner ' || f, 'UTC' FROM generate_series(1, {FIRMS}) f;
INSERT INTO staff (firm_id, id, email, name, role)
SELECT {_FIRM}, md5(role || f)::uuid, role || '@firm' || f || '.example', role, role
FROM generate_series(1, {FIRMS}) f, unnest('{{attorney,paralegal,admin}}'::text[]) role;
INSERT INTO attorneys (firm_id, id, staff_id)
SELECT {_FIRM}, {_WHO.format(kind="attorney")}, {_WHO.format(kind="attorney")} FROM generate_series(1, {FIRMS}) f;
INSERT INTO clients (firm_id, id, partner_id, key, email, attorney_id)
SELECT {_FIRM}, md5('client' || f || '/' || n)::uuid, {_FIRM}, 'E' || n, 'e' || n || '@acme.example',
       {_WHO.format(kind="attorney")}
FROM generate_series(1, {FIRMS}) f, generate_series(1, {PAPERS // FIRMS // 2}) n;
"""

# two papers each; those that are not due on the day stand between lead times, and were told of the day before
_PAPERS = f"""
INSERT INTO documents (firm_id, client_id, doc_type, number_index, expires_on)
SELECT {_FIRM}, md5('client' || f || '/' || 1 + n / 2)::uuid, 'i94', uuid_send(uuidv7()),
       %(day)s::date + CASE WHEN n %% {DUE_IN} = 0 THEN 90 ELSE 200 + n %% 600 END
FROM generate_series(1, {FIRMS}) f, generate_series(0, {PAPERS // FIRMS - 1}) n
"""

_SCAN = "SELECT bit_xor(hash_record_extended(d, 0)) FROM documents d"  # which reads every column of every row


def _sweeps(lab: Laboratory) -> Samples:
    today = clock.now().date()
    loaded = settings.load({"GATEWAY_DATA_DIR": str(lab.server.data_dir)})
    database = Database.open(loaded)
    office = office_of(database, loaded)
    with psycopg.connect(lab.server.url("superuser"), autocommit=True) as connection:
        connection.execute(_INSTALLATION)
        connection.execute(_PAPERS, {"day": today})
        sweep(office, today - timedelta(days=1))
        lab.settle()
        connection.execute("SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute(_SCAN)
        begun = perf_counter()
        connection.execute(_SCAN)
        scan = perf_counter() - begun
        first, again = sweep(office, today), sweep(office, today)
        written = _written(connection, today)
    database.close()
    if (first.documents, first.due, again.notices) != (PAPERS, PAPERS // DUE_IN, 0):
        raise SystemExit(f"The bench is broken: {first}, {again}.")
    yield "sweep", Sample(first.seconds, scan, 0.0)
    yield "sweep_found", Sample(first.seconds - written, scan, 0.0)
    yield "sweep_again", Sample(again.seconds, first.seconds, 0.0)


def _written(connection: psycopg.Connection, today: date) -> float:
    """Seconds for the notices of a day alone: the same rows, with their indexes and foreign keys, in one statement."""
    connection.execute("RESET ALL")  # foreign keys want their indexes
    with connection.transaction(force_rollback=True):
        connection.execute("CREATE TEMP TABLE told ON COMMIT DROP AS SELECT * FROM notices WHERE due_on = %s", [today])
        connection.execute("DELETE FROM notices WHERE due_on = %s", [today])
        begun = perf_counter()
        connection.execute("INSERT INTO notices SELECT * FROM told")
        return perf_counter() - begun


SCENARIOS = (
    Scenario(
        {
            "sweep": Budget(
                f"a sweep of {PAPERS:,} papers of {FIRMS} firms, {PAPERS // DUE_IN:,} due",
                "a sequential scan of the papers that reads all of their columns",
                5.0,
            ),
            "sweep_found": Budget(
                "the same without what a bare insert of as many notices takes",
                "the same scan",
                5.0,
            ),
            "sweep_again": Budget("the same sweep again", "the first one", 0.5),
        },
        _sweeps,
        rounds=1,
        long=True,
    ),
)
