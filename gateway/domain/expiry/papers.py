"""What records say that bears on somebody's permission to work, and the rules that it is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct

from gateway.domain.rules import dated
from gateway.domain.rules.dated import Allowance, CapGap, Extension, Stay, WorkClass

_CALLED = {
    "i94": "I-94",
    "i797": "I-797",
    "h1b_maxout": "end of six years in H-1B",
    "l1_maxout": "end of the longest stay in L-1",
    "ead": "EAD",
    "opt": "OPT",
    "stem_opt": "STEM OPT",
    "i20": "I-20",
    "ds2019": "DS-2019",
    "green_card": "green card",
    "i9_reverification": "day of I-9 reverification",
}


def called(doc_type: str) -> str:
    """What people call papers of a type."""
    return _CALLED.get(doc_type, doc_type.replace("_", " "))


class Paper(Struct, frozen=True, kw_only=True):
    """A current document.

    Attributes:
        issued_on: since when it holds; of a longest stay, the first day that counts.
        days_abroad: of a longest stay, days that do not count.
    """

    id: UUID
    doc_type: str
    issued_on: date | None = None
    expires_on: date | None = None
    duration_of_status: bool = False
    case_id: UUID | None = None
    days_abroad: int | None = None

    @property
    def called(self) -> str:
        """As people call it."""
        return called(self.doc_type)


class Matter(Struct, frozen=True, kw_only=True):
    """A case of the person."""

    id: UUID
    case_type: str
    status: str = "open"
    filed_on: date | None = None
    decided_on: date | None = None
    employer: str | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known of one person.

    Attributes:
        on: the day of which it is asked.
        citizenship: a country as ISO 3166-1 alpha-3.
        terminated_on: the last day at work, where the employer said one.
    """

    on: date
    citizenship: str | None = None
    employer: str | None = None
    terminated_on: date | None = None
    papers: Sequence[Paper] = ()
    cases: Sequence[Matter] = ()

    def of(self, *types: str) -> list[Paper]:
        """The papers of these types."""
        return [one for one in self.papers if one.doc_type in types]

    def case_of(self, paper: Paper) -> Matter | None:
        """The case to which a paper belongs."""
        return next((one for one in self.cases if one.id == paper.case_id), None)


class Basis(Struct, frozen=True, kw_only=True):
    """Something by which the person may work, or might.

    Attributes:
        kind: `petition`, `exchange_visitor`, `ead`, `opt`, `stem_opt`.
        name: as people call the status or the card.
        paper: whose day it is.
        doubtful: the admission on record speaks of another status.
        status: a class of `work_classes`.
        stay_ends: the last day of the I-94, where it has one.
    """

    kind: str
    name: str
    ends_on: date
    paper: Paper
    because: str
    working: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    doubtful: bool = False
    status: str | None = None
    stay_ends: date | None = None


@dataclass(frozen=True, eq=False)
class Law:
    """The rules with all their versions; each is itself alone, so that what it says of a day can be remembered."""

    extensions: Mapping[str, Sequence[Extension]]
    stays: Mapping[str, Sequence[Stay]]
    allowances: Mapping[str, Sequence[Allowance]]
    cap_gaps: Mapping[str, Sequence[CapGap]]
    classes: Mapping[str, Sequence[WorkClass]]


@cache
def the_law() -> Law:
    """The rules that come with the gateway."""
    return Law(
        dated.automatic_extensions(),
        dated.maximum_stays(),
        dated.allowances(),
        dated.cap_gaps(),
        dated.work_classes(),
    )


class Picked(NamedTuple):
    """The paper that counts of several of one kind, and what has to be said about the others."""

    paper: Paper | None
    conflicts: list[str]


def newest(papers: Sequence[Paper], on: date) -> Picked:
    """The last action counts: of several papers the one that was issued last, of those that have begun.

    Where it is not on record which was, the one that ends first counts, and somebody is told.
    """
    held = [one for one in papers if one.issued_on is None or one.issued_on <= on] or list(papers)
    if not held[1:]:
        return Picked(next(iter(held), None), [])
    named = f"There are {len(held)} current papers {held[0].called!r} ({', '.join(map(_end, held))})"
    issued = [one.issued_on for one in held]
    last = max((day for day in issued if day), default=None)
    if None not in issued and issued.count(last) == 1:
        found = next(one for one in held if one.issued_on == last)
        return Picked(found, [f"{named}; the one issued last, on {last}, counts."])
    first = min(held, key=lambda one: one.expires_on or date.max)
    return Picked(first, [f"{named}, and not on record is which was issued last; the first to end counts."])


def _end(paper: Paper) -> str:
    return "D/S" if paper.duration_of_status else str(paper.expires_on or "no last day")
