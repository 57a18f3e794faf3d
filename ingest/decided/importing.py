"""Brings in a table of decided cases: read by its layout, good rows kept, bad rows given back with what is wrong."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection

from gateway import clock
from gateway.config import ConfigError
from gateway.db.models import PartnerConfig
from gateway.db.session import driver
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.partners import versions
from gateway.domain.partners.homes import Home
from gateway.errors import Invalid
from gateway.office import Acting
from ingest import corrections, formats
from ingest.binding import Held
from ingest.catalogue import RowProblem, describe_file
from ingest.decided import load
from ingest.decided.layout import Layout, applied, named
from ingest.decided.plan import bind
from ingest.formats.base import Batch, Part, Refused, Source, Table
from ingest.formats.text import presentable
from ingest.mapping.mapped import Mapped
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.numbering import Numbering
from ingest.pipeline import Progress, unwatched
from ingest.receipts.rejected import Fault, RejectedRow
from ingest.receipts.tables import write_tables


class Brought(NamedTuple):
    """What a table of decided cases came to.

    Attributes:
        rows: by what became of them; they add up to `read`.
        problems: how often each was met, warnings included.
        remarks: on the file as a whole.
        returned: names of the tables of rows that were not taken, in the folder for them.
    """

    layout: str
    source: str
    stage: str
    sha256: str
    rows: dict[str, int]
    problems: dict[str, int]
    remarks: Sequence[str]
    returned: Sequence[str]


def bring_in(
    acting: Acting, home: Home, layout_name: str, source: Source, folder: Path, progress: Progress = unwatched
) -> Brought:
    """Take in a table of decided cases, in the caller's transaction; that it was brought in is on record.

    Args:
        acting: whoever brings it.
        home: the partner in whose settings the layout stands.
        layout_name: one of its section `outcomes`.
        source: the file, which is read twice.
        folder: takes the rows that are not taken, as the file has them, each with what is wrong and its line.
        progress: told after each batch.

    Raises:
        NotFound: the partner has no settings yet.
        Missing: `layout_unknown`.
        Invalid: the code of a file that cannot be read, such as `header_missing`, or `config_invalid`.
    """
    layout = _layout_of(versions.active_config(acting.session, home.partner_id), layout_name)
    reading = _Reading(driver(acting.session), layout, source, progress)
    reading.run(clock.day_in(home.time_zone, clock.now()), folder)
    written = load.write(driver(acting.session), acting.firm_id, layout)
    rows = {"read": reading.read, **written._asdict(), "rejected": reading.rejected, "skipped": reading.skipped}
    sha256 = _digest(source)
    told = {"layout": layout_name, "sha256": sha256, "rows": rows}
    audit.record(acting, "outcomes.import", changes=[Change("outcomes", layout.source, "imported", new=told)])
    problems = dict(reading.problems.most_common())
    return Brought(layout_name, layout.source, layout.stage, sha256, rows, problems, reading.remarks, reading.returned)


def _layout_of(config: PartnerConfig, name: str) -> Layout:
    try:
        return named(applied(config.source, f"version {config.version}"), name)
    except ConfigError as error:
        reason, _ = describe_file("config_invalid", why="; ".join(map(str, error.findings)))
        raise Invalid("config_invalid", f"{reason} Apply them anew: gateway partner apply PATH.") from error


def _digest(source: Source) -> str:
    sha256 = hashlib.sha256()
    for chunk in source.chunks():
        sha256.update(chunk)
    return sha256.hexdigest()


class _Reading:
    """One file on its way into the stage, batch by batch; what is wrong with it leaves on the other side."""

    def __init__(self, connection: Connection[Any], layout: Layout, source: Source, progress: Progress) -> None:
        self._connection, self._layout, self._source, self._progress = connection, layout, source, progress
        self.read = self.rejected = self.skipped = 0
        self.problems: Counter[str] = Counter()
        self.remarks: Sequence[str] = ()
        self.returned: Sequence[str] = ()

    def run(self, today: date, folder: Path) -> None:
        """Stage the good rows, and write the others into the folder.

        Raises:
            Invalid: the file as a whole cannot be read.
        """
        try:
            table = formats.open_table(self._source, self._layout.format)
            plans = bind(table, self._layout, today, self._source.name)
            self.returned = sorted(write_tables(self._bad_rows(table, plans), self._layout.format, folder))
            self.remarks = table.remarks
        except (Refused, Held) as refused:
            reason, fix = describe_file(refused.code, **refused.details)
            raise Invalid(refused.code, f"{reason} {fix}") from refused

    def _bad_rows(self, table: Table, plans: Sequence[FeedPlan]) -> Iterator[RejectedRow]:
        load.open_stage(self._connection)
        for batch in Numbering(table).batches():
            mapped = map_batch(batch, plans[batch.part])
            load.stage(self._connection, mapped)
            self._count(batch, mapped)
            yield from _returned(table.parts[batch.part], batch, mapped)

    def _count(self, batch: Batch, mapped: Mapped) -> None:
        self.read += len(batch.rows) + len(batch.broken)
        self.rejected += len(mapped.rejected)
        self.skipped += len(mapped.skipped)
        self.problems.update(one.code for one in mapped.problems)
        self._progress(self.read, batch.position, self._source.size)


def _returned(part: Part, batch: Batch, mapped: Mapped) -> Iterator[RejectedRow]:
    """The rejected rows of a batch in their order, each with its sentences and its line."""
    faults: dict[int, list[RowProblem]] = {}
    for one in mapped.problems:
        if one.severity == "error":
            faults.setdefault(one.row, []).append(one)
    good = zip(batch.rows, batch.lines, batch.cells, strict=True)
    rows = [*good, *((one.row, one.line, one.cells) for one in batch.broken)]
    for place, line, cells in sorted(rows, key=itemgetter(0)):
        if place in mapped.rejected:
            shown = corrections.fitted([presentable(cell) for cell in cells], len(part.header))
            told = [Fault(one.column, one.value, f"{one.message} {one.fix}", one.code) for one in faults[place]]
            yield RejectedRow(part, place, batch.part, shown, told, f"line {line}")
