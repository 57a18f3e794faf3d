"""How far an import is; `gateway.jobs.following` follows it to its end."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import OPEN_STATES, Import, JobRow
from gateway.errors import NotFound


class Standing(Struct, frozen=True):
    """How far an import is.

    Attributes:
        state: of the import.
        rows: read so far, of a job that runs.
        position, size: bytes of the file, read so far and in all.
    """

    state: str
    rows: int | None = None
    position: int | None = None
    size: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.state in OPEN_STATES


def standing(session: Session, import_id: UUID) -> Standing:
    """How far an import is, in a session of its firm.

    Raises:
        NotFound: there is none in this session's sight.
    """
    state = session.scalar(select(Import.state).where(Import.id == import_id))
    if state is None:
        raise NotFound("import", str(import_id))
    newest = select(JobRow.progress).where(JobRow.about == import_id).order_by(JobRow.id.desc()).limit(1)
    told: dict[str, Any] = session.scalar(newest) or {}
    return Standing(state, told.get("rows"), told.get("position"), told.get("size"))
