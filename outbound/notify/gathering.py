"""Digests: what can wait gathers for its recipient's next window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, Text, Uuid, text
from sqlalchemy.orm import Session

from gateway import clock
from outbound.notify.over import do, made, over
from outbound.notify.unplanned import Waiting, place
from outbound.notify.windows import Rhythm, following, zones

Window = tuple[UUID, UUID, str, datetime]  # firm, recipient, channel, when


def gather(session: Session, found: Iterable[tuple[Waiting, Rhythm]]) -> tuple[int, int]:
    """Put notices into the digests of their windows; how many digests are new, and how many notices are in one.

    A digest that is leaving at this moment takes nothing more: what was for it waits for the next planning.
    """
    windows: dict[Window, list[UUID]] = defaultdict(list)
    for one, rhythm in found:
        windows[_window(one, rhythm)].append(one.id)
    rows = sorted((*window, _key(window)) for window in windows)
    do(session, _DIGESTS, rows)
    open_ones = {(row.firm_id, row.key): row for row in made(session, _GATHERING, rows)}
    placed = [
        (window[0], notice_id, digest.id)
        for window, ids in windows.items()
        if (digest := open_ones.get((window[0], _key(window))))
        for notice_id in ids
    ]
    place(session, placed)
    return sum(row.is_new for row in open_ones.values()), len(placed)


def cancel_empty(session: Session) -> int:
    """Cancel dispatches of which nothing is left to tell; how many."""
    return len(session.execute(_EMPTY).all())


def _window(one: Waiting, rhythm: Rhythm) -> Window:
    zone = one.zone if one.zone in zones() else one.firms_zone
    now = clock.now()
    after = max(now, one.snoozed_until or now)
    return (one.firm_id, one.recipient, one.channel, following(rhythm, zone, after, one.working_days))


def _key(window: Window) -> str:
    return f"digest/{window[1]}/{window[2]}/{window[3]:%Y-%m-%dT%H:%MZ}"


_DIGESTS = over(
    """
    INSERT INTO notifications (firm_id, kind, template, priority, key, created_by)
    SELECT r.c0, 'digest', 'digest', 'normal', r.c4, 'system' FROM {rows} ORDER BY r.c0, r.c4
    ON CONFLICT ON CONSTRAINT notifications_key DO NOTHING
    """,
    Uuid, Uuid, Text, DateTime(timezone=True), Text,
)  # fmt: skip

# one that was cancelled because nothing was left in it gathers again
_GATHERING = over(
    """
    WITH made AS (
        INSERT INTO dispatches AS one (firm_id, notification_id, staff_id, channel, not_before)
        SELECT r.c0, t.id, r.c1, r.c2, r.c3 FROM {rows} JOIN notifications t ON t.firm_id = r.c0 AND t.key = r.c4
        ORDER BY r.c0, r.c4
        ON CONFLICT ON CONSTRAINT dispatches_key DO UPDATE SET state = 'waiting', ended_code = NULL, settled_at = NULL
            WHERE one.state = 'waiting' OR (one.state = 'cancelled' AND one.ended_code = 'empty')
        RETURNING new.firm_id, new.id, new.notification_id, old.id IS NULL AS is_new)
    SELECT made.firm_id, made.id, made.is_new, t.key
    FROM made JOIN notifications t ON t.firm_id = made.firm_id AND t.id = made.notification_id
    """,
    Uuid, Uuid, Text, DateTime(timezone=True), Text,
)  # fmt: skip

# of papers, and nothing of what they would tell still waits to be told
_EMPTY = text("""
    UPDATE dispatches d SET state = 'cancelled', ended_code = 'empty', settled_at = gateway_now()
    FROM notifications t
    WHERE t.firm_id = d.firm_id AND t.id = d.notification_id AND t.kind IN ('expiry', 'escalation', 'digest')
        AND d.state = 'waiting' AND NOT EXISTS (
            SELECT FROM notices n WHERE n.firm_id = d.firm_id AND n.dispatch_id = d.id AND n.state = 'waiting')
    RETURNING d.id
""")
