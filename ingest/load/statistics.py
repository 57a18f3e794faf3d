"""Tells the planner of what an import has added.

While a large import is under way, autovacuum may look at its tables and count none of its rows, for they are not
committed. Until it looks again, up to a minute after the commit, the planner takes such a table for empty and any index
for as good as the right one: the next file would compare every row with every record (50,000 rows took eight minutes,
not eight seconds). A transaction that analyzes counts its own rows, so the figures are right when they are first seen.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

Counts = dict[str, dict[str, int]]

# as autovacuum has it by default: when a tenth and fifty rows have come
_GREW = """
SELECT name FROM unnest(%s::text[], %s::bigint[]) WITH ORDINALITY grown (name, rows, place)
JOIN pg_class c ON c.oid = name::regclass WHERE rows > 50 + c.reltuples / 10 ORDER BY place
"""


def refresh(connection: Connection[Any], written: Counts) -> None:
    """Analyze the tables that have grown much, at the end of the transaction: nobody else can until it ends.

    Args:
        connection: in the import's transaction.
        written: by table, as `write` returns it; every record that was created was sighted too.
    """
    created = {table: counts["created"] for table, counts in written.items()}
    created["sightings"] = sum(created.values())
    for (table,) in connection.execute(_GREW, [list(created), list(created.values())]).fetchall():
        connection.execute("SELECT analyze_records(%s)", [table])
