"""Takes one stored file to its end, in the caller's transaction; read `run` as the list of stages.

Parsing, mapping and checking touch neither network nor database; `load` stages and writes; whatever a partner or a
person must act on leaves as an `FileOutcome`, never as an exception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError
from gateway.crypto import FirmCipher
from gateway.db.models import FeedRow, File, Import, PartnerConfig
from gateway.db.session import driver
from gateway.domain.links.returned import Back
from gateway.domain.partners import homes
from gateway.domain.people.fields import Kind
from gateway.events import EventRef
from ingest import history
from ingest.acceptances import Acceptance
from ingest.binding import Held, bind
from ingest.catalogue import describe_file
from ingest.corrections import Recall
from ingest.doubts import check_delimiter, check_encoding, check_instant, check_number, doubled_names, has_one_column
from ingest.feeds import refusal
from ingest.formats.base import Doubted, Refused, Source, Table
from ingest.load.guards import turned_remarks
from ingest.load.outcomes import OUTCOMES
from ingest.load.run import Loaded, Terms, load
from ingest.mapping.headers import Headers, Suggestion, standing
from ingest.mapping.mapped import Mapped
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.numbering import Numbering
from ingest.primary import foreign
from ingest.reading import Reading, choose_reading, feeds_of

HOPELESS_ROWS = 50_000  # rows after which a file that is no table is given up ...
HOPELESS_SHARE = 0.9  # ... when more than this share of them cannot even be told apart
MOST_KEYS = 20  # of rows sent singly that are told because nothing uses them


class Progress(Protocol):
    """Told how far a file is."""

    def __call__(self, rows: int, position: int, size: int) -> None:
        """Rows read so far, and bytes of the file consumed."""


def unwatched(rows: int, position: int, size: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be taken to its end.

    Attributes:
        feed: named by whoever sent the file, else None: its name decides.
        as_of: given by whoever sent it, else None: the name or the time of arrival decides.
        waived: guards that a person set aside when releasing.
        is_rows: the source holds rows sent singly, see `ingest.rows`.
        recall: finds the rows that corrections belong to.
        accepted: new names of missing columns, which count for this file, and are learned once it is loaded.
        unapplied: settings by which to read, as if they were in force.
    """

    home: homes.Home
    import_id: UUID
    source: Source
    sha256: str
    received_at: datetime
    cipher: FirmCipher
    recall: Recall
    feed: str | None = None
    as_of: datetime | None = None
    config_id: UUID | None = None
    forced: bool = False
    dry_run: bool = False
    waived: frozenset[str] = frozenset()
    is_rows: bool = False
    accepted: Sequence[Acceptance] = ()
    unapplied: PartnerConfig | None = None

    @property
    def today(self) -> date:
        """What `today` means in checks: the day of receipt in the partner's zone, so that replays agree."""
        return clock.day_in(self.home.time_zone, self.received_at)


@dataclass(slots=True)
class FileOutcome:
    """What became of a file.

    Attributes:
        state: see the states of `imports`.
        code, reason, fix: why, when it is held, refused or unchanged.
        guards: what holds it.
        rows, records: counts as in the receipt.
        differences: field-level changes, for dry runs and held files.
        closing: the people who would be closed because they are listed no more, for the same.
        changed: the fields that would change, with the number of records, for dry runs.
        staged: rows were read: their problems wait in `stage_problems`.
        problems: those of a dry run, which leaves no table to look them up in.
        sequence: the number that the file gives itself.
        told: the facts that were told of its records.
        returned: of corrections, which rows they are of what they correct.
    """

    state: str
    code: str | None = None
    reason: str | None = None
    fix: str | None = None
    guards: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    records: dict[str, dict[str, int]] = field(default_factory=dict)
    suggestions: list[Suggestion] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    differences: list[dict[str, object]] = field(default_factory=list)
    closing: list[dict[str, object]] = field(default_factory=list)
    changed: list[dict[str, object]] = field(default_factory=list)
    reading: Reading | None = None
    header: list[str] | None = None
    staged: bool = False
    problems: list[dict[str, object]] = field(default_factory=list)
    sequence: int | None = None
    told: list[EventRef] = field(default_factory=list)
    returned: list[Back] = field(default_factory=list)


def run(session: Session, job: Job, progress: Progress) -> FileOutcome:
    """Take a file to its end.

    Args:
        session: the firm's, holding the partner's lock.
        job: the file and how it came.
        progress: told after each batch.

    Raises:
        Transient: try the whole transaction again.
    """
    reading: Reading | None = None
    try:
        reading = choose_reading(
            session,
            job.home,
            job.source,
            is_rows=job.is_rows,
            feed=job.feed,
            as_of=job.as_of,
            received_at=job.received_at,
            config_id=job.config_id,
            recall=job.recall,
            accepted=job.accepted,
            unapplied=job.unapplied,
        )
        if not reading.saved:  # which speak as of a file that was accepted
            check_instant(reading.as_of, job.received_at, job.waived)
        if repeated := _repeats(session, job, reading):
            return _no_change(repeated, reading, job)
        table, plans, doubts = _bound(reading, job)
        returned: list[Back] = []
        loaded = _load(session, job, reading, table, plans, progress, returned)
        return _judge(session, job, reading, table, loaded, [*doubts, *turned_remarks(plans)], returned)
    except Refused as refused:
        code, reason, fix = refusal(refused)
        if isinstance(refused, Doubted):
            return FileOutcome("held", code, reason, fix, [code], reading=reading)
        return FileOutcome("refused", code, reason, fix, reading=reading)
    except Held as held:
        reason, fix = describe_file(held.code, **held.details)
        outcome = FileOutcome("held", held.code, reason, fix, [held.code], reading=reading, header=held.header)
        outcome.suggestions = held.suggestions
        return outcome
    except ConfigError as error:  # of a version that was applied otherwise than by `partner apply`, or long ago
        reason, fix = describe_file("config_invalid", why="; ".join(map(str, error.findings)))
        return FileOutcome("failed", "config_invalid", reason, fix)


# ------------------------------------------------------------------------------------------------ stages


def _repeats(session: Session, job: Job, reading: Reading) -> Import | None:
    """The feed's last accepted import, when it held the same bytes, read the same way (A, B, A is no repeat)."""
    if job.forced or job.waived or reading.saved or reading.is_rows:
        return None
    last = history.last_accepted(session, reading.feed_id)
    if last is None or last.corrects_import_id or last.reading != reading.digest:
        return None
    same = session.get_one(File, (last.firm_id, last.file_id)).sha256 == job.sha256
    return last if same and not history.is_overtaken(session, last) else None


def _no_change(repeated: Import, reading: Reading, job: Job) -> FileOutcome:
    """Nothing to do but to note that everything it listed was seen again, as of now (one row instead of thousands)."""
    seen = repeated.confirmed_as_of or repeated.as_of
    if not job.dry_run and (seen is None or reading.as_of > seen):
        repeated.confirmed_as_of = reading.as_of
    when = f"{repeated.received_at:%Y-%m-%d %H:%M} UTC"
    rows = dict.fromkeys(("read", *OUTCOMES), 0)
    return FileOutcome(
        "no_change",
        "no_change",
        f"The same content was loaded already, from the file that arrived {when}.",
        "Nothing to do.",
        rows=rows,
        records={},
        reading=reading,
        header=repeated.header,
    )


def _bound(reading: Reading, job: Job) -> tuple[Table, list[FeedPlan], list[str]]:
    """The opened file, the feed bound to its parts, and remarks on what is doubtful.

    Raises:
        Held, Refused: what is missing or doubtful, or that the columns stand between other marks than was agreed.
    """
    try:
        table = reading.open()
        doubts = [*reading.remarks, *check_encoding(reading.source, table, job.waived)]
        plans = bind(table, reading.feed, reading.learned, job.today, reading.source.name, reading.tables)
    except (Held, Refused):
        if not reading.saved:
            check_delimiter(reading.source, reading.feed, reading.learned)
        raise
    if not reading.saved and has_one_column(table, reading.feed):
        check_delimiter(reading.source, reading.feed, reading.learned)
    return table, plans, doubts


def _load(
    session: Session,
    job: Job,
    reading: Reading,
    table: Table,
    plans: list[FeedPlan],
    progress: Progress,
    returned: list[Back],
) -> Loaded:
    position = read = broken = 0
    numbering = Numbering(table)

    def mapped() -> Iterator[Mapped]:
        nonlocal position, read, broken
        for batch in numbering.batches():
            position = batch.position
            read, broken = read + len(batch.rows) + len(batch.broken), broken + len(batch.broken)
            if read >= HOPELESS_ROWS and broken > read * HOPELESS_SHARE:
                why = f"of its first {read:,} rows, {broken:,} do not fit the header"
                raise Refused("unreadable", file=reading.source.name, why=why, expected="a table with one header")
            returned.extend(Back(place, batch.sheet, number) for place, number in batch.corrected)
            yield map_batch(batch, plans[batch.part])
        full = reading.feed.contents == "full"
        check_number(due, table, _header(table), job.waived, forced=job.forced, complete=full)

    # read beforehand: while batches pass, the connection is the courier's
    terms, due = _terms(session, job, reading), history.due_number(session, reading.feed_id)
    return load(
        driver(session),
        mapped(),
        plans,
        terms,
        numbering,
        job.cipher,
        lambda rows: progress(rows, position, reading.source.size),
    )


def _terms(session: Session, job: Job, reading: Reading) -> Terms:
    full = reading.feed.contents == "full"
    accepted = history.accepted(reading.feed_id)
    newer = accepted.where(func.greatest(Import.as_of, Import.confirmed_as_of) > reading.as_of)
    last = session.scalar(accepted.limit(1))
    return Terms(
        firm_id=job.home.firm_id,
        partner_id=job.home.partner_id,
        feed_id=reading.feed_id,
        import_id=job.import_id,
        actor=f"{job.home.slug}/{reading.feed_name}",
        as_of=reading.as_of,
        late=full and reading.saved is None and session.scalar(newer.limit(1)) is not None,
        closed_on=clock.day_in(job.home.time_zone, reading.as_of),
        partial=reading.saved is not None or reading.is_rows,
        dry_run=job.dry_run,
        waived=job.waived,
        rows_before=last.counts["rows"]["read"] if full and last is not None else None,
        primary=_primary(session, job, reading),
    )


def _primary(session: Session, job: Job, reading: Reading) -> dict[Kind, dict[str, UUID]]:
    """The fields on which other feeds have the word; one that never had a file lists nobody."""
    told = foreign(feeds_of(reading.config), reading.feed_name)
    ids = select(FeedRow.name, FeedRow.id).where(FeedRow.partner_id == job.home.partner_id)
    known = {row.name: row.id for row in session.execute(ids)} if told else {}
    return {
        kind: {name: known[feed] for name, feed in fields.items() if feed in known} for kind, fields in told.items()
    }


def _judge(
    session: Session,
    job: Job,
    reading: Reading,
    table: Table,
    loaded: Loaded,
    doubts: list[str],
    returned: list[Back],
) -> FileOutcome:
    if loaded.rows["read"] == 0 and reading.feed.contents == "full":
        raise Refused("empty_file", file=reading.source.name)
    header = _header(table)
    outcome = FileOutcome(
        _state(job, loaded),
        rows=loaded.rows,
        records=loaded.records,
        remarks=[*table.remarks, *doubts, *loaded.remarks, *_history(session, reading, table, header)],
        differences=loaded.differences,
        closing=loaded.closing,
        changed=loaded.changed,
        staged=True,
        reading=reading,
        header=header,
        sequence=history.number_of(table),
        told=loaded.told,
        returned=returned,
    )
    if loaded.rows["rejected"]:
        outcome.reason, outcome.fix = describe_file(
            "rows_rejected", rejected=loaded.rows["rejected"], read=loaded.rows["read"]
        )
    if loaded.tripped:
        first = loaded.tripped[0]
        outcome.code, outcome.fix = first.code, first.fix
        outcome.reason = " ".join([*(one.reason for one in loaded.tripped), *loaded.reasons])
        outcome.guards = [one.code for one in loaded.tripped]
    return outcome


def _header(table: Table) -> list[str]:
    return list(dict.fromkeys(name for part in table.parts for name in part.header))


def _history(session: Session, reading: Reading, table: Table, header: list[str]) -> list[str]:
    if reading.saved:
        return []
    bound = [(part, reading.feed.section(part.name), Headers(part.header, reading.learned)) for part in table.parts]
    unused = {name for _, feed, headers in bound for name in standing(feed, headers).unused}
    if reading.is_rows:  # callers leave out what they like, so the last file says nothing about these
        return _unread(sorted(unused))
    told = [remark for part, feed, headers in bound for remark in doubled_names(part, feed, headers)]
    return told + history.remarks(session, reading.feed_id, table, header, unused)


def _unread(keys: list[str]) -> list[str]:
    more = f" and {len(keys) - MOST_KEYS:,} more" if len(keys) > MOST_KEYS else ""
    return [f"Keys that nothing uses: {', '.join(keys[:MOST_KEYS])}{more}."] if keys else []


def _state(job: Job, loaded: Loaded) -> str:
    if loaded.tripped:
        return "held"
    if job.waived:
        return "released"
    return "loaded_with_errors" if loaded.rows["rejected"] else "loaded"
