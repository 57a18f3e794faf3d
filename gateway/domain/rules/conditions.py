"""The small language in which criteria say what must be so: conditions on an entry, demands on a whole profile.

It is data, and is only read here; `gateway.domain.eligibility.verdicts` says whether it is so of a person. Kinds,
fields and words are those of the profile's kinds; one that is not is refused with its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

from gateway.config import FieldError, KeyPath, nearest
from gateway.domain.rules.profile_kinds import Field, profile_kinds

Level = Literal["none", "associate", "bachelor", "master", "professional", "doctorate"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)  # the lowest first
Plain = str | int | float | bool

_TEXTS = ("text", "choice", "country")
_HELD_BY: Final[dict[str, tuple[str, ...]]] = {  # what a field must hold for an operator
    "is_": (*_TEXTS, "yes_no", "whole", "number"),
    "in_": _TEXTS,
    "at_least": ("whole", "number"),
    "at_most": ("whole", "number"),
    "no_less_than": ("whole", "number"),
    "degree": ("choice",),
    "among": ("text",),
    "within_years": ("date",),
}
_PLAIN: Final[dict[str, tuple[type, ...]]] = {  # as what its values are written
    "yes_no": (bool,),
    "whole": (int,),
    "number": (int, float),
    **dict.fromkeys(_TEXTS, (str,)),
}


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"is_": "is", "in_": "in"}):
    """That a field holds something, by one operator; or `any`, that one of several conditions holds.

    Attributes:
        is_, in_: this, or one of these.
        at_least, at_most: a number.
        no_less_than: another field of the entry, or one of another kind (`offer.prevailing_wage`).
        degree: this level or a higher one, or the one that a field of another kind holds (`offer.needs_level`).
        among: one of the words, divided by commas, that a field of another kind holds (`offer.needs_subject`).
        within_years: a date no longer ago than so many years.
    """

    field: str | None = None
    is_: Plain | None = None
    in_: Annotated[list[str], Meta(min_length=1)] | None = None
    at_least: float | None = None
    at_most: float | None = None
    no_less_than: str | None = None
    degree: str | None = None
    among: str | None = None
    within_years: Annotated[int, Meta(ge=1, le=50)] | None = None
    any: Annotated[list[Condition], Meta(min_length=2)] | None = None

    def __post_init__(self) -> None:
        said = [name for name in (*_HELD_BY, "any") if getattr(self, name) is not None]
        if len(said) != 1:
            raise FieldError("A condition has one operator; two conditions stand in two items.")
        if (self.field is None) != (said == ["any"]):
            raise FieldError("A condition names its field; one with `any` names none, for those below it do.")

    @property
    def operator(self) -> str:
        """The one that it has."""
        return next(name for name in (*_HELD_BY, "any") if getattr(self, name) is not None)

    @property
    def other(self) -> str | None:
        """The field with which it compares, as written."""
        if self.degree in LEVELS:
            return None
        return self.no_less_than or self.degree or self.among


def fields_in(conditions: Sequence[Condition], kind: str) -> Iterator[tuple[str, str]]:
    """Kind and field of all that conditions on an entry of a kind look at, as they come."""
    for one in conditions:
        if one.any is not None:
            yield from fields_in(one.any, kind)
        else:
            yield kind, str(one.field)
            if one.other:
                yield place_of(one.other, kind)


def place_of(reference: str, kind: str) -> tuple[str, str]:
    """Kind and field of `field` or `kind.field`."""
    first, dot, second = reference.partition(".")
    return (first, second) if dot else (kind, first)


def check(conditions: Sequence[Condition], kind: str, at: KeyPath) -> None:
    """Refuse what the profile's kinds do not have.

    Raises:
        FieldError: an unknown field, or one that holds something else than the operator is for.
    """
    for number, one in enumerate(conditions):
        if one.any is not None:
            check(one.any, kind, (*at, number, "any"))
            continue
        _check_one(one, kind, (*at, number))


def check_kind(kind: str, at: KeyPath) -> None:
    """Refuse a kind that there is not."""
    if kind not in profile_kinds():
        raise FieldError(f'There is no kind "{kind}".', at=at, suggestion=nearest(kind, list(profile_kinds())))


def _check_one(one: Condition, kind: str, at: KeyPath) -> None:
    found = _field(kind, str(one.field), (*at, "field"))
    if found.holds not in _HELD_BY[one.operator]:
        raise FieldError(f'"{one.field}" holds {found.holds}, for which there is no such operator.', at=at)
    for word in _words(one):
        if found.of is not None and word not in found.of:
            raise FieldError(f'"{one.field}" never holds "{word}".', at=at, suggestion=nearest(word, list(found.of)))
    if one.is_ is not None and type(one.is_) not in _PLAIN[found.holds]:
        raise FieldError(f'"{one.field}" holds {found.holds}, and never {one.is_!r}.', at=at)
    if one.other:
        _field(*place_of(one.other, kind), at)


def _words(one: Condition) -> list[str]:
    told = [one.is_] if isinstance(one.is_, str) else one.in_ or []
    return [*map(str, told), *([one.degree] if one.degree in LEVELS else [])]


def _field(kind: str, name: str, at: KeyPath) -> Field:
    check_kind(kind, at)
    fields = profile_kinds()[kind].fields
    if name not in fields:
        raise FieldError(f'"{kind}" has no field "{name}".', at=at, suggestion=nearest(name, list(fields)))
    return fields[name]


class Since(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first date that a field holds of the entries of a kind of which all of these conditions hold."""

    kind: str
    field: str
    needs: list[Condition] = []

    def __post_init__(self) -> None:
        if _field(self.kind, self.field, ("field",)).holds != "date":
            raise FieldError(f'"{self.field}" holds no date.', at=("field",))
        check(self.needs, self.kind, ("needs",))


class Demand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a profile must hold: an entry of a kind, or `all` or `any` of several demands.

    Attributes:
        kind, needs: an entry of this kind of which all of these conditions hold.
        years: such entries have to last so long together, days that two of them share counted once.
        continuous: without a break.
        of_last: counted within so many years, back from the day or from the first day of an entry of `back_from`.
        back_from: such as a job in the United States with the same employer, before which the years are counted.
        after: counted from such a date on, as that of a degree.
        listed: a list by whose own demand the word in `by` is judged; a word that is not on it fails.
        least: of `any`, so many.
    """

    kind: str | None = None
    needs: list[Condition] = []
    years: Annotated[float, Meta(gt=0, le=20)] | None = None
    continuous: bool = False
    of_last: Annotated[int, Meta(ge=1, le=20)] | None = None
    back_from: Demand | None = None
    after: Since | None = None
    listed: str | None = None
    by: str | None = None
    all: Annotated[list[Demand], Meta(min_length=2)] | None = None
    any: Annotated[list[Demand], Meta(min_length=2)] | None = None
    least: Annotated[int, Meta(ge=1)] = 1

    def __post_init__(self) -> None:
        if sum(one is not None for one in (self.kind, self.all, self.any)) != 1:
            raise FieldError("A demand has a kind, or `all`, or `any`.")
        if (self.listed is None) != (self.by is None):
            raise FieldError("`listed` and `by` stand together: the list, and the field that holds a word of it.")
        if self.kind is not None:
            check_kind(self.kind, ("kind",))
            check(self.needs, self.kind, ("needs",))

    def kinds(self) -> Iterator[str]:
        """Kinds of entries for which it asks, as they come."""
        for below in (*(self.all or ()), *(self.any or ())):
            yield from below.kinds()
        if self.kind is not None:
            yield self.kind

    def places(self) -> Iterator[tuple[str, str]]:
        """Kind and field of all that it looks at, as they come."""
        for below in (*(self.all or ()), *(self.any or ())):
            yield from below.places()
        if self.kind is None:
            return
        yield from fields_in(self.needs, self.kind)
        if self.years is not None:
            yield from ((self.kind, "from_on"), (self.kind, "to_on"))
        if self.after is not None:
            yield self.after.kind, self.after.field
            yield from fields_in(self.after.needs, self.after.kind)
        if self.by:
            yield self.kind, self.by
