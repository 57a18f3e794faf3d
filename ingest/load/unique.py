"""Values that no two records of a file may share: every row that shares one is rejected; whose it is, nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from psycopg import Connection

from gateway.domain.people.fields import Kind
from ingest.catalogue import RowProblem, shorten
from ingest.feed import Feed
from ingest.load.shapes import Shape
from ingest.numbering import Numbering


def unique_fields(feed: Feed) -> Iterator[tuple[Kind, str, str]]:
    """The fields that the feed calls unique, with the types by which it reads them."""
    if feed.client:
        yield from (("client", name, spec.type) for name, spec in feed.client.fields.items() if spec.unique)
    if feed.case:
        yield from (("case", name, spec.type) for name, spec in feed.case.fields.items() if spec.unique)
    for document in feed.documents:
        yield from (("document", name, spec.type) for name, spec in document.fields.items() if spec.unique)


def reject_shared(
    connection: Connection[Any], sections: Iterable[Feed], shapes: dict[Kind, Shape], numbering: Numbering
) -> list[RowProblem]:
    """Take the rows that share a unique value out of the stage; whoever they name is shielded.

    Returns:
        A `not_unique` for each such row and field.
    """
    problems = [
        problem
        for kind, name, types in _together(sections)
        if kind in shapes and name in shapes[kind].fields
        for problem in _shared(connection, shapes[kind], name, numbering, _comparing(shapes[kind], name, types))
    ]
    if problems:
        _take_out(connection, shapes, sorted({problem.row for problem in problems}))
    return problems


def _together(sections: Iterable[Feed]) -> list[tuple[Kind, str, set[str]]]:
    """The fields that any part of a file calls unique, with all types by which they are read."""
    types: dict[tuple[Kind, str], set[str]] = {}
    for kind, name, type_ in (one for feed in sections for one in unique_fields(feed)):
        types.setdefault((kind, name), set()).add(type_)
    return [(*field, read_as) for field, read_as in types.items()]


def _comparing(shape: Shape, name: str, types: set[str]) -> str:
    """How a value is compared, `{}` being its column: an address is one whatever its case (`values.contacts.email`)."""
    return "lower({})" if "email" in types and name not in shape.sensitive else "{}"


def _shared(
    connection: Connection[Any], shape: Shape, name: str, numbering: Numbering, comparing: str
) -> Iterator[RowProblem]:
    column = shape.compared(name)
    mine, alone = (comparing.format(one) for one in (f"s.{column}", column))
    doc_type = "s.doc_type" if shape.kind == "document" else "NULL"
    identity = f"ROW({', '.join(shape.identity)})::text"
    # Two rows are kept for each value, so that each row names another: to look for it row by row takes an hour where
    # a file has one address in all of its rows.
    found = connection.execute(f"""
        WITH shared AS MATERIALIZED (
            SELECT {alone} AS value, (array_agg(DISTINCT row ORDER BY row))[1:2] AS stands
            FROM {shape.stage} WHERE {column} IS NOT NULL
            GROUP BY 1 HAVING count(DISTINCT {identity}) > 1
        )
        SELECT s.row, r.line, r.sheet, {doc_type}, s.{column}::text,
               CASE s.row WHEN stands[1] THEN stands[2] ELSE stands[1] END
        FROM shared JOIN {shape.stage} s ON {mine} = shared.value JOIN stage_rows r USING (row) ORDER BY s.row
    """)
    for row, line, sheet, kind, value, by_row in found.fetchall():
        label = shape.label(name, kind)
        shown = None if name in shape.sensitive else shorten(value)
        yield RowProblem(row, line, "not_unique", label, shown, sheet, details={"by_row": numbering.words(by_row)})


def _take_out(connection: Connection[Any], shapes: dict[Kind, Shape], rows: list[int]) -> None:
    holder = shapes.get("client") or shapes["case"]
    connection.execute(f"INSERT INTO stage_shielded SELECT key FROM {holder.stage} WHERE row = ANY(%s)", [rows])
    for table in ("stage_rows", *(shape.stage for shape in shapes.values())):
        connection.execute(f"DELETE FROM {table} WHERE row = ANY(%s)", [rows])
