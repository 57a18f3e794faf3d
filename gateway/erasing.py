"""What erasing a person asks of every wing: to answer for its tables, and to take out what they say about the person.

Each wing declares its erasers as values; `gateway.wings` puts them together, and a test sees that none is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from gateway.office import Acting


class Person(NamedTuple):
    """Whom to erase, as it was before anything was taken out.

    Attributes:
        tombstone: what becomes of the key: files that name the person can be told by it, nobody can read it.
        scans: files that are attached to the documents.
        dispatches: that told somebody of the person's papers, or are to.
    """

    client_id: UUID
    partner_id: UUID
    tombstone: str
    cases: tuple[UUID, ...]
    documents: tuple[UUID, ...]
    scans: tuple[UUID, ...]
    dispatches: tuple[UUID, ...] = ()

    @property
    def records(self) -> tuple[UUID, ...]:
        """The person and what hangs on it."""
        return (self.client_id, *self.cases, *self.documents)


def _nothing() -> None:
    """What there is to destroy for whoever keeps nothing outside the database."""


class Share(NamedTuple):
    """What one eraser did.

    Attributes:
        counts: how much went, by what it is.
        named: the ids that whoever asked must know, by what they are.
        destroy: destroys what no rollback brings back; called when all that the database can refuse is written.
    """

    counts: Mapping[str, int]
    named: Mapping[str, Sequence[UUID]] = {}
    destroy: Callable[[], None] = _nothing


class Eraser(NamedTuple):
    """Who answers for what some tables hold about a person.

    Attributes:
        tables: no other eraser's; every column of theirs says what it holds (`gateway.db.models.base`).
        erase: takes the person out of them, within the transaction; may be asked once a person.
    """

    tables: tuple[str, ...]
    erase: Callable[[Acting, Person], Share]
