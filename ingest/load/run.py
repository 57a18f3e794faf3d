"""The steps of a load in order: stage, match, judge, guard, write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation

from gateway.crypto import FirmCipher
from gateway.domain.fields import Kind
from gateway.errors import Transient
from ingest.catalogue import RowProblem
from ingest.feed import Feed
from ingest.load import absence, entries, guards, lock, match, outcomes, unique, write
from ingest.load.shapes import Shape, shapes_of
from ingest.load.stage import Stage
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import Mapped

MOST_DIFFERENCES = 1_000  # shown by a dry run
_ROUNDS = 5  # of matching, while others change the same records

# a large file is sorted and joined in memory; samples of temporary tables need not be large
_SETTINGS = ("work_mem = '64MB'", "hash_mem_multiplier = 4", "default_statistics_target = 10")

Shapes = dict[Kind, Shape]


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which circumstances a file is loaded.

    Attributes:
        as_of: the instant that the file speaks of.
        late: a newer full file of the feed was accepted already.
        closed_on: the day on which whoever is absent ended.
        corrections: the file repairs rows of another: it closes nobody and trips no guard.
        waived: guards that a person set aside.
        rows_before: rows of the last accepted full file.
    """

    firm_id: UUID
    partner_id: UUID
    feed_id: UUID
    import_id: UUID
    actor: str
    as_of: datetime
    late: bool
    closed_on: date
    corrections: bool = False
    dry_run: bool = False
    waived: frozenset[str] = frozenset()
    rows_before: int | None = None


@dataclass(slots=True)
class Loaded:
    """What a load came to; when `tripped`, nothing was written and the counts are provisional."""

    rows: dict[str, int]
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    tripped: list[guards.Tripped] = field(default_factory=list)
    differences: list[dict[str, object]] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """What the batches add up to."""

    read: int = 0
    skipped: int = 0
    rejected: int = 0
    unreadable: list[tuple[int, int]] = field(default_factory=list)  # the first row that names nobody, with its line

    def add(self, mapped: Mapped) -> None:
        self.skipped += len(mapped.skipped)
        self.rejected += len(mapped.rejected)
        self.read += len(mapped.rows) + len(mapped.rejected.difference(mapped.rows))
        if mapped.unreadable and not self.unreadable:
            row = min(mapped.unreadable)
            line = next(problem.line for problem in mapped.problems if problem.row == row)
            self.unreadable.append((row, line))


def load(
    connection: Connection[Any],
    batches: Iterable[Mapped],
    plans: Sequence[FeedPlan],
    terms: Terms,
    cipher: FirmCipher,
    progress: Callable[[int], None],
) -> Loaded:
    """Load mapped batches in the caller's transaction.

    Args:
        connection: the driver's, in a transaction of the firm.
        batches: consumed once; memory holds one at a time.
        plans: the compiled feed, once for each part of the file.
        terms: see there.
        cipher: of the firm.
        progress: told the number of rows read so far.

    Raises:
        Transient: a writer of the same records was faster.
    """
    sections = [plan.feed for plan in plans]
    feed, shapes = sections[0], shapes_of(plans)
    key_field = next((one.client.key for one in sections if one.client), "case_number")
    tally = _Tally()
    with ThreadPoolExecutor(max_workers=1) as courier:
        stage = Stage(connection, shapes, key_field, cipher, courier)
        for mapped in batches:
            stage.add(mapped)
            tally.add(mapped)
            progress(tally.read)
        stage.settle()
    shared = unique.reject_shared(connection, sections, shapes)
    stage.add_problems(shared)
    tally.rejected += len({problem.row for problem in shared})

    params: dict[str, object] = {
        "firm": terms.firm_id,
        "partner": terms.partner_id,
        "feed": terms.feed_id,
        "import": terms.import_id,
        "as_of": terms.as_of,
        "late": terms.late,
        "closed_on": terms.closed_on,
        "actor": terms.actor,
    }
    for setting in _SETTINGS:
        connection.execute(f"SET LOCAL {setting}")
    for _ in range(_ROUNDS):
        ending = _weigh(connection, sections, shapes, params, suspended=terms.corrections or bool(tally.unreadable))
        rows = _rows(connection, tally, reject=feed.duplicates == "reject")
        tripped = _tripped(feed, terms, rows, ending)
        if tripped or terms.dry_run or lock.lock(connection, shapes, params):
            break
    else:
        raise Transient("conflict", "Others changed the same records again and again.")
    stage.add_problems(_owed(connection, feed, key_field, shapes, tally, terms))
    loaded = Loaded(rows, tripped=tripped)
    if tripped or terms.dry_run:
        loaded.records = write.planned(connection, shapes)
        loaded.differences = entries.differences(connection, shapes, params, MOST_DIFFERENCES)
    else:
        loaded.records = _write(connection, shapes, params)
    return loaded


def _weigh(
    connection: Connection[Any], sections: Sequence[Feed], shapes: Shapes, params: dict[str, object], *, suspended: bool
) -> absence.Missing:
    """Hold the staged rows against what we know; to be done again when somebody changed it before we had the locks."""
    for table in ("outcome", *(name for one in shapes.values() for name in (one.many, one.match, one.ending))):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
    match.match(connection, shapes, params)
    outcomes.judge(connection, shapes)
    return absence.find_ending(connection, sections, shapes, params, suspended=suspended)


def _write(connection: Connection[Any], shapes: Shapes, params: dict[str, object]) -> write.Counts:
    try:
        return write.write(connection, shapes, params)
    except UniqueViolation as error:
        raise Transient("conflict", "Somebody else created the same record at the same moment.") from error


def _owed(
    connection: Connection[Any], feed: Feed, key_field: str, shapes: Shapes, tally: _Tally, terms: Terms
) -> list[RowProblem]:
    problems = outcomes.duplicate_problems(connection, shapes, key_field, reject=feed.duplicates == "reject")
    problems += outcomes.pinned_problems(connection, shapes)
    if feed.absent == "close" and not terms.corrections:
        problems += [RowProblem(row, line, "key_unreadable", severity="warning") for row, line in tally.unreadable]
    return problems


def _rows(connection: Connection[Any], tally: _Tally, *, reject: bool) -> dict[str, int]:
    """Rows by outcome; they add up to rows read, or the load must not end."""
    if reject:
        outcomes.reject_superseded(connection)
    rows = outcomes.count(connection)
    rows["rejected"] += tally.rejected
    rows["skipped"] += tally.skipped
    if sum(rows.values()) != tally.read:
        raise AssertionError(f"{tally.read} rows read, but outcomes are {rows}")
    return {"read": tally.read} | rows


def _tripped(feed: Feed, terms: Terms, rows: dict[str, int], ending: absence.Missing) -> list[guards.Tripped]:
    if terms.corrections:
        return []
    figures = guards.Figures(rows["read"], rows["rejected"], ending.missing, ending.open, terms.rows_before)
    return [one for one in guards.tripped(feed.guards, figures) if one.code not in terms.waived]
