"""A firm's own words of messages, version by version."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, belongs_to_firm, ours


class MessageText(FirmScoped, Base):
    """One version of one text of a template, exactly as it was given; never changed. The newest one is in force.

    Attributes:
        name: of the template.
        form: `subject`, `text`, `html` or `short`.
        source: None where the firm went back to the house's own text.
    """

    __tablename__ = "message_texts"

    name: Mapped[str] = ours()
    form: Mapped[str] = ours()
    version: Mapped[int] = ours()
    source: Mapped[str | None] = ours()
    created_by: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        UniqueConstraint("firm_id", "name", "form", "version", name="message_texts_key"),
        CheckConstraint("form IN ('subject', 'text', 'html', 'short')", name="form"),
    )
