"""The firm's queue of cases that wait for an attorney: who comes in, who leaves it, and what has it looked at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, text, true, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, Client, Firm, Handover, UnassignedCase
from gateway.db.paging import Found, Paging
from gateway.db.session import moment, tell_after_commit
from gateway.domain import audit
from gateway.errors import Conflict
from gateway.events import CaseChanged, CaseOpened, CaseWaiting, Event
from gateway.jobs import ledger
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import LADDER, Clockwork, Kind
from gateway.jobs.queues import Queue
from gateway.jobs.subscriptions import Subscription
from gateway.office import Acting, Office

DRAIN = "assign.drain"  # the jobs of `gateway.domain.assignment.assigning`, which stands above
_QUEUE: Queue = "normal"
_AT_ONCE = 5_000  # cases that one fact tells admins of
_TICK = timedelta(microseconds=1)  # the least that the database keeps apart


# ------------------------------------------------------------------------------------------------ who waits


def act(_office: Office, session: Session, event: Event) -> None:
    """Let new and reopened cases without an attorney wait, let those leave that need none, and have the rest seen.

    A reopened case stays with the attorney it had, full or not: their name stands on what was filed, and its agency
    writes to them. That may be one more than they may hold, of which they are told (`outbound.notify.of_cases`).
    """
    is_new = isinstance(event, CaseOpened) or (isinstance(event, CaseChanged) and event.change == "reopened")
    came = _enter(session, Case.id.in_(event.records)) if is_new else 0
    leave(session, event.records)
    if isinstance(event, CaseChanged) and event.change == "closed":
        withdraw(session, event.records)
    [firm_id] = session.scalars(select(Firm.id))
    if (came or not is_new) and session.scalar(select(exists().where(UnassignedCase.firm_id == firm_id))):
        look_again(session, firm_id)


def fill(acting: Acting) -> int:
    """Let every open case wait that has no attorney, such as those from before there were any; counts them."""
    came = _enter(acting.session, true())
    audit.record(acting, "case.queue", changes=[audit.Change("case", None, "queued", new={"cases": came})])
    look_again(acting.session, acting.firm_id)
    return came


def leave(session: Session, case_ids: Iterable[UUID]) -> None:
    """Take those out of the queue that need nobody: they ended, were erased or archived, or have somebody."""
    needs = exists().where(Case.firm_id == UnassignedCase.firm_id, Case.id == UnassignedCase.case_id, needs_somebody())
    gone = delete(UnassignedCase).where(UnassignedCase.case_id.in_(case_ids), ~needs)
    session.execute(gone, execution_options={"synchronize_session": False})


def put_back(session: Session, case: Case) -> Waiting:
    """Let a case wait that was taken back from its attorney, behind those that wait already.

    Raises:
        Conflict: `nothing_to_undo`, nobody will look at it.
    """
    session.flush()
    if not _enter(session, Case.id == case.id):
        raise Conflict("nothing_to_undo", "Its client is archived, so it would wait for nobody; move it instead.")
    return Waiting(case, session.scalars(select(UnassignedCase).where(UnassignedCase.case_id == case.id)).one())


def withdraw(session: Session, case_ids: Iterable[UUID]) -> None:
    """End what was proposed for cases that have ended, or passed to somebody by another way."""
    open_ones = update(Handover).where(Handover.case_id.in_(case_ids), Handover.state == "proposed")
    ended = open_ones.values(state="withdrawn", ended_at=func.gateway_now())
    session.execute(ended, execution_options={"synchronize_session": False})


def needs_somebody() -> ColumnElement[bool]:
    """Whether a case is open, has no attorney, and is of nobody who was erased or archived."""
    gone = exists().where(
        Client.firm_id == Case.firm_id,
        Client.id == Case.client_id,
        or_(Client.status == "archived", Client.erased_at.is_not(None)),
    )
    return and_(Case.status == "open", Case.stage != "closed", Case.attorney_id.is_(None), ~gone)


def moment_of_giving(session: Session) -> datetime:
    """Now, and later than whatever was given before: turns go by it, and clocks may stand still or go back."""
    last = select(func.max(Assignment.at)).where(Assignment.attorney_id == Attorney.id)
    latest = session.scalar(select(func.max(last.correlate(Attorney).scalar_subquery())).select_from(Attorney))
    now = moment(session)
    return now if latest is None else max(now, latest + _TICK)


def _enter(session: Session, which: ColumnElement[bool]) -> int:
    found = select(Case.firm_id, Case.id).where(which, needs_somebody())
    came = insert(UnassignedCase).from_select(["firm_id", "case_id"], found).on_conflict_do_nothing()
    return len(session.execute(came.returning(UnassignedCase.case_id)).all())


# ------------------------------------------------------------------------------------------------ looking again


def look_again(session: Session, firm_id: UUID) -> None:
    """Have a firm's queue looked at, for somebody might be able to take what waits: after the commit, once for many.

    A look that already waits to begin is held to the end of this transaction, so that it sees what this one does.

    Args:
        session: of the firm, or of the system.
        firm_id: whose.
    """
    session.flush()
    if session.scalar(_BEGINS, {"kind": DRAIN, "firm": firm_id}) is None:
        ask(session, firm_id)
    else:
        tell_after_commit(session, _QUEUE)


def ask(session: Session, firm_id: UUID, seconds: int = 0) -> None:
    """Ask for a look at a firm's queue, in so many seconds."""
    at = session.scalars(select(func.gateway_now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds))).one()
    attempts, lane, later = 1 + len(LADDER), f"assign/{firm_id}", at if seconds else None
    ledger.add(session, ledger.New(DRAIN, _QUEUE, attempts, {}, firm_id, None, lane, None, later))


_BEGINS = text(
    "SELECT id FROM jobs WHERE kind = :kind AND firm_id = :firm AND state = 'waiting' AND not_before <= gateway_now()"
    " LIMIT 1 FOR UPDATE SKIP LOCKED"
)


def look(handling: Handling) -> None:
    """Have all queues looked at, for days pass: somebody returns, a deadline comes nearer."""
    with handling.office.db.system() as session:
        firms = session.scalars(select(UnassignedCase.firm_id).distinct()).all()
    for firm_id in firms:
        with handling.office.db.firm(firm_id) as session:
            look_again(session, firm_id)


# ------------------------------------------------------------------------------------------------ telling


def tell_late(office: Office, session: Session, firm_id: UUID, hours: float) -> None:
    """Tell once of each case that has waited longer, by partner."""
    long_ago = func.gateway_now() - func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600)
    late = select(UnassignedCase.case_id).where(
        UnassignedCase.since <= long_ago, UnassignedCase.told_at.is_(None), UnassignedCase.tried_at.is_not(None)
    )
    taken = late.order_by(UnassignedCase.case_id).limit(_AT_ONCE).with_for_update(skip_locked=True)
    told = update(UnassignedCase).where(UnassignedCase.case_id.in_(taken)).values(told_at=func.gateway_now())
    ids = session.scalars(
        told.returning(UnassignedCase.case_id), execution_options={"synchronize_session": False}
    ).all()
    by_partner = select(Case.partner_id, func.array_agg(Case.id)).where(Case.id.in_(ids)).group_by(Case.partner_id)
    for partner_id, cases in session.execute(by_partner.order_by(Case.partner_id)).all() if ids else ():
        office.tell(session, firm_id, CaseWaiting(partner_id=partner_id, records=cases))


# ------------------------------------------------------------------------------------------------ looked at by people


class Waiting(NamedTuple):
    """A case that waits, and what is known of why."""

    case: Case
    row: UnassignedCase


_LAST = date(9999, 12, 31)  # stands for no deadline, behind all others
_DUE = func.coalesce(Case.deadline_on, _LAST)


def look_through(acting: Acting, paging: Paging) -> Found[Waiting]:
    """Some cases that wait: the soonest deadline first, those without one last; of equals whoever came first.

    Ids grow in the order in which cases come in, so a page goes on behind a case that has left meanwhile. That they
    were seen is on record.
    """
    query = select(Case, UnassignedCase).join(UnassignedCase, UnassignedCase.case_id == Case.id)
    if paging.after is not None:
        at, key = paging.after
        query = query.where(tuple_(_DUE, UnassignedCase.id) > tuple_(at.date(), key))
    query = query.order_by(_DUE, UnassignedCase.id).limit(paging.limit + 1)
    found = [Waiting(*one) for one in acting.session.execute(query)]
    shown = found[: paging.limit]
    audit.seen(acting, "case.list", [("case", one.case.id) for one in shown])
    following = _place(shown[-1]) if len(found) > paging.limit else None
    return Found(shown, following, number(acting) if paging.total else None)


def _place(one: Waiting) -> tuple[datetime, UUID]:
    return datetime.combine(one.case.deadline_on or _LAST, time(), UTC), one.row.id


def number(acting: Acting) -> int:
    """How many cases wait, in the sight of whoever asks; a number names none, so nobody notes it."""
    return acting.session.scalars(select(func.count()).select_from(UnassignedCase)).one()


SUBSCRIPTIONS = (Subscription("assignment", _QUEUE, (CaseOpened, CaseChanged), act),)
KINDS = (Kind("assign.look", _QUEUE, look, ladder=(), clockwork=Clockwork("cases that wait", "*/10 * * * *")),)
