"""Migrations on databases that hold something already."""

import psycopg

from gateway.db import migrate

BEFORE_SHEETS = """
INSERT INTO firms (id, slug, name, wrapped_key) VALUES (uuidv7(), 'northgate', 'Northgate', '');
INSERT INTO partners (firm_id, id, slug, name, time_zone) SELECT id, uuidv7(), 'acme', 'ACME', 'UTC' FROM firms;
INSERT INTO files (firm_id, id, partner_id, name, sha256, size, storage_key, via)
    SELECT firm_id, uuidv7(), id, 'a.csv', '', 0, '', 'cli' FROM partners;
INSERT INTO imports (firm_id, id, partner_id, file_id, counts) SELECT firm_id, uuidv7(), partner_id, id, '{}' FROM files;
INSERT INTO row_errors (firm_id, import_id, row, line, code, severity, message, fix)
    SELECT firm_id, id, 7, 9, 'bad_date', 'error', 'No date.', 'Write one.' FROM imports;
"""


def test_problems_told_before_sheets_had_rows_of_their_own_keep_their_place(empty_addresses):
    migrate.upgrade(empty_addresses, "0001")
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        connection.execute(BEFORE_SHEETS)
    migrate.bring_up_to_date(empty_addresses)
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        assert connection.execute("SELECT row, place FROM row_errors").fetchall() == [(7, 7)]


BEFORE_GROUPS = """
INSERT INTO firms (id, slug, name, wrapped_key)
    VALUES (uuidv7(), 'northgate', 'Northgate', ''), (uuidv7(), 'harbor', 'Harbor', '');
INSERT INTO partners (firm_id, id, slug, name, time_zone) SELECT id, uuidv7(), slug, 'ACME', 'UTC' FROM firms;
INSERT INTO files (firm_id, id, partner_id, name, sha256, size, storage_key, via)
    SELECT firm_id, uuidv7(), id, 'a.csv', '', 0, '', 'cli' FROM partners;
INSERT INTO imports (firm_id, id, partner_id, file_id, counts) SELECT firm_id, uuidv7(), partner_id, id, '{}' FROM files;
INSERT INTO row_errors (firm_id, import_id, place, row, line, column_name, value, code, severity, message, fix)
    SELECT firm_id, id, n / 2, n, n, 'DOB', CASE WHEN n = 9 THEN NULL ELSE 'soon' END, 'bad_date',
        CASE WHEN n = 8 THEN 'warning' ELSE 'error' END, 'No date ' || n, 'Write one.'
    FROM imports, generate_series(4, 9) n
"""
GROUPED = "SELECT severity, value, problems, first_place, message FROM problem_groups ORDER BY import_id, problems DESC, severity"


def test_problems_of_imports_that_ended_before_are_counted_as_those_that_end_now(empty_addresses):
    migrate.upgrade(empty_addresses, "0068")
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        connection.execute(BEFORE_GROUPS)
    migrate.bring_up_to_date(empty_addresses)
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        one = [
            ("error", "soon", 4, 2, "No date 4"),
            ("error", None, 1, 4, "No date 9"),
            ("warning", "soon", 1, 4, "No date 8"),
        ]
        assert connection.execute(GROUPED).fetchall() == [*one, *one]
        assert connection.execute("SELECT wrong_rows FROM imports").fetchall() == [(3,), (3,)]
        forced = "SELECT relname FROM pg_class WHERE relname IN ('row_errors', 'imports') AND relforcerowsecurity"
        assert len(connection.execute(forced).fetchall()) == 2


BEFORE_WALLS = """
INSERT INTO firms (id, slug, name, wrapped_key) VALUES (uuidv7(), 'northgate', 'Northgate', '');
SELECT ensure_audit_partitions(1);
INSERT INTO audit_log (firm_id, actor_kind, actor, action) SELECT id, 'system', 'me', 'firm.add' FROM firms;
"""
KEYS = """
SELECT DISTINCT pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relname LIKE 'audit_log%' AND k.contype = 'p'
"""


def test_days_of_the_audit_log_that_were_there_already_get_the_key_and_the_indexes_of_the_new_ones(empty_addresses):
    migrate.upgrade(empty_addresses, "0004")
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        connection.execute(BEFORE_WALLS)
    migrate.bring_up_to_date(empty_addresses)
    with psycopg.connect(empty_addresses.system) as connection:
        connection.execute("SET ROLE gateway_system")
        assert connection.execute("SELECT action FROM audit_log").fetchall() == [("firm.add",)]
        assert connection.execute(KEYS).fetchall() == [("PRIMARY KEY (firm_id, at, id)",)]
        before = connection.execute(
            "SELECT tablename, count(*) FROM pg_indexes WHERE tablename LIKE 'audit_log%' GROUP BY 1"
        )
        counts = dict(before.fetchall())
        connection.execute("SELECT ensure_audit_partitions(2)")
        [(one,)] = connection.execute(
            "SELECT DISTINCT count(*) FROM pg_indexes WHERE tablename LIKE 'audit_log%' GROUP BY tablename"
        )
        assert set(counts.values()) == {one}
