"""Recipients as the rooms of preferences name them, the words for channels, and the zones by whose clock they live."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from gateway.config import nearest
from gateway.domain.rules import vocabulary
from gateway.errors import Invalid

Kind = Literal["staff", "client", "contact"]


class Somebody(Protocol):
    """Whom, as anything that says it in these words: `Whom`, or the recipient of a channel."""

    @property
    def staff_id(self) -> UUID | None:
        """Of the firm's staff."""

    @property
    def client_id(self) -> UUID | None:
        """A client."""

    @property
    def partner_id(self) -> UUID | None:
        """Whose contact."""

    @property
    def contact(self) -> str | None:
        """A name of the partner's contacts."""


class Whom(NamedTuple):
    """Exactly one of staff, client and a partner's contact."""

    staff_id: UUID | None = None
    client_id: UUID | None = None
    partner_id: UUID | None = None
    contact: str | None = None

    @classmethod
    def of(cls, one: Somebody) -> Whom:
        """The same, however it was said; two that are the same are equal."""
        return cls(one.staff_id, one.client_id, one.partner_id, one.contact)

    @property
    def kind(self) -> Kind:
        """Which of the three."""
        if self.staff_id is not None:
            return "staff"
        return "client" if self.client_id is not None else "contact"


@lru_cache(1_024)  # what is no zone is looked for in files
def zone_of(*names: str | None) -> ZoneInfo:
    """The first of these that is a zone: what a partner's system calls one may be none."""
    for name in names:
        try:
            return ZoneInfo(name or "")
        except (ValueError, OSError, KeyError):
            continue
    return ZoneInfo("UTC")


def refuse_unknown(word: str, known: list[str], what: str) -> None:
    """Refuse a word that there is not, with the nearest that there is.

    Raises:
        Invalid: `preferences_wrong`.
    """
    if word not in known:
        meant = nearest(word, known)
        told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(known)}."
        raise Invalid("preferences_wrong", f'There is no {what} "{word}".{told}')


def refuse_unknown_type(doc_type: str | None) -> None:
    """Refuse a type of document that there is not; None is all of them.

    Raises:
        Invalid: `preferences_wrong`.
    """
    if doc_type is not None:
        refuse_unknown(doc_type, list(vocabulary("document_types").words), "type of document")
