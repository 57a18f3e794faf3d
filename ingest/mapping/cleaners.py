"""Cleaners: small repairs to the text of a cell before its type looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import methodcaller
from typing import Any, Literal, TypeVar

import msgspec
from msgspec import Struct, field

from ingest.mapping.errors import SpecError, unknown_name

Cleaner = Callable[[str], str]
S = TypeVar("S")

# every white space of Unicode, and the marks without width that spreadsheets and web pages leave at the edges
_MARGIN = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\u200b\u2060\ufeff"
_TITLE = re.compile(r"(?<![^\W_])(?<!['’])[^\W\d_]|(?<=['’])[^\W\d_](?=[^\W\d_])")

strip: Cleaner = methodcaller("strip", _MARGIN)  # in C: this runs on every cell of every file


def compile_cleaners(items: list[str | dict[str, Any]]) -> Cleaner:
    """One function that applies the named cleaners in order.

    Raises:
        SpecError: an unknown cleaner, or an argument that it does not take.
    """
    steps = [_compile(item) for item in items]
    if len(steps) == 1:
        return steps[0]

    def clean(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return clean


def _compile(item: str | dict[str, Any]) -> Cleaner:
    if isinstance(item, str):
        return _build(item, None)
    if len(item) != 1:
        raise SpecError("clean", 'A cleaner with an argument is written as one key: `{strip_prefix: "_"}`.')
    return _build(*next(iter(item.items())))


def _build(name: str, argument: object) -> Cleaner:
    if name not in CLEANERS:
        raise unknown_name("clean", "cleaner", name, CLEANERS)
    try:
        return CLEANERS[name](argument)
    except msgspec.ValidationError as error:
        raise SpecError("clean", f"`{name}` cannot use {argument!r}: {error}.") from None


def _plain(cleaner: Cleaner) -> Callable[[object], Cleaner]:
    """The entry of a cleaner that takes no argument."""

    def build(argument: object) -> Cleaner:
        msgspec.convert(argument, None)
        return cleaner

    return build


# ---------------------------------------------------------------- without argument
def _collapse(text: str) -> str:
    return " ".join(strip(text).split())


def _title(text: str) -> str:
    """`MARY-ANN O'NEIL` becomes `Mary-Ann O'Neil`, `MEN'S` becomes `Men's`; str.title would write `Men'S`."""
    return _TITLE.sub(lambda letter: letter[0].upper(), text.lower())


def _digits(text: str) -> str:
    return re.sub("[^0-9]+", "", text)


# ---------------------------------------------------------------- with argument
class _PadLeft(Struct, forbid_unknown_fields=True):
    width: int
    with_: str = field(default="0", name="with")


class _Split(Struct, forbid_unknown_fields=True):
    on: str
    take: int


def _strip_prefix(argument: object) -> Cleaner:
    return methodcaller("removeprefix", msgspec.convert(argument, str))


def _strip_suffix(argument: object) -> Cleaner:
    return methodcaller("removesuffix", msgspec.convert(argument, str))


def _pad_left(argument: object) -> Cleaner:
    """Blank text stays blank: a missing number is not number zero."""
    pad = msgspec.convert(argument, _PadLeft)
    if len(pad.with_) != 1:
        raise SpecError("clean", "`pad_left` pads `with` exactly one character.")
    return lambda text: text and text.rjust(pad.width, pad.with_)


def _split(argument: object) -> Cleaner:
    """One part, stripped, counted from 1 or from the end; a part that is not there is blank."""
    split = msgspec.convert(argument, _Split)
    if not split.on or not split.take:
        raise SpecError("clean", "`split` needs a mark to split `on`, and `take` counts from 1, or from -1 at the end.")
    index = split.take - 1 if split.take > 0 else split.take

    def take(text: str) -> str:
        parts = text.split(split.on)
        return strip(parts[index]) if -len(parts) <= index < len(parts) else ""

    return take


def _first_of(argument: object) -> Cleaner:
    """The text before the first of these marks, stripped; all of it where there is none."""
    marks = msgspec.convert(argument, list[str])
    if not all(marks) or not marks:
        raise SpecError("clean", '`first_of` takes a list of marks: `[";", ","]`.')
    mark = re.compile("|".join(map(re.escape, marks)))
    return lambda text: strip(mark.split(text, maxsplit=1)[0])


def _last_first(argument: object) -> Cleaner:
    part = msgspec.convert(argument, Literal["family", "given", "middle", "full"])
    return lambda text: _names(text)[part]


def _names(text: str) -> dict[str, str]:
    """The parts of `LAST, FIRST M` or `LAST, FIRST M, JR` (the suffix belongs to the family name).

    The first word after the comma is the given name, the others are middle names. Text without a comma is a family
    name alone: which of its words would be the given name nobody can tell.
    """
    family, _, rest = text.partition(",")
    names, _, suffix = rest.partition(",")
    given, _, middle = _collapse(names).partition(" ")
    family = _collapse(f"{family} {suffix}")
    return {"family": family, "given": given, "middle": middle, "full": _collapse(f"{given} {middle} {family}")}


# name in `clean:` -> what makes the cleaner from its argument (None where there is none)
CLEANERS: dict[str, Callable[[object], Cleaner]] = {
    "strip": _plain(strip),
    "collapse": _plain(_collapse),
    "upper": _plain(str.upper),
    "lower": _plain(str.lower),
    "title": _plain(_title),
    "digits": _plain(_digits),
    "strip_prefix": _strip_prefix,
    "strip_suffix": _strip_suffix,
    "pad_left": _pad_left,
    "split": _split,
    "last_first": _last_first,
    "first_of": _first_of,
}
