"""Carries the parcels of a line, one at a time and in the order of their ids, and keeps an account of every attempt.

An attempt is on record before anything is sent and is settled afterwards; a worker that dies in between leaves one of
which nobody knows whether it arrived, so the parcel is sent again under the same id.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, exists, or_, select, update
from sqlalchemy.orm import Session

from gateway.crypto import FirmCipher
from gateway.db.models import DeliveryLine, Firm, JobRow, Parcel, ParcelAttempt, Partner
from gateway.db.session import moment
from gateway.domain.audit import Change, write
from gateway.domain.partners.homes import Home
from gateway.errors import Problem, Transient
from gateway.events import DeliveryFailing, ParcelDied
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.logging import get_logger
from gateway.metrics import DELIVERIES
from gateway.office import Actor, Office
from outbound import carriers, ladder
from outbound.carriers.base import LONGEST_ANSWER, Closed, Declined, Sender, Unreachable
from outbound.carriers.base import Parcel as Carried
from outbound.deliveries import Delivery, settled
from outbound.laying import lay_out
from outbound.making import make

ME = Actor("system", "deliveries")

_TURN_SECONDS = 60.0  # after which a line lets others to the worker
_MAKING = 50  # parcels that are made before the first of a line is sent
_SWEPT = 1_000

log = get_logger(__name__)


class Sending(NamedTuple):
    """An attempt that has begun: for whom, what and how."""

    home: Home
    delivery: Delivery
    parcel: Parcel
    attempt_id: UUID
    sender: Sender
    cipher: FirmCipher


class Outcome(NamedTuple):
    """How an attempt ended; `outcome` is a word of the model's.

    Attributes:
        wait: for how long the other side asks to be left alone.
    """

    outcome: str
    answer: str
    code: str | None = None
    seconds: float = 0.0
    wait: timedelta | None = None


# ------------------------------------------------------------------------------------------------ jobs


def carry(handling: Handling) -> None:
    """Make what is not made, and send what waits on a line until nothing more may leave now."""
    begun, line_id = perf_counter(), UUID(handling.job.payload["line_id"])
    home = _home_of(handling.office, line_id)
    _make_some(handling, home, line_id)
    while perf_counter() - begun < _TURN_SECONDS:
        sending = _begin(handling, home, line_id)
        if sending is not None:
            _settle(handling, line_id, sending, _send(handling.office, sending))
        elif not _make_some(handling, home, line_id):
            return
    with handling.transaction() as session:
        queue(session, session.scalars(select(DeliveryLine).where(DeliveryLine.id == line_id)).one())


def sweep(handling: Handling) -> None:
    """Make jobs for lines on which something waits and that no job will see to; dead ones are for a person to see."""
    with handling.transaction() as session:
        has_job = exists().where(JobRow.about == DeliveryLine.id, JobRow.kind == CARRY.name, JobRow.state != "done")
        waits = exists().where(Parcel.line_id == DeliveryLine.id, Parcel.state == "waiting")
        found = select(DeliveryLine).where(waits, ~has_job, DeliveryLine.disabled_at.is_(None)).limit(_SWEPT)
        for line in session.scalars(found):
            queue(session, line)


CARRY = Kind("deliveries.carry", "deliveries", carry)
SWEEP = Kind("deliveries.sweep", "deliveries", sweep, clockwork=Clockwork("waiting deliveries", "* * * * *"))
KINDS = (CARRY, SWEEP)


def queue(session: Session, line: DeliveryLine, at: datetime | None = None) -> None:
    """Have a worker carry what waits on a line, now or later; two are never at the same line.

    One that waits for an earlier time will see to the later one as well. One that could run now may have begun, and
    not see what is only being written.
    """
    if at is not None:
        waits = exists().where(JobRow.about == line.id, JobRow.kind == CARRY.name, JobRow.state == "waiting")
        if session.scalar(select(waits.where(JobRow.not_before <= at))):
            return
    lane, payload = f"delivery/{line.id}", {"line_id": line.id}
    enqueue(session, CARRY, payload, firm_id=line.firm_id, lane=lane, about=line.id, not_before=at)


# ------------------------------------------------------------------------------------------------ one attempt


def _begin(handling: Handling, home: Home, line_id: UUID) -> Sending | None:
    """Put an attempt at the first parcel on record; None where nothing may leave now."""
    with handling.office.db.firm(home.firm_id) as session:
        line = _locked(session, line_id)
        _note_lost(session, line_id)
        parcel = session.scalar(_waiting(line_id).order_by(Parcel.id).limit(1))
        delivery = _may_leave(handling.office, session, line, parcel)
        if parcel is None or delivery is None:
            handling.hold(session)
            return None
        parcel.attempts += 1
        attempt = ParcelAttempt(firm_id=home.firm_id, parcel_id=parcel.id, number=parcel.attempts)
        session.add(attempt)
        session.flush()
        handling.hold(session)
        by_whom = sender_for(handling.office, session, home), handling.office.cipher(session, home.firm_id)
        sending = Sending(home, delivery, parcel, attempt.id, *by_whom)
        session.expunge_all()
        return sending


def _may_leave(office: Office, session: Session, line: DeliveryLine, parcel: Parcel | None) -> Delivery | None:
    """The delivery, if its first parcel may leave now; if it may later, a job sees to that."""
    if parcel is None or line.disabled_at is not None:
        return None
    at = max(filter(None, (line.next_at, parcel.next_at)), default=None)
    if at is not None and at > moment(session):
        queue(session, line, at)
        return None
    found = settled(session, line.partner_id).get(line.name)
    if found is None:
        _disable(office, session, line, ladder.UNSETTLED)
    elif found.carrier.is_example:
        ladder.rest(line, moment(session))
        queue(session, line, line.next_at)
        return None
    return found if parcel.storage_key is not None else None


def _note_lost(session: Session, line_id: UUID) -> None:
    """Attempts at which a worker died: nobody can say whether they came through."""
    mine = select(Parcel.id).where(Parcel.line_id == line_id, Parcel.state == "waiting")
    lost = update(ParcelAttempt).where(ParcelAttempt.outcome == "sending", ParcelAttempt.parcel_id.in_(mine))
    session.execute(lost.values(outcome="lost", answer="Its worker ended; it is sent again."))


def _send(office: Office, sending: Sending) -> Outcome:
    begun = perf_counter()
    outcome = _sent(office, sending)
    return outcome._replace(answer=outcome.answer[:LONGEST_ANSWER], seconds=round(perf_counter() - begun, 3))


def _sent(office: Office, sending: Sending) -> Outcome:
    """Carry a parcel; whatever comes of it is an outcome.

    A problem that is no word of the carrier's, such as a secret that is missing, would meet every parcel of the line;
    a surprise may be this parcel's own.
    """
    spec = sending.delivery.carrier
    try:
        return Outcome("delivered", carriers.CARRIERS[type(spec)].send(spec, _handed(office, sending), sending.sender))
    except Problem as problem:
        wait = problem.wait if isinstance(problem, Unreachable) else None
        return Outcome(_word_for(problem), problem.sentence, problem.code, wait=wait)
    except Exception:
        log.exception("a carrier failed", partner=sending.home.slug)
        return Outcome("declined", "Internal error", "internal_error")


def _word_for(problem: Problem) -> str:
    return "declined" if isinstance(problem, Declined) else "closed" if isinstance(problem, Closed) else "unreachable"


def _handed(office: Office, sending: Sending) -> Carried:
    """What the carrier is given."""
    parcel = sending.parcel
    stored = office.store.open(str(parcel.storage_key), sending.cipher)
    told = (str(parcel.name), str(parcel.media_type), int(parcel.size or 0), str(parcel.sha256))
    return Carried(parcel.id, *told, stored.chunks)


def sender_for(office: Office, session: Session, home: Home) -> Sender:
    """A partner as carriers know it, in a session of its firm."""
    firm, partner = session.get_one(Firm, home.firm_id), session.get_one(Partner, (home.firm_id, home.partner_id))
    return Sender(office.settings, firm.slug, home.slug, partner.contacts, partial(lay_out, office, home))


def _settle(handling: Handling, line_id: UUID, sending: Sending, told: Outcome) -> None:
    """Put on record how an attempt ended, and what that means for its parcel and its line."""
    office, home = handling.office, sending.home
    with office.db.firm(home.firm_id) as session:
        line = _locked(session, line_id)
        attempt = session.get_one(ParcelAttempt, (home.firm_id, sending.attempt_id))
        attempt.outcome, attempt.answer, attempt.code, attempt.seconds, wait = told
        attempt.asked_until = moment(session) + wait if wait else None
        parcel = session.get_one(Parcel, (home.firm_id, sending.parcel.id))
        _mean(office, session, line, parcel, told)
        handling.hold(session)
    DELIVERIES.observe(told.seconds, home.slug, told.outcome)


def _mean(office: Office, session: Session, line: DeliveryLine, parcel: Parcel, told: Outcome) -> None:
    now, code = moment(session), told.code or ""
    match told.outcome:
        case "delivered":
            ladder.arrived(line, parcel, now)
            sent = {"delivery": line.name, "attempts": parcel.attempts, "sha256": parcel.sha256}
            write(session, line.firm_id, ME, "delivery.send", changes=[Change("parcel", parcel.id, "sent", new=sent)])
        case "declined":
            ladder.declined(line, parcel, now)
            _tell_dead(office, session, line, parcel, code)
        case "closed":
            _disable(office, session, line, ladder.CLOSED)
        case _:
            share = ladder.unreachable(line, now, told.wait or timedelta(0))
            if share is not None:
                _warn(office, session, line, share, code)


def _tell_dead(office: Office, session: Session, line: DeliveryLine, parcel: Parcel, code: str) -> None:
    if parcel.state == "dead":
        died = ParcelDied(partner_id=line.partner_id, records=[parcel.id], delivery=line.name, code=code)
        office.tell(session, line.firm_id, died)


def _disable(office: Office, session: Session, line: DeliveryLine, code: str) -> None:
    ladder.disable(line, code, moment(session))
    _warn(office, session, line, 100, code)


def _warn(office: Office, session: Session, line: DeliveryLine, percent: int, code: str) -> None:
    """Have the firm and the partner's contacts told; that it is disabled is an act on record."""
    if line.disabled_at is not None:
        told = Change("delivery", line.id, "disabled", new={"delivery": line.name, "code": line.disabled_code})
        write(session, line.firm_id, ME, "delivery.disable", changes=[told])
    failing = DeliveryFailing(partner_id=line.partner_id, delivery=line.name, percent=percent, code=code)
    office.tell(session, line.firm_id, failing)


# ------------------------------------------------------------------------------------------------ making


def _make_some(handling: Handling, home: Home, line_id: UUID) -> int:
    """Make the first parcels that are not made yet, also while the line waits: they tell how it was when they fell due.

    Returns:
        How many there were to make.

    Raises:
        Transient: the database or the store is away; the job is tried again.
    """
    with handling.office.db.firm(home.firm_id) as session:
        line = session.scalars(select(DeliveryLine).where(DeliveryLine.id == line_id)).one()
        name, delivery = line.name, settled(session, home.partner_id).get(line.name)
        due = or_(Parcel.next_at.is_(None), Parcel.next_at <= moment(session))
        unmade = _waiting(line_id).where(Parcel.storage_key.is_(None), due).order_by(Parcel.id).limit(_MAKING)
        ids = [parcel.id for parcel in session.scalars(unmade)] if delivery is not None else []
    for parcel_id in ids:
        assert delivery is not None  # noqa: S101 - see above
        _make_one(handling, home, name, delivery, parcel_id)
    return len(ids)


def _make_one(handling: Handling, home: Home, name: str, delivery: Delivery, parcel_id: UUID) -> None:
    """Make one; what cannot be made climbs the ladder alone."""
    begun = perf_counter()
    try:
        make(handling.office, home, name, delivery, parcel_id)
    except Transient:
        raise
    except Problem as problem:
        _note_unmade(handling, home, parcel_id, Outcome("declined", problem.sentence, problem.code, begun))
    except Exception:
        log.exception("a parcel cannot be made", partner=home.slug)
        _note_unmade(handling, home, parcel_id, Outcome("declined", "Internal error", "internal_error", begun))


def _note_unmade(handling: Handling, home: Home, parcel_id: UUID, told: Outcome) -> None:
    with handling.office.db.firm(home.firm_id) as session:
        parcel = session.get_one(Parcel, (home.firm_id, parcel_id))
        line = _locked(session, parcel.line_id)
        parcel.attempts += 1
        attempt = ParcelAttempt(firm_id=home.firm_id, parcel_id=parcel_id, number=parcel.attempts)
        attempt.outcome, attempt.answer, attempt.code = told[:3]
        attempt.seconds = round(perf_counter() - told.seconds, 3)
        session.add(attempt)
        ladder.failed(parcel, moment(session))
        _tell_dead(handling.office, session, line, parcel, told.code or "")
        handling.hold(session)


# ------------------------------------------------------------------------------------------------ helpers


def _waiting(line_id: UUID) -> Select[Parcel]:
    return select(Parcel).where(Parcel.line_id == line_id, Parcel.state == "waiting")


def _locked(session: Session, line_id: UUID) -> DeliveryLine:
    return session.scalars(select(DeliveryLine).where(DeliveryLine.id == line_id).with_for_update()).one()


def _home_of(office: Office, line_id: UUID) -> Home:
    with office.db.system() as session:
        found = select(Partner).join(DeliveryLine, DeliveryLine.partner_id == Partner.id)
        return Home.of(session.scalars(found.where(DeliveryLine.id == line_id)).one())
