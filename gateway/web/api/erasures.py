"""Erasure of a person, and of the files that named it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from sqlalchemy import select

from gateway.db.models import Partner
from gateway.domain.partners.homes import Home
from gateway.domain.people.erasure import Erased, erase
from gateway.web.calls import Call, may
from gateway.web.texts import Text
from ingest import receipts

Reason = Annotated[Text, Meta(description="Why; it stays on record.")]


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be erased."""

    reason: Reason


class ErasureView(Struct, frozen=True, kw_only=True):
    """What an erasure came to.

    Attributes:
        imports: whose files, receipts and problems were destroyed.
        waiting_imports: they may name the person, and wait for a decision: refuse them, or release them, and the rows
            about the person are left out. Their files stay until then.
    """

    client_id: UUID
    erased_at: datetime | None
    cases: int
    documents: int
    audit_entries: int
    files: int
    imports: list[UUID]
    waiting_imports: list[UUID]

    @classmethod
    def of(cls, erased: Erased) -> ErasureView:
        """What was erased, in numbers."""
        return cls(
            client_id=erased.client.id,
            erased_at=erased.client.erased_at,
            cases=erased.cases,
            documents=erased.documents,
            audit_entries=erased.entries,
            files=len(erased.storage_keys),
            imports=list(erased.imports),
            waiting_imports=list(erased.waiting),
        )


@post("/{client_id:uuid}/erasure", sync_to_thread=True, **may("clients.erase"))
def erase_client(
    client_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Erasure]
) -> Response[ErasureView]:
    """Erase a person for good: values, identifiers, documents' numbers, and the files and receipts that name it.

    The audit log keeps who did what and when, with "erased" in place of values. A tombstone keeps the partner's next
    files from bringing the person back; adding the person by hand does.
    """
    with call.firm() as session:
        cipher = call.office.cipher(session, call.who.firm_id)
        erased = erase(session, client_id, data.reason, cipher, call.actor)
        partner = session.scalars(select(Partner).where(Partner.id == erased.client.partner_id)).one()
        home = Home.of(partner)
        for key in erased.storage_keys:  # before the commit: if it fails, the same request finds them gone
            call.office.store.delete(key)
        for import_id in erased.imports:
            receipts.destroy(call.office.settings, home, import_id)
        return Response(ErasureView.of(erased), headers={"Location": f"/v1/clients/{client_id}"})
