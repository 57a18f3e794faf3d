"""Notices that have no dispatch yet, all of a recipient's together, and the bells that ring beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, bindparam, text
from sqlalchemy.orm import Session

from gateway.domain.preferences.quiet import USUAL
from gateway.domain.rules.dated import audiences, on
from outbound.notify.over import do, made, over
from outbound.notify.preferring import Wanted

BELL = "in_app"
FIRST = (UUID(int=0), UUID(int=0))  # before every recipient

_AT_ONCE = 2_000  # notices of one transaction, and what its last recipient has besides

Recipient = tuple[UUID, UUID]  # firm; of the staff, or the client


class Waiting(NamedTuple):
    """A notice without a dispatch.

    Attributes:
        zone: of the recipient, as it is written; nobody may have looked whether there is one.
        firms_zone: there is one.
        days_left: on the firm's day, which is today.
        working_days: of the recipient, by ISO number.
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
    working_days: Sequence[int]

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


def some_after(session: Session, last: Recipient) -> Recipient | None:
    """Of the recipients after one who are to be told of something, the last of some; None where there are no more."""
    found = session.execute(_SOME, {"limit": _AT_ONCE, "firm": last[0], "who": last[1]}).one_or_none()
    return None if found is None else (found.firm_id, found.who)


def waiting(session: Session, last: Recipient, upto: Recipient) -> list[Waiting]:
    """Everything of the recipients after one, up to another; locked, and what others hold left out."""
    values = {"firm": last[0], "who": last[1], "last_firm": upto[0], "last_who": upto[1]}
    return [Waiting(*row) for row in session.execute(_WAITING, values)]


def place(session: Session, placed: Sequence[tuple[UUID, UUID, UUID]]) -> None:
    """Put notices into dispatches: of each its firm, itself, and its dispatch."""
    do(session, _PLACED, placed)


def with_bells(session: Session, notices: Sequence[Waiting]) -> list[Waiting]:
    """What staff are told at once rings in the browser, too: notices of their own, once however many channels."""
    once = {one.bell: one for one in notices if one.staff_id and one.channel != BELL}
    rows = made(session, _BELL, [(one.firm_id, one.id) for one in once.values()])
    rung = {(row.document_id, row.expires_on, row.lead, row.step, row.again, row.staff_id): row.id for row in rows}
    return [*notices, *(one._replace(id=rung[bell], channel=BELL) for bell, one in once.items() if bell in rung)]


def _nearest(today: date) -> int:
    """So many days before the end people are told by telephone as well."""
    rule = on(audiences()["documents"], today)
    return max((one.at_most for one in rule.told if one.channel == "sms"), default=1) if rule else 1


_WHO = "coalesce(n.staff_id, n.client_id)"
_UNPLANNED = f"n.state = 'waiting' AND n.dispatch_id IS NULL AND (n.firm_id, {_WHO}) > (:firm, :who)"
_SOME = text(f"""
    SELECT firm_id, who FROM (
        SELECT n.firm_id, {_WHO} AS who FROM notices n WHERE {_UNPLANNED} ORDER BY n.firm_id, who LIMIT :limit) near
    ORDER BY firm_id DESC, who DESC LIMIT 1
""").bindparams(bindparam("firm", type_=Uuid), bindparam("who", type_=Uuid))

_WAITING = text(f"""
    SELECT n.id, n.firm_id, n.client_id, n.document_id, d.doc_type, n.expires_on, n.lead, n.step, n.again, n.staff_id,
           n.channel, CASE WHEN n.staff_id IS NULL THEN c.time_zone ELSE m.time_zone END, f.time_zone,
           n.expires_on - today.day, today.day, n.snoozed_until,
           coalesce(own.working_days, firms.working_days, :usual)
    FROM notices n
    JOIN firms f ON f.id = n.firm_id
    CROSS JOIN LATERAL (SELECT (gateway_now() AT TIME ZONE f.time_zone)::date AS day) today
    JOIN documents d ON d.firm_id = n.firm_id AND d.id = n.document_id
    JOIN clients c ON c.firm_id = n.firm_id AND c.id = n.client_id
    LEFT JOIN staff m ON m.firm_id = n.firm_id AND m.id = n.staff_id
    LEFT JOIN quiet_hours own ON own.firm_id = n.firm_id AND own.staff_id = n.staff_id
    LEFT JOIN quiet_hours firms ON firms.firm_id = n.firm_id AND firms.staff_id IS NULL
    WHERE {_UNPLANNED} AND (n.firm_id, {_WHO}) <= (:last_firm, :last_who)
    ORDER BY n.firm_id, {_WHO}, n.document_id, n.id FOR UPDATE OF n SKIP LOCKED
""").bindparams(
    *(bindparam(name, type_=Uuid) for name in ("firm", "who", "last_firm", "last_who")),
    bindparam("usual", sorted(USUAL.working_days), type_=ARRAY(Integer)),
)

_PLACED = over(
    """
    UPDATE notices n SET dispatch_id = r.c2 FROM {rows} WHERE n.firm_id = r.c0 AND n.id = r.c1
    """,
    Uuid, Uuid, Uuid,
)  # fmt: skip

# all who write bells lock them in this order; one that was cancelled before it rang is rung after all
_BELL = over(
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
    ORDER BY n.firm_id, n.document_id, n.expires_on, n.lead, n.step, n.staff_id, n.again
    ON CONFLICT ON CONSTRAINT notices_key DO UPDATE SET state = 'waiting', ended_at = NULL, ended_code = NULL,
        dispatch_id = NULL, days_left = EXCLUDED.days_left, due_on = EXCLUDED.due_on,
        needs_answer = EXCLUDED.needs_answer, snoozed_until = EXCLUDED.snoozed_until
        WHERE notices.state = 'cancelled'
    RETURNING id, document_id, expires_on, lead, step, again, staff_id
    """,
    Uuid, Uuid,
)  # fmt: skip
