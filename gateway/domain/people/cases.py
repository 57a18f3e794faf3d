"""Cases: the matters of a firm, and the ways in which they may move on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from gateway.crypto import FirmCipher
from gateway.db.models import Case, Client
from gateway.domain.audit import Action, Change, write
from gateway.domain.partners import homes
from gateway.domain.people import changes, pins
from gateway.domain.people.changes import Unfit
from gateway.domain.rules import vocabulary
from gateway.errors import Conflict, NotFound
from gateway.office import Actor

OUTCOMES = ("approved", "denied", "withdrawn", "closed")
_DECISIONS = frozenset({"approved", "denied"})
_NEXT = {name: frozenset(word.next) for name, word in vocabulary("stages").words.items() if name != "closed"}


class NewCase(NamedTuple):
    """A matter to be opened.

    Attributes:
        partner: its slug or id; None takes the client's.
        values: as stored.
    """

    partner: str | None
    case_number: str
    client_id: UUID | None
    values: Mapping[str, object]


class Wanted(NamedTuple):
    """Which cases a list is about; what is None does not matter."""

    status: str | None = None
    stage: str | None = None
    case_type: str | None = None
    client_id: UUID | None = None
    attorney_id: UUID | None = None
    partner: str | None = None
    number: str | None = None


def find(session: Session, case_id: UUID) -> Case:
    """One case of the session's firm.

    Raises:
        NotFound: the firm has no such case.
    """
    case = session.scalar(select(Case).where(Case.id == case_id))
    if case is None:
        raise NotFound("case", str(case_id))
    return case


def listed(wanted: Wanted) -> Select[Case]:
    """The cases that fit; `number` is a case's own or its receipt's, LCA's or PERM's, or a part of one."""
    equal = ("status", "stage", "case_type", "client_id", "attorney_id")
    found = select(Case)
    for name in equal:
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(Case, name) == value)
    if wanted.partner:
        found = found.where(Case.partner_id.in_(homes.named(wanted.partner)))
    if wanted.number:
        columns = (Case.case_number, Case.receipt_number, Case.lca_number, Case.perm_number)
        found = found.where(or_(*(column.icontains(wanted.number, autoescape=True) for column in columns)))
    return found


def take(session: Session, case_id: UUID) -> Case:
    """A case to be changed, locked; see `changes.by_hand`.

    Raises:
        NotFound: the firm has no such case.
    """
    client_id = find(session, case_id).client_id
    if client_id is not None:
        changes.take(session, Client, "client", client_id)  # the person first, as imports do
    return changes.take(session, Case, "case", case_id)


def add(session: Session, firm_id: UUID, new: NewCase, cipher: FirmCipher, actor: Actor) -> Case:
    """Open a case by hand.

    Raises:
        Unfit: an unknown partner or client, or a client of another partner.
        Permanent: `case_exists`, `client_erased`.
    """
    partner_id = _partner(session, new)
    case = Case(firm_id=firm_id, partner_id=partner_id, case_number=new.case_number, pins={}, stage="evaluation")
    values = {name: value for name, value in new.values.items() if name != "case_number"}
    change = changes.fill(case, "case", values | {"client_id": new.client_id}, cipher, actor)
    if case.stage == "closed":
        raise Unfit({"stage": "A case is opened before it is closed."})
    with changes.unique(session, "case_exists", f"The partner has a case {new.case_number!r} already."):
        session.add(case)
    _note(session, case, "case.create", changes.created("case", case, change), actor)
    return case


def change(session: Session, case: Case, values: Mapping[str, object], cipher: FirmCipher, actor: Actor) -> None:
    """Change a case that is locked.

    Raises:
        Unfit: a stage or status that it cannot come to, or a client of another partner.
        Permanent: `case_closed`, `client_erased`.
    """
    if case.client_id is not None:
        _client(session, case.client_id)
    if faults := _faults(case, values):
        raise Unfit(faults)
    client_id = values.get("client_id")
    if isinstance(client_id, UUID):
        _check_partner(_client(session, client_id), case.partner_id)
    before = case.client_id
    if told := changes.fill(case, "case", values, cipher, actor):
        _note(session, case, "case.update", told, actor, before)


def close(
    session: Session, case: Case, outcome: str, decided_on: date | None, cipher: FirmCipher, actor: Actor
) -> None:
    """End a case.

    Raises:
        Permanent: `case_closed`.
    """
    _check_open(case)
    values = {"stage": "closed", "status": outcome} | ({"decided_on": decided_on} if decided_on else {})
    if told := changes.fill(case, "case", values, cipher, actor):
        _note(session, case, "case.close", told, actor)


def reopen(session: Session, case: Case, stage: str, cipher: FirmCipher, actor: Actor) -> None:
    """Take up a closed case again at a stage.

    Raises:
        Unfit: not a stage of an open case.
        Permanent: `case_open`.
    """
    if not _is_closed(case):
        raise Conflict("case_open", "The case is open.")
    if stage not in _NEXT:
        raise Unfit({"stage": f"An open case is in one of {', '.join(_NEXT)}."})
    if told := changes.fill(case, "case", {"stage": stage, "status": "open"}, cipher, actor):
        _note(session, case, "case.reopen", told, actor)


def unpin(session: Session, case: Case, name: str, actor: Actor) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: it is not pinned.
    """
    pins.unpin(case, name)
    changes.touch(case)
    _note(session, case, "case.unpin", Change("case", case.id, "unpinned", {"pin": name}), actor)


def _note(session: Session, case: Case, action: Action, told: Change, actor: Actor, before: UUID | None = None) -> None:
    """An act concerns the person whose case it is, or was until this act took the case away."""
    person = case.client_id or before
    write(session, case.firm_id, actor, action, client_id=person, case_id=case.id, changes=[told])


def _client(session: Session, client_id: UUID) -> Client:
    try:
        client = changes.take(session, Client, "client", client_id)
    except NotFound:
        raise Unfit({"client_id": "The firm has no such client."}) from None
    if client.erased_at is not None:
        raise Conflict("client_erased", "The person of this case was erased.")
    return client


def _check_partner(client: Client, partner_id: UUID) -> None:
    if client.partner_id != partner_id:
        raise Unfit({"client_id": "The client came from another partner than the case."})


def _partner(session: Session, new: NewCase) -> UUID:
    client = _client(session, new.client_id) if new.client_id else None
    if new.partner is None:
        if client is None:
            raise Unfit({"partner": "Say the partner, or the client whose case it is."})
        return client.partner_id
    partner_id = session.scalar(homes.named(new.partner))
    if partner_id is None:
        raise Unfit({"partner": "The firm has no such partner."})
    if client is not None:
        _check_partner(client, partner_id)
    return partner_id


# ------------------------------------------------------------------------------------------------ moving on


def _is_closed(case: Case) -> bool:
    return case.stage == "closed" or case.status in {"withdrawn", "closed"}


def _check_open(case: Case) -> None:
    if _is_closed(case):
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
