"""A paper that ends, as a line that people read: what ends with it, who was told when, and what can be answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from gateway.domain.expiry.answers import is_last
from gateway.domain.expiry.heard import PaperNotice
from gateway.domain.expiry.outlook import Ending
from gateway.domain.expiry.papers import called
from gateway.web.calls import Identity

_COMMAND = re.compile(r"; `gateway [^`]+` says more")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")  # as sentences of the rules write days


class Person(NamedTuple):
    """Somebody who was told, or is to be: the newest of their notices counts.

    Attributes:
        name: None where it is the person whose paper it is.
        outcome: `told`, `waiting`, `withheld`, or `lost` where it did not arrive, or nobody knows.
        at: when it left.
        channels: by which they were.
        dispatch_id: of the newest.
    """

    name: str | None
    role: str
    outcome: str
    at: datetime | None
    channels: Sequence[str]
    dispatch_id: UUID | None


class Line(NamedTuple):
    """One paper.

    Attributes:
        paper: as people call it.
        why: the sentence that tells what ends the work.
        people: who were told last, or are to be, each once.
        notice: by which whoever looks may answer; None where there is none, or nothing to answer.
    """

    ending: Ending
    paper: str
    why: str
    working: Sequence[str]
    conflicts: Sequence[str]
    people: Sequence[Person]
    notice: PaperNotice | None

    @property
    def is_last(self) -> bool:
        """Whether no reminder comes after this one, so that nobody is told any more once somebody has it in hand."""
        return self.notice is not None and is_last(self.notice.lead, self.ending.expires_on, self.today)

    @property
    def today(self) -> date:
        """At the firm."""
        return self.ending.on - timedelta(days=self.ending.days_left)


def line_of(ending: Ending, who: Identity, *, can_all: bool) -> Line:
    """A paper as somebody sees it; `can_all`: they may answer for others."""
    permission = ending.permission
    return Line(
        ending,
        called(ending.doc_type),
        readable(permission.sentence),
        [readable(one) for one in permission.working],
        [readable(one) for one in permission.conflicts],
        _people(ending.told),
        _answerable(ending, who.id, can_all=can_all),
    )


def readable(sentence: str) -> str:
    """A sentence of the rules, with its days as people read them, and without commands that no browser takes."""
    return _DATE.sub(lambda found: _day(date.fromisoformat(found[0])), _COMMAND.sub("", sentence))


def _day(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _people(told: Sequence[PaperNotice]) -> list[Person]:
    theirs: dict[UUID | None, list[PaperNotice]] = {}
    for one in told:
        theirs.setdefault(one.staff_id, []).append(one)
    return [_person(same) for same in theirs.values()]


def _person(same: Sequence[PaperNotice]) -> Person:
    """From their notices, the newest first: what has reached them goes before what waits."""
    left = [one for one in same if one.outcome == "told"] or same
    first = left[0]
    channels = dict.fromkeys(one.channel for one in left if one.due_on == first.due_on)
    return Person(first.to, first.role, first.outcome, first.told_at, list(channels), first.dispatch_id)


def _answerable(ending: Ending, me: UUID, *, can_all: bool) -> PaperNotice | None:
    """At the newest lead time: one's own first."""
    if ending.answer and ending.answer.kind == "acknowledge":
        return None
    lead = min((one.lead for one in ending.told), default=None)
    theirs = [one for one in ending.told if one.lead == lead and one.staff_id and (can_all or one.staff_id == me)]
    return min(theirs, key=lambda one: one.staff_id != me, default=None)
