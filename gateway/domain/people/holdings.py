"""What the rooms of the domain hold about a person, and how it is taken out: records, walls, kept answers, the log.

What is blanked, and what stays, stands at each column (`gateway.db.models.base`); here is only where.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Case, Client, Document, IdempotencyKey, Notice, NoticeAnswer, OptOut, Wall
from gateway.db.models.base import blanks
from gateway.domain import audit
from gateway.erasing import Eraser, Person, Share
from gateway.office import Acting

_AS_STORED = {"synchronize_session": False}  # nobody looks at what the session knew of these before


def forget_answers(session: Session, firm_id: UUID, about: Collection[UUID]) -> int:
    """Take back kept answers that show these records; and those of before anybody noted what an answer shows."""
    shown = or_(IdempotencyKey.about.overlap(list(about)), IdempotencyKey.about.is_(None))
    gone = delete(IdempotencyKey).where(IdempotencyKey.firm_id == firm_id, shown).returning(IdempotencyKey.key)
    return len(session.execute(gone, execution_options=_AS_STORED).all())


def _erase_records(acting: Acting, person: Person) -> Share:
    """Clients, then cases, then documents: the order in which every writer locks."""
    session = acting.session
    stone = {"key": person.tombstone, "status": "archived", "attorney_id": None, "erased_at": clock.now()}
    _blank(session, Client, Client.id == person.client_id, stone)
    cases = _blank(session, Case, Case.client_id == person.client_id)
    documents = _blank(session, Document, Document.client_id == person.client_id)
    return Share({"cases": cases, "documents": documents})


def _blank(
    session: Session,
    model: type[Client | Case | Document],
    which: ColumnElement[bool],
    more: dict[str, Any] | None = None,
) -> int:
    changed = {"version": model.version + 1, "updated_at": func.gateway_now()}
    blanked = update(model).where(which).values(blanks(model) | changed | (more or {})).returning(model.id)
    return len(session.scalars(blanked, execution_options=_AS_STORED).all())


def _erase_walls(acting: Acting, person: Person) -> Share:
    """They stand, for stages and days of cases are left to be seen; why they stand may speak of the person."""
    against = update(Wall).where(Wall.client_id == person.client_id).values(blanks(Wall))
    acting.session.execute(against, execution_options=_AS_STORED)
    return Share({})


def _erase_notices(acting: Acting, person: Person) -> Share:
    """Nobody is told of a person any more, nor of whose papers anybody was, or what they said."""
    said = delete(NoticeAnswer).where(NoticeAnswer.client_id == person.client_id)
    acting.session.execute(said, execution_options=_AS_STORED)
    gone = delete(Notice).where(Notice.client_id == person.client_id).returning(Notice.id)
    return Share({"notices": len(acting.session.execute(gone, execution_options=_AS_STORED).all())})


def _erase_opt_outs(acting: Acting, person: Person) -> Share:
    """They go with the address that nobody writes to any more."""
    gone = delete(OptOut).where(OptOut.client_id == person.client_id).returning(OptOut.id)
    return Share({"opt_outs": len(acting.session.execute(gone, execution_options=_AS_STORED).all())})


def _erase_answers(acting: Acting, person: Person) -> Share:
    return Share({"answers": forget_answers(acting.session, acting.firm_id, person.records)})


def _erase_log(acting: Acting, person: Person) -> Share:
    """Through the one way in that there is; it asks whether the client says that it was erased."""
    return Share({"audit_entries": audit.blank(acting.session, person.client_id)})


ERASERS = (
    Eraser(("clients", "cases", "documents"), _erase_records),
    Eraser(("notice_answers", "notices"), _erase_notices),
    Eraser(("opt_outs",), _erase_opt_outs),
    Eraser(("walls",), _erase_walls),
    Eraser(("idempotency_keys",), _erase_answers),
    Eraser(("audit_log",), _erase_log),
)
