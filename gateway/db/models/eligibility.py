"""What staff know of people for eligibility checks, beyond what the records say."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, ours, personal, points_at

EntryEnd = Literal["changed", "withdrawn"]
ENTRY_ENDS: tuple[str, ...] = get_args(EntryEnd)


class ProfileEntry(FirmScoped, Base):
    """A version of something that is known of a person. Added to, never changed, but that `until` and `ended` are set.

    Attributes:
        kind: as in `gateway/domain/rules/profile_kinds.yaml`.
        number: its place among the person's entries of the kind, which no other ever has: with it, `award.2`.
        version: 1, 2, ... of the entry.
        facts: by field of the kind; days as ISO 8601.
        backing: `asserted`, `documented` or `corroborated`.
        document_id: the paper that shows it.
        proof: where a paper lies that is no document of ours, or who confirms it.
        until: when it was changed or withdrawn; None while it holds.
    """

    __tablename__ = "profile_entries"

    client_id: Mapped[UUID] = ours()
    kind: Mapped[str] = ours()
    number: Mapped[int] = ours()
    version: Mapped[int] = ours()
    facts: Mapped[Json] = personal(blank={})
    backing: Mapped[str] = ours()
    document_id: Mapped[UUID | None] = ours()
    proof: Mapped[str | None] = personal()
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    ended: Mapped[str | None] = ours()

    __table_args__ = (
        points_at("clients", "client_id"),
        points_at("documents", "document_id"),
        Index(
            "profile_entries_current",
            "firm_id",
            "client_id",
            "kind",
            "number",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index(None, "firm_id", "client_id", "kind", "number", "version", unique=True),
        CheckConstraint("backing IN ('asserted', 'documented', 'corroborated')", name="backing"),
        CheckConstraint("ended IN ('changed', 'withdrawn')", name="ended"),
    )
