"""What the gate goes by, and its rules in their order; they ask nobody, so what was said can be said again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final, Literal, NamedTuple, NoReturn
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct

from outbound.notify.hours import Quiet, first_minute, is_day_off, is_quiet

Path = Literal["reminder", "escalation", "digest", "service", "watch", "test", "retry", "replay", "release"]
Priority = Literal["critical", "urgent", "normal", "low"]
Verdict = Literal["send", "delay", "stop"]
Pace = Literal["immediate", "daily", "weekly", "off"]


class Facts(Struct, frozen=True, kw_only=True):
    """All that the gate goes by; whoever gathers them asks the database, the gate asks nobody.

    Attributes:
        now: the instant.
        path: on which way it came.
        is_reachable: the channel has an address of the recipient.
        is_there: the recipient works at the firm, or is looked after by it.
        opted_out: how they said that they want no more of this channel; None where they did not.
        preference: of the recipient for this channel and type of document; `off` only where all that it tells is.
        snoozed_until: of everything that it tells; None where something is not snoozed.
        untrue: why nothing of what it tells is still true (`renewed`, `archived`, ...); None where something is.
        expires_on: the first last day of what it tells; None where it tells of no paper.
        next_lead_on: the first day on which something of it is told anew, whoever snoozed it; None where none is left.
        is_walled: an ethical wall stands between the recipient and what it tells.
        was_told: the same was sent to the same by this channel.
        budget_left: messages that this recipient may still be sent by this channel today; None is no limit.
        budget_anew: when there is a budget again; said wherever there is a limit.
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
    preference: Pace = "immediate"
    snoozed_until: datetime | None = None
    untrue: str | None = None
    expires_on: date | None = None
    next_lead_on: date | None = None
    is_walled: bool = False
    was_told: bool = False
    budget_left: int | None = None
    budget_anew: datetime | None = None
    open_from: datetime | None = None

    def __post_init__(self) -> None:
        if self.budget_left is not None and self.budget_anew is None:
            raise ValueError("Where there is a limit, say when it begins anew.")


class Decision(Struct, frozen=True, kw_only=True):
    """What the gate says.

    Attributes:
        reason: a code; what it means for people stands in `REASONS`.
        until: of a delay; always later than the instant that was decided for.
        overridden: codes of what would have held it, had it not been critical, or come on a path that may pass.
    """

    verdict: Verdict
    reason: str
    until: datetime | None = None
    overridden: Sequence[str] = ()


class Passed:
    """What lets a dispatch through to its channel. Only `let_through` makes one, which only the gate may call.

    It is no tuple and no struct on purpose: it cannot be called, copied, changed or read back from bytes, so that
    nothing reaches a channel by a slip.
    """

    __slots__ = ("decision_id", "dispatch_id")

    dispatch_id: UUID
    decision_id: UUID

    def __init__(self, *_args: object, **_more: object) -> None:
        raise TypeError("Nothing passes but through the gate: ask outbound.notify.gate.cross.")

    def __init_subclass__(cls) -> None:
        raise TypeError("There is one kind of pass.")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"A pass is for one dispatch: {name} stays as it is.")

    def __reduce__(self) -> NoReturn:
        raise TypeError("A pass is for one crossing: it is neither copied nor kept.")

    def __repr__(self) -> str:
        return f"<Passed {self.dispatch_id} by {self.decision_id}>"


def let_through(dispatch_id: UUID, decision_id: UUID, decision: Decision) -> Passed | None:
    """The pass that belongs to a decision on record; None where it does not say `send`."""
    if decision.verdict != "send":
        return None
    passed = Passed.__new__(Passed)
    object.__setattr__(passed, "dispatch_id", dispatch_id)
    object.__setattr__(passed, "decision_id", decision_id)
    return passed


def decide(facts: Facts) -> Decision:
    """What the first rule says that holds, and may not be passed; where none does, it leaves."""
    overridden: list[str] = []
    for rule in RULES:
        held = rule.holds(facts)
        if not held:
            continue
        if not _may_pass(rule, facts):
            until = held if isinstance(held, datetime) else None
            return Decision(verdict=rule.verdict, reason=rule.code, until=until, overridden=tuple(overridden))
        overridden.append(rule.code)
    return Decision(verdict="send", reason="overridden" if overridden else "clear", overridden=tuple(overridden))


def _may_pass(rule: Rule, facts: Facts) -> bool:
    return facts.path in rule.passed_on or (rule.yields and facts.priority == "critical")


# ------------------------------------------------------------------------------------------------ the rules


def _untrue(facts: Facts) -> bool:
    return facts.untrue is not None


def _gone(facts: Facts) -> bool:
    return not facts.is_there


def _walled(facts: Facts) -> bool:
    return facts.is_walled


def _unreachable(facts: Facts) -> bool:
    return not facts.is_reachable


def _opted_out(facts: Facts) -> bool:
    return facts.opted_out is not None


def _already_told(facts: Facts) -> bool:
    return facts.was_told


def _switched_off(facts: Facts) -> bool:
    return facts.preference == "off"


def _snoozed(facts: Facts) -> datetime | None:
    """Until the snooze ends, or the day begins on which a paper ends or is told of anew, whichever is first."""
    if facts.snoozed_until is None:
        return None
    days = [day for day in (facts.next_lead_on, facts.expires_on) if day is not None]
    ends = min([facts.snoozed_until, *(_begin(day, facts.quiet.zone) for day in days)])
    return ends.astimezone(UTC) if ends > facts.now else None


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _day_off(facts: Facts) -> datetime | None:
    return first_minute(facts.quiet, facts.now) if is_day_off(facts.quiet, facts.now) else None


def _quiet_hours(facts: Facts) -> datetime | None:
    return first_minute(facts.quiet, facts.now) if is_quiet(facts.quiet, facts.now) else None


def _budget_spent(facts: Facts) -> datetime | None:
    is_spent = facts.budget_left is not None and facts.budget_left <= 0
    return facts.budget_anew if is_spent and facts.budget_anew and facts.budget_anew > facts.now else None


def _channel_busy(facts: Facts) -> datetime | None:
    return facts.open_from if facts.open_from and facts.open_from > facts.now else None


class Rule(NamedTuple):
    """One reason not to send now.

    Attributes:
        sentence: for people, of somebody who was not told, or not yet.
        holds: whether it does; for a delay, until when.
        yields: `critical` passes, and it is kept that it did.
        passed_on: paths that pass.
    """

    code: str
    verdict: Literal["stop", "delay"]
    sentence: str
    holds: Callable[[Facts], bool | datetime | None]
    yields: bool = False
    passed_on: frozenset[str] = frozenset()


_BY_HAND = frozenset({"release"})  # somebody of the firm wants it to leave now, whatever the hour

# The first that holds is the reason on record. What ends a message stands before what makes it wait, so nobody waits
# for what will never leave; what is no longer true before all else, for then it is nobody's doing that it is not told.
RULES: Final[Sequence[Rule]] = (
    Rule("untrue", "stop", "Nothing of what it tells is true any more.", _untrue),
    Rule("gone", "stop", "The recipient has left the firm, or is no longer looked after.", _gone),
    Rule("walled", "stop", "An ethical wall stands between the recipient and what it tells.", _walled),
    Rule("unreachable", "stop", "The channel has no address of the recipient.", _unreachable),
    Rule("opted_out", "stop", "The recipient wants no more of this channel.", _opted_out),
    Rule(
        "already_told",
        "stop",
        "The same was sent to the same recipient by this channel before.",
        _already_told,
        passed_on=frozenset({"replay", "test", "release"}),
    ),
    Rule(
        "switched_off",
        "stop",
        "The recipient, or the firm, has switched this channel off for such papers.",
        _switched_off,
        passed_on=frozenset({"test"}),
    ),
    Rule("snoozed", "delay", "The recipient put it off.", _snoozed),
    Rule("day_off", "delay", "The recipient does not work on this day.", _day_off, yields=True, passed_on=_BY_HAND),
    Rule(
        "quiet_hours",
        "delay",
        "These are quiet hours where the recipient is.",
        _quiet_hours,
        yields=True,
        passed_on=_BY_HAND,
    ),
    Rule(
        "budget_spent",
        "delay",
        "The recipient was sent enough by this channel today.",
        _budget_spent,
        yields=True,
        passed_on=_BY_HAND,
    ),
    Rule("channel_busy", "delay", "The channel bears no more at the moment.", _channel_busy),
)

REASONS: Final[Mapping[str, str]] = {
    "clear": "Nothing stood against it.",
    "overridden": "It was too important to be held, or somebody wanted it sent all the same.",
    **{rule.code: rule.sentence for rule in RULES},
}
