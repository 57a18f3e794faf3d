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
