"""What the name of a sample says: the names of its feed, the day of which it speaks, what to call the feed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

_FEED = re.compile(r"[^a-z0-9]+")
_LONGEST_FEED = 40  # characters

_YEAR, _MONTH, _DAY = "(?P<year>(?:19|20)[0-9]{2})", "(?P<month>0[1-9]|1[0-2])", "(?P<day>0[1-9]|[12][0-9]|3[01])"
_TIME = "(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9])(?P<second>[0-5][0-9])?"
_APART, _CLOCK = r"(?<![0-9])", r"(?![0-9])"


def _shape(*parts: str) -> re.Pattern[str]:
    return re.compile(f"{_APART}{''.join(parts)}(?:(?P<gap>[_T-]?){_TIME})?{_CLOCK}")


# the year first: 05012026 may be May or January, so a name that ends in a year is only read where it has one meaning
_SHAPES: list[tuple[re.Pattern[str], Callable[[str], str]]] = [
    (_shape(_YEAR, "(?P<mark>[-_.]?)", _MONTH, "(?P=mark)", _DAY), lambda mark: f"%Y{mark}%m{mark}%d"),
    (_shape(_MONTH, "(?P<mark>[-_.]?)", _DAY, "(?P=mark)", _YEAR), lambda mark: f"%m{mark}%d{mark}%Y"),
    (_shape(_DAY, "(?P<mark>[-_.]?)", _MONTH, "(?P=mark)", _YEAR), lambda mark: f"%d{mark}%m{mark}%Y"),
    (_shape(_YEAR, "(?P<mark>[-_.])", _MONTH, "(?P<day>)"), lambda mark: f"%Y{mark}%m"),  # its first day
]
_TWO_WAYS = (1, 2)  # shapes whose day and month may be taken for each other


class Naming(NamedTuple):
    """What the name of a sample comes to.

    Attributes:
        glob: names that belong to the feed.
        as_of: the strptime pattern over the whole name, None where it holds no date.
        feed: a name for the feed.
        day: the date in it.
        is_ambiguous: day and month may be the other way round.
    """

    glob: str
    as_of: str | None
    feed: str
    day: date | None
    is_ambiguous: bool


def named(name: str) -> Naming:
    """Read the name of a sample, folders left out."""
    stem, _, suffix = name.rpartition(".") if "." in name.strip(".") else (name, "", "")
    for place, (shape, pattern) in enumerate(_SHAPES):
        if (match := shape.search(stem)) and (day := _day(match)):
            before, after = stem[: match.start()], stem[match.end() :] + (f".{suffix}" if suffix else "")
            directives = pattern(match["mark"]) + _clock(match)
            glob = f"{_literal(before)}*{_literal(after)}"
            ambiguous = place in _TWO_WAYS and day.day <= 12 and day.day != day.month  # noqa: PLR2004 - months
            as_of = f"{_percent(before)}{directives}{_percent(after)}"
            return Naming(glob, as_of, _feed(before or after), day, ambiguous)
    numbered = re.sub(r"[0-9]+$", "", stem)  # roster_0042: the number goes up from file to file
    if stem and numbered != stem and numbered.strip("_- "):
        glob = f"{_literal(numbered)}*{'.' + _literal(suffix) if suffix else ''}"
        return Naming(glob, None, _feed(stem), None, is_ambiguous=False)
    return Naming(_literal(name), None, _feed(stem), None, is_ambiguous=False)


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["year"]), int(match["month"]), int(match["day"] or 1))
    except ValueError:
        return None


def _clock(match: re.Match[str]) -> str:
    if match["hour"] is None:
        return ""
    return f"{match['gap']}%H%M{'%S' if match['second'] else ''}"


def _literal(text: str) -> str:
    """Text that a glob takes as it stands."""
    return re.sub(r"([*?\[])", r"[\1]", text)


def _percent(text: str) -> str:
    return text.replace("%", "%%")


def _feed(stem: str) -> str:
    """Lower-case letters, digits and `_`, beginning with a letter."""
    name = _FEED.sub("_", stem.casefold()).strip("_0123456789").lstrip("_0123456789")
    return name[:_LONGEST_FEED].rstrip("_") or "records"
