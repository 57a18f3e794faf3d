"""How far an import is, told once or followed to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import OPEN_STATES, Import, JobRow
from gateway.errors import NotFound
from gateway.jobs.broker.listening import Bulletin

_LOOK_SECONDS = 2.0  # between looks at an import of which nothing was heard


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


Look = Callable[[], Standing | None]


def follow(look: Look, bulletin: Bulletin, stop: threading.Event | None = None) -> Iterator[Standing]:
    """How far an import is now, and again whenever that has changed, until it is at its end or `stop` is set.

    Between notifications it looks every two seconds, so a command that runs the import without a job is followed as
    well.

    Args:
        look: how far it is at this moment; None to whoever may know it no longer, which ends it.
        bulletin: of PROGRESS, shared by all who follow.
        stop: ends it, after the look that goes on.
    """
    with bulletin.news() as news:
        last: Standing | None = None
        while (last is None or last.is_open) and not (stop and stop.is_set()):
            news.clear()
            now = look()
            if now is None:
                return
            if now != last:
                yield now
            last = now
            if now.is_open:
                news.wait(_LOOK_SECONDS)
