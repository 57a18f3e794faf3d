"""Clients, cases and documents alike: found, listed, taken to be changed, unpinned, and what was done put on record."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from sqlalchemy import Select, select

from gateway.db.models import Case, Client, Document
from gateway.db.models.records import Record
from gateway.db.paging import Found, Paging, newest
from gateway.domain import audit
from gateway.domain.audit import Action, Change
from gateway.domain.people import changes, facts, pins
from gateway.domain.people.changes import Expected, Unfit
from gateway.domain.people.fields import KINDS
from gateway.errors import Conflict, NotFound
from gateway.office import Acting

R = TypeVar("R", bound=Record)


def find(acting: Acting, model: type[R], record_id: UUID) -> R:
    """One record of the firm.

    Raises:
        NotFound: the firm has no such record.
    """
    found = acting.session.scalar(select(model).where(model.id == record_id))
    if found is None:
        raise NotFound(KINDS[model], str(record_id))
    return found


def look_through(acting: Acting, action: Action, model: type[R], query: Select[R], paging: Paging) -> Found[R]:
    """Some records of a query, the newest first; that they were seen, and whose they are, is on record."""
    found = newest(acting.session, query, (model.created_at, model.id), paging)
    shown = [(KINDS[model], one.id) for one in found.rows]
    people = [("client", _person_of(one)) for one in found.rows]
    audit.seen(acting, action, [*shown, *people])
    return found


def take(acting: Acting, model: type[R], record_id: UUID, expected: Expected, erased: str | None = None) -> R:
    """A record to be changed, locked after its person, as imports do; see `changes.by_hand`.

    Args:
        acting: who changes it.
        model: its kind.
        record_id: its id.
        expected: as what it was seen.
        erased: what to say where the person was erased; None where that does not matter.

    Raises:
        NotFound: the firm has no such record.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
    """
    person_id = None if model is Client else _person_of(find(acting, model, record_id))
    person = None if person_id is None else changes.take(acting.session, Client, "client", person_id)
    record = changes.take(acting.session, model, KINDS[model], record_id)
    _check_living(record if isinstance(record, Client) else person, erased)
    changes.check_expected(expected, record.version)
    return record


def take_person(acting: Acting, client_id: UUID, erased: str) -> Client:
    """The person whose record is to be made or changed, locked before it.

    Raises:
        Unfit: the firm has no such client.
        Conflict: `client_erased`, in these words.
    """
    try:
        person = changes.take(acting.session, Client, "client", client_id)
    except NotFound:
        raise Unfit({"client_id": "The firm has no such client."}) from None
    _check_living(person, erased)
    return person


def unpin(acting: Acting, action: Action, record: Record, name: str) -> None:
    """Let imports change a field of a record that is locked.

    Raises:
        NotFound: it is not pinned.
    """
    pins.unpin(record, name)
    changes.touch(record)
    note(acting, action, record, Change(KINDS[type(record)], record.id, "unpinned", {"pin": name}))


def note(acting: Acting, action: Action, record: Record, *told: Change, before: UUID | None = None) -> None:
    """Put an act on record, and tell what it changed.

    It concerns the person whose the record is, or was `before` this act took it away.
    """
    case_id = record.id if isinstance(record, Case) else None
    audit.record(acting, action, client_id=_person_of(record) or before, case_id=case_id, changes=told)
    facts.tell(acting, action, record, told)


def _person_of(record: Record) -> UUID | None:
    if isinstance(record, Case | Document):
        return record.client_id
    return record.id


def _check_living(person: Client | None, erased: str | None) -> None:
    if erased is not None and person is not None and person.erased_at is not None:
        raise Conflict("client_erased", erased)
