"""What a notice tells, as of the moment at which it is told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct


class Item(Struct, frozen=True, kw_only=True):
    """A paper that ends, as a message or a line of a digest has it: initials instead of names, no number of a paper.

    Attributes:
        initials: of the person.
        employer: the partner's name.
        what: the type of document as people call it.
        days_left: today; negative once it has ended.
        why: a sentence: what ends with it.
        controlling: a sentence: which paper ends the permission to work, and what speaks against it; None where it
            says nothing beyond `why`.
        case: number and stage of the open case; None where there is none.
        owner: the attorney.
        next_action: what to do, as an imperative.
        needs_answer: somebody must acknowledge it.
        step: of the escalation; 0 is the reminder itself.
        fresh_at: when the feed that brought it was last read.
    """

    notice_id: UUID
    document_id: UUID
    client_id: UUID
    initials: str
    employer: str
    what: str
    expires_on: date
    days_left: int
    why: str
    next_action: str
    controlling: str | None = None
    case: str | None = None
    owner: str | None = None
    needs_answer: bool = False
    step: int = 0
    fresh_at: datetime | None = None
