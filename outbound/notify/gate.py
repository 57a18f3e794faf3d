"""The one gate: every notification crosses it, each time that it would leave; what it says is kept with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

Path = Literal["reminder", "escalation", "digest", "service", "watch", "test", "retry", "replay"]
Priority = Literal["critical", "urgent", "normal", "low"]
Verdict = Literal["send", "delay", "stop"]


class Quiet(Struct, frozen=True, kw_only=True):
    """When somebody is not to be told: outside these hours of these days, by their own clock.

    Attributes:
        begins, ends: of the quiet time, which may go over midnight; equal ones are no quiet time.
        working_days: ISO numbers, Monday is 1.
    """

    zone: ZoneInfo
    begins: time = time(20)
    ends: time = time(8)
    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})


class Facts(Struct, frozen=True, kw_only=True):
    """All that the gate goes by; whoever gathers them asks the database, the gate asks nobody.

    Attributes:
        now: the instant.
        path: on which way it came.
        is_reachable: the channel has an address of the recipient.
        is_there: the recipient works at the firm, or is looked after by it.
        opted_out: how they said that they want no more of this channel; None where they did not.
        preference: of the recipient for this channel and type of document.
        snoozed_until: of everything that it tells; None where something is not snoozed.
        untrue: why nothing of what it tells is still true (`renewed`, `archived`, ...); None where something is.
        expires_on: the first last day of what it tells; None where it tells of no paper.
        is_walled: an ethical wall stands between the recipient and what it tells.
        was_told: the same was sent to the same by this channel.
        budget_left: messages that this recipient may still be sent by this channel today; None is no limit.
        budget_anew: when there is a budget again.
        open_from: when the channel bears more: its breaker, its provider's limits; None is now.
    """

    now: datetime
    path: Path
    priority: Priority
    channel: str
    quiet: Quiet
    is_reachable: bool = True
    is_there: bool = True
    opted_out: str | None = None
    preference: Literal["immediate", "daily", "weekly", "off"] = "immediate"
    snoozed_until: datetime | None = None
    untrue: str | None = None
    expires_on: date | None = None
    is_walled: bool = False
    was_told: bool = False
    budget_left: int | None = None
    budget_anew: datetime | None = None
    open_from: datetime | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What the gate says.

    Attributes:
        reason: a code; what it means for people stands in `REASONS`.
        until: of a delay.
        overridden: what would have held it, had it not been critical.
    """

    verdict: Verdict
    reason: str
    until: datetime | None = None
    overridden: Sequence[str] = ()


class Passed(NamedTuple):
    """What lets a dispatch through to its channel; only the gate makes one."""

    dispatch_id: UUID
    decision_id: UUID
