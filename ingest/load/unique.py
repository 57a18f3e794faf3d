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


def unique_fields(feed: Feed) -> Iterator[tuple[Kind, str]]:
    """The fields that the feed calls unique."""
    if feed.client:
        yield from (("client", name) for name, spec in feed.client.fields.items() if spec.unique)
    if feed.case:
        yield from (("case", name) for name, spec in feed.case.fields.items() if spec.unique)
    for document in feed.documents:
        yield from (("document", name) for name, spec in document.fields.items() if spec.unique)


def reject_shared(
    connection: Connection[Any], sections: Iterable[Feed], shapes: dict[Kind, Shape], numbering: Numbering
) -> list[RowProblem]:
    """Take the rows that share a unique value out of the stage; whoever they name is shielded.

    Returns:
        A `not_unique` for each such row and field.
    """
    problems = [
        problem
        for kind, name in dict.fromkeys(pair for feed in sections for pair in unique_fields(feed))
        if kind in shapes and name in shapes[kind].fields
        for problem in _shared(connection, shapes[kind], name, numbering)
    ]
    if problems:
        _take_out(connection, shapes, sorted({problem.row for problem in problems}))
    return problems


def _shared(connection: Connection[Any], shape: Shape, name: str, numbering: Numbering) -> Iterator[RowProblem]:
    column = shape.compared(name)
    doc_type = "s.doc_type" if shape.kind == "document" else "NULL"
    identity = f"ROW({', '.join(shape.identity)})::text"
    found = connection.execute(f"""
        SELECT s.row, r.line, r.sheet, {doc_type}, s.{column}::text,
               (SELECT min(o.row) FROM {shape.stage} o WHERE o.{column} = s.{column} AND o.row <> s.row)
        FROM {shape.stage} s JOIN stage_rows r USING (row)
        WHERE s.{column} IN (
            SELECT {column} FROM {shape.stage} WHERE {column} IS NOT NULL
            GROUP BY {column} HAVING count(DISTINCT {identity}) > 1
        ) ORDER BY s.row
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
