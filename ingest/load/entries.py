"""What an import owes the audit log: one row per file row that changed something, field by field, old and new.

Sensitive fields are named, their values are not: "•••" says that there was one.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from gateway.domain.people.fields import Kind
from ingest.load.ids import fresh_id
from ingest.load.match import ENDED, ENDS, gains_end_sql, loses_end_sql
from ingest.load.shapes import Shape
from ingest.numbering import ROW_SQL, SHEET_SQL, Numbering

Params = dict[str, object]

TOUCHED = "(m.changed <> '{}' OR m.returns) AND NOT m.is_new"  # a known record that the file changes


def begin(connection: Connection[Any]) -> None:
    """Make the table in which what happens to known records is noted before it happens.

    Entries are the text of JSON objects: put together and read once, they cost half of what aggregating jsonb does.
    """
    connection.execute("CREATE TEMP TABLE entries (row int, client_id uuid, case_id uuid, entry text) ON COMMIT DROP")


def add(connection: Connection[Any], shape: Shape, params: Params) -> None:
    """Note what is about to happen to known records of one kind."""
    for query in (_updated_sql(shape), _ended_sql(shape)):
        connection.execute(query, params)


def finish(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> None:
    """Write the audit log: one row per file row, and one per record that a full file ended by its absence."""
    created = " UNION ALL ".join(_created_sql(shape) for shape in shapes.values())
    by_row = f"""
        SELECT row, any_value(client_id) AS client_id, any_value(case_id) AS case_id, string_agg(entry, ',') AS told
        FROM ({created} UNION ALL SELECT * FROM entries WHERE row IS NOT NULL) happened GROUP BY row
    """
    absent = "SELECT row, client_id, case_id, entry AS told FROM entries WHERE row IS NULL"
    row, sheet = ROW_SQL.format(place="found.row"), SHEET_SQL.format(place="found.row")
    told = (("import.row", fresh_id("found.row"), by_row), ("import.absent", "uuidv7()", absent))
    for action, new_id, found in told:
        connection.execute(
            f"""
            INSERT INTO audit_log
                (firm_id, id, actor_kind, actor_id, actor, action, client_id, case_id, import_id, row, sheet, line,
                 changes)
            SELECT %(firm)s, {new_id}, 'import', %(import)s, %(actor)s, '{action}', client_id, case_id, %(import)s,
                   {row}, {sheet}, r.line, ('[' || told || ']')::jsonb
            FROM ({found}) found LEFT JOIN stage_rows r ON r.row = found.row
            """,
            params,
        )


def differences(
    connection: Connection[Any], shapes: dict[Kind, Shape], params: Params, numbering: Numbering, most: int
) -> list[dict[str, object]]:
    """The field-level changes that an import would make to known records, the first `most` of them by file row."""
    found: list[dict[str, object]] = []
    names = ("row", "sheet", "key", "field", "old", "new")
    for shape in shapes.values():
        key = "m.person || ' ' || m.doc_type" if shape.kind == "document" else "m.key"
        rows = connection.execute(
            f"""
            SELECT coalesce((m.winners->>c)::int, m.row), {key}, c, {_old_sql(shape)} -> c, {_new_sql(shape)} -> c
            FROM {shape.match} m JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = m.id
            CROSS JOIN unnest({_fields_sql(shape)}) c WHERE {TOUCHED} ORDER BY 1, 3 LIMIT {most - len(found)}
            """,
            params,
        )
        told = ((numbering.row(place), numbering.sheet(place), *rest) for place, *rest in rows)
        found += [{"record": shape.kind} | dict(zip(names, one, strict=True)) for one in told]
    return found


def changed_fields(connection: Connection[Any], shapes: dict[Kind, Shape], params: Params) -> list[dict[str, object]]:
    """The fields that an import would change in known records, with how many records of each, the most first."""
    found: list[dict[str, object]] = []
    for shape in shapes.values():
        rows = connection.execute(
            f"""
            SELECT c, count(*) FROM {shape.match} m JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = m.id
            CROSS JOIN unnest({_fields_sql(shape)}) c WHERE {TOUCHED} GROUP BY c ORDER BY 2 DESC, 1
            """,
            params,
        )
        found += [{"record": shape.kind, "field": field, "records": records} for field, records in rows]
    return found


def closing(
    connection: Connection[Any], shapes: dict[Kind, Shape], params: Params, most: int
) -> list[dict[str, object]]:
    """The people whom a file would close because it lists them no more, `most` of them.

    First those with open cases, then by their papers. Each with the record's id, the number of open cases, and the
    current paper that ends first from the day on which they would be closed.
    """
    if "client" not in shapes:
        return []
    shape = shapes["client"]
    found = connection.execute(
        f"""
        SELECT t.key, concat_ws(' ', t.given_name, t.family_name), t.id::text, t.employee_id, coalesce(c.number, 0),
               d.doc_type, d.expires_on::text
        FROM {shape.ending} e JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = e.id
        LEFT JOIN (
            SELECT client_id, count(*) AS number FROM cases
            WHERE firm_id = %(firm)s AND status = 'open' GROUP BY client_id
        ) c ON c.client_id = t.id
        LEFT JOIN (
            SELECT DISTINCT ON (client_id) client_id, doc_type, expires_on FROM documents
            WHERE firm_id = %(firm)s AND status = 'current' AND expires_on >= %(closed_on)s
            ORDER BY client_id, expires_on, doc_type
        ) d ON d.client_id = t.id
        ORDER BY c.number IS NULL, d.expires_on, t.family_name, t.given_name, t.key LIMIT {most}
        """,
        params,
    )
    names = ("key", "name", "client_id", "employee_id", "open_cases", "doc_type", "expires_on")
    return [dict(zip(names, one, strict=True)) for one in found]


def client_of(shape: Shape) -> str:
    """The person of a matched case or document."""
    return "m.client_id" if shape.with_people else "NULL::uuid"


def _people(shape: Shape) -> str:
    """The client and the case that an entry concerns."""
    own = {"client": "m.id, NULL::uuid", "case": f"{client_of(shape)}, m.id", "document": "m.client_id, NULL::uuid"}
    return own[shape.kind]


def _created_sql(shape: Shape) -> str:
    client, case = _people(shape).split(", ")
    return f"""
        SELECT m.row, {client} AS client_id, {case} AS case_id,
               JSON_OBJECT('kind': '{shape.kind}', 'id': m.id, 'action': 'created',
                           'new': {_new_sql(shape, "ABSENT ON NULL RETURNING json")} RETURNING text) AS entry
        FROM {shape.match} m WHERE m.is_new AND NOT m.ghost
    """


def _updated_sql(shape: Shape) -> str:
    """One entry per record and file row whose values count in it; old and new of just those fields."""
    return f"""
        INSERT INTO entries
        SELECT f.row, {_people(shape)}, JSON_OBJECT('kind': '{shape.kind}', 'id': m.id,
               'action': CASE WHEN m.returns THEN 'reopened' ELSE 'updated' END,
               'old': f.old, 'new': f.new RETURNING text)
        FROM {shape.match} m JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = m.id
        CROSS JOIN LATERAL (
            SELECT coalesce((m.winners->>c)::int, m.row) AS row,
                   jsonb_object_agg(c, {_old_sql(shape)} -> c) AS old,
                   jsonb_object_agg(c, {_new_sql(shape)} -> c) AS new
            FROM unnest({_fields_sql(shape)}) c GROUP BY 1
        ) f
        WHERE {TOUCHED}
    """


def _ended_sql(shape: Shape) -> str:
    column, closed, opened = ENDED[shape.kind]
    people = "NULL::uuid, e.id" if shape.kind == "case" else "e.client_id, NULL::uuid"
    action = "superseded" if shape.kind == "document" else "closed"
    old, new = f"jsonb_build_object('{column}', '{opened}')", f"jsonb_build_object('{column}', '{closed}')"
    if shape.kind == "client":
        old += f" || CASE WHEN {gains_end_sql()} THEN jsonb_build_object('{ENDS}', NULL) ELSE '{{}}' END"
        new += f" || CASE WHEN {gains_end_sql()} THEN jsonb_build_object('{ENDS}', %(closed_on)s::date) ELSE '{{}}' END"
    return f"""
        INSERT INTO entries
        SELECT e.row, {people}, JSON_OBJECT('kind': '{shape.kind}', 'id': e.id, 'action': '{action}',
               'old': {old}, 'new': {new} RETURNING text)
        FROM {shape.ending} e JOIN {shape.table} t ON t.firm_id = %(firm)s AND t.id = e.id
    """


def _fields_sql(shape: Shape) -> str:
    returned = f"CASE WHEN m.returns THEN ARRAY['{ENDED[shape.kind][0]}'] ELSE '{{}}'::text[] END"
    lost = f" || CASE WHEN {loses_end_sql(shape)} THEN ARRAY['{ENDS}'] ELSE '{{}}'::text[] END"
    return f"m.changed || {returned}" + (lost if shape.kind == "client" else "")


def _new_sql(shape: Shape, form: str = "RETURNING jsonb") -> str:
    """The values of a record as the file has them."""
    ended, _, opened = ENDED[shape.kind]
    said = f"m.{ended}" if ended in shape.fields else "NULL"
    values = {name: f"m.{name}" for name in shape.fields}
    return _object(shape, values | {ended: f"CASE WHEN m.returns THEN '{opened}' ELSE {said} END"}, "m", form)


def _old_sql(shape: Shape) -> str:
    names = dict.fromkeys((*shape.fields, ENDED[shape.kind][0], *((ENDS,) if shape.kind == "client" else ())))
    return _object(shape, {name: f"t.{name}" for name in names}, "t", "RETURNING jsonb")


def _object(shape: Shape, values: dict[str, str], alias: str, form: str) -> str:
    values |= {name: f"CASE WHEN {alias}.{name} IS NOT NULL THEN '•••' END" for name in shape.sensitive}
    if shape.kind == "document":
        values["doc_type"] = f"{alias}.doc_type"
    if shape.kind == "case":
        values["case_number"] = "t.case_number" if alias == "t" else "m.key"
        if shape.with_people:
            values["client_id"] = f"{alias}.client_id"
    pairs = (f"'{name}': {value}" for name, value in values.items())
    return f"JSON_OBJECT({', '.join(pairs)} {form})"
