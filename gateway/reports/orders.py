"""Reports that take long: ordered, made by a job, and fetched within a day by whoever ordered them.

What lies ready may name anybody whom it is about, so it goes when one of them is erased; it can be ordered again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Literal, NamedTuple, cast
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import JobRow, Partner, ReportOrder, Wall
from gateway.db.models.base import blanks
from gateway.db.session import note_recording
from gateway.domain.audit import Change, record
from gateway.erasing import Eraser, Person, Share
from gateway.errors import Conflict, Forbidden, Gone, Invalid, Missing, NotFound
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.office import Acting, Actor, Office
from gateway.reports.filters import Filters, filters_of
from gateway.reports.taking import asked_for, check_permitted, report_named, take_out
from gateway.reports.writers import FORMS

KEPT = timedelta(days=1)
REMEMBERED = timedelta(days=30)  # that something was ordered

State = Literal["waiting", "running", "ready", "failed", "gone"]

_WHY_GONE = (
    "It was kept for a day, or until somebody was erased whom it may name, or a wall was put up around you since."
    " Order it again."
)
_CHUNK = 1 << 20
_AT_ONCE = 200  # orders a transaction lets go of


class Order(NamedTuple):
    """What somebody ordered, and how far it is.

    Attributes:
        rows: written so far, while the job runs.
        problem: why there is no report.
    """

    id: UUID
    report: str
    form: str
    state: State
    rows: int
    size: int | None
    problem: str | None
    ordered_at: datetime
    expires_at: datetime | None


class Ready(NamedTuple):
    """A report that lies ready: the name and kind of its file, its size, and its bytes, which need no transaction."""

    name: str
    media_type: str
    size: int
    chunks: Iterator[bytes]


def place(acting: Acting, name: str, asked: Filters, form: str) -> Order:
    """Have a report made; the actor's walls and permissions hold when it is.

    Raises:
        Forbidden, NotFound, Missing: as of `take_out`.
    """
    _, filters = asked_for(acting, name, asked)
    actor = acting.actor
    order = ReportOrder(
        firm_id=acting.firm_id,
        report=name,
        form=form,
        filters={key: value for key, value in to_builtins(filters).items() if value is not None},
        about_id=acting.session.scalar(select(Partner.id).where(Partner.slug == filters.partner)),
        actor_kind=actor.kind,
        actor=actor.name,
        actor_id=actor.id,
        origin=actor.origin,
        partner_id=actor.partner_id,
    )
    acting.session.add(order)
    acting.session.flush()
    record(acting, "report.order", changes=[Change("report", order.id, "ordered", new={"report": name})])
    lane = f"report {acting.firm_id} {actor.name}"  # one at a time for each who orders
    enqueue(acting.session, WRITE, {"order_id": order.id}, firm_id=acting.firm_id, lane=lane, about=order.id)
    return _told(acting.session, order)


def look(acting: Acting, order_id: UUID) -> Order:
    """How far the actor's order is.

    Raises:
        NotFound: the actor ordered no such report.
    """
    return _told(acting.session, _own(acting, order_id))


def fetch(acting: Acting, order_id: UUID) -> Ready:
    """What was made of the actor's order; that it was fetched is on record.

    Raises:
        NotFound: the actor ordered no such report.
        Conflict: `report_not_ready`, or `report_failed`.
        Gone: `report_gone`: a day has passed, a person was erased meanwhile, or a wall was put up around the actor.
    """
    order = _own(acting, order_id)
    check_permitted(acting, report_named(order.report))
    told = _told(acting.session, order)
    if told.state == "gone" or _is_behind_a_wall(acting, order):
        raise Gone("report_gone", _WHY_GONE)
    if told.state != "ready" or order.storage_key is None or order.size is None:
        code = "report_failed" if told.state == "failed" else "report_not_ready"
        raise Conflict(code, told.problem or "It is not ready yet; look at the order to see how far it is.")
    record(acting, "report.fetch", changes=[Change("report", order.id, "fetched", new={"report": order.report})])
    chunks = acting.office.store.read(order.storage_key, acting.cipher)
    return Ready(f"{order.report}.{order.form}", FORMS[order.form].media_type, order.size, chunks)


def _own(acting: Acting, order_id: UUID) -> ReportOrder:
    """A partner's programs share its orders; of staff and at the machine, everybody has their own."""
    actor = acting.actor
    mine = (
        ReportOrder.partner_id == actor.partner_id
        if actor.kind == "partner"
        else ReportOrder.partner_id.is_(None) & (ReportOrder.actor_id.is_not_distinct_from(actor.id))
    )
    found = acting.session.scalar(select(ReportOrder).where(ReportOrder.id == order_id, mine))
    if found is None:
        raise NotFound("ordered report", str(order_id))
    return found


def _is_behind_a_wall(acting: Acting, order: ReportOrder) -> bool:
    """Whether it may show what its owner may no longer see."""
    since = select(Wall.id).where(Wall.staff_id == acting.actor.id, Wall.created_at >= order.ordered_at).limit(1)
    return acting.actor.kind == "staff" and acting.session.scalar(since) is not None


def _told(session: Session, order: ReportOrder) -> Order:
    job = session.scalar(select(JobRow).where(JobRow.about == order.id, JobRow.kind == WRITE.name))
    state, problem = _state(order, job), order.problem
    if state == "failed" and problem is None:
        problem = "It could not be made. We have been told; order it again."
    rows = int((job.progress or {}).get("rows", 0)) if job else 0
    return Order(
        order.id, order.report, order.form, state, rows, order.size, problem, order.ordered_at, order.expires_at
    )


def _state(order: ReportOrder, job: JobRow | None) -> State:
    """A job that is dead, or forgotten, will make nothing any more."""
    if order.destroyed_at is not None or (order.expires_at and order.expires_at <= clock.now()):
        return "gone"
    if order.ready_at is not None:
        return "failed" if order.problem else "ready"
    if job is None or job.state == "dead":
        return "failed"
    return "running" if job.state == "running" else "waiting"


# ------------------------------------------------------------------------------------------------ how one is made


def write(handling: Handling) -> None:
    """Make what was ordered, as whoever ordered it. What cannot be made is told with the order, and done all the same.

    Each attempt stores under a key of its own: what a killed worker left is swept as a stray.
    """
    office, job = handling.office, handling.job
    order_id = UUID(job.payload["order_id"])
    key = f"{job.firm_id}/reports/{order_id}.{job.attempts}"
    if job.firm_id is None:
        raise TypeError("a report is a firm's")
    try:
        made = _make(handling, job.firm_id, order_id, key)
    except (Invalid, Missing, Forbidden) as error:
        _end(handling, order_id, problem=error.sentence)
    else:
        if made is not None and not _end(handling, order_id, storage_key=key, size=made):
            office.store.delete(key)  # somebody was erased meanwhile


def _make(handling: Handling, firm_id: UUID, order_id: UUID, key: str) -> int | None:
    """Store the report; its size, or None where nobody waits for it."""
    office = handling.office
    with office.db.firm(firm_id) as session:
        order = session.scalar(select(ReportOrder).where(ReportOrder.id == order_id, *_OPEN))
        if order is None:
            return None
        session.expunge(order)
    actor = Actor(order.actor_kind, order.actor, order.actor_id, order.origin, order.partner_id)  # type: ignore[arg-type]  # plain text in the database
    asked = filters_of(report_named(order.report).filters, order.filters)
    with tempfile.TemporaryFile() as out, office.acting(firm_id, actor) as acting:
        draft = cast("IO[bytes]", out)
        take_out(acting, order.report, asked, order.form, draft, told=lambda rows: handling.tell(rows=rows))
        draft.seek(0)
        return office.store.put(key, iter(lambda: draft.read(_CHUNK), b""), acting.cipher).size


def _end(handling: Handling, order_id: UUID, **came: object) -> bool:
    """Put on record what came of it; whether anybody still waits for it."""
    now = clock.now()
    values = {"ready_at": now, "expires_at": now + KEPT, **came}
    with handling.transaction() as session:
        note_recording(session, cast("UUID", handling.job.firm_id))
        ended = update(ReportOrder).where(ReportOrder.id == order_id, *_OPEN).values(values).returning(ReportOrder.id)
        return session.scalar(ended) is not None


_OPEN: tuple[ColumnElement[bool], ...] = (ReportOrder.ready_at.is_(None), ReportOrder.destroyed_at.is_(None))


# ------------------------------------------------------------------------------------------------ how they go


def purge(handling: Handling) -> None:
    """Delete what lay ready for a day. Bytes go before the commit: if it fails, the next run finds them gone."""
    gone, last = 0, _AT_ONCE
    while last == _AT_ONCE:
        with handling.office.db.system() as session:
            old = select(ReportOrder).where(ReportOrder.expires_at < clock.now(), ReportOrder.destroyed_at.is_(None))
            keys = _give_up(session.scalars(old.limit(_AT_ONCE).with_for_update(skip_locked=True)))
            _destroy(handling.office, keys)
        last = len(keys)
        gone += last
        handling.tell(deleted=gone)
    with handling.transaction() as session:
        session.execute(delete(ReportOrder).where(ReportOrder.ordered_at < clock.now() - REMEMBERED))


def _erase(acting: Acting, person: Person) -> Share:
    """Of orders that are not made yet, too: their job finds that nobody waits for them."""
    may_name = or_(ReportOrder.about_id.is_(None), ReportOrder.about_id == person.partner_id)
    orders = acting.session.scalars(select(ReportOrder).where(may_name).with_for_update()).all()
    keys = _give_up(one for one in orders if one.destroyed_at is None)
    for one in orders:
        for name, value in blanks(ReportOrder).items():
            setattr(one, name, value)
    acting.session.flush()
    return Share({"reports": len(keys)}, destroy=partial(_destroy, acting.office, keys))


def _give_up(orders: Iterable[ReportOrder]) -> list[str]:
    """Note that what was made of orders is gone; the keys under which it is stored, blank where nothing was yet."""
    keys = []
    for one in orders:
        keys.append(one.storage_key or "")
        one.storage_key, one.destroyed_at = None, clock.now()
    return keys


def _destroy(office: Office, keys: Iterable[str]) -> None:
    for key in filter(None, keys):
        office.store.delete(key)


WRITE = Kind("reports.write", "bulk", write)
PURGE = Kind("reports.purge", "bulk", purge, clockwork=Clockwork("old reports", "10 * * * *"))
KINDS = (WRITE, PURGE)
ERASERS = (Eraser(("report_orders",), _erase),)
