"""Takes what is due of a firm and channel: across the gate, in words, ready to be handed over, many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Select, case, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.db.models import Dispatch, DispatchAttempt, Firm, Notice, Notification
from gateway.errors import Problem, Transient
from gateway.logging import get_logger
from gateway.office import Office
from outbound.notify import gate, wording
from outbound.notify.attempts import Ready
from outbound.notify.channels.base import Channel, Envelope, Recipient, Words
from outbound.notify.gate import Decision, Passed, Path

SAID = "dispatches.said"  # what sealed words are bound to

_PATHS: Mapping[str, Path] = {
    "expiry": "reminder",
    "escalation": "escalation",
    "digest": "digest",
    "service": "service",
    "watch": "watch",
    "test": "test",
}
_RANK = case({"critical": 0, "urgent": 1, "normal": 2}, value=Notification.priority, else_=3)
_LEAST_DELAY = timedelta(minutes=1)  # of what the gate puts off without saying until when
_NOTHING = "nothing_to_tell"  # nothing of what it was to tell is still so
_SURPRISE = Problem("internal_error", "Internal error")
_UNREACHABLE = Problem("unreachable", "The channel has no address of the recipient; add one, then try again.")

log = get_logger(__name__)

Due = tuple[Dispatch, Notification]


class Taken(NamedTuple):
    """What became of what was due.

    Attributes:
        found: so many were due.
        ready: to be handed over, in order.
    """

    found: int
    ready: Sequence[Ready]


def take(
    office: Office, session: Session, firm_id: UUID, channel: Channel, most: int, open_from: datetime | None
) -> Taken:
    """Take what is due, the urgent first, then the oldest; what the gate holds or stops is put on record.

    Args:
        office: the surroundings.
        session: of the firm.
        firm_id: whose.
        channel: by which.
        most: so many at most.
        open_from: where the channel bears nothing now: when it does again.

    Raises:
        Transient: nothing was taken.
    """
    due = [(row[0], row[1]) for row in session.execute(_due(channel.name).limit(most))]
    passed = _crossed(office, session, due, open_from)
    going = [one for one in due if one[0].id in passed]
    return Taken(len(due), _made_ready(office, session, firm_id, channel, going, passed) if going else ())


def next_at(session: Session, channel: str) -> datetime | None:
    """When something of a channel is due next, in a session of the firm."""
    waiting = select(func.min(Dispatch.not_before)).where(Dispatch.channel == channel, Dispatch.state == "waiting")
    return session.scalar(waiting)


def envelopes(
    office: Office, session: Session, firm_id: UUID, channel: Channel, due: Iterable[Due]
) -> dict[UUID, Envelope]:
    """What a channel is given besides the words, of those whom it reaches."""
    recipients = {one.id: Recipient(one.staff_id, one.client_id, one.partner_id, one.contact) for one, _ in due}
    known = channel.addresses(office, session, dict.fromkeys(recipients.values()))
    name = session.scalars(select(Firm.name).where(Firm.id == firm_id)).one()
    return {
        one.id: Envelope(
            id=one.id,
            firm_id=firm_id,
            firm=name,
            recipient=recipients[one.id],
            to=known[recipients[one.id]],
            priority=notification.priority,
            is_repeat=one.is_repeat,
        )
        for one, notification in due
        if known.get(recipients[one.id])
    }


def _due(channel: str) -> Select[Dispatch, Notification]:
    return (
        select(Dispatch, Notification)
        .join(Notification, (Notification.firm_id == Dispatch.firm_id) & (Notification.id == Dispatch.notification_id))
        .where(Dispatch.channel == channel, Dispatch.state == "waiting", Dispatch.not_before <= func.gateway_now())
        .order_by(_RANK, Dispatch.not_before, Dispatch.id)
        .with_for_update(of=Dispatch, skip_locked=True)
    )


# ------------------------------------------------------------------------------------------------ the gate


def _crossed(office: Office, session: Session, due: Sequence[Due], open_from: datetime | None) -> dict[UUID, Passed]:
    """What may leave now."""
    ways: defaultdict[Path, list[UUID]] = defaultdict(list)
    for one, notification in due:
        ways[_path_of(one, notification)].append(one.id)
    passed: dict[UUID, Passed] = {}
    for path, ids in ways.items():
        for id_, crossing in gate.cross(office, session, ids, path, open_from=open_from).items():
            if crossing.passed is not None and open_from is None:
                passed[id_] = crossing.passed
            else:
                _hold_back(session, id_, crossing.decision, open_from)
    return passed


def _path_of(dispatch: Dispatch, notification: Notification) -> Path:
    match dispatch.path:
        case "replay":
            return "replay"
        case "release":
            return "release"
        case "retry":
            return "retry"
        case _:
            return _PATHS.get(notification.kind, "service")


def _hold_back(session: Session, id_: UUID, decision: Decision, open_from: datetime | None) -> None:
    mine = update(Dispatch).where(Dispatch.id == id_)
    if decision.verdict != "stop":
        now = func.gateway_now()
        until = func.greatest(decision.until or open_from or now + _LEAST_DELAY, now + timedelta(seconds=1))
        first = case((Dispatch.steps == 0, until), else_=Dispatch.due_at)  # that it may not leave yet is not lateness
        session.execute(mine.values(not_before=until, due_at=first))
        return
    session.execute(mine.values(state="withheld", ended_code=decision.reason, settled_at=func.gateway_now()))
    notices = update(Notice).where(Notice.dispatch_id == id_, Notice.state == "waiting")
    told = {"state": "withheld", "ended_code": decision.reason, "ended_at": func.gateway_now()}
    session.execute(notices.values(told))


# ------------------------------------------------------------------------------------------------ words


def _made_ready(
    office: Office,
    session: Session,
    firm_id: UUID,
    channel: Channel,
    going: Sequence[Due],
    passed: Mapping[UUID, Passed],
) -> list[Ready]:
    known = envelopes(office, session, firm_id, channel, going)
    worded = list(_worded(office, session, firm_id, going, known))
    plain = [msgspec.json.encode(words).decode() for _, words in worded]
    sealed = office.cipher(session, firm_id).encrypt_column(plain, SAID)
    return [
        Ready(
            passed[one.id],
            known[one.id]._replace(one_click=words.one_click),
            words,
            said or b"",
            one.steps,
            _due_at(one),
        )
        for (one, words), said in zip(worded, sealed, strict=True)
    ]


def _worded(
    office: Office, session: Session, firm_id: UUID, going: Sequence[Due], known: Mapping[UUID, Envelope]
) -> Iterator[tuple[Dispatch, Words]]:
    """Those that can be put into words; what cannot has failed, alone."""
    for one, _ in going:
        if one.id not in known:
            _fail(session, one, _UNREACHABLE)
    reached = [one for one in going if one[0].id in known]
    shared = wording.Shared(office, session, firm_id, reached)
    for one, notification in reached:
        try:
            yield one, wording.words_of(office, session, one, notification, shared)
        except (Transient, SQLAlchemyError):
            raise
        except Problem as problem:
            _fail(session, one, problem)
        except Exception:
            log.exception("a notice cannot be put into words", dispatch=str(one.id))
            _fail(session, one, _SURPRISE)


def _fail(session: Session, dispatch: Dispatch, problem: Problem) -> None:
    """It never came to the channel; that it was tried is on record like any other attempt."""
    log.warning("a notice cannot be told", code=problem.code, dispatch=str(dispatch.id))
    state = "cancelled" if problem.code == _NOTHING else "failed"
    values = {"state": state, "ended_code": problem.code, "settled_at": func.gateway_now()}
    session.execute(update(Dispatch).where(Dispatch.id == dispatch.id).values(attempts=Dispatch.attempts + 1, **values))
    told = {"outcome": "refused", "code": problem.code, "answer": problem.sentence, "ended_at": func.gateway_now()}
    ids = {"firm_id": dispatch.firm_id, "dispatch_id": dispatch.id, "number": dispatch.attempts + 1}
    session.execute(insert(DispatchAttempt).values(ids | told))


def _due_at(dispatch: Dispatch) -> datetime:
    return max(dispatch.due_at, dispatch.not_before) if dispatch.steps == 0 else dispatch.due_at
