"""Documents: passports, visas and other papers of clients, as staff see and keep them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from gateway.crypto import FirmCipher
from gateway.db.models import Document
from gateway.domain.people import documents
from gateway.domain.people.changes import last_four
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.forms import check_words, stored
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.pinned import Pin, pins_of
from gateway.web.texts import ByClient, Country, Day, DocumentStatus, DocumentType, Name, Total, Word
from gateway.web.versions import IfMatch, expected, tag
from outbound.notify import of_paper
from outbound.notify.of_paper import Account

ExpiringWithin = Annotated[
    int | None,
    QueryParameter(ge=0, le=3_650, description="Ending between today, where the firm is, and so many days later."),
]

OfStaff = Annotated[
    str | None,
    QueryParameter(max_length=254, pattern=r"^[^\x00]*$", description="Of this member of staff alone, by address."),
]

DaysAbroad = Annotated[int, Meta(ge=0, le=3_650, description="Of a longest stay: days that do not count.")]


class DocumentView(Struct, frozen=True, kw_only=True):
    """A document; its number by its last four characters. `pins` are the fields that staff wrote."""

    id: UUID
    client_id: UUID
    case_id: UUID | None
    doc_type: str
    number_last_four: str | None
    country: str | None
    issued_on: date | None
    expires_on: date | None
    duration_of_status: bool
    days_abroad: int | None
    status: str
    file_id: UUID | None
    attributes: dict[str, Any]
    pins: dict[str, Pin]
    source_import_id: UUID | None
    source_row: int | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, document: Document, cipher: FirmCipher) -> DocumentView:
        """A document as staff see it."""
        made = {"number_last_four", "pins"}
        plain = {name: getattr(document, name) for name in cls.__struct_fields__ if name not in made}
        end = last_four(document.number, "number", cipher)
        return cls(**plain, number_last_four=end, pins=pins_of(document))


class DocumentFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """Fields of a document that staff may write; null clears one, what is left out stays as it is.

    `expires_on` and `duration_of_status` (the I-94's D/S) exclude each other: the one that is said replaces the other.
    """

    case_id: UUID | UnsetType | None = UNSET
    number: Name | UnsetType | None = UNSET
    country: Country | UnsetType | None = UNSET
    issued_on: Day | UnsetType | None = UNSET
    expires_on: Day | UnsetType | None = UNSET
    duration_of_status: bool | UnsetType = UNSET
    days_abroad: DaysAbroad | UnsetType | None = UNSET
    status: DocumentStatus | UnsetType | None = UNSET


class NewDocument(DocumentFields, kw_only=True, forbid_unknown_fields=True):
    """A document to be added."""

    client_id: UUID
    doc_type: DocumentType


class DocumentNumber(Struct, frozen=True):
    """A document's number in clear."""

    number: str | None


@get("/", sync_to_thread=True, **may("documents.read"))
def list_documents(
    call: NamedDependency[Call],
    expiring_within: ExpiringWithin = None,
    type_: Annotated[str | None, QueryParameter(name="type", max_length=100, pattern=r"^[^\x00]*$")] = None,
    status: Word = None,
    client: ByClient = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    total: Total = False,
) -> Page[DocumentView]:
    """List documents, the newest first. `expiring_within` asks for days: 0 is today."""
    check_words("document", doc_type=type_, status=status)
    wanted = documents.DocumentFilter(type_, status, client, expiring_within)
    with call.acting() as acting:
        found = documents.look_through(acting, wanted, paging(cursor, limit, total=total))
        return page_of(found, lambda one: DocumentView.of(one, acting.cipher), limit)


@post("/", sync_to_thread=True, **may("documents.write"))
def add_document(call: NamedDependency[Call], data: JSONBody[NewDocument]) -> Response[DocumentView]:
    """Add a document to a client. What is written here is pinned: imports of the partner leave it alone."""
    check_words("document", doc_type=data.doc_type)
    with call.acting() as acting:
        return once(acting, call, data, lambda: _added(acting, data))


def _added(acting: Acting, data: NewDocument) -> Response[DocumentView]:
    document = documents.add(acting, documents.NewDocument(data.client_id, data.doc_type, _values(data)))
    return _shown(acting, document, {"Location": f"/v1/documents/{document.id}"})


@get("/{document_id:uuid}", sync_to_thread=True, **may("documents.read"))
def get_document(document_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[DocumentView]:
    """Show one document; that it was looked at is on record."""
    with call.acting() as acting:
        return _shown(acting, documents.view(acting, document_id))


@patch("/{document_id:uuid}", sync_to_thread=True, **may("documents.write"))
def change_document(
    document_id: FromPath[UUID],
    call: NamedDependency[Call],
    data: JSONBody[DocumentFields],
    if_match: IfMatch = None,
) -> Response[DocumentView]:
    """Change a document; what changed is pinned. 409 `import_running` while an import has the records."""
    values = _values(data)
    with call.acting() as acting:
        return _shown(acting, documents.change(acting, document_id, values, expected(if_match)))


@get("/{document_id:uuid}/number", sync_to_thread=True, **may("documents.read"))
def get_number(document_id: FromPath[UUID], call: NamedDependency[Call]) -> DocumentNumber:
    """Show a document's number in clear; an entry of its own in the audit log says who looked."""
    with call.acting() as acting:
        return DocumentNumber(documents.number(acting, document_id))


@delete("/{document_id:uuid}/pins/{field:str}", sync_to_thread=True, **may("documents.write"))
def unpin_document(
    document_id: FromPath[UUID], field: FromPath[Name], call: NamedDependency[Call], if_match: IfMatch = None
) -> None:
    """Take the pin out of a field, so that imports may change it again."""
    with call.acting() as acting:
        documents.unpin(acting, document_id, field, expected(if_match))


@get("/{document_id:uuid}/notices/explain", sync_to_thread=True, **may("notices.read"))
def explain_notices(document_id: FromPath[UUID], call: NamedDependency[Call], staff: OfStaff = None) -> Account:
    """Say who was told of a paper, who is to be told next and when, and why somebody was not; looking is on record."""
    with call.acting() as acting:
        return of_paper.explain(acting, document_id, staff)


def _values(data: DocumentFields) -> dict[str, object]:
    """The fields, and what is no field of a feed: the case, and the duration of status."""
    others = {name: getattr(data, name) for name in ("case_id", "duration_of_status")}
    return stored("document", data) | {name: value for name, value in others.items() if value is not UNSET}


def _shown(acting: Acting, document: Document, headers: dict[str, str] | None = None) -> Response[DocumentView]:
    return Response(DocumentView.of(document, acting.cipher), headers=tag(document.version) | (headers or {}))


router = Router(
    "/documents",
    route_handlers=[
        list_documents,
        add_document,
        get_document,
        change_document,
        get_number,
        unpin_document,
        explain_notices,
    ],
    tags=["documents"],
)
