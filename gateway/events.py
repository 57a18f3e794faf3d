"""Facts, told once: typed, on record in the transaction that made them so, and in order for each partner.

Domain and ingest tell; whoever wants to act on a fact subscribes (`gateway.jobs.subscriptions`). An event names records
by their ids and says nothing about them: what they hold is read when somebody acts, so nothing personal lies here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.orm import Session

from gateway.db.models import EventRow

AT_ONCE = 5_000  # records that one event of an import names at most, about

_ORDER = 0x45565453  # the space of advisory locks in which partners' events wait for each other


class Event(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One fact about records of one partner.

    Attributes:
        partner_id: whose people, cases and files they are.
        records: the ids of what it is about; many, where an import told of many at once.
        import_id: the import that made it so; None where a person did.
        seq: its number on record, when it is given to a subscriber; 0 before.
    """

    partner_id: UUID
    records: Sequence[UUID] = ()
    import_id: UUID | None = None
    seq: int = 0


class ImportEnded(Event, frozen=True, kw_only=True, tag="import.ended"):
    """A file came to a state of its own; `held` may be left again."""

    state: str


class ClientChanged(Event, frozen=True, kw_only=True, tag="client.changed"):
    """People were added, changed, archived, brought back or erased, or are no longer listed (`closed`)."""

    change: Literal["created", "updated", "closed", "archived", "restored", "erased"]


class CaseOpened(Event, frozen=True, kw_only=True, tag="case.opened"):
    """Cases are new."""


class CaseChanged(Event, frozen=True, kw_only=True, tag="case.changed"):
    """Known cases were changed, closed or opened again."""

    change: Literal["updated", "closed", "reopened"]


class CaseMoved(Event, frozen=True, kw_only=True, tag="case.moved"):
    """Cases came from one stage to another."""

    before: str | None
    after: str | None


class CaseAssigned(Event, frozen=True, kw_only=True, tag="case.assigned"):
    """Cases got an attorney, or another one."""


class CaseWaiting(Event, frozen=True, kw_only=True, tag="case.waiting"):
    """Cases wait for an attorney longer than the firm wants them to."""


class HandoverProposed(Event, frozen=True, kw_only=True, tag="handover.proposed"):
    """Cases of one attorney are to pass on to others; `records` names the handovers."""


class DocumentChanged(Event, frozen=True, kw_only=True, tag="document.changed"):
    """Documents were added or changed, or another one took their place."""

    change: Literal["created", "updated", "superseded"]


class DeliveryFailing(Event, frozen=True, kw_only=True, tag="delivery.failing"):
    """A delivery does not get through, and somebody has to be told.

    Attributes:
        delivery: its name in the partner's settings.
        percent: of the time after which it is disabled; at 100 it is.
        code: of what was wrong.
        to: who is to be told: the firm, the contacts of the partner.
    """

    delivery: str
    percent: int
    code: str
    to: Sequence[Literal["firm", "partner"]] = ("firm", "partner")


class ParcelDied(Event, frozen=True, kw_only=True, tag="parcel.dead"):
    """A parcel was refused to the end of the ladder; those behind it go on. `records` names it."""

    delivery: str
    code: str
    to: Sequence[Literal["firm", "partner"]] = ("firm", "partner")


EVENTS: tuple[type[Event], ...] = (
    ImportEnded,
    ClientChanged,
    CaseOpened,
    CaseChanged,
    CaseMoved,
    CaseAssigned,
    CaseWaiting,
    HandoverProposed,
    DocumentChanged,
    DeliveryFailing,
    ParcelDied,
)
_BY_KIND: dict[str, type[Event]] = {str(one.__struct_config__.tag): one for one in EVENTS}
_COMMON = frozenset({"kind", "partner_id", "records", "import_id", "seq"})


def kind_of(event: type[Event]) -> str:
    """How an event is called in the database and by those who configure deliveries."""
    return str(event.__struct_config__.tag)


class EventRef(NamedTuple):
    """An event on record.

    Attributes:
        seq: later events of the same partner have greater ones, in the order in which they were committed.
    """

    seq: int
    kind: str
    firm_id: UUID
    partner_id: UUID


def write(session: Session, firm_id: UUID, event: Event) -> EventRef:
    """Put an event on record in the caller's transaction; see `Office.tell`, which tells subscribers as well."""
    plain = msgspec.to_builtins(event, builtin_types=(UUID,))
    said = {name: value for name, value in plain.items() if name not in _COMMON}
    session.flush()
    session.execute(_LOCK, dict(zip(("space", "partner"), order_of(event.partner_id), strict=True)))
    values = {
        "firm_id": firm_id,
        "partner_id": event.partner_id,
        "import_id": event.import_id,
        "kind": plain["kind"],
        "records": list(event.records),
        "said": said,
    }
    seq = session.scalars(insert(EventRow).values(values).returning(EventRow.seq)).one()
    return EventRef(seq, plain["kind"], firm_id, event.partner_id)


def order_of(partner_id: UUID) -> tuple[int, int]:
    """The advisory lock that whoever tells of a partner holds to the end of the transaction.

    Without it a number drawn first might be committed last, and a subscriber that has come further would miss it.
    """
    return _ORDER, int.from_bytes(partner_id.bytes[-4:], signed=True)


_LOCK = select(func.pg_advisory_xact_lock(bindparam("space"), bindparam("partner")))


def since(
    session: Session, partner_id: UUID, seq: int, events: Iterable[type[Event]], limit: int
) -> list[tuple[int, Event]]:
    """Events of a partner after a number, of the wanted types, the oldest first.

    Args:
        session: of the firm.
        partner_id: whose.
        seq: of the last event that is known already.
        events: the types that are wanted.
        limit: so many at most.
    """
    rows = session.scalars(
        select(EventRow)
        .where(EventRow.partner_id == partner_id, EventRow.seq > seq, EventRow.kind.in_(map(kind_of, events)))
        .order_by(EventRow.seq)
        .limit(limit)
    )
    return [(row.seq, _event(row)) for row in rows]


def _event(row: EventRow) -> Event:
    common: dict[str, Any] = {"partner_id": row.partner_id, "records": row.records, "import_id": row.import_id}
    return msgspec.convert({"kind": row.kind, **common, **row.said}, _BY_KIND[row.kind])


def purge(session: Session, days: int, at_most: int) -> int:
    """Delete events that are older, in a session of the system; how many were found."""
    gone = session.execute(
        text(
            "DELETE FROM events WHERE (firm_id, seq) IN (SELECT firm_id, seq FROM events"
            " WHERE at < gateway_now() - make_interval(days => :days) LIMIT :most) RETURNING seq"
        ),
        {"days": days, "most": at_most},
    )
    return len(gone.all())
