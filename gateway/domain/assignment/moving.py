"""Cases passed from one attorney to another by hand: at once, or once the receiver says yes; and taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from gateway.db.models import Assignment, Attorney, Case, Handover, UnassignedCase
from gateway.db.models.assignment import AssignmentKind
from gateway.db.session import lift_walls, moment
from gateway.domain import audit
from gateway.domain.assignment import attorneys, facts, policies, queueing
from gateway.domain.assignment.assigning import lock_attorneys, today_of
from gateway.domain.assignment.facts import Field
from gateway.domain.assignment.filters import exclusions
from gateway.domain.assignment.queueing import Waiting
from gateway.domain.assignment.terms import Matter
from gateway.domain.audit import Change
from gateway.domain.people import changes, records
from gateway.domain.people.changes import by_hand
from gateway.errors import Conflict, Forbidden, NotFound
from gateway.events import CaseAssigned, HandoverProposed
from gateway.office import Acting

UNDONE_WITHIN = timedelta(days=1)
_ERASED = "The person of this case was erased."
_AS_STORED = {"synchronize_session": False}
# what no person can overrule; whether somebody is senior enough, or speaks a language, is for people to judge
BARS = frozenset({"inactive", "no_licence", "walled", "away", "full"})


class Moved(NamedTuple):
    """What came of a move: the case has passed on, or waits for its receiver's yes, or for any attorney again."""

    assignment: Assignment | None = None
    handover: Handover | None = None
    waiting: Waiting | None = None


def move(acting: Acting, case_id: UUID, to: str | UUID, reason: str, note: str | None = None) -> Moved:
    """Give a case to an attorney by hand. With a deadline near, its receiver has to accept it first.

    Args:
        acting: who gives it.
        case_id: open.
        to: an attorney's id or e-mail address.
        reason: stays on record.
        note: handed over with the case.

    Raises:
        NotFound: the firm has no such case or attorney.
        Conflict: `case_closed`, `client_erased`, `has_it_already`, `moved_meanwhile`, `handover_open`, or
            `attorney_cannot` with every sentence that says why.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        receiver = attorneys.find(acting, to).attorney
        case = take(acting, case_id, receiver.id)
        matter, field = _matter(acting, case)
        check(acting, field, matter, receiver.id)
        if _wants_yes(acting, matter, receiver):
            return Moved(handover=_propose(acting, case, receiver.id, reason, note))
        kind: AssignmentKind = "reassigned" if case.attorney_id else "assigned"
        return Moved(assignment=pass_on(acting, case, matter, receiver.id, kind, reason, note))


def accept(acting: Acting, handover_id: UUID) -> Moved:
    """Say yes to a case: from now on it is one's own.

    Raises:
        NotFound: the firm has no such handover.
        Forbidden: `not_yours`, it is for somebody else to accept.
        Conflict: `handover_ended`, and as of `move`.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        row = find(acting, handover_id)
        _check_receiver(acting, row)
        case = take(acting, row.case_id, row.to_id, row.from_id)
        end(acting, row, "accepted")
        matter, field = _matter(acting, case)
        check(acting, field, matter, row.to_id)
        made = pass_on(acting, case, matter, row.to_id, "reassigned", row.reason, row.note)
        _note(acting, "handover.accept", row, case)
        return Moved(assignment=made)


def decline(acting: Acting, handover_id: UUID) -> Moved:
    """Say no to a case: it stays where it is.

    Raises:
        NotFound: the firm has no such handover.
        Forbidden: `not_yours`.
        Conflict: `handover_ended`.
    """
    row = find(acting, handover_id)
    _check_receiver(acting, row)
    case = records.find(acting, Case, row.case_id)
    end(acting, row, "declined")
    _note(acting, "handover.decline", row, case)
    return Moved(handover=row)


def undo(acting: Acting, case_id: UUID) -> Moved:
    """Take back, within a day, that a case was given: to whoever had it before, or into the queue where nobody had.

    From the queue the rule gives it to somebody else; whoever had it can have it again by `move`, with its reason.

    Raises:
        NotFound: the firm has no such case.
        Conflict: `nothing_to_undo` with what is in the way, and as of `move`.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        records.find(acting, Case, case_id)
        last = _undoable(acting.session, case_id)
        case = take(acting, case_id, last.previous_id, last.attorney_id)
        if _current(acting.session, case_id) is not last:
            raise _meanwhile()
        if last.previous_id is None:
            return Moved(waiting=_back_to_queue(acting, case, last))
        matter, field = _matter(acting, case)
        check(acting, field, matter, last.previous_id)
        told = "Given back to whoever had it before."
        return Moved(assignment=pass_on(acting, case, matter, last.previous_id, "undone", told, None))


# ------------------------------------------------------------------------------------------------ for plans, too


def find(acting: Acting, handover_id: UUID) -> Handover:
    """What is to pass on, within the walls of whoever asks.

    Raises:
        NotFound: the firm has no such handover.
    """
    found = acting.session.scalar(select(Handover).where(Handover.id == handover_id))
    if found is None:
        raise NotFound("handover", str(handover_id))
    return found


def take(acting: Acting, case_id: UUID, to_id: UUID | None, from_id: UUID | None = None) -> Case:
    """An open case that whoever acts may see, locked after those between whom it passes; to nobody is to the queue.

    From here on the transaction works without the walls around whoever acts: what others hold counts whole.

    Raises:
        NotFound: the firm has no such case.
        Conflict: `case_closed`, `client_erased`, `has_it_already`, `moved_meanwhile`.
    """
    seen = records.find(acting, Case, case_id).attorney_id
    lift_walls(acting.session)
    lock_attorneys(acting.session, {one for one in (to_id, seen) if one})
    case = records.take(acting, Case, case_id, None, _ERASED)
    if case.status != "open" or case.stage == "closed":
        raise closed()
    if to_id and case.attorney_id == to_id:
        raise Conflict("has_it_already", "The case is theirs already.")
    if case.attorney_id != (from_id or seen):
        raise _meanwhile()
    return case


def closed() -> Conflict:
    """What is said of a case that nobody needs any more."""
    return Conflict("case_closed", "The case is decided or closed; reopen it first.")


def check(acting: Acting, field: Field, matter: Matter, attorney_id: UUID) -> None:
    """Refuse to give a case to somebody who cannot have it, whoever wants that.

    Raises:
        Conflict: `attorney_cannot`, with every reason.
    """
    settings, today = policies.of_firm(acting.session, acting.firm_id).settings, today_of(acting.session)
    [candidate] = [one for one in field.candidates(matter) if one.attorney_id == attorney_id]
    why = [one.sentence for one in exclusions(matter, candidate, settings, today) if one.code in BARS]
    if why:
        raise Conflict("attorney_cannot", f"The attorney cannot take the case. {' '.join(why)}")


def pass_on(
    acting: Acting, case: Case, matter: Matter, to_id: UUID, kind: AssignmentKind, reason: str, note: str | None
) -> Assignment:
    """Give a locked case to somebody who can have it; what was proposed for it ends."""
    session, before, now = acting.session, case.attorney_id, queueing.moment_of_giving(acting.session)
    ended = update(Assignment).where(Assignment.case_id == case.id, Assignment.until.is_(None)).values(until=now)
    session.execute(ended, execution_options=_AS_STORED)
    made = Assignment(
        firm_id=acting.firm_id,
        case_id=case.id,
        attorney_id=to_id,
        previous_id=before,
        kind=kind,
        complexity=matter.complexity,
        reason=reason,
        note=note,
        by_kind=acting.actor.kind,
        by=acting.actor.name,
        at=now,
    )
    session.add(made)
    case.attorney_id = to_id
    changes.touch(case)
    session.execute(delete(UnassignedCase).where(UnassignedCase.case_id == case.id), execution_options=_AS_STORED)
    queueing.withdraw(session, [case.id])
    old, new = {"attorney_id": before and str(before)}, {"attorney_id": str(to_id), "kind": kind, "reason": reason}
    told = Change("case", case.id, "updated", old, new)
    audit.record(acting, "case.move", client_id=case.client_id, case_id=case.id, changes=[told])
    acting.tell(CaseAssigned(partner_id=case.partner_id, records=[case.id]))
    if before:
        queueing.look_again(session, acting.firm_id)
    return made


def end(acting: Acting, row: Handover, state: str) -> None:
    """Note what became of a handover.

    Raises:
        Conflict: `handover_ended`, something has already.
    """
    open_one = update(Handover).where(Handover.id == row.id, Handover.state == "proposed")
    ended = open_one.values(state=state, ended_at=moment(acting.session)).returning(Handover.id)
    if acting.session.scalar(ended, execution_options=_AS_STORED) is None:
        raise Conflict("handover_ended", "It was accepted, declined or withdrawn already.")
    acting.session.refresh(row)


# ------------------------------------------------------------------------------------------------ steps


def _matter(acting: Acting, case: Case) -> tuple[Matter, Field]:
    field = facts.gather(acting.session, [case.id], today_of(acting.session))
    return field.matters[case.id], field


def _wants_yes(acting: Acting, matter: Matter, receiver: Attorney) -> bool:
    """Whoever takes a case for themselves has said yes."""
    if matter.deadline_on is None or receiver.staff_id == acting.actor.id:
        return False
    within = policies.of_firm(acting.session, acting.firm_id).settings.accept_within
    return (matter.deadline_on - today_of(acting.session)).days < within


def _propose(acting: Acting, case: Case, to_id: UUID, reason: str, note: str | None) -> Handover:
    if case.attorney_id is None:
        raise Conflict(
            "deadline_near", "Nobody has the case, and its deadline is near: let its receiver take it themselves."
        )
    row = Handover(
        firm_id=acting.firm_id,
        case_id=case.id,
        from_id=case.attorney_id,
        to_id=to_id,
        reason=reason,
        note=note,
        by_kind=acting.actor.kind,
        by=acting.actor.name,
    )
    sentence = "Somebody has been asked already whether they take the case; let them decline it first."
    with changes.unique(acting.session, "handover_open", sentence):
        acting.session.add(row)
    acting.session.refresh(row)
    _note(acting, "handover.propose", row, case)
    acting.tell(HandoverProposed(partner_id=case.partner_id, records=[row.id]))
    return row


def _back_to_queue(acting: Acting, case: Case, last: Assignment) -> Waiting:
    session = acting.session
    last.until, last.taken_back_by = queueing.moment_of_giving(session), acting.actor.name
    case.attorney_id = None
    changes.touch(case)
    queueing.withdraw(session, [case.id])
    waiting = queueing.put_back(session, case)
    old, new = {"attorney_id": str(last.attorney_id)}, {"attorney_id": None, "kind": "taken_back"}
    told = Change("case", case.id, "updated", old, new)
    audit.record(acting, "case.move", client_id=case.client_id, case_id=case.id, changes=[told])
    queueing.look_again(session, acting.firm_id)
    return waiting


def _check_receiver(acting: Acting, row: Handover) -> None:
    """Whoever is at the machine may speak for anybody."""
    staff_id = acting.session.scalars(select(Attorney.staff_id).where(Attorney.id == row.to_id)).one()
    if acting.actor.kind == "staff" and acting.actor.id != staff_id:
        raise Forbidden("not_yours", "This is for the attorney to decide who is to have the case.")


def _note(acting: Acting, action: audit.Action, row: Handover, case: Case) -> None:
    new = {"case_id": str(case.id), "from": str(row.from_id), "to": str(row.to_id), "reason": row.reason}
    told = Change("handover", row.id, row.state, new=new)
    audit.record(acting, action, client_id=case.client_id, case_id=case.id, changes=[told])


def _current(session: Session, case_id: UUID) -> Assignment | None:
    return session.scalar(select(Assignment).where(Assignment.case_id == case_id, Assignment.until.is_(None)))


def _undoable(session: Session, case_id: UUID) -> Assignment:
    last = _current(session, case_id)
    if last is None or last.kind == "undone":
        raise Conflict("nothing_to_undo", "Nobody was given the case since it was last given back.")
    if moment(session) - last.at > UNDONE_WITHIN:
        raise Conflict("nothing_to_undo", "It was given more than a day ago; move it instead.")
    return last


def _meanwhile() -> Conflict:
    return Conflict("moved_meanwhile", "Somebody else has passed the case on since; look again.")


def kept(rows: Sequence[Assignment], at: int) -> int | None:
    """How many days the one before had a case, of a history that is the newest first; None where there was none."""
    if at + 1 >= len(rows):
        return None
    return (rows[at].at - rows[at + 1].at).days
