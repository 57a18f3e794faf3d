"""What is drawn of a report, as the report itself says it: of which of its columns a picture is made, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

Step = Literal["day", "week", "month", "quarter", "year"]


class Kind(NamedTuple):
    """Values of a series that are looked at as one: what they are called, and how they look."""

    label: str
    tone: str
    values: tuple[str, ...]


def spaced(value: str) -> str:
    """A code as people read it."""
    return value.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Columns:
    """So many of something by time, of several kinds.

    Attributes:
        title: of the picture.
        of: what is counted, in the singular.
        x: columns of an instant or a day, of which the first that is filled in counts; one always is.
        step: the shortest time that stands for itself; where that would be too many, longer ones do.
        y: columns of numbers that are added up, each a kind of its own unless there is a series; none: rows count.
        series: the column whose values are the kinds; there is one, or there are columns in `y`.
        words: of the kinds, from the foot up; none: the most frequent ones are told apart.
        called: of a kind without words, what people call it.
        once: the column of what is counted once, in however many rows it stands.
    """

    title: str
    of: str
    x: tuple[str, ...]
    step: Step
    y: tuple[str, ...] = ()
    series: str | None = None
    words: Sequence[Kind] = ()
    called: Callable[[str], str] = spaced
    once: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the report, those that it needs."""
        return (*self.x, *self.y, *filter(None, (self.series, self.once)))


@dataclass(frozen=True, slots=True)
class Parts:
    """All of something, and how it stands; `words` tell of every value that the series may have."""

    title: str
    of: str
    series: str
    words: Sequence[Kind]

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the report, those that it needs."""
        return (self.series,)


@dataclass(frozen=True, slots=True)
class Levels:
    """What everybody holds against what they may.

    Attributes:
        of: whose loads they are, in the singular.
        x: the column of their names.
        y: columns of the load, of how much may be, and of how much is urgent.
        drawn: the column that says who is drawn even without a load.
    """

    title: str
    of: str
    x: str
    y: tuple[str, str, str]
    drawn: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the report, those that it needs."""
        return (self.x, *self.y, self.drawn)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What was foretold, and what became of it, band by band of what was foretold.

    Attributes:
        of: what came to an end, in the singular.
        x: columns of where a band begins and ends, in per cent; the band of all tells of the whole.
        y: columns of the share that was foretold, and of the one that came true.
        n: the column of how many there were.
        became: what came true, in a word.
        only: a column, and what stands in it where a row counts.
    """

    title: str
    of: str
    x: tuple[str, str]
    y: tuple[str, str]
    n: str
    became: str
    only: tuple[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the report, those that it needs."""
        return (*self.x, *self.y, self.n, self.only[0])


Plot = Columns | Parts | Levels | Pairs
