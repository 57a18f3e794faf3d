"""The gate and the words, as the sender asks for them: both are built in rooms of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models import Dispatch, Notification
from gateway.office import Office
from outbound.notify.channels.base import Words
from outbound.notify.gate import Decision, Passed, Path


class Crossing(Protocol):
    """What the gate says of one; `passed` where it says `send`."""

    @property
    def decision(self) -> Decision: ...  # noqa: D102 - see the class

    @property
    def passed(self) -> Passed | None: ...  # noqa: D102 - see the class


def cross(
    office: Office, session: Session, ids: Sequence[UUID], path: Path, *, open_from: datetime | None
) -> Mapping[UUID, Crossing]:
    """See `outbound.notify.gate.cross`."""
    gate: Any = import_module("outbound.notify.gate")
    found: Mapping[UUID, Crossing] = gate.cross(office, session, ids, path, open_from=open_from)
    return found


def words_of(office: Office, session: Session, dispatch: Dispatch, notification: Notification) -> Words:
    """See `outbound.notify.wording.words_of`."""
    wording: Any = import_module("outbound.notify.wording")
    found: Words = wording.words_of(office, session, dispatch, notification)
    return found
