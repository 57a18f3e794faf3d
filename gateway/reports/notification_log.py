"""What was sent to whom and when: each dispatch, by which channel, how far it came, and what the gate said last."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import LateralFromClause

from gateway.db.models import Client, Dispatch, Document, GateDecision, Notice, Notification, Partner, Staff
from gateway.reports.filters import Filters, Person, Until, Word
from gateway.reports.filters import Since as At
from gateway.reports.plot import Columns, Kind
from gateway.reports.report import Report, Rows, streamed

State = Literal[
    "waiting", "attempting", "sent", "delivered", "opened", "failed", "unknown", "held", "dead", "cancelled", "withheld"
]

# how a message stands, as pictures tell it apart, from the foot up
STANDS = (
    Kind("arrived or sent", "good", ("sent", "delivered", "opened")),
    Kind("on its way", "second", ("waiting", "attempting")),
    Kind("for a person to decide", "warn-fill", ("held", "unknown")),
    Kind("did not arrive", "bad", ("failed", "dead")),
    Kind("stopped or cancelled", "s5", ("withheld", "cancelled")),
)

_About, _Told = aliased(Client, name="about"), aliased(Client, name="told")


class LogFilters(Filters, frozen=True, kw_only=True):
    """Which messages."""

    since: Annotated[At, Meta(description="What was sent, or is to be, at this instant or later.")] | None = None
    until: Annotated[Until, Meta(description="What was sent, or is to be, before this instant.")] | None = None
    channel: Annotated[Word, Meta(description="By this channel only, such as `email`.")] | None = None
    state: Annotated[State, Meta(description="What has come so far only, such as `sent`.")] | None = None
    kind: Annotated[Word, Meta(description="Of this kind only, such as `expiry`.")] | None = None
    client: Person | None = None


def _rows(session: Session, filters: LogFilters) -> Rows:
    yield from streamed(session, _narrowed(_found(), filters))


def _found() -> Select[*tuple[object, ...]]:
    """A row for each dispatch and each paper that it speaks of; walls hide dispatches whole (`walled_dispatches`)."""
    gate = _gate()
    return (
        select(
            Dispatch.id,
            Notification.id,
            Notification.kind,
            Notification.template,
            Notification.priority,
            Partner.slug,
            Dispatch.channel,
            _recipient_kind(),
            func.coalesce(Staff.name, _name(_Told), Dispatch.contact),
            func.coalesce(_About.id, _Told.id),
            func.coalesce(_About.employee_id, _Told.employee_id),
            Document.doc_type,
            Notice.expires_on,
            Notice.lead,
            Notice.step,
            Dispatch.state,
            Dispatch.ended_code,
            Dispatch.attempts,
            Dispatch.is_repeat,
            Dispatch.created_at,
            Dispatch.not_before,
            Dispatch.sent_at,
            Dispatch.settled_at,
            gate.c.verdict,
            gate.c.reason,
            gate.c.until,
        )
        .join(Notification, Notification.id == Dispatch.notification_id)
        .outerjoin(Notice, Notice.dispatch_id == Dispatch.id)
        .outerjoin(Document, Document.id == Notice.document_id)
        .outerjoin(_About, _About.id == Notice.client_id)
        .outerjoin(_Told, _Told.id == Dispatch.client_id)
        .outerjoin(Partner, Partner.id == _partner())
        .outerjoin(Staff, Staff.id == Dispatch.staff_id)
        .outerjoin(gate, true())
        .order_by(_when().desc(), Dispatch.id.desc(), Notice.id)
    )


def _partner() -> ColumnElement[object]:
    return func.coalesce(_About.partner_id, _Told.partner_id, Dispatch.partner_id, Notification.partner_id)


def _recipient_kind() -> ColumnElement[str]:
    return case((Dispatch.staff_id.is_not(None), "staff"), (Dispatch.client_id.is_not(None), "client"), else_="contact")


def _name(person: type[Client]) -> ColumnElement[str | None]:
    return func.nullif(func.concat_ws(" ", person.given_name, person.family_name), "")


def _when() -> ColumnElement[object]:
    return func.coalesce(Dispatch.sent_at, Dispatch.not_before)


def _gate() -> LateralFromClause:
    """The last thing that the gate said."""
    of = and_(GateDecision.firm_id == Dispatch.firm_id, GateDecision.dispatch_id == Dispatch.id)
    found = select(GateDecision.verdict, GateDecision.reason, GateDecision.until).where(of)
    return found.order_by(GateDecision.at.desc(), GateDecision.id.desc()).limit(1).correlate(Dispatch).lateral("gate")


def _narrowed(found: Select[*tuple[object, ...]], filters: LogFilters) -> Select[*tuple[object, ...]]:
    asked = filters.client
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(_when() >= filters.since) if filters.since else found
    found = found.where(_when() < filters.until) if filters.until else found
    found = found.where(Dispatch.channel == filters.channel) if filters.channel else found
    found = found.where(Dispatch.state == filters.state) if filters.state else found
    found = found.where(Notification.kind == filters.kind) if filters.kind else found
    return found.where(or_(Notice.client_id == asked, Dispatch.client_id == asked)) if asked else found


REPORT = Report(
    title="What was sent to whom and when",
    purpose="Each message to staff, people and partners: by which channel, how it stands, and why.",
    columns=tuple(
        "dispatch notification kind template priority partner channel recipient_kind recipient client employee_id"
        " doc_type expires_on lead step state reason attempts is_repeat made_at not_before sent_at settled_at"
        " gate_verdict gate_reason gate_until".split()
    ),
    filters=LogFilters,
    query=_rows,
    permission="documents.read",
    plot=Columns(
        title="Messages by day and how they stand now",
        of="message",
        x=("sent_at", "not_before"),
        step="day",
        series="state",
        words=STANDS,
        once="dispatch",
    ),
)
