"""Rows about people whom the firm erased: left out, so that no file brings them back silently.

The key of an erased person is kept as a blind index only (`gateway.domain.people.erasure`), so the keys of the file are
compared by theirs. A partner without erased people, which is nearly every one, pays one look at an empty index.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from gateway.crypto import FirmCipher
from gateway.domain.people.erasure import tombstone
from gateway.domain.people.fields import Kind
from ingest.catalogue import RowProblem
from ingest.load.shapes import Shape

Params = dict[str, object]


def take_out(
    connection: Connection[Any], shapes: dict[Kind, Shape], key_field: str, params: Params, cipher: FirmCipher
) -> list[RowProblem]:
    """Take the rows about erased people out of the stage.

    Returns:
        An `erased_person` for each of them.
    """
    shape = shapes.get("client") or shapes["case"]
    erased = _people(connection, params, cipher) if shape.kind == "client" else _cases(connection, params)
    if not erased:
        return []
    found = connection.execute(
        f"SELECT DISTINCT r.row, r.line, r.sheet FROM {shape.stage} s JOIN stage_rows r USING (row)"
        " WHERE s.key = ANY(%s) ORDER BY 1",
        [erased],
    ).fetchall()
    # still listed, so nothing of theirs ends for being absent
    connection.execute("INSERT INTO stage_shielded SELECT unnest(%s::text[])", [erased])
    for table in ("stage_rows", *(one.stage for one in shapes.values())):
        connection.execute(f"DELETE FROM {table} WHERE row = ANY(%s)", [[row for row, _, _ in found]])
    label = shape.label(key_field)
    return [RowProblem(row, line, "erased_person", label, None, sheet, "warning") for row, line, sheet in found]


def _people(connection: Connection[Any], params: Params, cipher: FirmCipher) -> list[str]:
    """Keys of the file that are those of erased people."""
    stones = {
        key
        for (key,) in connection.execute(
            "SELECT key FROM clients WHERE firm_id = %(firm)s AND partner_id = %(partner)s AND erased_at IS NOT NULL",
            params,
        )
    }
    keys = connection.execute("SELECT DISTINCT key FROM stage_client") if stones else ()
    return [key for (key,) in keys if tombstone(key, cipher) in stones]


def _cases(connection: Connection[Any], params: Params) -> list[str]:
    """Numbers of cases of erased people."""
    found = connection.execute(
        "SELECT m.case_number FROM clients c JOIN cases m ON m.firm_id = c.firm_id AND m.client_id = c.id"
        " WHERE c.firm_id = %(firm)s AND c.partner_id = %(partner)s AND c.erased_at IS NOT NULL",
        params,
    )
    return [number for (number,) in found]
