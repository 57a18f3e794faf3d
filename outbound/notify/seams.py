"""The gate, as the sender and the desk ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.office import Office
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


def reason(code: str) -> str:
    """What a code of the gate's means, as a sentence; the code itself where the gate says nothing of it."""
    gate: Any = import_module("outbound.notify.gate")
    known: Mapping[str, str] = getattr(gate, "REASONS", {})
    return known.get(code, f"{code}.")
