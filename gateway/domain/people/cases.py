"""Cases: the matters of a firm, and the ways in which they may move on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select

from gateway.db.models import Attorney, Case, Client
from gateway.db.paging import Found, Paging
from gateway.domain import audit
from gateway.domain.partners import homes
from gateway.domain.people import changes, records
from gateway.domain.people.changes import Expected, Unfit, by_hand
from gateway.domain.rules import vocabulary
from gateway.errors import Conflict
from gateway.office import Acting

OUTCOMES = ("approved", "denied", "withdrawn", "closed")
_ERASED = "The person of this case was erased."
_DECISIONS = frozenset({"approved", "denied"})
_NEXT = {name: frozenset(word.next) for name, word in vocabulary("stages").words.items() if name != "closed"}
OPEN_STAGES = tuple(_NEXT)  # in the order in which people look for them
_MOST = 1_000  # cases of one person: five times what anybody may be said to hold


class NewCase(NamedTuple):
    """A matter to be opened.

    Attributes:
        partner: its slug or id; None takes the client's.
        case_number: spaces around it would make another number of it, and are left out.
        values: as stored.
    """

    partner: str | None
    case_number: str
    client_id: UUID | None
    values: Mapping[str, object]


class CaseFilter(NamedTuple):
    """Which cases a list is about; what is None does not matter.

    Attributes:
        number: a case's own or its receipt's, LCA's or PERM's, or a part of one.
    """

    status: str | None = None
    stage: str | None = None
    case_type: str | None = None
    client_id: UUID | None = None
    attorney_id: UUID | None = None
    partner: str | None = None
    number: str | None = None


def look_through(acting: Acting, wanted: CaseFilter, paging: Paging) -> Found[Case]:
    """Some of the cases that fit, the newest first; that they were seen, and whose they are, is on record."""
    return records.look_through(acting, "case.list", Case, _fitting(wanted), paging)


def mine(acting: Acting) -> Sequence[Case]:
    """The open cases of whoever acts, the next deadline first; that they were seen is on record."""
    held = select(Case).join(Attorney, Attorney.id == Case.attorney_id).where(Attorney.staff_id == acting.actor.id)
    is_open = held.where(Case.status == "open", Case.stage != "closed")
    found = acting.session.scalars(is_open.order_by(Case.deadline_on.nulls_last(), Case.id).limit(_MOST)).all()
    shown = [("case", one.id) for one in found]
    audit.seen(acting, "case.list", [*shown, *(("client", one.client_id) for one in found)])
    return found


def view(acting: Acting, case_id: UUID) -> Case:
    """One case; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such case.
    """
    case = records.find(acting, Case, case_id)
    records.note(acting, "case.view", case)
    return case


def add(acting: Acting, new: NewCase) -> Case:
    """Open a case by hand.

    Raises:
        Unfit: a blank number, an unknown partner or client, or a client of another partner.
        Conflict: `case_exists`, `client_erased`.
        Busy: `import_running`.
    """
    if not (number := new.case_number.strip()):
        raise Unfit({"case_number": "It is blank."})
    with by_hand(acting.session):
        partner_id = _partner(acting, new)
        case = Case(firm_id=acting.firm_id, partner_id=partner_id, case_number=number, pins={}, stage="evaluation")
        values = {name: value for name, value in new.values.items() if name != "case_number"}
        change = changes.fill(acting, case, values | {"client_id": new.client_id})
        if case.stage == "closed":
            raise Unfit({"stage": "A case is opened before it is closed."})
        with changes.unique(acting.session, "case_exists", f"The partner has a case {number!r} already."):
            acting.session.add(case)
        records.note(acting, "case.create", case, changes.created(case, change))
    return case


def change(acting: Acting, case_id: UUID, values: Mapping[str, object], expected: Expected = None) -> Case:
    """Change a case, or move it to another stage.

    Raises:
        NotFound: the firm has no such case.
        Unfit: a stage or status that it cannot come to, or a client of another partner.
        Conflict: `case_closed`, `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        if values.get("status") == "open":
            _hold_attorney(acting, case_id)
        case = records.take(acting, Case, case_id, expected, _ERASED)
        if faults := _faults(case, values):
            raise Unfit(faults)
        client_id = values.get("client_id")
        if isinstance(client_id, UUID):
            _check_partner(records.take_person(acting, client_id, _ERASED), case.partner_id)
        before = case.client_id
        if told := changes.fill(acting, case, values):
            records.note(acting, "case.update", case, told, before=before)
    return case


def close(acting: Acting, case_id: UUID, outcome: str, decided_on: date | None, expected: Expected = None) -> Case:
    """End a case.

    Raises:
        NotFound: the firm has no such case.
        Conflict: `case_closed`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        case = records.take(acting, Case, case_id, expected)
        _check_open(case)
        values = {"stage": "closed", "status": outcome} | ({"decided_on": decided_on} if decided_on else {})
        if told := changes.fill(acting, case, values):
            records.note(acting, "case.close", case, told)
    return case


def reopen(acting: Acting, case_id: UUID, stage: str, expected: Expected = None) -> Case:
    """Take up a closed case again at a stage.

    Raises:
        NotFound: the firm has no such case.
        Unfit: not a stage of an open case.
        Conflict: `case_open`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        _hold_attorney(acting, case_id)
        case = records.take(acting, Case, case_id, expected)
        if not is_closed(case):
            raise Conflict("case_open", "The case is open.")
        if stage not in _NEXT:
            raise Unfit({"stage": f"An open case is in one of {', '.join(_NEXT)}."})
        if told := changes.fill(acting, case, {"stage": stage, "status": "open"}):
            records.note(acting, "case.reopen", case, told)
    return case


def _hold_attorney(acting: Acting, case_id: UUID) -> None:
    """A case that opens again counts for its attorney: whoever gives them another one counts it, or has done before.

    Locked before the case, as `gateway.domain.assignment` does.
    """
    mine = select(Attorney.id).join(Case, Case.attorney_id == Attorney.id).where(Case.id == case_id)
    acting.session.execute(mine.with_for_update(key_share=True, of=Attorney)).all()


def unpin(acting: Acting, case_id: UUID, name: str, expected: Expected = None) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: the firm has no such case, or the field is not pinned.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        records.unpin(acting, "case.unpin", records.take(acting, Case, case_id, expected), name)


def _fitting(wanted: CaseFilter) -> Select[Case]:
    found = select(Case)
    for name in ("status", "stage", "case_type", "client_id", "attorney_id"):
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(Case, name) == value)
    if wanted.partner:
        found = found.where(Case.partner_id.in_(homes.named(wanted.partner)))
    if wanted.number:
        columns = (Case.case_number, Case.receipt_number, Case.lca_number, Case.perm_number)
        found = found.where(or_(*(column.icontains(wanted.number, autoescape=True) for column in columns)))
    return found


def _check_partner(client: Client, partner_id: UUID) -> None:
    if client.partner_id != partner_id:
        raise Unfit({"client_id": "The client came from another partner than the case."})


def _partner(acting: Acting, new: NewCase) -> UUID:
    client = records.take_person(acting, new.client_id, _ERASED) if new.client_id else None
    if new.partner is None:
        if client is None:
            raise Unfit({"partner": "Say the partner, or the client whose case it is."})
        return client.partner_id
    partner_id = acting.session.scalar(homes.named(new.partner))
    if partner_id is None:
        raise Unfit({"partner": "The firm has no such partner."})
    if client is not None:
        _check_partner(client, partner_id)
    return partner_id


# ------------------------------------------------------------------------------------------------ moving on


def onward(case: Case) -> list[str]:
    """The stages to which a case can go; decided again, where the outcome is still to be said."""
    if is_closed(case):
        return []
    waits = case.stage == "decided" and case.status not in _DECISIONS
    return [one for one in _NEXT if one in _NEXT[case.stage] or (waits and one == "decided")]


def is_closed(case: Case) -> bool:
    """Whether it has to be reopened before anything can be done with it."""
    return case.stage == "closed" or case.status in {"withdrawn", "closed"}


def _check_open(case: Case) -> None:
    if is_closed(case):
        raise Conflict("case_closed", "The case is closed; reopen it first.")


def _faults(case: Case, values: Mapping[str, object]) -> dict[str, str]:
    """What is wrong with where a change would take a case."""
    stage, status = str(values.get("stage", case.stage)), str(values.get("status", case.status))
    if (stage, status) == (case.stage, case.status):
        return {}
    _check_open(case)
    if stage == "closed":
        return {"stage": "A case is closed with its outcome: POST .../closures."}
    if status in {"withdrawn", "closed"}:
        return {"status": "A case ends so when it is closed: POST .../closures."}
    if status in _DECISIONS and stage != "decided":
        return {"status": f"A case that is {status} is in the stage decided, not {stage}."}
    is_late = stage == "decided" and status in _DECISIONS  # a decision that came by a feed, before its stages
    if stage != case.stage and stage not in _NEXT[case.stage] and not is_late:
        return {"stage": f"From {case.stage} a case can go to {', '.join(sorted(_NEXT[case.stage]))}."}
    return {}
