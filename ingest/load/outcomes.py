"""Judges every good row by what became of its records, and says what the judgement owes the partner.

`outcome(row, outcome, key, by_row)` has one row per staged row; the first that applies of superseded, created, updated,
stale, unchanged. A row is superseded when nothing that it says survives: for each of its records later rows bring a
value for every field that it brought.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from gateway.domain.people.fields import Kind
from ingest.catalogue import RowProblem, shorten
from ingest.load.match import same_record
from ingest.load.shapes import Shape
from ingest.numbering import Numbering

OUTCOMES = ("created", "updated", "unchanged", "stale", "superseded", "rejected", "skipped")


def judge(connection: Connection[Any], shapes: dict[Kind, Shape]) -> None:
    """Build the table `outcome`: what became of a row is the most that became of any of its records."""
    fates = " UNION ALL ".join(_fate_sql(shape) for shape in shapes.values())
    words = ", ".join(f"'{word}'" for word in _FATES)
    connection.execute(f"""
        CREATE TEMP TABLE outcome ON COMMIT DROP AS
        SELECT row, (ARRAY[{words}])[max(fate)] AS outcome, min(by_row) AS by_row
        FROM ({fates}) fates GROUP BY row
    """)


_FATES = ("superseded", "unchanged", "stale", "updated", "created")  # of a record, from least to most


def _fate_sql(shape: Shape) -> str:
    """What became of each staged record, seen from its row, as a place in `_FATES`."""
    return f"""
        SELECT s.row,
               CASE WHEN NOT {_LASTS} THEN 1
                    WHEN m.is_new AND NOT m.ghost THEN 5
                    WHEN {touched_sql("s.row")} THEN 4
                    WHEN m.stale THEN 3
                    ELSE 2 END AS fate,
               CASE WHEN NOT {_LASTS} THEN m.row END AS by_row
        FROM {shape.stage} s JOIN {shape.match} m ON {same_record(shape, "m", "s")}
    """


# something that the row says about the record survives
_LASTS = """(m.winners IS NULL OR s.row = m.row
             OR EXISTS (SELECT FROM jsonb_each_text(m.winners) w WHERE w.value::int = s.row))"""


def touched_sql(row: str) -> str:
    """Whether a file row changes a known record: its value counts in a changed field, or it is the last to name it."""
    return f"""
        CASE WHEN m.winners IS NULL THEN m.changed <> '{{}}' OR m.returns
             ELSE ({row} = m.row AND m.returns)
                  OR EXISTS (SELECT FROM unnest(m.changed) c WHERE coalesce((m.winners->>c)::int, m.row) = {row}) END
    """


def reject_superseded(connection: Connection[Any]) -> None:
    """What the feed asks for that says `duplicates: reject`."""
    connection.execute("UPDATE outcome SET outcome = 'rejected' WHERE outcome = 'superseded'")


def count(connection: Connection[Any]) -> dict[str, int]:
    """Good rows by outcome."""
    found = dict(connection.execute("SELECT outcome, count(*) FROM outcome GROUP BY outcome").fetchall())
    return {outcome: int(found.get(outcome, 0)) for outcome in OUTCOMES}


def by_row(connection: Connection[Any], places: int) -> list[str]:
    """What became of each of the rows 1 to `places` of a load that is settled, in order.

    Whoever was neither judged nor told of an error was skipped.
    """
    known = connection.execute(
        "SELECT place, 'rejected' FROM stage_problems WHERE severity = 'error'"
        " UNION ALL SELECT row, outcome FROM outcome"
    )
    found = {place: str(outcome) for place, outcome in known}
    return [found.get(place, "skipped") for place in range(1, places + 1)]


def duplicate_problems(
    connection: Connection[Any], shapes: dict[Kind, Shape], key_field: str, numbering: Numbering, *, reject: bool
) -> list[RowProblem]:
    """A `duplicate_key` for every superseded row: a warning, or what rejected it."""
    shape = shapes.get("client") or shapes["case"]
    secret = key_field in shape.sensitive
    found = connection.execute(f"""
        SELECT r.row, r.line, r.sheet, o.by_row, s.key
        FROM outcome o JOIN stage_rows r USING (row) LEFT JOIN {shape.stage} s ON s.row = o.row
        WHERE o.by_row IS NOT NULL AND o.outcome IN ('superseded', 'rejected') ORDER BY r.row
    """).fetchall()
    label = shape.label(key_field)
    return [
        RowProblem(
            row, line, "duplicate_key", label, None, sheet, "error" if reject else "warning",
            {
                "by_row": numbering.words(by_row),
                "expected": label if secret or key is None else f"{label} {shorten(key, 60)}",
            },
        )
        for row, line, sheet, by_row, key in found
    ]  # fmt: skip


def stale_problems(connection: Connection[Any], shapes: dict[Kind, Shape]) -> list[RowProblem]:
    """A warning for every row that changes nothing because a newer file speaks of its record."""
    found = connection.execute("""
        SELECT r.row, r.line, r.sheet FROM outcome o JOIN stage_rows r USING (row)
        WHERE o.outcome = 'stale' ORDER BY r.row
    """)
    details: dict[str, object] = {"expected": "person" if "client" in shapes else "case"}
    return [RowProblem(row, line, "row_stale", None, None, sheet, "warning", details) for row, line, sheet in found]


def kept_problems(connection: Connection[Any], shapes: dict[Kind, Shape]) -> list[RowProblem]:
    """A warning for every value that is not taken: staff corrected it by hand, or another feed has the word on it."""
    return [
        problem
        for shape in shapes.values()
        for column, code in (("pinned", "pinned_field"), ("foreign_to", "other_source"))
        for problem in _kept(connection, shape, column, code)
    ]


def _kept(connection: Connection[Any], shape: Shape, column: str, code: str) -> Iterator[RowProblem]:
    doc_type = "m.doc_type" if shape.kind == "document" else "NULL"
    found = connection.execute(f"""
        SELECT r.row, r.line, r.sheet, {doc_type}, field, to_jsonb(m) ->> field
        FROM {shape.match} m CROSS JOIN unnest(m.{column}) field
        JOIN stage_rows r ON r.row = coalesce((m.winners->>field)::int, m.row)
        WHERE m.{column} <> '{{}}' ORDER BY r.row, field
    """)
    for row, line, sheet, kind, name, value in found:
        shown = None if name in shape.sensitive or value is None else shorten(value)
        yield RowProblem(row, line, code, shape.label(name, kind), shown, sheet, "warning")
