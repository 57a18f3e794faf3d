"""What a report may be narrowed to: one struct a report, from which query parameters and options come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from gateway.config import nearest
from gateway.errors import Invalid

F = TypeVar("F", bound="Filters")

_INSTANT = "an instant with its offset is wanted, such as 2026-03-01T00:00:00Z."
_SAID = {  # in our words, what msgspec says in its own
    "Invalid RFC3339 encoded datetime": _INSTANT,
    "Expected `datetime` with a timezone component": _INSTANT,
    "Invalid UUID": "an id is wanted, such as 0197f2c1-6a3e-7bd0-9c11-2f5e8a4b6d70; lists and other reports show them.",
}

NO_NUL = r"^[^\x00]*$"  # which no text of the database holds


def words_of(choices: Iterable[str], description: str) -> Meta:
    """What a filter takes whose words are data, as `Literal` has those that are code."""
    return Meta(description=description, extra_json_schema={"enum": list(choices)})


Word = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]
ImportId = Annotated[UUID, Meta(description="Of this import alone.")]
Since = Annotated[datetime, Meta(tz=True, description="What arrived at this instant or later.")]
Until = Annotated[datetime, Meta(tz=True, description="What was before this instant.")]
Person = Annotated[UUID, Meta(description="About this person alone.")]
Changed = Annotated[datetime, Meta(tz=True, description="What changed at this instant or later.")]


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every report may be narrowed to; each has a struct of its own, with more."""

    partner: Annotated[str, Meta(max_length=63, pattern=NO_NUL, description="About this partner only.")] | None = None


class Described(NamedTuple):
    """One filter as callers see it: its name, and the JSON Schema of its values."""

    name: str
    schema: Mapping[str, Any]

    @property
    def words(self) -> list[str]:
        """The values that there are; empty where anything may be."""
        return list(self.schema.get("enum", ()))


def described(kind: type[Filters]) -> list[Described]:
    """The filters of a report."""
    [found] = msgspec.json.schema_components([kind])[1].values()
    return [Described(name, _without_null(schema)) for name, schema in found["properties"].items()]


def filters_of(kind: type[F], given: Mapping[str, str | int]) -> F:
    """The filters that somebody wrote as text; whole numbers may be numbers already.

    Raises:
        Invalid: `unknown_filter`, with the nearest name; `bad_filter`, a value that is none of it, with the nearest.
    """
    known = {one.name: one for one in described(kind)}
    for name, value in given.items():
        if name not in known:
            raise Invalid("unknown_filter", f"This report has no filter {name!r}. {offer(name, known, 'It has')}")
        words = known[name].words
        if words and value not in words:
            raise Invalid("bad_filter", f"{name}: nothing is called {value!r}. {offer(str(value), words)}")
    try:
        return msgspec.convert({name: _meant(value, known[name].schema) for name, value in given.items()}, kind)
    except msgspec.ValidationError as error:
        told, _, place = str(error).partition(" - at `$.")
        said = _SAID.get(told, f"{told}.")
        raise Invalid("bad_filter", f"{place.rstrip('`') or 'A filter'}: {said}") from None


def _meant(value: str | int, schema: Mapping[str, Any]) -> str | int:
    """A whole number where one is wanted; told of as it stands where it is none."""
    is_number = schema.get("type") == "integer" and str(value).isascii() and str(value).isdecimal()
    return int(value) if is_number else value


def offer(name: str, names: Iterable[str], told: str = "There are") -> str:
    """The nearest name, or all that there are."""
    meant = nearest(name, names)
    return f"Did you mean {meant!r}?" if meant else f"{told} {', '.join(names)}."


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a value may be, where there is one."""
    found = {name: value for name, value in schema.items() if name not in {"default", "anyOf"}}
    for one in schema.get("anyOf", ()):
        found |= one if one.get("type") != "null" else {}
    if "enum" in found:
        found["enum"] = [one for one in found["enum"] if one is not None]
    return found
