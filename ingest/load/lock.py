"""Locks what an import will change, without ever being half of a deadlock."""

from __future__ import annotations

import secrets
import time
from typing import Any

from psycopg import Connection
from psycopg.errors import LockNotAvailable

from gateway.domain.people.fields import Kind
from ingest.load.entries import TOUCHED
from ingest.load.shapes import KINDS, Shape

Params = dict[str, object]

_PATIENCE = 40  # attempts, about a second in all
_ORDER: dict[Kind, str] = {  # in which every writer of ours locks
    "client": "t.key",
    "case": "t.case_number",
    "document": "t.client_id, t.doc_type, t.number_index",
}


def lock(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> bool:
    """Lock the known records that the match tables would change.

    Whoever waits while holding locks can be part of a deadlock. So the import does not: where a row is taken it lets go
    of everything and tries again a little later; nothing tells when, hence the pause. If its patience ends, it asks for
    the tables as a whole while it holds nothing: that queue is served in order, and others wait for this one commit.

    Returns:
        Whether all of them are still as they were matched. If not, they stay locked: match again, and they will be.
    """
    for _ in range(_PATIENCE):
        try:
            with connection.transaction():
                return _lock_rows(connection, shapes, params)
        except LockNotAvailable:
            time.sleep(secrets.SystemRandom().uniform(0.005, 0.05))
    tables = ", ".join(shapes[kind].table for kind in KINDS if kind in shapes)
    connection.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
    return _lock_rows(connection, shapes, params)


def _lock_rows(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> bool:
    found = [connection.execute(_lock_sql(shapes[kind]), params).fetchone() for kind in KINDS if kind in shapes]
    return all(row is not None and row[0] == 0 for row in found)


def _lock_sql(shape: Shape) -> str:
    return f"""
        WITH touched AS (
            SELECT m.id, m.version FROM {shape.match} m WHERE {TOUCHED}
            UNION ALL SELECT e.id, e.version FROM {shape.ending} e
        ), locked AS (
            SELECT t.version AS current, e.version AS matched FROM {shape.table} t JOIN touched e ON e.id = t.id
            WHERE t.firm_id = %(firm)s ORDER BY {_ORDER[shape.kind]} FOR NO KEY UPDATE OF t NOWAIT
        )
        SELECT count(*) FROM locked WHERE current <> matched
    """
