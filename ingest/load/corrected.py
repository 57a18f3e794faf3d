"""Documents whose number staff corrected, of which files go on speaking by the number that they know.

A number is part of what tells documents apart, so a corrected one would be missing from the next file, and superseded
by a new one with the old number. The pin keeps that number (`gateway.domain.people.pins`). A partner that sends no
number which is new for somebody known, which is nearly every file, pays one look through its matched documents.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from ingest.load.shapes import Shape

Params = dict[str, object]

_TABLE = "corrected_document"

# of a document `t`, beside a folded row `s`
KNOWN_SQL = f"""
    t.firm_id = %(firm)s AND t.id = (SELECT c.id FROM {_TABLE} c WHERE c.person = s.person AND c.doc_type = s.doc_type
            AND c.number_index IS NOT DISTINCT FROM s.number_index)
"""


def begin(connection: Connection[Any]) -> None:
    """Know of no document yet that `find` found."""
    connection.execute(f"DROP TABLE IF EXISTS pg_temp.{_TABLE}")
    columns = "person text, doc_type text, number_index bytea, id uuid"
    connection.execute(f"CREATE TEMP TABLE {_TABLE} ({columns}) ON COMMIT DROP")


def find(connection: Connection[Any], shape: Shape, params: Params) -> bool:
    """Find matched documents that seem new and are known under a corrected number; whether there are more of them.

    A file that lists a document by its corrected number as well means another one by the old. Once they are matched,
    ask again: staff may have corrected one in between, which the match before still knew by its number.
    """
    found = connection.execute(
        f"""
        INSERT INTO {_TABLE}
        SELECT DISTINCT ON (t.id) m.person, m.doc_type, m.number_index, t.id
        FROM {shape.match} m CROSS JOIN LATERAL (
            SELECT d.id FROM documents d
            WHERE d.firm_id = %(firm)s AND d.client_id = m.client_id AND d.doc_type = m.doc_type
              AND d.pins -> 'number' ->> 'was' = coalesce(encode(m.number_index, 'hex'), '')
            ORDER BY d.id LIMIT 1
        ) t
        WHERE m.is_new AND NOT m.of_new AND NOT EXISTS (SELECT FROM {shape.match} o WHERE o.id = t.id)
        ORDER BY t.id
        """,
        params,
    )
    return found.rowcount > 0


def note_pinned(connection: Connection[Any], shape: Shape) -> None:
    """Note the numbers of the file that were corrected as pinned, so that the partner hears of it."""
    connection.execute(
        f"UPDATE {shape.match} m SET pinned = m.pinned || ARRAY['number'] FROM {_TABLE} c WHERE c.id = m.id"
    )
