"""What a press does and what its page can tell, as the rooms below have it: the one place that asks them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from gateway.domain.expiry.items import Item
from gateway.office import Acting

VIA = "link"


def items(acting: Acting, dispatch_id: UUID) -> Sequence[Item]:
    """What a dispatch tells that is still true and whoever acts may see."""
    found: Sequence[Item] = _room("expiry.items").items(acting.session, dispatch_id)
    return found


def latest(acting: Acting, told: Sequence[Item]) -> datetime | None:
    """Until when these can be snoozed, all of them; None where one of them cannot."""
    found: datetime | None = _room("expiry.answers").latest(acting, [one.notice_id for one in told])
    return found


def acknowledge(acting: Acting, told: Sequence[Item]) -> None:
    """Say that somebody has these in hand.

    Raises:
        Conflict: there is nothing left to answer.
    """
    _room("expiry.answers").acknowledge(acting, [one.notice_id for one in told], VIA)


def snooze(acting: Acting, told: Sequence[Item], until: datetime) -> None:
    """Have the recipient told of these again at an instant.

    Raises:
        Conflict: there is nothing left to answer, or it cannot wait.
    """
    _room("expiry.answers").snooze(acting, [one.notice_id for one in told], until, VIA)


def opt_out(acting: Acting, recipient: object, channel: str) -> None:
    """Tell a recipient nothing more by a channel."""
    _room("preferences.opt_outs").opt_out(acting, recipient, channel, "one_click")


def _room(name: str) -> Any:  # noqa: ANN401 - a module
    return import_module(f"gateway.domain.{name}")
