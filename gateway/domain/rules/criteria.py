"""What the law asks for a visa: gates, criteria, papers and time, one dated file a visa.

    EB1A = visa_on("EB1A", date(2026, 12, 1))

No visa has code of its own: each says by which method it is weighed, and its conditions are data.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct, field

from gateway.config import FieldError, KeyPath, nearest
from gateway.domain.rules.conditions import Condition, Demand, check, check_kind, fields_in
from gateway.domain.rules.dated import CaseType, Rules, Version, on, rules_of
from gateway.domain.rules.profile_kinds import profile_kinds
from gateway.errors import Missing

_VISAS = Path(__file__).parent / "visas"

VISAS: Final = (
    *("O1A", "O1B", "EB1A", "EB1B", "EB1C", "NIW"),
    *("H1B_CAP", "H1B_EXT", "H1B_TRANSFER", "H1B1", "L1A", "L1B", "TN", "E3", "F1_STEM"),
)

Id = Annotated[str, Meta(pattern="^[A-Z][A-Z0-9_]*$")]
Text = Annotated[str, Meta(min_length=1)]
Bears = Literal["asserted", "documented", "corroborated"]


class Way(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an entry of a kind shows a criterion, and how strongly at most.

    Attributes:
        needs: what must be so of the entry; where one of them is unknown, the entry asserts the criterion and no more.
        documented, corroborated: what must be so besides to count as that.
        most: an entry of this kind bears no more.
    """

    kind: str
    needs: list[Condition] = []
    documented: list[Condition] = []
    corroborated: list[Condition] = []
    most: Bears = "corroborated"

    def __post_init__(self) -> None:
        check_kind(self.kind, ("kind",))
        for name in ("needs", "documented", "corroborated"):
            check(getattr(self, name), self.kind, (name,))

    def places(self) -> list[tuple[str, str]]:
        """Kind and field of all that its conditions look at, each once."""
        said = [*self.needs, *self.documented, *self.corroborated]
        return list(dict.fromkeys(fields_in(said, self.kind)))


class Gate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be so in any case, and what would tell whether it is."""

    id: Id
    text: Text
    source: Text
    asks: Demand
    tells: Text


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing to be shown, and each way in which it can be."""

    id: Id
    text: Text
    source: Text
    ways: Annotated[list[Way], Meta(min_length=1)]

    def kinds(self) -> set[str]:
        """Kinds that can show it."""
        return {one.kind for one in self.ways}


class KOfN(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="k_of_n"):
    """So many of the criteria have to be met, or one of those that suffice alone; then all is weighed together."""

    k: Annotated[int, Meta(ge=1)]
    alone: list[Id] = []


class Prongs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="prongs"):
    """All have to be met, and the weakest weighs the most."""


class Checklist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="checklist"):
    """All have to be met, and each weighs the same."""


Method = KOfN | Prongs | Checklist


class Visa(Version, frozen=True, kw_only=True):
    """What a visa asks.

    Attributes:
        id: of `VISAS`.
        name: as people call it.
        cases: types of cases that it becomes.
        method: by which its criteria are weighed.
        documents: what a petition or application needs.
        timeline_months: from the decision to file to the answer, shortest and longest, by practice.
    """

    id: Id
    name: Text
    cases: Annotated[list[CaseType], Meta(min_length=1)]
    method: Method
    gates: list[Gate] = field(default_factory=list)
    criteria: Annotated[list[Criterion], Meta(min_length=1)]
    documents: Annotated[list[Text], Meta(min_length=1)]
    timeline_months: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=1)]]

    def __post_init__(self) -> None:
        known: set[str] = set()
        for part in ("gates", "criteria"):
            for number, one in enumerate(getattr(self, part)):
                _refuse_second(one.id, known, (part, number, "id"))
        if self.timeline_months[0] > self.timeline_months[1]:
            raise FieldError("The shortest time stands first.", at=("timeline_months",))
        if isinstance(self.method, KOfN):
            self._check_count(self.method)

    def _check_count(self, method: KOfN) -> None:
        ids = [one.id for one in self.criteria]
        for number, name in enumerate(method.alone):
            if name not in ids:
                raise FieldError(f'There is no criterion "{name}".', at=("method", "alone", number))
        if method.k > len(ids) - len(method.alone):
            raise FieldError("It asks for more criteria than there are.", at=("method", "k"))

    def criterion(self, name: str) -> Criterion | None:
        """The criterion of an id."""
        return next((one for one in self.criteria if one.id == name), None)


def _refuse_second(name: str, known: set[str], at: KeyPath) -> None:
    if name in known:
        raise FieldError(f'"{name}" stands here twice.', at=at)
    known.add(name)


class Listed(Version, frozen=True, kw_only=True):
    """A profession of a list, and what it asks of a person: any of these suffices.

    Attributes:
        name: as the list has it.
        degree: least level of a degree.
        licence: a licence or certification of the profession suffices.
        diploma_years: a diploma suffices with so many years of experience.
        years: so many years of experience suffice.
    """

    name: Text
    degree: Literal["associate", "bachelor", "master", "professional", "doctorate"] | None = None
    licence: bool = False
    diploma_years: Annotated[int, Meta(ge=1)] | None = None
    years: Annotated[int, Meta(ge=1)] | None = None

    def in_words(self) -> str:
        """What suffices, for a person."""
        told = [f"a degree, {self.degree} or higher"] if self.degree else []
        told += ["a licence"] if self.licence else []
        told += [f"a diploma and {self.diploma_years} years"] if self.diploma_years else []
        return " or ".join([*told, *([f"{self.years} years of experience"] if self.years else [])])

    def asks(self) -> list[Demand]:
        """Each demand that suffices."""
        told: list[Demand] = []
        if self.degree:
            told.append(Demand(kind="degree", needs=[Condition(field="level", degree=self.degree)]))
        if self.licence:
            told.append(Demand(kind="licence"))
        if self.diploma_years:
            diploma = Demand(kind="degree", needs=[Condition(field="level", degree="associate")])
            told.append(Demand(all=[diploma, Demand(kind="employment", years=self.diploma_years)]))
        if self.years:
            told.append(Demand(kind="employment", years=self.years))
        return told


class ApprovalRate(Version, frozen=True, kw_only=True):
    """How many of those that were decided were approved, as published.

    Attributes:
        approved, denied: shares or counts, as the source has them; what was pending is in neither.
        period: which it is about.
        n: decided petitions, where the source says how many.
    """

    approved: Annotated[float, Meta(gt=0)]
    denied: Annotated[float, Meta(gt=0)]
    period: Text
    n: Annotated[int, Meta(ge=1)] | None = None

    @property
    def rate(self) -> float:
        """Of those that were decided."""
        return self.approved / (self.approved + self.denied)


@functools.cache
def visas() -> Mapping[str, Sequence[Visa]]:
    """By name in small letters, in the order of `VISAS`."""
    found = {name.lower(): rules_of(_VISAS / f"{name.lower()}.yaml", Rules[Visa]) for name in VISAS}
    return {name: rules[name] for name, rules in found.items()}


@functools.cache
def professions(name: str) -> Mapping[str, Sequence[Listed]]:
    """A list by its file's name: by the professions' names in small letters, `_` between the words."""
    return rules_of(_VISAS / f"{name}.yaml", Rules[Listed])


@functools.cache
def approval_rates() -> Mapping[str, Sequence[ApprovalRate]]:
    """By visa in small letters; there is none where nothing was published by which one could go."""
    return rules_of(_VISAS / "approval_rates.yaml", Rules[ApprovalRate])


def visa_on(name: str, day: date) -> Visa:
    """What a visa asks on a day.

    Raises:
        Missing: `visa_unknown`, there is none of this name, or none on this day.
    """
    versions = visas().get(name.lower())
    if versions is None:
        meant = nearest(name.upper(), VISAS)
        hint = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(VISAS)}."
        raise Missing("visa_unknown", f'There are no criteria for "{name}".{hint}')
    found = on(versions, day)
    if found is None:
        raise Missing("visa_unknown", f"There are no criteria for {name.upper()} on {day}.")
    return found


def in_force(day: date) -> list[Visa]:
    """What each visa asks on a day, where there is something of that day."""
    return [found for versions in visas().values() if (found := on(versions, day))]


def visas_on(named: Sequence[str], day: date) -> list[Visa]:
    """These visas as of a day, each once; all of which there is something, where none is named.

    Raises:
        Missing: see `visa_on`.
    """
    return [visa_on(one, day) for one in dict.fromkeys(named)] if named else in_force(day)


def fields_of(visa: Visa) -> Mapping[str, Sequence[str]]:
    """By kind, the fields at which gates and criteria of a visa look: what is worth knowing of a person for it."""
    places = [place for gate in visa.gates for place in gate.asks.places()]
    places += [place for one in visa.criteria for way in one.ways for place in way.places()]
    return {kind: [name for each, name in dict.fromkeys(places) if each == kind] for kind in _kinds_in(places, visa)}


def _kinds_in(places: Sequence[tuple[str, str]], visa: Visa) -> list[str]:
    looked_at = {kind for kind, _ in places} | {kind for one in visa.criteria for kind in one.kinds()}
    looked_at |= {kind for gate in visa.gates for kind in gate.asks.kinds()}
    return [kind for kind in profile_kinds() if kind in looked_at]
