"""Rules that change: each a row of versions, what holds from which day to which and by which source, without a gap.

A version is never edited once its first day has come; a new one follows it, so that what was told can be explained by
the rule of its day. An error in a file names the file and the line, as in partner.yaml.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from gateway.config import FieldError, decode, read

_HERE = Path(__file__).parent

Member = Literal["attorney", "paralegal", "supervisor", "admin"]
Recipient = Literal["attorney", "paralegal", "supervisor", "admin", "client"]
Channel = Literal["email", "sms"]
CaseType = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]*$")]


class Version(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for a while.

    Attributes:
        effective_from, effective_to: first and last day; None for ever.
        source: statute, regulation or form instruction; `practice` where the firms' work and no rule makes it so.
        verified_on: when somebody last compared this with its source; None where nobody has yet, or it is practice.
        compared_with: the text that was at hand then: the source itself, or who quotes it or sums it up.
    """

    effective_from: date | None = None
    effective_to: date | None = None
    source: Annotated[str, Meta(min_length=1)]
    verified_on: date | None = None
    compared_with: Annotated[str, Meta(min_length=1)] | None = None

    def holds_on(self, day: date) -> bool:
        """Whether a day is one of its days."""
        return (self.effective_from or date.min) <= day <= (self.effective_to or date.max)


class LeadTimes(Version, frozen=True, kw_only=True):
    """So many days before a paper's end people are told, the longest first; its last day is always one of them."""

    days: Annotated[list[Annotated[int, Meta(ge=1, le=1825)]], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if self.days != sorted(set(self.days), reverse=True):
            raise FieldError("Days stand once each, the longest first.", at=("days",))


class Told(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told, while so many days are left.

    Attributes:
        to: whom.
        at_most, at_least: days that are left.
        unless: not, where the person's case stands so: `open_case`, one is open; `filing`, one was filed.
        channel: by which way.
        must_answer: somebody of the firm has to acknowledge it.
    """

    to: Recipient
    at_most: Annotated[int, Meta(ge=0)] = 1825
    at_least: Annotated[int, Meta(ge=0)] = 0
    unless: Literal["open_case", "filing"] | None = None
    channel: Channel = "email"
    must_answer: bool = False


class Audience(Version, frozen=True, kw_only=True):
    """Who is told of a paper that ends."""

    told: Annotated[list[Told], Meta(min_length=1)]


class Wait(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many days an answer is waited for, while at least so many are left; negative ones are after the end."""

    at_least: int
    days: Annotated[int, Meta(ge=1, le=365)]


class Escalation(Version, frozen=True, kw_only=True):
    """Who is told next when nobody answers.

    Attributes:
        chain: to whom, step by step.
        waits: for each step, the most days left first.
        daily_within: once the chain has ended, its last is told each day while at most so many days are left.
    """

    chain: Annotated[list[Member], Meta(min_length=1, max_length=9)]
    waits: Annotated[list[Wait], Meta(min_length=1)]
    daily_within: Annotated[int, Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        _refuse_order([one.at_least for one in self.waits], "waits")


class Action(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to do while at least so many days are left."""

    at_least: int
    do: Annotated[str, Meta(min_length=1)]


class NextAction(Version, frozen=True, kw_only=True):
    """Why it matters that a paper ends, and what to do about it, the most days left first."""

    why: Annotated[str, Meta(min_length=1)]
    actions: Annotated[list[Action], Meta(min_length=1)]

    def __post_init__(self) -> None:
        _refuse_order([one.at_least for one in self.actions], "actions")


def _refuse_order(days: Sequence[int], where: str) -> None:
    if list(days) != sorted(set(days), reverse=True):
        raise FieldError("Each begins at another number of days, the most first.", at=(where,))


class Extension(Version, frozen=True, kw_only=True):
    """For so many days an expired card goes on, where its renewal was filed in time on one of the version's days.

    Attributes:
        renewals: types of cases that renew such a card.
        within_stay: those of them that go on no longer than the I-94 of their person.
        unsaid: those that do not say whether the card's category is one of those that the rule names.
    """

    days: Annotated[int, Meta(ge=0)]
    renewals: Annotated[list[CaseType], Meta(min_length=1)]
    within_stay: list[CaseType] = []
    unsaid: list[CaseType] = []

    def __post_init__(self) -> None:
        for name in ("within_stay", "unsaid"):
            if not set(getattr(self, name)) <= set(self.renewals):
                raise FieldError("Each of these is one of the renewals, too.", at=(name,))


class Stay(Version, frozen=True, kw_only=True):
    """So many years somebody may be in a status; days abroad are no part of them.

    Attributes:
        lifted_after: so many days after the filing of an I-140, or of its labor certification, the years do not end the
            stay while it waits; with an approved I-140 they never do. None where nothing lifts them.
        lifted_by: the source that says so.
    """

    years: Annotated[int, Meta(ge=1, le=20)]
    lifted_after: Annotated[int, Meta(ge=1)] | None = None
    lifted_by: str | None = None


class Allowance(Version, frozen=True, kw_only=True):
    """So many days that the law adds on a condition which no record proves: they are told, and never counted.

    Attributes:
        classes: of `work_classes`, to which it is given.
    """

    days: Annotated[int, Meta(ge=1)]
    classes: Annotated[list[str], Meta(min_length=1)]


class CapGap(Version, frozen=True, kw_only=True):
    """Until this day of a year a student goes on whose H-1B petition waits: told, and never counted."""

    month: Annotated[int, Meta(ge=1, le=12)]
    day: Annotated[int, Meta(ge=1, le=28)]


class WorkClass(Version, frozen=True, kw_only=True):
    """A status in which somebody works for the employer that asked for it.

    Attributes:
        name: as people call it.
        cases: types of cases that ask for it.
        extends: those that extend it with the same employer.
        ports: those by which another employer takes the person over.
        has_petition: it rests on a petition, so that an I-797 says until when.
        stay: of `maximum_stays`.
        maxout: the type of document that says when the longest stay ends.
    """

    name: Annotated[str, Meta(min_length=1)]
    cases: Annotated[list[CaseType], Meta(min_length=1)]
    extends: list[CaseType] = []
    ports: list[CaseType] = []
    has_petition: bool = True
    stay: str | None = None
    maxout: str | None = None


class Points(Version, frozen=True, kw_only=True):
    """How much work a case is by its type, or what comes on top of that, out of 10.

    Attributes:
        within: what comes on top does so while fewer days are left.
    """

    points: Annotated[int, Meta(ge=1, le=10)]
    within: Annotated[int, Meta(ge=1, le=365)] | None = None


V = TypeVar("V", bound=Version)


class Rules(Struct, Generic[V], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules of one kind by name, each with its versions, the oldest first."""

    rules: dict[Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")], Annotated[list[V], Meta(min_length=1)]]

    def __post_init__(self) -> None:
        for name, versions in self.rules.items():
            _refuse_empty_days(name, versions)
            _refuse_gaps(name, versions)
            _refuse_half_compared(name, versions)


def _refuse_half_compared(name: str, versions: Sequence[Version]) -> None:
    for place, one in enumerate(versions):
        if (one.verified_on is None) != (one.compared_with is None):
            sentence = "verified_on and compared_with stand together: the day, and the text that was at hand."
            raise FieldError(sentence, at=("rules", name, place))


def _refuse_empty_days(name: str, versions: Sequence[Version]) -> None:
    for place, one in enumerate(versions):
        if one.effective_from and one.effective_to and one.effective_to < one.effective_from:
            raise FieldError("It ends before it begins.", at=("rules", name, place, "effective_to"))


def _refuse_gaps(name: str, versions: Sequence[Version]) -> None:
    for place, (older, newer) in enumerate(pairwise(versions), start=1):
        if older.effective_to is None:
            sentence = "It has no last day, and another version follows."
            raise FieldError(sentence, at=("rules", name, place - 1))
        due = older.effective_to + timedelta(days=1)
        if newer.effective_from != due:
            sentence = f"The version before ends on {older.effective_to}, so this one is effective from {due}."
            raise FieldError(sentence, at=("rules", name, place))


def rules_of(path: Path, kind: type[Rules[V]]) -> Mapping[str, Sequence[V]]:
    """Read a file of rules.

    Raises:
        ConfigError: with every line that is wrong: an overlap, a gap, an unknown key.
    """
    return decode(read(path), kind).rules


@functools.cache
def lead_times() -> Mapping[str, Sequence[LeadTimes]]:
    """By type of document; `other` is for types that have none of their own."""
    return rules_of(_HERE / "lead_times.yaml", Rules[LeadTimes])


@functools.cache
def audiences() -> Mapping[str, Sequence[Audience]]:
    """Who is told of what; `documents` is for all of them."""
    return rules_of(_HERE / "audiences.yaml", Rules[Audience])


@functools.cache
def escalations() -> Mapping[str, Sequence[Escalation]]:
    """Who is told next; `documents` is for all of them."""
    return rules_of(_HERE / "escalations.yaml", Rules[Escalation])


@functools.cache
def next_actions() -> Mapping[str, Sequence[NextAction]]:
    """By type of document; `other` is for types that have none of their own."""
    return rules_of(_HERE / "next_actions.yaml", Rules[NextAction])


@functools.cache
def automatic_extensions() -> Mapping[str, Sequence[Extension]]:
    """By type of document."""
    return rules_of(_HERE / "automatic_extensions.yaml", Rules[Extension])


@functools.cache
def maximum_stays() -> Mapping[str, Sequence[Stay]]:
    """By status."""
    return rules_of(_HERE / "maximum_stays.yaml", Rules[Stay])


@functools.cache
def allowances() -> Mapping[str, Sequence[Allowance]]:
    """`extension_pending`, `cessation` and `departure`."""
    return rules_of(_HERE / "allowances.yaml", Rules[Allowance])


@functools.cache
def cap_gaps() -> Mapping[str, Sequence[CapGap]]:
    """Only `students`."""
    return rules_of(_HERE / "cap_gaps.yaml", Rules[CapGap])


@functools.cache
def work_classes() -> Mapping[str, Sequence[WorkClass]]:
    """By status, `h1b`."""
    return rules_of(_HERE / "work_classes.yaml", Rules[WorkClass])


@functools.cache
def complexity() -> Mapping[str, Sequence[Points]]:
    """By type of case in small letters, `h1b_cap`, with `other`; and what comes on top, such as `rfe`."""
    return rules_of(_HERE / "complexity.yaml", Rules[Points])


def on(versions: Sequence[V], day: date) -> V | None:
    """The version that holds on a day; None where the rule had not begun, or has ended."""
    return next((one for one in versions if one.holds_on(day)), None)
