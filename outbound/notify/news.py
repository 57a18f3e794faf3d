"""What becomes of a message after it was taken, as its channel hears: states only move forward."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Dispatch, Notice
from gateway.errors import Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, enqueue

if TYPE_CHECKING:
    from outbound.notify.channels.base import Fate  # whose channels import us

Heard = Literal["moved", "later", "stale"]

_OPEN = ("unknown", "held")
_BEFORE: Mapping[Fate, tuple[str, ...]] = {
    "sent": _OPEN,
    "delivered": (*_OPEN, "sent"),
    "opened": (*_OPEN, "sent", "delivered"),
    "failed": (*_OPEN, "sent"),
}
_SOON = timedelta(seconds=5)


class News(NamedTuple):
    """What is heard of a message.

    Attributes:
        ref: by which the channel speaks of it; a failure of another one than the last that left says nothing.
        code: why it failed.
    """

    dispatch_id: UUID
    fate: Fate
    ref: str | None = None
    code: str | None = None


def hear(session: Session, firm_id: UUID, news: News) -> Heard:
    """Move a dispatch on, in a session of its firm, and what it told with it.

    News that overtake the record of their own message (the provider is faster than our commit) wait as a job.
    """
    if _moved(session, news):
        return "moved"
    state = session.scalar(select(Dispatch.state).where(Dispatch.id == news.dispatch_id))
    if state != "attempting":
        return "stale"
    told = {"dispatch_id": news.dispatch_id, "fate": news.fate, "ref": news.ref, "code": news.code}
    payload = {name: value for name, value in told.items() if value is not None}
    key = f"{news.dispatch_id}/{news.ref}/{news.fate}"
    enqueue(session, LATER, payload, firm_id=firm_id, key=key, about=news.dispatch_id, not_before=clock.now() + _SOON)
    return "later"


def _hear_again(handling: Handling) -> None:
    told = handling.job.payload
    news = News(UUID(str(told["dispatch_id"])), told["fate"], told.get("ref"), told.get("code"))
    with handling.transaction() as session:
        if _moved(session, news):
            return
        state = session.scalar(select(Dispatch.state).where(Dispatch.id == news.dispatch_id))
        if state == "attempting":
            raise Transient("still_attempting", "The attempt of which the news speak has not come to its end.")


def _moved(session: Session, news: News) -> bool:
    now = clock.now()
    # one that waits for a further attempt has come through by an earlier one: it must not be sent again
    came = and_(Dispatch.state == "waiting", Dispatch.attempts > 0) if news.fate != "failed" else None
    allowed = Dispatch.state.in_(_BEFORE[news.fate])
    changes = {
        "state": news.fate,
        "ref": func.coalesce(Dispatch.ref, news.ref),
        "ended_code": news.code,
        "sent_at": func.coalesce(Dispatch.sent_at, now) if news.fate != "failed" else Dispatch.sent_at,
        "settled_at": now,
    }
    moving = update(Dispatch).where(Dispatch.id == news.dispatch_id, allowed if came is None else or_(allowed, came))
    if news.fate == "failed":
        moving = moving.where(or_(Dispatch.ref.is_(None), Dispatch.ref == news.ref))
    moved = session.scalar(moving.values(changes).returning(Dispatch.id)) is not None
    if moved and news.fate != "failed":
        told = update(Notice).where(Notice.dispatch_id == news.dispatch_id, Notice.state == "waiting")
        session.execute(told.values(state="told", ended_at=now))
    return moved


LATER = Kind(
    "notices.news",
    "normal",
    _hear_again,
    ladder=(_SOON, timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)),
)
KINDS = (LATER,)
