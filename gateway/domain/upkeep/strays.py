"""Stored bytes that no row names: a process was killed between storing a file and recording it, or amid storing it, or
between recording that a file is destroyed and deleting it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import File, Firm, OutboxFile, Parcel, ReportOrder
from gateway.db.session import Database, is_nothing_recorded
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.logging import get_logger
from gateway.office import Office
from gateway.storage import Store

SAFE = timedelta(days=1)  # since something was last written; no upload stands still for so long
_AT_ONCE = 200  # files that are deleted while nobody of the firm can put one on record

log = get_logger(__name__)


class Strays(NamedTuple):
    """Stored files that are older than a day and that no row names.

    Attributes:
        by_firm: their keys.
        elsewhere: in no folder of a firm that this database knows: perhaps another one does.
    """

    by_firm: Mapping[UUID, Sequence[str]]
    elsewhere: int

    @property
    def in_firms(self) -> int:
        """How many lie in folders of firms."""
        return sum(map(len, self.by_firm.values()))


def find(db: Database, store: Store) -> Strays:
    """Look for them; what is named a moment later is among them, so `sweep` looks again."""
    old: defaultdict[str, list[str]] = defaultdict(list)
    for key in store.older(clock.now() - SAFE):
        old[key.split("/", 1)[0]].append(key)
    with db.system() as session:
        firms = [firm_id for firm_id in session.scalars(select(Firm.id)) if str(firm_id) in old]
        found = {firm_id: _unnamed(session, firm_id, old.pop(str(firm_id))) for firm_id in firms}
    return Strays({firm_id: keys for firm_id, keys in found.items() if keys}, sum(map(len, old.values())))


def sweep(handling: Handling) -> None:
    """Delete them, unless something of their firm is being put on record at that moment: then the next run does.

    Where a file was stored and its process stands still, whoever comes first wins: either its row is committed and seen
    here, or `Reception.record` finds the bytes gone and records nothing.
    """
    office = handling.office
    found = find(office.db, office.store)
    gone, left = 0, found.in_firms + found.elsewhere
    for firm_id, keys in found.by_firm.items():
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            deleted = _delete(office, firm_id, some)
            gone, left = gone + deleted, left - (len(some) if deleted else 0)
            handling.tell(swept=gone, left=left)
    handling.tell(swept=gone, left=left)
    if gone or left:
        log.info("swept stored files that no record names", swept=gone, left=left)


def _delete(office: Office, firm_id: UUID, keys: Sequence[str]) -> int:
    with office.db.system() as session:
        if not is_nothing_recorded(session, firm_id):
            return 0
        strays = _unnamed(session, firm_id, keys)
        for key in strays:
            office.store.delete(key)
    return len(strays)


def _unnamed(session: Session, firm_id: UUID, keys: Sequence[str]) -> list[str]:
    named: set[str] = set()
    arrived = select(File.storage_key).where(File.firm_id == firm_id, File.destroyed_at.is_(None))
    waiting = select(OutboxFile.storage_key).where(OutboxFile.firm_id == firm_id)
    leaving = select(Parcel.storage_key).where(Parcel.firm_id == firm_id)
    reports = select(ReportOrder.storage_key).where(ReportOrder.firm_id == firm_id)
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        named.update(one for one in session.scalars(reports.where(ReportOrder.storage_key.in_(some))) if one)
        named.update(session.scalars(arrived.where(File.storage_key.in_(some))))
        named.update(session.scalars(waiting.where(OutboxFile.storage_key.in_(some))))
        named.update(one for one in session.scalars(leaving.where(Parcel.storage_key.in_(some))) if one is not None)
    return [key for key in keys if key not in named]


KINDS = (Kind("files.sweep", "bulk", sweep, clockwork=Clockwork("stray files", "45 3 * * *")),)
