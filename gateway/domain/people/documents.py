"""Documents: passports, visas and other papers of clients, and when they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.crypto import FirmCipher
from gateway.db.models import Case, Client, Document, Firm
from gateway.domain.audit import Action, Change, write
from gateway.domain.people import changes, pins
from gateway.domain.people.changes import Unfit
from gateway.domain.people.fields import DURATION_OF_STATUS
from gateway.errors import Conflict, NotFound
from gateway.office import Actor


class NewDocument(NamedTuple):
    """A document to be added; `values` as stored, the number in clear."""

    client_id: UUID
    doc_type: str
    values: Mapping[str, object]


class Wanted(NamedTuple):
    """Which documents a list is about; what is None does not matter.

    Attributes:
        until: the last day on which they end, counted from today on.
    """

    doc_type: str | None = None
    status: str | None = None
    client_id: UUID | None = None
    from_: date | None = None
    until: date | None = None


def find(session: Session, document_id: UUID) -> Document:
    """One document of the session's firm.

    Raises:
        NotFound: the firm has no such document.
    """
    document = session.scalar(select(Document).where(Document.id == document_id))
    if document is None:
        raise NotFound("document", str(document_id))
    return document


def listed(wanted: Wanted) -> Select[Document]:
    """The documents that fit; whoever asks what ends soon is shown no duration of status, for it has no day."""
    found = select(Document)
    for name in ("doc_type", "status", "client_id"):
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(Document, name) == value)
    if wanted.from_ is not None:
        found = found.where(Document.expires_on >= wanted.from_)
    if wanted.until is not None:
        found = found.where(Document.expires_on <= wanted.until)
    return found


def days_ahead(session: Session, days: int) -> tuple[date, date]:
    """Today where the firm is, and the day so many days later."""
    zone = session.scalars(select(Firm.time_zone)).one()
    today = clock.day_in(zone, clock.now())
    return today, today + timedelta(days=days)


def take(session: Session, document_id: UUID) -> Document:
    """A document to be changed, locked after its person; see `changes.by_hand`.

    Raises:
        NotFound: the firm has no such document.
        Permanent: `client_erased`.
    """
    _client(session, find(session, document_id).client_id)
    return changes.take(session, Document, "document", document_id)


def add(session: Session, firm_id: UUID, new: NewDocument, cipher: FirmCipher, actor: Actor) -> Document:
    """Add a document by hand.

    Raises:
        Unfit: an unknown client or case, or two ends at once.
        Permanent: `document_exists`, `client_erased`.
    """
    _client(session, new.client_id)
    _check_case(session, new.client_id, new.values)
    made = Document(firm_id=firm_id, client_id=new.client_id, doc_type=new.doc_type, pins={}, duration_of_status=False)
    change = changes.fill(made, "document", _one_end(made, new.values), cipher, actor)
    sentence = "The client has this document already; one without a number is the only one of its type."
    with changes.unique(session, "document_exists", sentence):
        session.add(made)
    told = changes.created("document", made, change)
    told = told._replace(new={"doc_type": made.doc_type, **(told.new or {})})
    _note(session, made, "document.create", told, actor)
    return made


def change(
    session: Session, document: Document, values: Mapping[str, object], cipher: FirmCipher, actor: Actor
) -> None:
    """Change a document that is locked.

    Raises:
        Unfit: an unknown case, or two ends at once.
        Permanent: `document_exists`.
    """
    _check_case(session, document.client_id, values)
    with changes.unique(session, "document_exists", "The client has another document of this type and number."):
        told = changes.fill(document, "document", _one_end(document, values), cipher, actor)
    if told:
        _note(session, document, "document.update", told, actor)


def unpin(session: Session, document: Document, name: str, actor: Actor) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: it is not pinned.
    """
    pins.unpin(document, name)
    changes.touch(document)
    told = Change("document", document.id, "unpinned", {"pin": name})
    _note(session, document, "document.unpin", told, actor)


def _note(session: Session, document: Document, action: Action, told: Change, actor: Actor) -> None:
    write(session, document.firm_id, actor, action, client_id=document.client_id, changes=[told])


def _client(session: Session, client_id: UUID) -> None:
    try:
        client = changes.take(session, Client, "client", client_id)
    except NotFound:
        raise Unfit({"client_id": "The firm has no such client."}) from None
    if client.erased_at is not None:
        raise Conflict("client_erased", "The person of this document was erased.")


def _check_case(session: Session, client_id: UUID, values: Mapping[str, object]) -> None:
    case_id = values.get("case_id")
    if case_id is not None and session.scalar(select(Case.client_id).where(Case.id == case_id)) != client_id:
        raise Unfit({"case_id": "The client has no such case."})


def _one_end(document: Document, values: Mapping[str, object]) -> dict[str, object]:
    """D/S and a day exclude each other: whichever is said takes the place of the other; both at once are a fault."""
    day, stays = values.get("expires_on"), values.get(DURATION_OF_STATUS)
    if day is not None and stays:
        raise Unfit({"expires_on": "A stay for the duration of status has no last day; say one of the two."})
    if day is not None and document.duration_of_status:
        return {**values, DURATION_OF_STATUS: False}
    return {**values, "expires_on": None} if stays else dict(values)
