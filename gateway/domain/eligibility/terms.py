"""What an eligibility check is made of: what is known of a person, what is claimed of it, and what follows from that.

A claim cites fields of the profile and says nothing else: whoever makes it, a model included, has no place to write a
fact of its own. Scores are computed from claims that hold, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, get_args

from msgspec import Struct

Value = str | int | float | bool | date
Backing = Literal["asserted", "documented", "corroborated"]
GateState = Literal["passed", "failed", "unknown"]
BACKINGS: tuple[Backing, ...] = get_args(Backing)
STRENGTHS: Mapping[Backing, float] = {"asserted": 0.3, "documented": 0.6, "corroborated": 1.0}
NOTICE = "Not legal advice; attorney review required."

# ------------------------------------------------------------------------------------------------ what is known


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that is known of a person: a degree, an award, a job, the job that is offered, a status.

    Attributes:
        ref: by which it is cited, `award.2`: its kind, and its place among those of the kind.
        kind: one of `gateway/domain/rules/profile_kinds.yaml`.
        facts: by field of the kind; what is not known is not there.
        backing: somebody says so; a paper of theirs shows it; somebody independent of them confirms it.
    """

    ref: str
    kind: str
    facts: Mapping[str, Value]
    backing: Backing = "asserted"


class Profile(Struct, frozen=True, kw_only=True):
    """What is known of a person on a day; what is not in it is unknown, and never taken for a no.

    Attributes:
        as_of: from which ages and times left are counted.
        entries: in the order of their refs.
    """

    as_of: date
    entries: Sequence[Entry] = ()

    def find(self, ref: str) -> Entry | None:
        """The entry of a ref."""
        return next((one for one in self.entries if one.ref == ref), None)

    def of(self, kind: str) -> list[Entry]:
        """All entries of a kind."""
        return [one for one in self.entries if one.kind == kind]


# ------------------------------------------------------------------------------------------------ what is claimed


class Cite(Struct, frozen=True, kw_only=True):
    """A field of the profile, and what it is said to hold; it holds that, or the claim falls."""

    ref: str
    field: str
    value: Value


class Claim(Struct, frozen=True, kw_only=True):
    """That fields of a profile show a criterion of a visa, and how strongly.

    Attributes:
        visa, criterion: by their ids in the criteria.
        strength: at most what the backing of the cited entries bears.
    """

    visa: str
    criterion: str
    strength: Backing
    cites: Sequence[Cite]


class Dropped(Struct, frozen=True, kw_only=True):
    """A claim that does not hold.

    Attributes:
        code: `unknown_criterion`, `no_citation`, `unknown_entry`, `unknown_field`, `other_value`, `beside_the_point`.
    """

    claim: Claim
    code: str


# ------------------------------------------------------------------------------------------------ what follows


class GateFinding(Struct, frozen=True, kw_only=True):
    """Whether what must be so in any case is so; unknown is neither yes nor no, and `missing` says what would tell."""

    gate: str
    state: GateState
    sentence: str
    source: str
    cites: Sequence[Cite] = ()
    missing: Sequence[str] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """How far a criterion is shown.

    Attributes:
        strength: 0, nothing shows it, 0.3, 0.6 or 1.
        is_met: it counts among those of which so many are needed.
        sentence: for the attorney: by what it is shown, or what could show it.
        source: of the criterion.
    """

    criterion: str
    strength: float
    is_met: bool
    sentence: str
    source: str
    cites: Sequence[Cite] = ()


class Part(Struct, frozen=True, kw_only=True):
    """A part of a score: `points` of at most `most`, and how they come about."""

    name: str
    points: float
    most: float
    working: str


class Chance(Struct, frozen=True, kw_only=True):
    """How comparable cases ended: a number of its own, which no score enters and which enters no score.

    Attributes:
        probability: the firm's decided cases, shrunk to the public rate.
        low, high: 90 % of the posterior lie between them.
        n, approved: of the firm's decided cases, approved and denied only.
        prior, period, source: the public rate of decided cases, when, and by whom.
    """

    probability: float
    low: float
    high: float
    n: int
    approved: int
    prior: float
    period: str
    source: str


class Recommendation(Struct, frozen=True, kw_only=True):
    """What a check says of one visa.

    Attributes:
        score: 0 to 100; None where a gate is unknown: it cannot be determined.
        cap: what held the score down, in a sentence.
        timeline_months: from the decision to file to the answer, shortest and longest.
        documents: what a petition needs.
        strengths, weaknesses, missing: sentences, each with the id of its criterion or gate in front.
        doubts: the same, where a model finds less than the rules; they move nothing, and are for the firm alone.
        law_as_of: the day by whose rules it was scored.
    """

    visa: str
    score: float | None
    parts: Sequence[Part] = ()
    cap: str | None = None
    gates: Sequence[GateFinding] = ()
    findings: Sequence[Finding] = ()
    chance: Chance | None = None
    timeline_months: tuple[int, int]
    documents: Sequence[str] = ()
    strengths: Sequence[str] = ()
    weaknesses: Sequence[str] = ()
    missing: Sequence[str] = ()
    doubts: Sequence[str] = ()
    summary: str
    law_as_of: date
    notice: str = NOTICE
