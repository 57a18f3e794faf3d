"""What a decision who gets a case is made of, and what it is kept as.

Nothing here says where somebody comes from, or what they believe: a decision cannot be made by what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0, le=1)]
Way = Literal["client", "family", "team", "rule"]


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each part of a score counts; they are taken relative to their sum."""

    expertise: Share = 0.5
    capacity: Share = 0.3
    deadline: Share = 0.2


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a firm says besides its rule.

    Attributes:
        senior_from: cases of at least this complexity are for senior attorneys; 11 is for none.
        continuity: who has the client's, the family's or the employer's other cases goes before the rule.
        certifications: case type -> words that an attorney needs for it.
        languages: the attorney speaks one of those that the case asks for.
        tell_after: hours a case waits before the admins are told.
        accept_within: days left to a deadline, under which the receiver of a case has to accept it.
    """

    weights: Weights = Weights()
    senior_from: Annotated[int, Meta(ge=1, le=11)] = 8
    continuity: bool = True
    certifications: Mapping[str, Sequence[str]] = {}
    languages: bool = True
    tell_after: Annotated[float, Meta(gt=0, le=720)] = 4
    accept_within: Annotated[int, Meta(ge=0, le=365)] = 14


class Policy(Struct, frozen=True, kw_only=True):
    """How a firm gives its cases to attorneys. Version 0 is what holds where a firm has said nothing."""

    version: int = 0
    rule: str = "expertise_first"
    settings: Settings = Settings()


class Matter(Struct, frozen=True, kw_only=True):
    """A case that needs an attorney.

    Attributes:
        complexity: 1 to 10.
        deadline_on: the first day by which something must be done; None is not known.
        languages: that the case asks for, ISO 639-1; empty where any will do.
        opened_at: those that wait are looked at in this order, then by id.
        taken_from: attorneys who had it and from whom it was taken back.
    """

    case_id: UUID
    client_id: UUID | None = None
    partner_id: UUID
    case_type: str | None = None
    complexity: int
    deadline_on: date | None = None
    languages: Sequence[str] = ()
    opened_at: datetime
    taken_from: frozenset[UUID] = frozenset()


class Away(Struct, frozen=True, array_like=True, order=True):
    """Days on which somebody is away, both included."""

    first: date
    last: date


class Candidate(Struct, frozen=True, kw_only=True):
    """An attorney, as far as one case is concerned.

    Attributes:
        works: the account is active, and its role takes cases.
        licence: without one nobody is given cases.
        capacity: active cases that may be held, part time taken off.
        load: active cases that are held, of any type; with `weighted`, their complexity added up.
        level: declared for the type of the case, 1 to 5; 0 is nothing declared.
        decided: cases of the type decided within 24 months, each counting less with its age (see `facts`).
        away: from today on, in order.
        walled: must not know of the client or the partner.
        has: which of the others are theirs: the client's, the family's; `team` counts the employer's open cases.
        last_given_at: when they were last given a case by the rule.
    """

    attorney_id: UUID
    works: bool = True
    licence: str | None = None
    senior: bool = False
    capacity: int
    load: int = 0
    weighted: int = 0
    level: int = 0
    decided: float = 0.0
    languages: Sequence[str] = ()
    certifications: Sequence[str] = ()
    away: Sequence[Away] = ()
    walled: bool = False
    has: frozenset[Way] = frozenset()
    team: int = 0
    last_given_at: datetime | None = None


class Exclusion(Struct, frozen=True, kw_only=True):
    """Why an attorney cannot take a case.

    Attributes:
        code: `inactive`, `no_licence`, `walled`, `away`, `full`, `no_language`, `no_certification`, `not_senior`,
            `taken_back`.
        sentence: for the managing attorney; of a wall it says no more than that there is one.
        until: the last day on which it is so, where that is known.
    """

    attorney_id: UUID
    code: str
    sentence: str
    until: date | None = None


class Scored(Struct, frozen=True, kw_only=True):
    """What a rule found of somebody who can take a case; `parts` add up to `score`, higher is better."""

    attorney_id: UUID
    score: float
    parts: Mapping[str, float] = {}


class Decision(Struct, frozen=True, kw_only=True):
    """Who gets a case, or why nobody does.

    Attributes:
        attorney_id: None where nobody can take it: it waits.
        way: what decided it.
        code: where nobody can: `no_attorneys`, `all_full`, `all_away`, `none_suits`.
        sentence: why, whole.
        scored: all who can take it, the best first; ties are told by the rule.
        excluded: all others, each with every reason.
        forecast_on: where nobody can, the first day on which somebody might; None is not known.
    """

    attorney_id: UUID | None = None
    way: Way | None = None
    code: str | None = None
    sentence: str
    rule: str
    policy_version: int
    complexity: int
    scored: Sequence[Scored] = ()
    excluded: Sequence[Exclusion] = ()
    forecast_on: date | None = None
