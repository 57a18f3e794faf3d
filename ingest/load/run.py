"""The steps of a load in order: stage, match, judge, guard, write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from gateway.crypto import FirmCipher
from gateway.domain.people.fields import Kind
from gateway.errors import Busy
from gateway.events import EventRef
from gateway.tracing import span
from ingest.catalogue import RowProblem
from ingest.load import absence, entries, erased, guards, lock, match, outcomes, renumbered, unique, write
from ingest.load.shapes import shapes_of
from ingest.load.stage import Stage
from ingest.mapping.mapped import Mapped
from ingest.mapping.plan import FeedPlan
from ingest.numbering import Numbering

MOST_DIFFERENCES = 1_000  # shown by a dry run
_ROUNDS = 5  # of matching, while others change the same records

# a large file is sorted and joined in memory; samples of temporary tables need not be large
_SETTINGS = ("work_mem = '64MB'", "hash_mem_multiplier = 4", "default_statistics_target = 10")


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which circumstances a file is loaded.

    Attributes:
        as_of: the instant that the file speaks of.
        late: a newer full file of the feed was accepted already.
        closed_on: the day on which whoever is absent ended.
        partial: these are rows of a whole, repaired or sent singly: they close nobody and trip no guard.
        waived: guards that a person set aside.
        rows_before: rows of the last accepted full file.
        primary: by kind of record, the fields on which another feed has the word, and its id.
    """

    firm_id: UUID
    partner_id: UUID
    feed_id: UUID
    import_id: UUID
    actor: str
    as_of: datetime
    late: bool
    closed_on: date
    partial: bool = False
    dry_run: bool = False
    waived: frozenset[str] = frozenset()
    rows_before: int | None = None
    primary: Mapping[Kind, Mapping[str, UUID]] = field(default_factory=dict)


@dataclass(slots=True)
class Loaded:
    """What a load came to; when `tripped`, nothing was written and the counts are provisional.

    Attributes:
        remarks: sentences for the receipt.
        reasons: sentences for whoever decides on the file, when it is held.
    """

    rows: dict[str, int]
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    tripped: list[guards.Tripped] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    differences: list[dict[str, object]] = field(default_factory=list)
    closing: list[dict[str, object]] = field(default_factory=list)
    changed: list[dict[str, object]] = field(default_factory=list)
    told: list[EventRef] = field(default_factory=list)


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
    numbering: Numbering,
    cipher: FirmCipher,
    progress: Callable[[int], None],
) -> Loaded:
    """Load mapped batches in the caller's transaction.

    Args:
        connection: the driver's, in a transaction of the firm.
        batches: consumed once; memory holds one at a time.
        plans: the compiled feed, once for each part of the file.
        terms: see there.
        numbering: of the rows in those batches.
        cipher: of the firm.
        progress: told the number of rows read so far.

    Raises:
        Transient: a writer of the same records was faster.
    """
    one = _Load(connection, plans, terms, numbering)
    with span("read and stage"):
        one.stage(batches, cipher, progress)
    with span("match, judge and guard") as told:
        loaded = one.settle()
        told.tell(read=loaded.rows["read"], rejected=loaded.rows["rejected"], held=bool(loaded.tripped))
    if loaded.tripped or terms.dry_run:
        loaded.records = write.planned(connection, one.shapes)
        loaded.differences = entries.differences(connection, one.shapes, one.params, numbering, MOST_DIFFERENCES)
        loaded.closing = entries.closing(connection, one.shapes, one.params, MOST_DIFFERENCES)
        loaded.changed = entries.changed_fields(connection, one.shapes, one.params) if terms.dry_run else []
    else:
        with span("write"):
            loaded.records, loaded.told = one.write()
    return loaded


class _Load:
    """One load on its way; the steps share what they know of the file."""

    def __init__(
        self, connection: Connection[Any], plans: Sequence[FeedPlan], terms: Terms, numbering: Numbering
    ) -> None:
        self._connection = connection
        self._terms = terms
        self._numbering = numbering
        self._plans = plans
        self._sections = [plan.feed for plan in plans]
        self._feed = self._sections[0]  # what concerns the file as a whole is the same in all of them
        self._key_field = next((one.client.key for one in self._sections if one.client), "case_number")
        self._tally = _Tally()
        self.shapes = shapes_of(plans)
        self.params = _params(terms)

    def stage(self, batches: Iterable[Mapped], cipher: FirmCipher, progress: Callable[[int], None]) -> None:
        """Copy the batches into temporary tables; take out who was erased, and what shares a unique value."""
        with ThreadPoolExecutor(max_workers=1) as courier:
            self._stage = Stage(self._connection, self.shapes, self._key_field, cipher, courier, self._numbering)
            for mapped in batches:
                self._stage.add(mapped)
                self._tally.add(mapped)
                progress(self._tally.read)
            self._stage.settle()
        self.params |= self._numbering.params
        gone = erased.take_out(self._connection, self.shapes, self._key_field, self.params, cipher)
        self._stage.add_problems(gone)
        self._tally.skipped += len(gone)
        shared = unique.reject_shared(self._connection, self._sections, self.shapes, self._numbering)
        self._stage.add_problems(shared)
        self._tally.rejected += len({problem.row for problem in shared})

    def settle(self) -> Loaded:
        """Match, judge and guard until nobody changes the same records any more; then they are locked."""
        for setting in _SETTINGS:
            self._connection.execute(f"SET LOCAL {setting}")
        for _ in range(_ROUNDS):
            ending = self._weigh()
            rows = self._rows()
            tripped = self._tripped(rows, ending)
            if tripped or self._terms.dry_run or lock.lock(self._connection, self.shapes, self.params):
                self._stage.add_problems(self._owed())
                return self._told(Loaded(rows, tripped=tripped))
        raise Busy("conflict", "Others changed the same records again and again.")

    def write(self) -> write.Written:
        """Write what was settled."""
        try:
            return write.write(self._connection, self.shapes, self.params)
        except UniqueViolation as error:
            raise Busy("conflict", "Somebody else created the same record at the same moment.") from error

    def _weigh(self) -> absence.Missing:
        """Hold the staged rows against what we know, afresh."""
        tables = [name for one in self.shapes.values() for name in (one.many, one.match, one.ending)]
        for table in ("outcome", *tables):
            self._connection.execute(f"DROP TABLE IF EXISTS pg_temp.{table}")
        match.match(self._connection, self.shapes, self.params)
        outcomes.judge(self._connection, self.shapes)
        suspended = self._terms.partial or bool(self._tally.unreadable)
        return absence.find_ending(self._connection, self._sections, self.shapes, self.params, suspended=suspended)

    def _rows(self) -> dict[str, int]:
        """Rows by outcome; they add up to rows read, or the load must not end."""
        if self._feed.duplicates == "reject":
            outcomes.reject_superseded(self._connection)
        rows = outcomes.count(self._connection)
        rows["rejected"] += self._tally.rejected
        rows["skipped"] += self._tally.skipped
        if sum(rows.values()) != self._tally.read:
            raise AssertionError(f"{self._tally.read} rows read, but outcomes are {rows}")
        return {"read": self._tally.read} | rows

    def _tripped(self, rows: dict[str, int], ending: absence.Missing) -> list[guards.Tripped]:
        if self._terms.partial:
            return []
        before = self._terms.rows_before
        figures = guards.Figures(rows["read"], rows["rejected"], ending.missing, ending.open, before)
        found = [*guards.tripped(self._feed.guards, figures), *guards.turned_dates(self._plans)]
        return [one for one in found if one.code not in self._terms.waived]

    def _told(self, loaded: Loaded) -> Loaded:
        """With who of those whom the file would create is probably known under another key."""
        if self._terms.partial or not loaded.rows["created"]:
            return loaded
        found = renumbered.find(self._connection, self.shapes, self._key_field, self.params)
        if found:
            self._stage.add_problems(renumbered.problems(found, self.shapes["client"].label(self._key_field)))
        loaded.remarks, loaded.reasons = renumbered.remarks(found, self._numbering), renumbered.reason(found)
        return loaded

    def _owed(self) -> list[RowProblem]:
        """What matching found that the partner should know."""
        problems = outcomes.duplicate_problems(
            self._connection,
            self.shapes,
            self._key_field,
            self._numbering,
            reject=self._feed.duplicates == "reject",
        )
        problems += outcomes.kept_problems(self._connection, self.shapes)
        if self._terms.partial:  # whoever sends single rows looks for each; of a whole file, the count says enough
            problems += outcomes.stale_problems(self._connection, self.shapes)
        if self._feed.absent == "close" and not self._terms.partial:
            nobody = self._tally.unreadable
            problems += [RowProblem(row, line, "key_unreadable", severity="warning") for row, line in nobody]
        return problems


def _params(terms: Terms) -> dict[str, object]:
    primary = terms.primary.items()
    return {
        "firm": terms.firm_id,
        "partner": terms.partner_id,
        "feed": terms.feed_id,
        "import": terms.import_id,
        "as_of": terms.as_of,
        "late": terms.late,
        "closed_on": terms.closed_on,
        "actor": terms.actor,
        **{f"primary_{kind}": Jsonb({name: str(one) for name, one in told.items()}) for kind, told in primary},
    }
