"""What we remember of the files at a place, so that each is taken once, whatever is killed and whoever else looks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, case, delete, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import File, Import, PlaceFile
from gateway.db.models.base import NOW
from ingest.arrivals.base import Sighting
from ingest.formats.text import presentable

STEADY = timedelta(seconds=20)  # for which a file must not change where nothing better tells that it is whole
PATIENCE = timedelta(hours=1)  # with a file that stands still without the end that its format wants
FORGOTTEN = timedelta(days=90)  # after which a file that is no longer there is

_AT_ONCE = 1_000


class Known(Exception):  # noqa: N818 - no error
    """These very bytes are on record under this very name, and were not settled since."""


class Overtaken(Exception):  # noqa: N818 - no error
    """Another process has taken it meanwhile."""


def key_of(seen: Sighting) -> str:
    """See `key_at`."""
    return key_at(seen.path)


def key_at(path: str) -> str:
    """By which a path is found again, whatever its bytes are."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()


def mark_of(seen: Sighting) -> str:
    """Size and mark in one word."""
    return f"{seen.size}:{seen.mark}"


def remember(session: Session, firm_id: UUID, place_id: UUID, sightings: Sequence[Sighting]) -> Mapping[str, PlaceFile]:
    """Note what a look saw; what we know of each, by its path."""
    found: dict[str, PlaceFile] = {}
    for start in range(0, len(sightings), _AT_ONCE):
        some = {key_of(one): one for one in sightings[start : start + _AT_ONCE]}
        rows = [{"firm_id": firm_id, "place_id": place_id, "key": key, **_told(one)} for key, one in some.items()]
        session.execute(_upsert(rows))
        known = select(PlaceFile).where(PlaceFile.place_id == place_id, PlaceFile.key.in_(some))
        found |= {some[row.key].path: row for row in session.scalars(known)}
    _stop_waiting(session, place_id, {row.id for row in found.values()})
    session.expunge_all()
    return found


def forget_gone(session: Session, place_id: UUID) -> None:
    """Forget files that are no longer there; right after a look that came through, so nothing that is there is old."""
    old = PlaceFile.seen_at < clock.now() - FORGOTTEN
    session.execute(delete(PlaceFile).where(PlaceFile.place_id == place_id, old))


def note_gone(session: Session, place_id: UUID, listed: Sequence[Sighting]) -> None:
    """What was taken and no longer lies there was settled, by whoever was killed before that was noted."""
    there, asides = {key_of(seen) for seen in listed}, {seen.aside for seen in listed}
    unsettled = PlaceFile.import_id.is_not(None) & PlaceFile.settled_at.is_(None)
    for row in session.scalars(select(PlaceFile).where(PlaceFile.place_id == place_id, unsettled)).all():
        if row.key not in there and row.import_id not in asides:
            session.execute(update(PlaceFile).where(PlaceFile.id == row.id).values(settled_at=NOW))


def served(session: Session, place_id: UUID, marks: AbstractSet[str]) -> Sequence[PlaceFile]:
    """Of the files that are settled, those that done-files with these marks spoke of."""
    mine = PlaceFile.done_mark.in_(marks) & PlaceFile.settled_at.is_not(None)
    return session.scalars(select(PlaceFile).where(PlaceFile.place_id == place_id, mine)).all()


def is_steady(row: PlaceFile, since: timedelta = STEADY) -> bool:
    """Whether two looks, so far apart at least, saw the same size and mark."""
    return row.looks > 1 and clock.now() - row.steady_since >= since


def is_taken(row: PlaceFile, seen: Sighting, *, keeps: bool) -> bool:
    """Whether what is there is what was taken: as far as its mark tells, and unless that was moved or deleted since."""
    return row.taken_mark == mark_of(seen) and (keeps or row.settled_at is None)


def note_taken(
    session: Session, row: PlaceFile, sha256: str, import_id: UUID, marks: tuple[str, str | None], *, keeps: bool
) -> None:
    """Put on record that a file was taken, in the transaction that puts its import on record.

    Args:
        session: of that transaction.
        row: what was known of it before.
        sha256: of what was read.
        import_id: of its import.
        marks: the file's, and its done-file's.
        keeps: it stays where it is.

    Raises:
        Known: it was before.
        Overtaken: another process was faster.
    """
    if row.sha256 == sha256 and (keeps or row.settled_at is None):
        raise Known
    values = {
        "turn": PlaceFile.turn + 1,
        "sha256": sha256,
        "taken_mark": marks[0],
        "done_mark": marks[1],
        "import_id": import_id,
        "taken_at": NOW,
        "settled_at": NOW if keeps else None,
        "waits": None,
    }
    mine = update(PlaceFile).where(PlaceFile.id == row.id, PlaceFile.turn == row.turn).values(values)
    if session.scalar(mine.returning(PlaceFile.id)) is None:
        raise Overtaken


def note_again(session: Session, row: PlaceFile, seen: Sighting) -> None:
    """The same bytes with another mark: the next look need not read them."""
    mine = update(PlaceFile).where(PlaceFile.id == row.id, PlaceFile.turn == row.turn)
    session.execute(mine.values(taken_mark=mark_of(seen), waits=None))


def note_settled(session: Session, place_id: UUID, import_id: UUID) -> None:
    """What was taken as this import is where it is to be."""
    mine = update(PlaceFile).where(PlaceFile.place_id == place_id, PlaceFile.import_id == import_id)
    session.execute(mine.values(settled_at=NOW, waits=None))


def note_waiting(session: Session, waits: Mapping[UUID, str | None]) -> None:
    """Why files wait, by the ids of what is remembered of them; None where they no longer do."""
    for file_id, why in waits.items():
        session.execute(update(PlaceFile).where(PlaceFile.id == file_id).values(waits=why))


def digest_of(session: Session, import_id: UUID) -> str | None:
    """The sha256 of what was taken as an import."""
    return session.scalar(select(File.sha256).join(Import, Import.file_id == File.id).where(Import.id == import_id))


def _stop_waiting(session: Session, place_id: UUID, seen: AbstractSet[UUID]) -> None:
    """What waited and is gone waits no more."""
    waited = select(PlaceFile.id).where(PlaceFile.place_id == place_id, PlaceFile.waits.is_not(None))
    note_waiting(session, dict.fromkeys(set(session.scalars(waited)) - seen))


def _told(seen: Sighting) -> dict[str, object]:
    return {"name": presentable(seen.name), "size": seen.size, "mark": seen.mark}


def _upsert(rows: list[dict[str, object]]) -> Insert:
    new = insert(PlaceFile).values(rows)
    is_same = and_(PlaceFile.size == new.excluded.size, PlaceFile.mark == new.excluded.mark)
    seen = {
        "size": new.excluded.size,
        "mark": new.excluded.mark,
        "seen_at": NOW,
        "looks": case((is_same, PlaceFile.looks + 1), else_=1),
        "steady_since": case((is_same, PlaceFile.steady_since), else_=NOW),
    }
    by_path = [PlaceFile.firm_id, PlaceFile.place_id, PlaceFile.key]
    return new.on_conflict_do_update(index_elements=by_path, set_=seen)
