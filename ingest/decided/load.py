"""Mapped rows of decided cases into the table: staged as they are read, then written by one statement.

All of it is one transaction: whoever is killed leaves nothing, and whoever runs the file again finishes it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from psycopg import Connection

from gateway.values.base import BadValue
from gateway.values.identifiers import receipt_number
from ingest.decided.layout import FIELDS, KEY, Layout
from ingest.mapping.mapped import Mapped, Records

_COLUMNS: Final = tuple(FIELDS)
_STAGE: Final = """
CREATE TEMP TABLE stage_outcomes (
    n bigint GENERATED ALWAYS AS IDENTITY, case_number text NOT NULL, visa text, outcome text NOT NULL,
    received_on date, decided_on date, soc_code text, fiscal_year int
) ON COMMIT DROP
"""
_COPY: Final = f"COPY stage_outcomes ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT csv)"

# the federal fiscal year begins in October; the last row of a number counts, and writers lock in the order of numbers
_WRITE: Final = """
WITH told AS (
    SELECT DISTINCT ON (case_number) case_number, visa, outcome, received_on, decided_on, soc_code,
        coalesce(fiscal_year, extract(year FROM decided_on + interval '3 months')::int) AS fiscal_year
    FROM stage_outcomes ORDER BY case_number, n DESC
), written AS (
    INSERT INTO historical_cases AS h
        (firm_id, source, stage, case_number, visa, outcome, received_on, decided_on, soc_code, fiscal_year)
    SELECT %(firm)s, %(source)s, %(stage)s, t.* FROM told t
    ON CONFLICT (firm_id, source, case_number) DO UPDATE SET
        stage = excluded.stage, visa = excluded.visa, outcome = excluded.outcome, received_on = excluded.received_on,
        decided_on = excluded.decided_on, soc_code = excluded.soc_code, fiscal_year = excluded.fiscal_year,
        imported_at = excluded.imported_at
    WHERE (h.stage, h.visa, h.outcome, h.received_on, h.decided_on, h.soc_code, h.fiscal_year)
        IS DISTINCT FROM (excluded.stage, excluded.visa, excluded.outcome, excluded.received_on, excluded.decided_on,
            excluded.soc_code, excluded.fiscal_year)
    RETURNING old.id IS NULL AS is_new
)
SELECT (SELECT count(*) FROM stage_outcomes), (SELECT count(*) FROM told),
    count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""


class Written(NamedTuple):
    """What became of good rows: a later row of the same number supersedes the one before it."""

    created: int
    updated: int
    unchanged: int
    superseded: int


def open_stage(connection: Connection[Any]) -> None:
    """Make the temporary table, which goes with the transaction."""
    connection.execute(_STAGE)


def stage(connection: Connection[Any], mapped: Mapped) -> None:
    """Copy the good rows of a batch."""
    text = io.StringIO()
    csv.writer(text).writerows(row for records in mapped.records for row in _rows(records))
    with connection.cursor().copy(_COPY) as copy:
        copy.write(text.getvalue())


def write(connection: Connection[Any], firm_id: UUID, layout: Layout) -> Written:
    """Write what is staged over what is known of the source."""
    found = connection.execute(_WRITE, {"firm": firm_id, "source": layout.source, "stage": layout.stage}).fetchone()
    staged, told, created, updated = found or (0, 0, 0, 0)
    return Written(created, updated, told - created - updated, staged - told)


def _rows(records: Records) -> Iterator[Sequence[object]]:
    said: Mapping[str, Sequence[object | None]] = records.fields | {KEY: [*map(_known_as, records.keys)]}
    nothing = [None] * len(records.rows)
    return zip(*(said.get(name, nothing) for name in _COLUMNS), strict=True)


def _known_as(number: str | None) -> str | None:
    """A receipt number as our records keep it, with which it is compared; every other number as it stands."""
    try:
        return number and receipt_number(number)
    except BadValue:
        return number
