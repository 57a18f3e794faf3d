"""Lets go of what was told about a person who is erased, and of everything that was told long ago.

That somebody was told something stays: when, by which channel, and what became of it. What was said goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from gateway import clock
from gateway.db.models import Dispatch, DispatchAttempt, GateDecision, Notice, Notification
from gateway.db.models.base import blanks
from gateway.erasing import Eraser, Person, Share
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.office import Acting
from gateway.settings import Settings

KEPT = timedelta(days=400)

_OPEN = ("waiting", "attempting", "unknown", "held")
_STALE = timedelta(seconds=10)  # after which nobody has words in hand that were made before
_AT_ONCE = 2_000


def _erase(acting: Acting, person: Person) -> Share:
    """What waits for the person, or tells of nobody else, is not sent; a digest leaves without them."""
    session = acting.session
    about = list(person.dispatches)
    own = select(Dispatch.notification_id).where(Dispatch.client_id == person.client_id)
    asked = list(session.scalars(select(Notification.id).where(Notification.id.in_(own), ~_tells_others(person))))
    mine = or_(Dispatch.client_id == person.client_id, Dispatch.notification_id.in_(asked), Dispatch.id.in_(about))
    ids = list(session.scalars(select(Dispatch.id).where(mine)))
    session.execute(update(Dispatch).where(Dispatch.id.in_(ids)).values(blanks(Dispatch)))
    session.execute(update(DispatchAttempt).where(DispatchAttempt.dispatch_id.in_(ids)).values(blanks(DispatchAttempt)))
    session.execute(update(Notification).where(Notification.id.in_(asked)).values(blanks(Notification)))
    _cancel(session, ids)
    return Share({"notices_told": len(ids)}, destroy=partial(_forget, acting.office.settings, ids))


def _tells_others(person: Person) -> ColumnElement[bool]:
    """Whether a notification is for other clients as well: what it was given is not about this one then."""
    other = aliased(Dispatch)
    return exists().where(other.notification_id == Notification.id, other.client_id != person.client_id)


def _cancel(session: Session, ids: Sequence[UUID]) -> None:
    """What tells of somebody else as well waits, until nobody has the words of before in hand."""
    waiting = and_(Dispatch.id.in_(ids), Dispatch.state == "waiting")
    others = exists().where(Notice.dispatch_id == Dispatch.id)
    now = func.gateway_now()
    session.execute(
        update(Dispatch).where(waiting, others).values(not_before=func.greatest(Dispatch.not_before, now + _STALE))
    )
    ended = {"state": "cancelled", "ended_code": "erased", "settled_at": now}
    session.execute(update(Dispatch).where(waiting, ~others).values(ended))


def _forget(settings: Settings, ids: Iterable[UUID]) -> None:
    """What channels put into the folder instead of sending it."""
    folder = settings.data_dir / "sent"
    for one in ids:
        for path in folder.glob(f"{one}.*"):
            path.unlink(missing_ok=True)


# ------------------------------------------------------------------------------------------------ in time


def retire(handling: Handling) -> None:
    """Forget what was told long ago, and what the gate said of it; what is still open stays."""
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        last = _forget_some(handling)
        gone += last
        handling.tell(forgotten=gone)


def _forget_some(handling: Handling) -> int:
    old = and_(Dispatch.settled_at < clock.now() - KEPT, Dispatch.state.not_in(_OPEN))
    with handling.office.db.system() as session:
        found = session.execute(select(Dispatch.id, Dispatch.notification_id).where(old).limit(_AT_ONCE)).all()
        ids, asked = [one.id for one in found], {one.notification_id for one in found}
        session.execute(update(Notice).where(Notice.dispatch_id.in_(ids)).values(dispatch_id=None))
        for table in (DispatchAttempt, GateDecision):
            session.execute(delete(table).where(table.dispatch_id.in_(ids)))
        session.execute(delete(Dispatch).where(Dispatch.id.in_(ids)))
        left = exists().where(Dispatch.notification_id == Notification.id)
        session.execute(delete(Notification).where(Notification.id.in_(asked), ~left))
    return len(found)


KINDS = (Kind("notices.retire", "bulk", retire, clockwork=Clockwork("old notices", "35 3 * * *")),)
ERASERS = (Eraser(("notifications", "dispatches", "dispatch_attempts", "gate_decisions"), _erase),)
