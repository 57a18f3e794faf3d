"""Settings of partners that somebody is still working at."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, ours, personal, points_at, sensitive


class ConfigDraft(FirmScoped, Base):
    """The settings of one partner as they might become, and the file for which they are made.

    Attributes:
        slug: of a partner, or of one that there is not yet, which then has no `partner_id`.
        source: the text; encrypted, as are proposal and sample.
        proposal: what was inferred from the sample, as JSON; it goes with it.
        sample: the bytes of a file in base64.
        version: of the draft, counted up by each change.
    """

    __tablename__ = "config_drafts"

    slug: Mapped[str] = ours()
    partner_id: Mapped[UUID | None] = ours()
    source: Mapped[bytes] = ours()
    proposal: Mapped[bytes | None] = sensitive(deferred=True)
    sample_name: Mapped[str | None] = personal()
    sample: Mapped[bytes | None] = sensitive(deferred=True)
    version: Mapped[int] = ours(server_default=text("1"))
    opened_by: Mapped[str] = ours()
    opened_at: Mapped[Stamp] = ours()
    changed_by: Mapped[str] = ours()
    changed_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        points_at("partners", "partner_id"),
        UniqueConstraint("firm_id", "slug"),
        CheckConstraint("(sample IS NULL) = (sample_name IS NULL)", name="sample"),
    )


class ConfigTrial(Base):
    """What a draft would do with the last files of a feed: the latest time that somebody wanted to know.

    Attributes:
        feed: by name.
        told: encrypted JSON, an account of each file; None until it is done.
        reason: why there is none, in a sentence.
        saw: the instant up to which it knows the records.
        tried: the fingerprint of the text and the tables that were tried.
        against: the version in force with which they were compared.
    """

    __tablename__ = "config_trials"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    draft_id: Mapped[UUID] = ours(primary_key=True)
    feed: Mapped[str] = ours()
    state: Mapped[str] = ours()
    asked_at: Mapped[Stamp] = ours()
    told: Mapped[bytes | None] = sensitive()
    reason: Mapped[str | None] = personal()
    saw: Mapped[datetime | None] = ours(DateTime(timezone=True))
    tried: Mapped[str | None] = ours()
    against: Mapped[int | None] = ours()

    __table_args__ = (
        ForeignKeyConstraint(
            ["firm_id", "draft_id"], ["config_drafts.firm_id", "config_drafts.id"], ondelete="CASCADE"
        ),
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    )
