"""From notice to dispatch: what waits leaves at once, or in the digest of its recipient's next window.

A notice is planned in the transaction that makes its dispatch, while its row is locked; so it has one, whoever plans
beside it and wherever anybody is killed. What is told of one paper to one recipient at once is one notification with a
dispatch for each channel, the bell in the browser included. A digest is one for each recipient, channel and window.

What is urgent waits for no digest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, DateTime, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from gateway import clock
from gateway.domain.expiry import sweep
from gateway.domain.rules.dated import audiences, on
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.office import Office
from outbound.notify.preferring import Preference, Wanted, preferred
from outbound.notify.sending import wake
from outbound.notify.windows import Rhythm, following, zones

BELL = "in_app"

_AT_ONCE = 2_000  # notices that one transaction plans
_NIL = UUID(int=0)
_GATHERED = int.from_bytes(b"digest")  # advisory lock: nobody takes a digest for empty while it is being filled

Prefer = Callable[[Session, Collection[Wanted]], Mapping[Wanted, Preference]]
Window = tuple[UUID, UUID, str, datetime]  # firm, recipient, channel, when


class Planned(Struct, frozen=True, kw_only=True):
    """What planning did.

    Attributes:
        notices: that have a dispatch now, those of the bell included.
        immediate: dispatches that leave as soon as they may.
        digests: dispatches that gather until their window; new ones.
        cancelled: dispatches of which nothing is left to tell.
    """

    notices: int = 0
    immediate: int = 0
    digests: int = 0
    cancelled: int = 0


class Waiting(NamedTuple):
    """A notice without a dispatch.

    Attributes:
        zone: of the recipient, as it is written; nobody may have looked whether there is one.
        firms_zone: there is one.
        days_left: on the firm's day, which is today.
    """

    id: UUID
    firm_id: UUID
    client_id: UUID
    document_id: UUID
    doc_type: str
    expires_on: date
    lead: int
    step: int
    again: int
    staff_id: UUID | None
    channel: str
    zone: str | None
    firms_zone: str
    days_left: int
    today: date
    snoozed_until: datetime | None

    @property
    def recipient(self) -> UUID:
        """Of the staff, or the client."""
        return self.staff_id or self.client_id

    @property
    def wanted(self) -> Wanted | None:
        """What the staff may have a preference about; None of clients, who have none."""
        return Wanted(self.firm_id, self.staff_id, self.doc_type, self.channel) if self.staff_id else None

    @property
    def told(self) -> tuple[object, ...]:
        """What one notification tells."""
        return (*self.bell, self.client_id, self.snoozed_until)

    @property
    def bell(self) -> tuple[object, ...]:
        """What rings once."""
        return (self.document_id, self.expires_on, self.lead, self.step, self.again, self.staff_id)

    @property
    def is_urgent(self) -> bool:
        """Escalations are, and what is so near its end that people are told by telephone as well."""
        return self.step > 0 or self.days_left <= _nearest(self.today)


def plan(office: Office, prefer: Prefer = preferred) -> Planned:
    """Give every notice that waits a dispatch, for all firms, some at a time; again changes nothing.

    Args:
        office: of the installation.
        prefer: says how recipients want to be told.
    """
    with office.db.system() as session:
        sweep.cancel(session)
    with office.db.system() as session:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _GATHERED})
        planned = Planned(cancelled=len(session.execute(_EMPTY).all()))
    last: tuple[UUID, UUID, UUID] | None = (_NIL, _NIL, _NIL)
    while last:
        with office.db.system() as session:
            found = _waiting(session, last)
            planned = _sum(planned, _plan_some(session, found, prefer))
        last = (found[-1].firm_id, found[-1].document_id, found[-1].id) if found else None
    return planned


def _plan_some(session: Session, found: Sequence[Waiting], prefer: Prefer) -> Planned:
    """One transaction's share."""
    modes = prefer(session, {wanted for one in found if (wanted := one.wanted)})
    at_once: list[Waiting] = []
    gathered: list[tuple[Waiting, Rhythm]] = []
    for one in found:
        if rhythm := _rhythm(one, modes):
            gathered.append((one, rhythm))
        else:
            at_once.append(one)
    at_once += _with_bell(session, at_once)
    _tell_at_once(session, at_once)
    digests, placed = _gather(session, gathered)
    for firm_id in sorted({one.firm_id for one in found}):
        wake(session, firm_id)
    return Planned(notices=len(at_once) + placed, immediate=len(at_once), digests=digests)


def _rhythm(one: Waiting, modes: Mapping[Wanted, Preference]) -> Rhythm | None:
    """Which digest it may wait for; what its recipient wants not at all is for the gate to withhold."""
    if one.wanted is None or one.is_urgent:
        return None
    match modes.get(one.wanted):
        case "daily" | "weekly" as rhythm:
            return rhythm
        case _:
            return None


def _sum(one: Planned, other: Planned) -> Planned:
    return Planned(**{name: getattr(one, name) + getattr(other, name) for name in Planned.__struct_fields__})


def _nearest(today: date) -> int:
    """So many days before the end people are told by telephone as well."""
    rule = on(audiences()["documents"], today)
    return max((one.at_most for one in rule.told if one.channel == "sms"), default=1) if rule else 1


# ------------------------------------------------------------------------------------------------ what waits


def _waiting(session: Session, last: tuple[UUID, UUID, UUID]) -> list[Waiting]:
    """Of the notices after one, some that nobody else plans at this moment; their rows are locked."""
    values = {"limit": _AT_ONCE, "firm": last[0], "document": last[1], "notice": last[2]}
    return [Waiting(*row) for row in session.execute(_WAITING, values)]


def _with_bell(session: Session, notices: Sequence[Waiting]) -> list[Waiting]:
    """What staff are told at once rings in the browser, too: notices of their own, once however many channels."""
    once = {one.bell: one for one in notices if one.staff_id and one.channel != BELL}
    made = _made(session, _BELL, [(one.firm_id, one.id) for one in once.values()])
    rung = {(row.document_id, row.expires_on, row.lead, row.step, row.again, row.staff_id): row.id for row in made}
    return [one._replace(id=rung[bell], channel=BELL) for bell, one in once.items() if bell in rung]


# ------------------------------------------------------------------------------------------------ at once


def _tell_at_once(session: Session, notices: Sequence[Waiting]) -> None:
    """A notification for what is told to somebody, a dispatch for each channel."""
    told: dict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for one in notices:
        told[one.told].append(one)
    groups = list(told.values())
    ids = session.scalars(text("SELECT uuidv7() FROM generate_series(1, :n)"), {"n": len(groups)}).all()
    pairs = list(zip(ids, groups, strict=True))
    _do(session, _NOTIFICATIONS, [_notification(one, group[0]) for one, group in pairs])
    _do(session, _DISPATCHES, [_dispatch(one, notice) for one, group in pairs for notice in group])


def _notification(notification_id: UUID, first: Waiting) -> tuple[object, ...]:
    kind = "escalation" if first.step else "expiry"
    return (first.firm_id, notification_id, kind, "urgent" if first.is_urgent else "normal")


def _dispatch(notification_id: UUID, one: Waiting) -> tuple[object, ...]:
    whom = (one.staff_id, None) if one.staff_id else (None, one.client_id)
    return (one.firm_id, notification_id, one.id, *whom, one.channel, one.snoozed_until)


# ------------------------------------------------------------------------------------------------ digests


def _gather(session: Session, found: Iterable[tuple[Waiting, Rhythm]]) -> tuple[int, int]:
    """Put notices into the digests of their windows; how many digests are new, and how many notices are in one.

    A digest that is leaving at this moment takes nothing more: what was for it waits for the next planning.
    """
    windows: dict[Window, list[UUID]] = defaultdict(list)
    for one, rhythm in found:
        windows[_window(one, rhythm)].append(one.id)
    session.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": _GATHERED})
    rows = sorted((*window, _key(window)) for window in windows)  # all who plan lock in this order
    _do(session, _DIGESTS, rows)
    open_ones = {(row.firm_id, row.key): row for row in _made(session, _GATHERING, rows)}
    placed = [
        (window[0], notice_id, digest.id)
        for window, ids in windows.items()
        if (digest := open_ones.get((window[0], _key(window))))
        for notice_id in ids
    ]
    _do(session, _PLACED, placed)
    return sum(row.is_new for row in open_ones.values()), len(placed)


def _window(one: Waiting, rhythm: Rhythm) -> Window:
    zone = one.zone if one.zone in zones() else one.firms_zone
    now = clock.now()
    return (one.firm_id, one.recipient, one.channel, following(rhythm, zone, max(now, one.snoozed_until or now)))


def _key(window: Window) -> str:
    return f"digest/{window[1]}/{window[2]}/{window[3]:%Y-%m-%dT%H:%MZ}"


# ------------------------------------------------------------------------------------------------ statements


def _do(session: Session, statement: TextClause, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        session.execute(statement, _columns(rows))


def _made(session: Session, statement: TextClause, rows: Sequence[tuple[object, ...]]) -> Sequence[Any]:
    """The rows that a statement over rows returns."""
    return session.execute(statement, _columns(rows)).all() if rows else []


def _columns(rows: Sequence[tuple[object, ...]]) -> dict[str, list[object]]:
    """An array for each column."""
    return {f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}


def _over(sql: str, *kinds: type[TypeEngine[Any]] | TypeEngine[Any]) -> TextClause:
    """A statement over rows, which it calls `r`, with columns of these types, `c0` and on."""
    names = [f"c{place}" for place in range(len(kinds))]
    rows = f"unnest({', '.join(f':{name}' for name in names)}) r ({', '.join(names)})"
    return text(sql.format(rows=rows)).bindparams(
        *(bindparam(name, type_=ARRAY(kind)) for name, kind in zip(names, kinds, strict=True))
    )


_WAITING = text("""
    SELECT n.id, n.firm_id, n.client_id, n.document_id, d.doc_type, n.expires_on, n.lead, n.step, n.again, n.staff_id,
           n.channel, CASE WHEN n.staff_id IS NULL THEN c.time_zone ELSE m.time_zone END, f.time_zone,
           n.expires_on - today.day, today.day, n.snoozed_until
    FROM notices n
    JOIN firms f ON f.id = n.firm_id
    CROSS JOIN LATERAL (SELECT (gateway_now() AT TIME ZONE f.time_zone)::date AS day) today
    JOIN documents d ON d.firm_id = n.firm_id AND d.id = n.document_id
    JOIN clients c ON c.firm_id = n.firm_id AND c.id = n.client_id
    LEFT JOIN staff m ON m.firm_id = n.firm_id AND m.id = n.staff_id
    WHERE n.state = 'waiting' AND n.dispatch_id IS NULL
        AND (n.firm_id, n.document_id, n.id) > (:firm, :document, :notice)
    ORDER BY n.firm_id, n.document_id, n.id LIMIT :limit FOR UPDATE OF n SKIP LOCKED
""").bindparams(bindparam("firm", type_=Uuid), bindparam("document", type_=Uuid), bindparam("notice", type_=Uuid))

# one that was cancelled before it rang is rung after all
_BELL = _over(
    """
    INSERT INTO notices (firm_id, client_id, document_id, expires_on, lead, days_left, step, role, staff_id, channel,
                         due_on, again, needs_answer, snoozed_until)
    SELECT n.firm_id, n.client_id, n.document_id, n.expires_on, n.lead, n.days_left, n.step, n.role, n.staff_id,
           'in_app', n.due_on, n.again, (
               SELECT bool_or(x.needs_answer) FROM notices x
               WHERE x.firm_id = n.firm_id AND x.document_id = n.document_id AND x.expires_on = n.expires_on
                   AND x.lead = n.lead AND x.step = n.step AND x.again = n.again AND x.staff_id = n.staff_id
                   AND x.state <> 'cancelled'), n.snoozed_until
    FROM {rows} JOIN notices n ON n.firm_id = r.c0 AND n.id = r.c1
    ON CONFLICT ON CONSTRAINT notices_key DO UPDATE SET state = 'waiting', ended_at = NULL, ended_code = NULL,
        dispatch_id = NULL, days_left = EXCLUDED.days_left, due_on = EXCLUDED.due_on,
        needs_answer = EXCLUDED.needs_answer, snoozed_until = EXCLUDED.snoozed_until
        WHERE notices.state = 'cancelled'
    RETURNING id, document_id, expires_on, lead, step, again, staff_id
    """,
    Uuid, Uuid,
)  # fmt: skip

_NOTIFICATIONS = _over(
    """
    INSERT INTO notifications (firm_id, id, kind, template, priority, created_by)
    SELECT r.c0, r.c1, r.c2, r.c2, r.c3, 'system' FROM {rows}
    """,
    Uuid, Uuid, Text, Text,
)  # fmt: skip

_DISPATCHES = _over(
    """
    WITH r AS (SELECT * FROM {rows}),
    made AS (
        INSERT INTO dispatches (firm_id, notification_id, staff_id, client_id, channel, not_before)
        SELECT r.c0, r.c1, r.c3, r.c4, r.c5, coalesce(r.c6, gateway_now()) FROM r
        RETURNING firm_id, id, notification_id, channel)
    UPDATE notices n SET dispatch_id = made.id
    FROM r JOIN made ON made.firm_id = r.c0 AND made.notification_id = r.c1 AND made.channel = r.c5
    WHERE n.firm_id = r.c0 AND n.id = r.c2
    """,
    Uuid, Uuid, Uuid, Uuid, Uuid, Text, DateTime(timezone=True),
)  # fmt: skip

_DIGESTS = _over(
    """
    INSERT INTO notifications (firm_id, kind, template, priority, key, created_by)
    SELECT r.c0, 'digest', 'digest', 'normal', r.c4, 'system' FROM {rows} ORDER BY r.c0, r.c4
    ON CONFLICT ON CONSTRAINT notifications_key DO NOTHING
    """,
    Uuid, Uuid, Text, DateTime(timezone=True), Text,
)  # fmt: skip

# one that was cancelled because nothing was left in it gathers again
_GATHERING = _over(
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

_PLACED = _over(
    """
    UPDATE notices n SET dispatch_id = r.c2 FROM {rows} WHERE n.firm_id = r.c0 AND n.id = r.c1
    """,
    Uuid, Uuid, Uuid,
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


# ------------------------------------------------------------------------------------------------ by the clock


def sweep_all(handling: Handling) -> None:
    """Sweep, and leave what was found to planning, in one transaction."""
    with handling.transaction() as session:
        swept = sweep.sweep_in(session)
        handling.tell(due=swept.due, notices=swept.notices, escalated=swept.escalated, cancelled=swept.cancelled)
        enqueue(session, PLAN, {}, firm_id=None)


def plan_all(handling: Handling) -> None:
    """Plan what waits."""
    planned = plan(handling.office)
    handling.tell(notices=planned.notices, digests=planned.digests, cancelled=planned.cancelled)


PLAN = Kind("notices.plan", "normal", plan_all)
SWEEP = Kind("expiry.sweep", "normal", sweep_all, clockwork=Clockwork("sweep of papers", "7 * * * *"))
KINDS = (SWEEP, PLAN)
