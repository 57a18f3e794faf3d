"""What a worker left that died while it handed something over: asked about, sent again, or held for a person.

Nobody but its channel can say whether such a dispatch came through. What it knows not to have
come is sent again. Where it does not know either, it is sent again where a paper ends soon or the matter is urgent,
marked as a possible repetition; else a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, update
from sqlalchemy.orm import Session

from gateway.db.models import Dispatch, DispatchAttempt, Firm, Notice, Notification
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import LADDER
from outbound.notify.channels.base import Absent, Channel, Envelope, Fate, Unsent
from outbound.notify.claiming import envelopes

NEAR = 7  # days before the end of a paper in which silence is worse than telling twice
DIED = "worker_died"

_AT_ONCE = 200
_ASK_AGAIN = timedelta(minutes=5)


def note_lost(handling: Handling, firm_id: UUID, channel: str) -> None:
    """Of what is being handed over while nobody else is at this firm and channel, nobody knows what became."""
    with handling.office.db.firm(firm_id) as session:
        lost = update(Dispatch).where(Dispatch.channel == channel, Dispatch.state == "attempting")
        now = func.gateway_now()
        values = {"state": "unknown", "ended_code": DIED, "settled_at": now, "not_before": now}
        ids = session.scalars(lost.values(values).returning(Dispatch.id)).all()
        if ids:
            of_them = update(DispatchAttempt).where(
                DispatchAttempt.dispatch_id.in_(ids), DispatchAttempt.outcome == "sending"
            )
            told = "Its worker ended while it was handed over."
            session.execute(of_them.values(outcome="lost", code=DIED, answer=told, ended_at=now))
        handling.hold(session)


def reconcile(handling: Handling, firm_id: UUID, channel: Channel) -> None:
    """Ask the channel about what is unknown, and settle it by what it says, or by how near the end is."""
    with handling.office.db.firm(firm_id) as session:
        found = [(row[0], row[1]) for row in session.execute(_unknown(channel.name))]
        known = envelopes(handling.office, session, firm_id, channel, found) if found else {}
        session.expunge_all()
    for one, _ in found:
        _settle(handling, firm_id, one, _asked(handling, channel, one, known.get(one.id)))


def _unknown(channel: str) -> Select[Dispatch, Notification]:
    joined = (Notification.firm_id == Dispatch.firm_id) & (Notification.id == Dispatch.notification_id)
    due = (Dispatch.channel == channel, Dispatch.state == "unknown", Dispatch.not_before <= func.gateway_now())
    return select(Dispatch, Notification).join(Notification, joined).where(*due).limit(_AT_ONCE)


def _asked(
    handling: Handling, channel: Channel, one: Dispatch, envelope: Envelope | None
) -> Fate | Absent | Unsent | None:
    if envelope is None:
        return None
    try:
        return channel.ask(handling.office, one.ref, envelope)
    except Unsent as problem:
        return problem


def _settle(handling: Handling, firm_id: UUID, one: Dispatch, told: Fate | Absent | Unsent | None) -> None:
    with handling.office.db.firm(firm_id) as session:
        mine = update(Dispatch).where(Dispatch.id == one.id, Dispatch.state == "unknown")
        if isinstance(told, Unsent):
            session.execute(mine.values(not_before=func.gateway_now() + _ASK_AGAIN))
        elif told is not None and told != "absent":
            _settle_by(session, one, told)
        elif one.steps < len(LADDER) and (told == "absent" or session.scalar(_presses(one.id))):
            is_repeat = one.is_repeat or told is None
            again = {"state": "waiting", "is_repeat": is_repeat, "path": one.path or "retry", "steps": one.steps + 1}
            session.execute(mine.values(**again, not_before=func.gateway_now(), ended_code=None))
        else:
            session.execute(mine.values(state="held", settled_at=func.gateway_now()))
        handling.hold(session)


def _settle_by(session: Session, one: Dispatch, fate: Fate) -> None:
    """What the channel knows of it stands."""
    now = func.gateway_now()
    mine = update(Dispatch).where(Dispatch.id == one.id, Dispatch.state == "unknown")
    is_told = fate != "failed"
    values = {"state": fate, "settled_at": now, "sent_at": now if is_told else None}
    session.execute(mine.values(**values, ended_code=None if is_told else "failed_at_provider"))
    if is_told:
        notices = update(Notice).where(Notice.dispatch_id == one.id, Notice.state == "waiting")
        session.execute(notices.values(state="told", ended_at=now))


def _presses(id_: UUID) -> Select[bool]:
    """Whether a dispatch is urgent, or tells of a paper that ends within days."""
    today = func.timezone(
        select(Firm.time_zone).where(Firm.id == Dispatch.firm_id).scalar_subquery(), func.gateway_now()
    )
    ends: ColumnElement[bool] = exists().where(
        Notice.firm_id == Dispatch.firm_id,
        Notice.dispatch_id == Dispatch.id,
        Notice.expires_on - func.date(today) <= NEAR,
    )
    urgent: Sequence[str] = ("critical", "urgent")
    priority = exists().where(
        Notification.firm_id == Dispatch.firm_id,
        Notification.id == Dispatch.notification_id,
        Notification.priority.in_(urgent),
    )
    return select(or_(priority, ends)).where(Dispatch.id == id_)
