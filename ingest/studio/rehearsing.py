"""The last files of a feed, each read once by the settings in force and once by a draft; nothing of it is written.

A file is read as it came then: as of the same instant, with what its sender said of it. The records are those of now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import PartnerHead, decode
from gateway.config import read as read_config
from gateway.db.models import OPEN_STATES, FeedRow, File, Import, PartnerConfig
from gateway.db.session import lock_partner
from gateway.domain.partners import versions
from gateway.domain.partners.homes import Home
from gateway.office import Acting, Actor, Office
from ingest import running
from ingest.account import dry_account, grouped
from ingest.arrival import Asked
from ingest.formats.base import Refused
from ingest.originals import recall_from
from ingest.pipeline import FileOutcome, Job, Progress
from ingest.reading import choose_reading, feeds_of
from ingest.rows import VIA

FILES = 3  # of a feed, the newest
MOST_TOLD = 100  # people who would be closed, and changes, of one file
ME = Actor("system", "trial")

_LOOKED_AT = 60  # arrivals among which files that differ are looked for
_UNREAD = (*OPEN_STATES, "unpacked", "no_change", "failed")
_KEPT = ("state", "code", "reason", "fix", "feed", "rows", "records", "remarks", "problem_count")

Account = dict[str, Any]


class Arrived(NamedTuple):
    """A file of a feed, and what its sender said about it."""

    arrival: Import
    file: File


class Tried(NamedTuple):
    """By what files are read: the partner's home as it is, and as a draft has it, and the draft as a version."""

    home: Home
    then: Home
    unapplied: PartnerConfig


def last_files(session: Session, feed_id: UUID) -> list[Arrived]:
    """The last files of a feed that were read, the newest first, the same bytes once; neither corrections nor rows."""
    wanted = select(Import, File).join(File, File.id == Import.file_id).where(Import.feed_id == feed_id)
    wanted = wanted.where(Import.state.not_in(_UNREAD), Import.corrects_import_id.is_(None), File.via != VIA)
    newest = wanted.order_by(Import.received_at.desc(), Import.id.desc()).limit(_LOOKED_AT)
    found: dict[str, Arrived] = {}
    for arrival, file in session.execute(newest):
        found.setdefault(file.sha256, Arrived(arrival, file))
    return [*found.values()][:FILES]


def by_draft(home: Home, source: str, in_force: PartnerConfig) -> Tried:
    """A draft as if it were in force, with the tables that are.

    Raises:
        ConfigError: it does not say whose settings it is.
    """
    head = decode(read_config(source), PartnerHead)
    unapplied = PartnerConfig(
        firm_id=home.firm_id,
        partner_id=home.partner_id,
        version=in_force.version + 1,
        source=source,
        tables=in_force.tables,
    )
    return Tried(home, home._replace(time_zone=head.time_zone), unapplied)


def rehearsed(office: Office, by: Tried, import_id: UUID, progress: Progress) -> Account:
    """What a file came to by the settings in force, and what by the draft, on the records of this moment.

    Args:
        office: the surroundings.
        by: the settings.
        import_id: the file's, as `last_files` found it.
        progress: told how far it is read, twice.

    Raises:
        Transient: try again.
    """
    home = by.home
    with office.db.firm(home.firm_id) as session:
        lock_partner(session, home.partner_id)
        arrival = session.get_one(Import, (home.firm_id, import_id))
        file = session.get_one(File, (home.firm_id, arrival.file_id))
        told: Account = {"import_id": str(import_id), "file": file.name, "received_at": arrival.received_at.isoformat()}
        if file.destroyed_at is not None:
            day = f"{file.destroyed_at:%Y-%m-%d}"
            return told | {"gone": f"Its original was destroyed on {day}.", "before": None, "after": None, "kinds": []}
        job = _job(office, session, home, arrival, file)
        before = _undone(session, job, progress)
        _name_feeds(Acting(office, session, home.firm_id, ME), by.unapplied)
        after = _undone(session, replace(job, home=by.then, unapplied=by.unapplied), progress)
        told |= {"gone": None, "before": _told(before), "after": _told(after), "kinds": [*_kinds(before, after)]}
        session.rollback()
    return told


# ------------------------------------------------------------------------------------------------ running


def _undone(session: Session, job: Job, progress: Progress) -> FileOutcome:
    """A dry run, of which not even the temporary tables stay."""
    with session.begin_nested() as point:
        outcome = running.tried(session, job, progress)
        point.rollback()
    return outcome


def _name_feeds(acting: Acting, unapplied: PartnerConfig) -> None:
    """Have the feeds of a draft on record until this is undone."""
    for name in feeds_of(unapplied):
        versions.ensure_feed(acting, unapplied.partner_id, name)
    acting.session.flush()


def _job(office: Office, session: Session, home: Home, arrival: Import, file: File) -> Job:
    """The file as it came, read whether or not it was read before."""
    cipher = office.cipher(session, home.firm_id)
    job = Job(
        home=home,
        import_id=uuid4(),
        source=office.store.open(file.storage_key, cipher, name=file.name),
        sha256=file.sha256,
        received_at=arrival.received_at,
        cipher=cipher,
        recall=recall_from(office),
        forced=True,
        dry_run=True,
    )
    said = _said(session, job, arrival)
    return replace(job, feed=said.feed, as_of=said.as_of)


def _said(session: Session, job: Job, arrival: Import) -> Asked:
    """What the sender must have said of a file: that which the settings in force do not find out by themselves."""
    feed = session.scalars(select(FeedRow.name).where(FeedRow.id == arrival.feed_id)).one()
    whole = Asked(feed=feed, as_of=arrival.as_of)
    try:
        found = choose_reading(
            session,
            job.home,
            job.source,
            is_rows=False,
            feed=None,
            as_of=None,
            received_at=job.received_at,
            config_id=None,
            recall=job.recall,
            accepted=(),
        )
    except Refused:
        return whole
    if found.feed_id != arrival.feed_id:
        return whole
    return Asked(as_of=None if found.as_of == arrival.as_of else arrival.as_of)


# ------------------------------------------------------------------------------------------------ telling


def _told(outcome: FileOutcome) -> Account:
    told: Mapping[str, Any] = dry_account("", "", outcome, seconds=0.0)
    kept = {name: told[name] for name in _KEPT}
    kept |= {"changed": outcome.changed, "closing": outcome.closing[:MOST_TOLD]}
    return kept | {"differences": outcome.differences[:MOST_TOLD]}


def _kinds(before: FileOutcome, after: FileOutcome) -> Iterator[Account]:
    """The problems by kind, with how many there are by each settings: what differs most first."""
    counts: dict[tuple[object, ...], Account] = {}
    for side, outcome in (("before", before), ("after", after)):
        for one in grouped(outcome.problems):
            number = one.pop("count")
            kind = (one["code"], one["severity"], one["column"])
            counts.setdefault(kind, {"before": 0, "after": 0}).update(one | {side: number})
    yield from sorted(counts.values(), key=lambda one: (-abs(one["after"] - one["before"]), -one["after"], one["code"]))
