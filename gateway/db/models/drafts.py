"""Settings of partners that somebody is still working at."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
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
