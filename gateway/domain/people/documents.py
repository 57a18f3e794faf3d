"""Documents: passports, visas and other papers of clients, and when they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select

from gateway import clock
from gateway.db.models import Case, Document, Firm
from gateway.db.paging import Found, Paging
from gateway.domain.audit import Change
from gateway.domain.people import changes, records
from gateway.domain.people.changes import Expected, Unfit, by_hand
from gateway.domain.people.fields import DURATION_OF_STATUS
from gateway.office import Acting

_ERASED = "The person of this document was erased."


class NewDocument(NamedTuple):
    """A document to be added; `values` as stored, the number in clear."""

    client_id: UUID
    doc_type: str
    values: Mapping[str, object]


class DocumentFilter(NamedTuple):
    """Which documents a list is about; what is None does not matter.

    Attributes:
        days: they end between today, where the firm is, and so many days later.
    """

    doc_type: str | None = None
    status: str | None = None
    client_id: UUID | None = None
    days: int | None = None


def look_through(acting: Acting, wanted: DocumentFilter, paging: Paging) -> Found[Document]:
    """Some of the documents that fit, the newest first; that they were seen, and whose they are, is on record.

    Whoever asks what ends soon is shown no duration of status, for it has no day.
    """
    return records.look_through(acting, "document.list", Document, _fitting(acting, wanted), paging)


def view(acting: Acting, document_id: UUID) -> Document:
    """One document; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such document.
    """
    document = records.find(acting, Document, document_id)
    records.note(acting, "document.view", document, Change("document", document.id, "seen"))
    return document


def number(acting: Acting, document_id: UUID) -> str | None:
    """The number of a document in clear; who looks at it goes on record as having done so.

    Raises:
        NotFound: the firm has no such document.
    """
    document = records.find(acting, Document, document_id)
    records.note(acting, "document.number", document, Change("document", document.id, "seen"))
    return None if document.number is None else acting.cipher.decrypt(document.number, "number")


def add(acting: Acting, new: NewDocument) -> Document:
    """Add a document by hand.

    Raises:
        Unfit: an unknown client or case, or two ends at once.
        Conflict: `document_exists`, `client_erased`.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        records.take_person(acting, new.client_id, _ERASED)
        _check_case(acting, new.client_id, new.values)
        plain = {"client_id": new.client_id, "doc_type": new.doc_type, "duration_of_status": False}
        made = Document(firm_id=acting.firm_id, pins={}, **plain)
        change = changes.fill(acting, made, _one_end(made, new.values))
        sentence = "The client has this document already; one without a number is the only one of its type."
        with changes.unique(acting.session, "document_exists", sentence):
            acting.session.add(made)
        told = changes.created(made, change, doc_type=made.doc_type)
        records.note(acting, "document.create", made, told)
    return made


def change(acting: Acting, document_id: UUID, values: Mapping[str, object], expected: Expected = None) -> Document:
    """Change a document.

    Raises:
        NotFound: the firm has no such document.
        Unfit: an unknown case, or two ends at once.
        Conflict: `document_exists`, `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        document = records.take(acting, Document, document_id, expected, _ERASED)
        _check_case(acting, document.client_id, values)
        sentence = "The client has another document of this type and number."
        with changes.unique(acting.session, "document_exists", sentence):
            told = changes.fill(acting, document, _one_end(document, values))
        if told:
            records.note(acting, "document.update", document, told)
    return document


def unpin(acting: Acting, document_id: UUID, name: str, expected: Expected = None) -> None:
    """Let imports change a field again.

    Raises:
        NotFound: the firm has no such document, or the field is not pinned.
        Conflict: `client_erased`.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        document = records.take(acting, Document, document_id, expected, _ERASED)
        records.unpin(acting, "document.unpin", document, name)


def _fitting(acting: Acting, wanted: DocumentFilter) -> Select[Document]:
    found = select(Document)
    for name in ("doc_type", "status", "client_id"):
        if (value := getattr(wanted, name)) is not None:
            found = found.where(getattr(Document, name) == value)
    if wanted.days is None:
        return found
    today = clock.day_in(acting.session.scalars(select(Firm.time_zone)).one(), clock.now())
    return found.where(Document.expires_on.between(today, today + timedelta(days=wanted.days)))


def _check_case(acting: Acting, client_id: UUID, values: Mapping[str, object]) -> None:
    case_id = values.get("case_id")
    if case_id is None:
        return
    if acting.session.scalar(select(Case.client_id).where(Case.id == case_id)) != client_id:
        raise Unfit({"case_id": "The client has no such case."})


def _one_end(document: Document, values: Mapping[str, object]) -> dict[str, object]:
    """D/S and a day exclude each other: whichever is said takes the place of the other; both at once are a fault."""
    day, stays = values.get("expires_on"), values.get(DURATION_OF_STATUS)
    if day is not None and stays:
        raise Unfit({"expires_on": "A stay for the duration of status has no last day; say one of the two."})
    if day is not None and document.duration_of_status:
        return {**values, DURATION_OF_STATUS: False}
    return {**values, "expires_on": None} if stays else dict(values)
