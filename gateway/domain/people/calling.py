"""What records are called of which somebody has the ids: one look-up a kind, within the walls of whoever asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Attorney, Case, Client, Document, File, Import, Partner, Staff
from gateway.domain.people.naming import name_of
from gateway.office import Acting

Kind = Literal["client", "case", "document", "import", "partner", "staff", "attorney"]


class Called(NamedTuple):
    """A record, as people call it.

    Attributes:
        name: of a document, its type; None of a person who was erased.
        client_id: whose document it is.
    """

    kind: Kind
    name: str | None
    client_id: UUID | None = None


def called(acting: Acting, wanted: Mapping[Kind, Collection[UUID]]) -> Mapping[UUID, Called]:
    """What these are called, and the people whose documents are among them.

    Whatever is gone, or behind a wall, is left out. That they were seen is for the caller to put on record.
    """
    session = acting.session
    papers = _documents(session, wanted.get("document", ()))
    people = {*wanted.get("client", ()), *(one.client_id for one in papers.values() if one.client_id)}
    found = {**papers, **_clients(session, people)}
    for kind, query in _PLAIN.items():
        if ids := wanted.get(kind):
            rows = session.execute(query.where(_ID[kind].in_(ids)))
            found |= {one: Called(kind, name) for one, name in rows}
    return found


def _documents(session: Session, ids: Collection[UUID]) -> dict[UUID, Called]:
    query = select(Document.id, Document.doc_type, Document.client_id).where(Document.id.in_(ids))
    rows = session.execute(query) if ids else ()
    return {one: Called("document", doc_type, whose) for one, doc_type, whose in rows}


def _clients(session: Session, ids: Collection[UUID]) -> dict[UUID, Called]:
    found = session.scalars(select(Client).where(Client.id.in_(ids))) if ids else ()
    return {one.id: Called("client", None if one.erased_at else name_of(one)) for one in found}


_ID = {"case": Case.id, "import": Import.id, "partner": Partner.id, "staff": Staff.id, "attorney": Attorney.id}
_PLAIN: Mapping[Kind, Any] = {
    "case": select(Case.id, Case.case_number),
    "import": select(Import.id, File.name).join(File, File.id == Import.file_id),
    "partner": select(Partner.id, Partner.slug),
    "staff": select(Staff.id, Staff.name),
    "attorney": select(Attorney.id, Staff.name).join(Staff, Staff.id == Attorney.staff_id),
}
