"""What says who a person is, read from the records: nothing of it leaves to a model, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select

from gateway.db.models import Case, Client, Document, Partner
from gateway.office import Acting
from outbound.llm.showing import Known

_NAMING = ("name", "spouse", "father", "mother", "child", "parent", "contact", "manager", "supervisor", "colleague")
_NUMBERING = ("number", "passport", "phone", "email", "mail", "ssn", "id", "visa", "address", "account")


def known_of(acting: Acting, client_id: UUID) -> Known:
    """Names, employers and numbers of a person and of those near to them.

    Fields that partners sent beyond ours count by what they are called.
    """
    session = acting.session
    client = session.scalars(select(Client).where(Client.id == client_id)).one()
    cases = session.scalars(select(Case).where(Case.client_id == client_id)).all()
    papers = session.scalars(select(Document).where(Document.client_id == client_id)).all()
    partner = session.scalars(select(Partner.name).where(Partner.id == client.partner_id)).one()
    others = [client.attributes, *[one.attributes for one in cases], *[one.attributes for one in papers]]
    return Known(
        names=_said(client.given_name, client.middle_name, client.family_name, *_called(others, _NAMING)),
        employers=_said(partner, client.employer_name, *[one.employer_name for one in cases]),
        institutions=_said(client.university),
        numbers=_said(
            *_numbers(acting, client), *_of_cases(cases), *_of_papers(acting, papers), *_called(others, _NUMBERING)
        ),
    )


def _said(*values: str | None) -> list[str]:
    return [one for one in values if one and one.strip()]


def _numbers(acting: Acting, client: Client) -> Iterator[str | None]:
    yield from (client.employee_id, client.email, client.phone, client.manager_email)
    for name in ("ssn", "a_number"):
        stored: bytes | None = getattr(client, name)
        yield acting.cipher.decrypt(stored, name) if stored is not None else None


def _of_cases(cases: Any) -> Iterator[str | None]:  # noqa: ANN401 - rows
    for one in cases:
        yield from (one.case_number, one.receipt_number, one.lca_number, one.perm_number)


def _of_papers(acting: Acting, papers: Any) -> Iterator[str]:  # noqa: ANN401 - rows
    yield from (acting.cipher.decrypt(one.number, "number") for one in papers if one.number is not None)


def _called(attributes: list[dict[str, Any]], words: tuple[str, ...]) -> list[str]:
    """Texts in fields of which the name holds one of some words."""
    return [
        value
        for each in attributes
        for name, value in _texts(each)
        if any(word in name.casefold().split("_") or word in name.casefold() for word in words)
    ]


def _texts(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in attributes.items():
        if isinstance(value, str):
            yield name, value
