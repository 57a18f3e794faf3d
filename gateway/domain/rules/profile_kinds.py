"""What can be known of a person for an eligibility check: kinds of entries, their fields, what each may hold."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway.config import FieldError, decode, read

_HERE = Path(__file__).parent

Holds = Literal["text", "country", "choice", "yes_no", "whole", "number", "date"]
Leaves = Literal["as_is", "masked", "never"]
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]*$")]


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of a kind.

    Attributes:
        means: for a person.
        holds: what stands in it; `of` are the words of a choice.
        leaves: whether a language model may be shown it: as it is, under a stand-in, or never.
        may_lie_ahead: a day that may be still to come; others are refused where they are.
    """

    means: Annotated[str, Meta(min_length=1)]
    holds: Holds
    of: Annotated[list[str], Meta(min_length=2)] | None = None
    leaves: Leaves
    may_lie_ahead: bool = False

    def __post_init__(self) -> None:
        if (self.of is not None) != (self.holds == "choice"):
            raise FieldError("`of` stands beside `holds: choice`, and nowhere else.", at=("holds",))


class Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of entries, by the fields that one may have."""

    means: Annotated[str, Meta(min_length=1)]
    fields: Annotated[dict[Name, Field], Meta(min_length=1)]


class Kinds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All kinds, in the order in which people look for them."""

    kinds: Annotated[dict[Name, Kind], Meta(min_length=1)]


def kinds_of(path: Path) -> Mapping[str, Kind]:
    """Read a file of kinds.

    Raises:
        ConfigError: with every line that is wrong.
    """
    return decode(read(path), Kinds).kinds


@functools.cache
def profile_kinds() -> Mapping[str, Kind]:
    """Those that come with the gateway."""
    return kinds_of(_HERE / "profile_kinds.yaml")
