"""What an import would do, were it decided now: told by a job that does all of it but the writing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, Stamp, ours, personal, points_at, sensitive

PreviewOf = Literal["release", "repair"]
PreviewState = Literal["waiting", "done", "failed"]
PREVIEWS: tuple[str, ...] = get_args(PreviewOf)


class ImportPreview(Base):
    """The latest preview of a decision about an import.

    Attributes:
        of: to release it, as it is held; to send the repairs that were typed.
        accepted: for a release, the names of missing columns: expected -> found; None as suggested.
        told: encrypted JSON, an account as of a dry run for each file; None until it is done.
        reason: why there is none, in a sentence.
        saw: the instant up to which it knows what was typed, loaded and decided.
    """

    __tablename__ = "import_previews"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    import_id: Mapped[UUID] = ours(primary_key=True)
    of: Mapped[str] = ours(primary_key=True)
    state: Mapped[str] = ours()
    accepted: Mapped[dict[str, str] | None] = personal(JSONB(none_as_null=True))
    asked_at: Mapped[Stamp] = ours()
    told: Mapped[bytes | None] = sensitive()
    reason: Mapped[str | None] = ours()
    saw: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("imports", "import_id"),
        CheckConstraint("of IN ('release', 'repair')", name="of"),
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="state"),
    )
