"""Calls by which partners' systems sent something: which there were, so that none counts twice."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, Stamp, points_at


class WebhookCall(Base):
    """A call that was taken; it is kept for good, for a sender may repeat it whenever it likes.

    Attributes:
        digest: of what the sender calls it, or of its body, keyed by the firm's data key.
        import_id: what it became; None for a notice, which brings no file.
    """

    __tablename__ = "webhook_calls"

    firm_id: Mapped[UUID] = mapped_column(primary_key=True)
    feed_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    import_id: Mapped[UUID | None]
    at: Mapped[Stamp]

    __table_args__ = (points_at("feeds", "feed_id"), points_at("imports", "import_id"))
