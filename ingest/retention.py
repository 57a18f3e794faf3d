"""Lets go of what was kept long enough, or is condemned.

Originals, their receipts, and what was told of rows; and drafts of settings at which nobody works any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import Session, aliased

from gateway import clock
from gateway.db.models import Document, File, Import, Partner
from gateway.domain.partners.homes import Home
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from ingest import receipts
from ingest.forgetting import WAITING, forget, forget_person
from ingest.studio import drafts

KEPT = timedelta(days=400)

_AT_ONCE = 200  # files a transaction lets go of
_REMARK = f"Its original and its receipts were destroyed {KEPT.days} days after it arrived."


def retire(handling: Handling) -> None:
    """Destroy what has outlived its time; records keep their values, and the audit log what led to them."""
    with handling.office.db.system() as session:
        drafts.expire(session)
    gone = 0
    while found := _retire_some(handling):
        gone += found
        handling.tell(destroyed=gone)


def _retire_some(handling: Handling) -> int:
    """Bytes go before the commit: if it fails, the next run finds them gone."""
    with handling.office.db.system() as session:
        files = session.scalars(_outlived().limit(_AT_ONCE)).all()
        for file in files:
            handling.office.store.delete(file.storage_key)
            file.destroyed_at = clock.now()
        for home, import_id in _forgotten(session, files):
            receipts.destroy(handling.office.settings, home, import_id)
    return len(files)


def _outlived() -> Select[File]:
    """Files that are old or condemned: none that waits for a decision, none that is attached to a document."""
    member = aliased(File)
    members = select(member.id).where(member.archive_id == File.id).correlate(File)
    about = or_(Import.file_id == File.id, Import.file_id.in_(members))
    waiting = exists().where(about, Import.state.in_(WAITING))
    return select(File).where(
        File.destroyed_at.is_(None),
        or_(File.received_at < clock.now() - KEPT, File.condemned_at.is_not(None)),
        ~waiting,
        ~exists().where(Document.file_id == File.id),
    )


def _forgotten(session: Session, files: Sequence[File]) -> list[tuple[Home, UUID]]:
    """Take the problems out of the imports of these files; give the imports, and where they belong."""
    condemned = {file.id for file in files if file.condemned_at is not None}
    read = Import.file_id.in_([file.id for file in files])
    found = session.execute(select(Import, Partner).join(Partner, Partner.id == Import.partner_id).where(read)).all()
    forget_person(session, [one for one, _ in found if one.file_id in condemned])
    forget(session, [one for one, _ in found if one.file_id not in condemned], _REMARK)
    return [(Home.of(by), one.id) for one, by in found]


KINDS = (Kind("ingest.retire", "bulk", retire, clockwork=Clockwork("old files", "15 3 * * *")),)
