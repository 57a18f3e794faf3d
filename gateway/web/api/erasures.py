"""Erasure of a person, and of the files that named it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from gateway.domain.people.erasure import Erased, erase
from gateway.web.calls import Call, may
from gateway.web.texts import Text
from gateway.wings import ERASERS

Reason = Annotated[Text, Meta(description="Why; it stays on record.")]


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be erased."""

    reason: Reason


class ErasureView(Struct, frozen=True, kw_only=True):
    """What an erasure came to.

    Attributes:
        imports: whose files, receipts and problems were destroyed.
        waiting_imports: they may name the person, and wait for a decision: refuse them, or release them, and the rows
            about the person are left out. Their files are destroyed in the night after.
        jobs: read the partner's other stored files again, and destroy those in which a row names the person.
    """

    client_id: UUID
    erased_at: datetime | None
    cases: int
    documents: int
    audit_entries: int
    files: int
    imports: list[UUID]
    waiting_imports: list[UUID]
    jobs: list[UUID]

    @classmethod
    def of(cls, erased: Erased) -> ErasureView:
        """What was erased, in numbers."""
        counts, named = erased.counts, erased.named
        return cls(
            client_id=erased.client.id,
            erased_at=erased.client.erased_at,
            cases=counts["cases"],
            documents=counts["documents"],
            audit_entries=counts["audit_entries"],
            files=counts["files"],
            imports=list(named["imports"]),
            waiting_imports=list(named["waiting_imports"]),
            jobs=list(named["jobs"]),
        )


@post("/{client_id:uuid}/erasure", sync_to_thread=True, **may("clients.erase"))
def erase_client(
    client_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Erasure]
) -> Response[ErasureView]:
    """Erase a person for good: values, identifiers, documents' numbers, and the files and receipts that name it.

    The audit log keeps who did what and when, with "erased" in place of values. A tombstone keeps the partner's next
    files from bringing the person back; adding the person by hand does.
    """
    with call.office.acting(call.who.firm_id, call.actor) as acting:
        erased = erase(acting, client_id, data.reason, ERASERS)
        return Response(ErasureView.of(erased), headers={"Location": f"/v1/clients/{client_id}"})
