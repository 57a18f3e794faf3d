"""What a load tells as facts: one statement for all records, some thousands of them an event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg import Connection

from gateway.domain.people.fields import Kind
from gateway.events import (
    AT_ONCE,
    CaseChanged,
    CaseMoved,
    CaseOpened,
    ClientChanged,
    DocumentChanged,
    Event,
    EventRef,
    kind_of,
    order_of,
)
from ingest.load.entries import TOUCHED
from ingest.load.shapes import Shape

Params = dict[str, object]

_CHANGED: dict[Kind, type[Event]] = {"client": ClientChanged, "case": CaseChanged, "document": DocumentChanged}
_CREATED: dict[Kind, type[Event]] = {**_CHANGED, "case": CaseOpened}
_ENDED: dict[Kind, str] = {"client": "closed", "case": "closed", "document": "superseded"}


def begin(connection: Connection[Any]) -> None:
    """Make the table in which it is noted that cases move, before they do."""
    connection.execute("CREATE TEMP TABLE moved (row int, id uuid, said jsonb) ON COMMIT DROP")


def note_moves(connection: Connection[Any], shape: Shape, params: Params) -> None:
    """Note which known cases are about to come to another stage."""
    if shape.kind == "case" and "stage" in shape.fields:
        connection.execute(
            f"""
            INSERT INTO moved SELECT m.row, m.id, jsonb_build_object('before', t.stage, 'after', m.stage)
            FROM {shape.match} m JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = m.id
            WHERE 'stage' = ANY(m.changed) AND NOT m.is_new
            """,
            params,
        )


def tell(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> list[EventRef]:
    """Tell what was written, in the transaction that wrote it."""
    partner = params["partner"]
    assert isinstance(partner, UUID)  # noqa: S101 - see `ingest.load.run`
    happened = " UNION ALL ".join(part for shape in shapes.values() for part in _parts(shape))
    connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", order_of(partner))
    told = connection.execute(
        f"""
        INSERT INTO events (firm_id, partner_id, import_id, kind, records, said)
        SELECT %(firm)s, %(partner)s, %(import)s, kind, records, said FROM ({happened}) happened RETURNING seq, kind
        """,
        params,
    )
    firm = params["firm"]
    assert isinstance(firm, UUID)  # noqa: S101 - see `ingest.load.run`
    return [EventRef(seq, kind, firm, partner) for seq, kind in told]


def _parts(shape: Shape) -> list[str]:
    created, changed = _CREATED[shape.kind], _CHANGED[shape.kind]
    said = "'{}'::jsonb" if created is CaseOpened else _change("created")
    parts = [
        _part(created, said, f"{shape.match} m WHERE m.is_new AND NOT m.ghost"),
        _part(changed, _change(_ENDED[shape.kind]), f"{shape.ending} m"),
    ]
    touched = f"{shape.match} m WHERE {TOUCHED}"
    if shape.kind != "case":
        return [*parts, _part(changed, _change("updated"), touched)]
    back = _resumes(shape)
    updated = _part(changed, _change("updated"), f"{touched} AND NOT ({back})")
    reopened = _part(changed, _change("reopened"), f"{touched} AND ({back})")
    return [*parts, updated, reopened, _part(CaseMoved, "m.said", "moved m", "m.said, ")]


def _resumes(shape: Shape) -> str:
    """Whether a case opens again: it is listed again, or its file says so."""
    ways = ["m.returns"]
    if "status" in shape.fields:
        ways.append("'status' = ANY(m.changed) AND m.status = 'open'")
    if "stage" in shape.fields:
        ways.append("EXISTS (SELECT FROM moved v WHERE v.id = m.id AND v.said->>'before' = 'closed')")
    return " OR ".join(ways)


def _part(event: type[Event], said: str, source: str, apart: str = "") -> str:
    """The events of one kind: grouped part by part, by numbers alone where all say the same, for sorting costs."""
    records = f"SELECT '{kind_of(event)}' AS kind, {said} AS said, array_agg(m.id) AS records FROM {source}"
    return f"{records} GROUP BY {apart}coalesce(m.row, 0) / {AT_ONCE}"


def _change(word: str) -> str:
    return f"""'{{"change": "{word}"}}'::jsonb"""
