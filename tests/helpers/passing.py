"""Passes of the gate, for tests of what lies behind it."""

from __future__ import annotations

from uuid import UUID, uuid4

from outbound.notify.deciding import Decision, Passed, let_through


def passed(dispatch_id: UUID | None = None) -> Passed:
    """A pass for a dispatch, as if the gate had let it through."""
    made = let_through(dispatch_id or uuid4(), uuid4(), Decision(verdict="send", reason="clear"))
    assert made is not None
    return made
