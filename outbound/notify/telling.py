"""What leaves at once: a notification for each paper that somebody is told of, or one for all where they are many.

While the gate holds such a digest back, over a weekend or a night, what comes later goes with it: when it opens, one
message leaves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, Row, Text, Uuid, text
from sqlalchemy.orm import Session

from gateway import clock
from outbound.notify.over import do, made, over
from outbound.notify.unplanned import Waiting, place

HANDFUL = 5  # messages to one recipient by one channel at once; of more than that people read none
MOST = 500  # papers that one message tells of: some 2 KB each, twice, and relays refuse mail of a few megabytes


class _Message(NamedTuple):
    """A notification, and what it tells."""

    kind: str
    notices: Sequence[Waiting]
    leaves: datetime | None


def tell(session: Session, notices: Sequence[Waiting], is_alone: Callable[[Waiting], bool]) -> int:
    """Give notices their dispatches; how many these are.

    Args:
        session: of the system.
        notices: everything that the recipients are told in this planning.
        is_alone: what must not leave with others, for the gate will not let it leave.
    """
    messages = list(_messages(_join(session, notices, is_alone), is_alone))
    ids = session.scalars(text("SELECT uuidv7() FROM generate_series(1, :n)"), {"n": len(messages)}).all()
    pairs = list(zip(ids, messages, strict=True))
    do(session, _NOTIFICATIONS, [_notification(one, message) for one, message in pairs])
    rows = [_dispatch(one, message, notice) for one, message in pairs for notice in message.notices]
    do(session, _DISPATCHES, rows)
    return len({(row[1], row[5]) for row in rows})


def _join(session: Session, notices: Sequence[Waiting], is_alone: Callable[[Waiting], bool]) -> Sequence[Waiting]:
    """Put into digests that are held back what would be held back as long; the others are returned."""
    now = clock.now()
    may: dict[tuple[UUID, UUID, str], list[Waiting]] = defaultdict(list)
    for one in notices:
        if _leaves(one, now) is None and not is_alone(one):
            may[one.firm_id, one.recipient, one.channel].append(one)
    held = {(row.firm_id, row.who, row.channel): row for row in made(session, _HELD, list(may))}
    joining = [
        (digest, one) for whose, same in may.items() if (digest := held.get(whose)) for one in _first(same, digest)
    ]
    place(session, [(one.firm_id, one.id, digest.id) for digest, one in joining])
    urgent = {(one.firm_id, digest.notification_id) for digest, one in joining if one.is_urgent}
    do(session, _URGENT, sorted(urgent))
    gone = {one.id for _, one in joining}
    return [one for one in notices if one.id not in gone]


def _first(same: list[Waiting], digest: Row[Any]) -> Sequence[Waiting]:
    """As many as one message may still tell of."""
    return sorted(same, key=_order)[: max(0, MOST - digest.told)]


def _order(one: Waiting) -> tuple[object, ...]:
    return (one.expires_on, one.document_id, one.lead, one.step, one.again)


def _messages(notices: Sequence[Waiting], is_alone: Callable[[Waiting], bool]) -> Iterable[_Message]:
    """One for each paper that somebody is told of by all channels, and digests of what exceeds a handful by one."""
    now = clock.now()
    together: dict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for one in notices:
        together[(one.firm_id, one.recipient, one.channel, _leaves(one, now), is_alone(one))].append(one)
    told: dict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for same in together.values():
        if len(same) > HANDFUL and not is_alone(same[0]):
            same.sort(key=_order)
            for first in range(0, len(same), MOST):
                yield _Message("digest", same[first : first + MOST], _leaves(same[0], now))
        else:
            for one in same:
                told[one.told].append(one)
    for group in told.values():
        yield _Message("escalation" if group[0].step else "expiry", group, group[0].snoozed_until)


def _leaves(one: Waiting, now: datetime) -> datetime | None:
    """When it leaves, where that is not now."""
    return one.snoozed_until if one.snoozed_until and one.snoozed_until > now else None


def _notification(notification_id: UUID, message: _Message) -> tuple[object, ...]:
    is_urgent = any(one.is_urgent for one in message.notices)
    return (message.notices[0].firm_id, notification_id, message.kind, "urgent" if is_urgent else "normal")


def _dispatch(notification_id: UUID, message: _Message, one: Waiting) -> tuple[object, ...]:
    whom = (one.staff_id, None) if one.staff_id else (None, one.client_id)
    return (one.firm_id, notification_id, one.id, *whom, one.channel, message.leaves)


# of a recipient the newest one last; one that may leave within the minute may be in words already
_HELD = over(
    """
    SELECT d.firm_id, r.c1 AS who, d.channel, d.id, d.notification_id, (
        SELECT count(*) FROM notices n WHERE n.firm_id = d.firm_id AND n.dispatch_id = d.id AND n.state = 'waiting')
        AS told
    FROM {rows}
    JOIN dispatches d ON d.firm_id = r.c0 AND coalesce(d.staff_id, d.client_id) = r.c1 AND d.channel = r.c2
    JOIN notifications t ON t.firm_id = d.firm_id AND t.id = d.notification_id
    WHERE t.kind = 'digest' AND t.key IS NULL AND d.state = 'waiting' AND d.attempts = 0 AND d.path IS NULL
        AND d.not_before > gateway_now() + interval '1 minute' AND NOT EXISTS (
            SELECT FROM notices n WHERE n.firm_id = d.firm_id AND n.dispatch_id = d.id AND n.state = 'waiting'
            AND n.snoozed_until > gateway_now())
    ORDER BY d.notification_id FOR UPDATE OF d SKIP LOCKED
    """,
    Uuid, Uuid, Text,
)  # fmt: skip

_URGENT = over(
    """
    UPDATE notifications t SET priority = 'urgent' FROM {rows}
    WHERE t.firm_id = r.c0 AND t.id = r.c1 AND t.priority <> 'urgent'
    """,
    Uuid, Uuid,
)  # fmt: skip

_NOTIFICATIONS = over(
    """
    INSERT INTO notifications (firm_id, id, kind, template, priority, created_by)
    SELECT r.c0, r.c1, r.c2, r.c2, r.c3, 'system' FROM {rows}
    """,
    Uuid, Uuid, Text, Text,
)  # fmt: skip

_DISPATCHES = over(
    """
    WITH r AS (SELECT * FROM {rows}),
    made AS (
        INSERT INTO dispatches (firm_id, notification_id, staff_id, client_id, channel, not_before)
        SELECT DISTINCT r.c0, r.c1, r.c3, r.c4, r.c5, coalesce(r.c6, gateway_now()) FROM r
        RETURNING firm_id, id, notification_id, channel)
    UPDATE notices n SET dispatch_id = made.id
    FROM r JOIN made ON made.firm_id = r.c0 AND made.notification_id = r.c1 AND made.channel = r.c5
    WHERE n.firm_id = r.c0 AND n.id = r.c2
    """,
    Uuid, Uuid, Uuid, Uuid, Uuid, Text, DateTime(timezone=True),
)  # fmt: skip
