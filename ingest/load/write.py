"""Writes what was matched, judged and locked: people, then cases, then documents, then the audit log."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection

from gateway.domain.people.fields import Kind
from gateway.events import EventRef
from ingest.load import entries, facts, statistics
from ingest.load.entries import TOUCHED, client_of
from ingest.load.match import ENDED, ENDS, gains_end_sql, loses_end_sql
from ingest.load.shapes import KINDS, Shape
from ingest.mapping.mapped import ATTRIBUTES
from ingest.numbering import ROW_SQL

Params = dict[str, object]
Counts = dict[str, dict[str, int]]


class Written(NamedTuple):
    """What was written.

    Attributes:
        counts: records created, updated and closed by kind ("clients", "cases", "documents").
        told: the facts that it makes.
    """

    counts: Counts
    told: list[EventRef]


def write(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> Written:
    """Write everything that the match tables call for.

    Args:
        connection: in the import's transaction.
        shapes: the kinds that the feed yields.
        params: firm, partner, feed, import, as_of, closed_on (the day on which absent people ended), actor.
    """
    entries.begin(connection)
    facts.begin(connection)
    counts = {shapes[kind].table: _write_kind(connection, shapes[kind], params) for kind in KINDS if kind in shapes}
    entries.finish(connection, shapes, params)
    statistics.refresh(connection, counts)
    return Written(counts, facts.tell(connection, shapes, params))


def planned(connection: Connection[Any], shapes: dict[Kind, Shape]) -> Counts:
    """What `write` would create, update and close."""
    return {
        shape.table: {
            "created": _number(connection, f"SELECT count(*) FROM {shape.match} m WHERE is_new AND NOT ghost"),
            "updated": _number(connection, f"SELECT count(*) FROM {shape.match} m WHERE {TOUCHED}"),
            "closed": _number(connection, f"SELECT count(*) FROM {shape.ending}"),
        }
        for shape in shapes.values()
    }


def _write_kind(connection: Connection[Any], shape: Shape, params: Params) -> dict[str, int]:
    created = connection.execute(_insert_sql(shape), params).rowcount
    updated = closed = 0
    if _number(connection, f"SELECT count(*) FROM {shape.match} m WHERE {TOUCHED}") or _ends(connection, shape):
        entries.add(connection, shape, params)
        facts.note_moves(connection, shape, params)
        updated = _update(connection, shape, params)
        closed = _close(connection, shape, params)
    _sight(connection, shape, params)
    return {"created": created, "updated": updated, "closed": closed}


def _ends(connection: Connection[Any], shape: Shape) -> int:
    return _number(connection, f"SELECT count(*) FROM {shape.ending}")


def _number(connection: Connection[Any], query: str, params: Params | None = None) -> int:
    row = connection.execute(query, params).fetchone()
    return int(row[0]) if row else 0


# ------------------------------------------------------------------------------------------------ records


def _insert_sql(shape: Shape) -> str:
    columns = [column for column in shape.columns if column not in shape.identity]
    own = {
        "client": ["partner_id", "key"],
        "case": ["partner_id", "case_number", "client_id"],
        "document": ["client_id", "doc_type", "number_index"],
    }[shape.kind]
    theirs = {
        "client": ["%(partner)s", "m.key"],
        "case": ["%(partner)s", "m.key", client_of(shape)],
        "document": ["m.client_id", "m.doc_type", "m.number_index"],
    }[shape.kind]
    order = {"client": "m.key", "case": "m.key", "document": "m.client_id, m.doc_type, m.number_index"}[shape.kind]
    return f"""
        INSERT INTO {shape.table} (firm_id, id, source_import_id, source_row, {", ".join(own + columns)})
        SELECT %(firm)s, m.id, %(import)s, {_row("m.row")},
               {", ".join(theirs + [_value(shape, column) for column in columns])}
        FROM {shape.match} m WHERE m.is_new AND NOT m.ghost ORDER BY {order}
    """


def _row(place: str) -> str:
    return ROW_SQL.format(place=place)


def _value(shape: Shape, column: str) -> str:
    """A staged value as its column takes it; what is never empty falls back to its default."""
    value = f"m.{column}::{shape.sql_type(column)}" if shape.sql_type(column).endswith("[]") else f"m.{column}"
    default = shape.default(column)
    return f"coalesce({value}, {default})" if default else value


def _update(connection: Connection[Any], shape: Shape, params: Params) -> int:
    fields = [name for name in shape.fields if shape.compared(name) not in shape.identity]
    settings = [setting for name in fields for setting in _settings(shape, name)]
    if shape.kind == "case" and shape.with_people:
        settings.append("client_id = CASE WHEN 'client_id' = ANY(m.changed) THEN m.client_id ELSE t.client_id END")
    settings += _returning_settings(shape)
    return connection.execute(
        f"""
        UPDATE {shape.table} t SET {", ".join(settings)}, version = t.version + 1, updated_at = gateway_now(),
               source_import_id = %(import)s, source_row = {_row("m.row")}
        FROM {shape.match} m WHERE t.firm_id = %(firm)s AND t.id = m.id AND {TOUCHED}
        """,
        params,
    ).rowcount


def _settings(shape: Shape, name: str) -> list[str]:
    columns = [name, f"{name}_index"] if name in shape.sensitive else [name]
    if name == ENDED[shape.kind][0]:
        return [f"{name} = {_ended_setting(shape)}"]
    if name == ENDS:
        return [f"{name} = {_termination_setting(shape)}"]
    new = {column: _value(shape, column) for column in columns}
    if name == ATTRIBUTES:
        new = {name: f"t.{name} || m.{name}"}
    return [
        f"{column} = CASE WHEN '{name}' = ANY(m.changed) THEN {value} ELSE t.{column} END"
        for column, value in new.items()
    ]


def _returning_settings(shape: Shape) -> list[str]:
    """What a record that is listed again gets back, where the file itself has no column for it."""
    settings = []
    if ENDED[shape.kind][0] not in shape.fields:
        settings.append(f"{ENDED[shape.kind][0]} = {_ended_setting(shape)}")
    if shape.kind == "client" and ENDS not in shape.fields:
        settings.append(f"{ENDS} = {_termination_setting(shape)}")
    return settings


def _ended_setting(shape: Shape) -> str:
    column, _, opened = ENDED[shape.kind]
    said = f"WHEN '{column}' = ANY(m.changed) THEN m.{column} " if column in shape.fields else ""
    return f"CASE {said}WHEN m.returns THEN '{opened}' ELSE t.{column} END"


def _termination_setting(shape: Shape) -> str:
    said = f"WHEN '{ENDS}' = ANY(m.changed) THEN m.{ENDS} " if ENDS in shape.fields else ""
    return f"CASE {said}WHEN {loses_end_sql(shape)} THEN NULL ELSE t.{ENDS} END"


def _close(connection: Connection[Any], shape: Shape, params: Params) -> int:
    """End what the file no longer lists, and note on its sighting that this file missed it."""
    column, closed, _ = ENDED[shape.kind]
    end = f"{ENDS} = CASE WHEN {gains_end_sql()} THEN %(closed_on)s ELSE t.{ENDS} END"
    dated = f", {end}" if shape.kind == "client" else ""
    connection.execute(
        f"""
        UPDATE sightings g SET present = false, as_of = %(as_of)s, import_id = %(import)s FROM {shape.ending} e
        WHERE g.firm_id = %(firm)s AND g.feed_id = %(feed)s AND g.record_id = e.id
        """,
        params,
    )
    return connection.execute(
        f"""
        UPDATE {shape.table} t SET {column} = '{closed}'{dated}, version = t.version + 1, updated_at = gateway_now(),
               source_import_id = %(import)s, source_row = {_row("e.row")}
        FROM {shape.ending} e WHERE t.firm_id = %(firm)s AND t.id = e.id
        """,
        params,
    ).rowcount


def _sight(connection: Connection[Any], shape: Shape, params: Params) -> None:
    """Note that this file saw the records. The partner's lock keeps other writers of the feed's sightings away."""
    connection.execute(
        f"""
        UPDATE sightings g SET import_id = %(import)s, as_of = %(as_of)s, present = true FROM {shape.match} m
        WHERE g.firm_id = %(firm)s AND g.feed_id = %(feed)s AND g.record_id = m.id AND m.sighted AND NOT m.stale
        """,
        params,
    )
    connection.execute(
        f"""
        INSERT INTO sightings (firm_id, feed_id, record_id, kind, import_id, as_of)
        SELECT %(firm)s, %(feed)s, m.id, '{shape.kind}', %(import)s, %(as_of)s FROM {shape.match} m
        WHERE NOT m.sighted AND NOT m.stale
        """,
        params,
    )
