"""What a press does, by the rooms below: who was told of what answers, or is told nothing more by a channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.domain.expiry import answers
from gateway.domain.expiry.items import Item
from gateway.domain.preferences import opt_outs
from gateway.domain.preferences.whom import Somebody
from gateway.office import Acting

VIA = "link"


def latest(acting: Acting, told: Sequence[Item]) -> datetime | None:
    """Until when these can be snoozed, all of them; None where one of them cannot."""
    return answers.latest(acting, [one.notice_id for one in told])


def acknowledge(acting: Acting, told: Sequence[Item]) -> None:
    """Say that somebody has these in hand.

    Raises:
        Conflict: there is nothing left to answer.
    """
    answers.acknowledge(acting, [one.notice_id for one in told], "link")


def snooze(acting: Acting, told: Sequence[Item], until: datetime) -> None:
    """Have the recipient told of these again at an instant.

    Raises:
        Conflict: there is nothing left to answer, or it cannot wait.
    """
    answers.snooze(acting, [one.notice_id for one in told], until, "link")


def opt_out(acting: Acting, recipient: Somebody, channel: str) -> None:
    """Tell a recipient nothing more by a channel."""
    opt_outs.opt_out(acting, recipient, channel, "one_click")
