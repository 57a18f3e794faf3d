"""What would come of a sample: its first rows before and after, and of each problem the first row, by today's draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from gateway.config import PartnerSettings
from gateway.errors import Invalid
from ingest import formats
from ingest.binding import Held, bind
from ingest.catalogue import RowProblem, describe_file, mask, shorten
from ingest.feed import Feed
from ingest.feeds import FEEDS
from ingest.formats.base import Batch, Refused, Source
from ingest.infer.sniffing import taken_out, told
from ingest.mapping.bound import FieldPlan
from ingest.mapping.mapped import Mapped
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.studio.columns import feed_in

ROWS = 200  # shown
_PROBLEMS = 50  # kinds of them
_LETTERS = 80

Fate = Literal["stored", "rejected", "skipped"]


class Value(NamedTuple):
    """One field of one row: what stands in the file, and what is stored; None: nothing.

    Secrets are masked, and of one that is stored nothing else is shown.
    """

    before: str
    after: str | None


class Row(NamedTuple):
    """One row of the sample; `number` is as its sheet shows it, `problems` are sentences."""

    number: int
    fate: Fate
    values: list[Value]
    problems: list[str]


class Heading(NamedTuple):
    """A field that is stored, and the column or columns that it is read from."""

    field: str
    column: str


@dataclass
class Part:
    """The first rows of one sheet or record type; None: the file is one table."""

    name: str | None
    headings: list[Heading]
    rows: list[Row] = field(default_factory=list)


class Alike(NamedTuple):
    """Problems alike, and the first of them."""

    code: str
    column: str | None
    is_error: bool
    rows: int
    first_row: int
    part: str | None
    message: str
    fix: str


@dataclass
class Preview:
    """What would come of the whole sample, and of its first rows one by one."""

    read: int = 0
    rejected: int = 0
    skipped: int = 0
    parts: list[Part] = field(default_factory=list)
    problems: list[Alike] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """Rows that would be stored."""
        return self.read - self.rejected - self.skipped


def previewed(settings: PartnerSettings, sample: Source, today: date, learned: dict[str, list[str]]) -> Preview:
    """What would come of a sample.

    Raises:
        Invalid: the sample cannot be read by these settings; the sentence says why.
    """
    feeds = FEEDS.of(settings)
    name = feed_in({"feeds": {one: {"file": feed.file} for one, feed in feeds.items()}}, sample.name)
    source = taken_out(sample).source
    try:
        return _run(feeds[name], source, today, learned, settings)
    except Refused as refused:
        raise told(refused) from refused
    except Held as held:
        message, fix = describe_file(held.code, **held.details)
        raise Invalid(held.code, f"{message} {fix}") from held


def _run(feed: Feed, source: Source, today: date, learned: dict[str, list[str]], settings: PartnerSettings) -> Preview:
    table = formats.open_table(source, feed.format)
    plans = bind(table, feed, learned, today, source.name, settings.document.tables)
    found = Preview(parts=[Part(part.name, _headings(plan)) for part, plan in zip(table.parts, plans, strict=True)])
    kinds: dict[tuple[str, str | None, str, str | None], Alike] = {}
    for batch in table.batches():
        mapped = map_batch(batch, plans[batch.part])
        found.read += len(batch.rows) + len(batch.broken)
        found.rejected += len(mapped.rejected)
        found.skipped += len(mapped.skipped)
        for problem in mapped.problems:
            _count(kinds, problem)
        if (room := ROWS - sum(len(one.rows) for one in found.parts)) > 0:
            found.parts[batch.part].rows += _rows(batch, mapped, plans[batch.part], room)
    found.problems = sorted(kinds.values(), key=lambda one: (not one.is_error, -one.rows))[:_PROBLEMS]
    found.parts = [one for one in found.parts if one.rows]
    return found


def _count(kinds: dict[tuple[str, str | None, str, str | None], Alike], problem: RowProblem) -> None:
    like = (problem.code, problem.column, problem.severity, problem.sheet)
    if like in kinds:
        kinds[like] = kinds[like]._replace(rows=kinds[like].rows + 1)
        return
    is_error = problem.severity == "error"
    told = (problem.message, problem.fix)
    kinds[like] = Alike(problem.code, problem.column, is_error, 1, problem.row, problem.sheet, *told)


def _headings(plan: FeedPlan) -> list[Heading]:
    return [Heading(name, one.label) for _, name, one in _fields(plan)]


def _fields(plan: FeedPlan) -> Iterator[tuple[int, str, FieldPlan]]:
    for place, record in enumerate(plan.records):
        doc_type = record.doc_type if isinstance(record.doc_type, str) else "document"
        words = doc_type if record.kind == "document" else record.kind
        yield from ((place, f"{words} {one.target.name}".replace("_", " "), one) for one in record.fields)


def _rows(batch: Batch, mapped: Mapped, plan: FeedPlan, room: int) -> list[Row]:
    shown = set(batch.rows[:room])
    after = [{row: place for place, row in enumerate(records.rows) if row in shown} for records in mapped.records]
    told: dict[int, list[str]] = {}
    for problem in mapped.problems:
        if problem.row in shown:
            told.setdefault(problem.row, []).append(problem.message)
    fields = list(_fields(plan))

    def value(row: int, cells: Sequence[str], place: int, one: FieldPlan) -> Value:
        at = after[place].get(row)
        stored = None if at is None else mapped.records[place].fields[one.target.name][at]
        return _value(one, one.shown(cells), stored)

    return [
        Row(row, _fate(row, mapped), [value(row, cells, place, one) for place, _, one in fields], told.get(row, []))
        for row, cells in zip(batch.rows[:room], batch.cells, strict=False)
    ]


def _fate(row: int, mapped: Mapped) -> Fate:
    return "rejected" if row in mapped.rejected else "skipped" if row in mapped.skipped else "stored"


def _value(one: FieldPlan, before: str, stored: object) -> Value:
    after = None if stored is None else "; ".join(map(str, stored)) if isinstance(stored, list) else str(stored)
    if one.target.sensitive:
        return Value(mask(before), None) if after is None else Value("", mask(after))  # once is enough of a secret
    return Value(shorten(before, _LETTERS), None if after is None else shorten(after, _LETTERS))
