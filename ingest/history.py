"""What a feed's last accepted file says about the next one: which columns it had, and which number is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, func, select, true
from sqlalchemy.orm import Session, aliased

from gateway.db.models import LOADED_STATES, File, Import
from ingest.catalogue import describe_file
from ingest.formats.base import Table
from ingest.naming import fold, tidied
from ingest.rows import VIA


def accepted(feed_id: UUID) -> Select[Import]:
    """The feed's accepted files without corrections and without rows sent singly, the last one first."""
    rows = exists().where(File.firm_id == Import.firm_id, File.id == Import.file_id, File.via == VIA)
    return _loaded(feed_id).where(Import.corrects_import_id.is_(None), ~rows)


def last_accepted(session: Session, feed_id: UUID) -> Import | None:
    """The feed's last accepted arrival, which may be corrections, or rows sent singly."""
    return session.scalar(_loaded(feed_id).limit(1))


def is_overtaken(session: Session, one: Import) -> bool:
    """Whether something newer was accepted for the feed before this one, which then did not do all that it said."""
    newer = func.greatest(Import.as_of, Import.confirmed_as_of) > func.greatest(one.as_of, one.confirmed_as_of)
    return session.scalar(_loaded(_present(one.feed_id)).where(newer).limit(1)) is not None


class Newer(NamedTuple):
    """A file that is newer than another one of its feed."""

    import_id: UUID
    file: str


@cache
def newest_beyond() -> Select[UUID, str]:
    """As a query within one of `Import`: the feed's newest accepted file, where that is newer than the import.

    Corrections speak as of the file that they correct, so what they say of whoever stands in the newer one is stale.
    """
    newer, file = aliased(Import), aliased(File)
    seen = func.greatest(newer.as_of, newer.confirmed_as_of)
    return (
        select(newer.id, file.name)
        .join(file, (file.firm_id == newer.firm_id) & (file.id == newer.file_id))
        .where(newer.firm_id == Import.firm_id, newer.feed_id == Import.feed_id, newer.state.in_(LOADED_STATES))
        .where(newer.corrects_import_id.is_(None), file.via != VIA)
        .where(seen > func.greatest(Import.as_of, Import.confirmed_as_of))
        .order_by(seen.desc(), newer.id.desc())
        .limit(1)
        .correlate(Import)
    )


def newer_than(session: Session, import_id: UUID) -> Newer | None:
    """The newest accepted file of an import's feed; None where there is none that is newer."""
    newest = newest_beyond().lateral()
    wanted = select(newest.c.id, newest.c.name).select_from(Import).join(newest, true()).where(Import.id == import_id)
    found = session.execute(wanted).first()
    return Newer(*found) if found else None


@dataclass(frozen=True, slots=True)
class Misnumbered:
    """A file whose number is not the one that was due."""

    found: int
    due: int

    @property
    def is_replay(self) -> bool:
        """Whether the number was taken already; otherwise some were left out."""
        return self.found < self.due

    @property
    def details(self) -> dict[str, object]:
        """For the sentences of `sequence_gap`."""
        return {
            "found": f"{self.found}, which was taken already" if self.is_replay else self.found,
            "expected": self.due,
        }


def number_of(table: Table) -> int | None:
    """The number that a file gives itself; known once its rows have been read."""
    sequence = getattr(table, "sequence", None)
    return sequence[1] if sequence else None


def due_number(session: Session, feed_id: UUID) -> int | None:
    """The number that the next file should have; None where none has come yet."""
    last = session.scalar(accepted(feed_id).where(Import.counts.has_key("sequence")).limit(1))
    return None if last is None else last.counts["sequence"] + 1


def misnumbered(due: int | None, table: Table) -> Misnumbered | None:
    """How a file's number differs from the one that was due; None where it does not, or where there is none."""
    found = number_of(table)
    return None if found is None or due is None or found == due else Misnumbered(found, due)


def remarks(session: Session, feed_id: UUID, table: Table, header: list[str], unused: set[str]) -> list[str]:
    """How a file differs from the last one: its number, and the columns that its header adds, unused, or drops."""
    odd = misnumbered(due_number(session, feed_id), table)
    told = [describe_file("sequence_gap", **odd.details)[0]] if odd else []
    last = session.scalar(accepted(feed_id).where(Import.header.is_not(None)).limit(1))
    return told + (_drift(last.header, header, unused) if last and last.header is not None else [])


def _drift(before: list[str], header: list[str], unused: set[str]) -> list[str]:
    unread = set(map(tidied, unused))
    added = [name for name in _lacking(before, header) if name in unread]
    dropped = _lacking(header, before)
    told = [f"New columns, which nothing uses yet: {', '.join(added)}."] if added else []
    return told + ([f"Columns that the last file had and this one lacks: {', '.join(dropped)}."] if dropped else [])


def _lacking(known: list[str], names: list[str]) -> list[str]:
    """The names that are not among the known ones: one that is only alike is, where neither side has two such names."""
    there, here = (dict.fromkeys(filter(None, map(tidied, side))) for side in (known, names))
    settled = _once(there) & _once(here)
    return [name for name in here if name not in there and fold(name) not in settled]


def _once(names: Iterable[str]) -> set[str]:
    return {folded for folded, count in Counter(map(fold, names)).items() if count == 1}


def _present(feed_id: UUID | None) -> UUID:
    assert feed_id is not None  # noqa: S101 - what was accepted has a feed
    return feed_id


def _loaded(feed_id: UUID) -> Select[Import]:
    ended_last = (Import.finished_at.desc(), Import.id.desc())
    return select(Import).where(Import.feed_id == feed_id, Import.state.in_(LOADED_STATES)).order_by(*ended_last)
