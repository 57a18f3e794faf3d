"""The kinds of lines of a file of fixed width: by what they begin with, and by a code behind that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from ingest.formats.base import Source
from ingest.formats.text import Lines
from ingest.infer.columns import Span
from ingest.infer.sniffing import Text

SAMPLED = 3_000  # lines of each kind that places are read off
FRAMES = ("header", "trailer")
HEADS, TAILS = (
    frozenset("H HD HDR HEAD HEADER 00 0 01".split()),
    frozenset("T TR TRL TRLR TRAILER Z 99 9 END EOF FTR F".split()),
)
_MOST_KINDS, _MOST_MARKS, _MOST_PREFIXES = 10, 100, 5_000
_MOST_CODES = 20  # of a second mark, such as the infotypes of SAP
_MOST_LONE = 0.02  # of the lines, that may be the only one of their code
_CLEAR = 0.9  # of the lines by which two codes must differ at a place
_LEAST_DIFFERENCE = 3.0  # places that are filled in one kind and blank, or of another nature, in the other
_LONGEST_MARK = 4
_END_OF_FILE = "\x1a"

Unit = Literal["characters", "bytes"]


@dataclass
class Kind:
    """Lines that are known by the same mark.

    Attributes:
        name: of the record type.
        where: start (from 1), length and text of the mark; None where there is one kind only.
        lines: the first of them, in the unit that is counted.
        count: how many there are.
    """

    name: str
    where: tuple[int, int, str] | None
    lines: list[str] = field(default_factory=list)
    count: int = 0
    spans: list[Span] = field(default_factory=list)
    above: tuple[int, int, str] | None = None  # the mark that it shares with other kinds

    @property
    def marks(self) -> list[tuple[int, int, str]]:
        """Places that are no columns."""
        return [mark for mark in (self.where, self.above) if mark]


def lines_of(source: Source, text: Text, unit: Unit) -> Iterator[str]:
    """Each line that is not blank; in bytes, as many characters as it has bytes."""
    for block in Lines(source, text.encoding, "a text file of fixed width").blocks():
        for line in block.lines:
            bare = line.rstrip("\r\n").rstrip(_END_OF_FILE)
            if bare.strip():
                yield bare.encode(text.encoding, "surrogateescape").decode("latin-1") if unit == "bytes" else bare


def kind_of(line: str, data: list[Kind]) -> Kind | None:
    """The first kind whose mark a line has."""
    for kind in data:
        if kind.where is None or line[kind.where[0] - 1 : kind.where[0] - 1 + kind.where[1]].rstrip() == kind.where[2]:
            return kind
    return None


def kinds_of(source: Source, text: Text, unit: Unit) -> list[Kind]:
    """The kinds of lines, with the first lines of each, counted over the whole file."""
    prefixes: Counter[str] = Counter()
    first = last = ""
    for line in lines_of(source, text, unit):
        first, last = first or line, line
        if len(prefixes) < _MOST_PREFIXES or line[:_LONGEST_MARK] in prefixes:
            prefixes[line[:_LONGEST_MARK]] += 1
    length = _mark_length(prefixes, first, last)
    found: dict[str, Kind] = {}
    for line in lines_of(source, text, unit):
        mark = line[:length].rstrip()
        _add(found, mark, line, (1, length, mark) if length else None)
    kinds = list(found.values())
    _name(kinds, first[:length].rstrip(), last[:length].rstrip())
    seconds = {kind.name: place for kind in kinds if (place := _second_mark(kind))}
    return _known([*_parted(source, text, unit, kinds, seconds)] if seconds else kinds)


def _add(kinds: dict[str, Kind], mark: str, line: str, where: tuple[int, int, str] | None) -> None:
    if mark not in kinds and len(kinds) >= _MOST_MARKS:
        return
    kind = kinds.setdefault(mark, Kind(mark, where))
    kind.count += 1
    if len(kind.lines) < SAMPLED:
        kind.lines.append(line)


def _known(kinds: list[Kind]) -> list[Kind]:
    """Without marks that a single line among many has: that line is broken, and will be told as such."""
    total = sum(kind.count for kind in kinds)
    return [kind for kind in kinds if kind.name in FRAMES or kind.where is None or kind.count > 0.001 * total + 0.9]


def _mark_length(prefixes: Counter[str], first: str, last: str) -> int:
    """How many characters at the beginning of each line say what it is; 0 where none do."""
    for length in (4, 3, 2, 1):
        counts: Counter[str] = Counter()
        for prefix, count in prefixes.items():
            counts[prefix[:length]] += count
        framed = [counts[first[:length]] == 1, counts[last[:length]] == 1]
        letters = all(mark.isalpha() for mark in counts)
        digits = length <= 2 and all(mark.isdecimal() for mark in counts)  # noqa: PLR2004 - 00, 10, 99
        if not 2 <= len(counts) <= _MOST_KINDS or not (letters or digits):  # noqa: PLR2004
            continue
        repeated = [count for count in counts.values() if count > 1]
        if (letters and any(framed) and counts.total() > 2) or (all(framed) and repeated):  # noqa: PLR2004
            return length
        if letters and length > 1 and len(repeated) == len(counts) and counts.total() >= 10 * len(counts):
            return length
    return 0


def _name(kinds: list[Kind], first: str, last: str) -> None:
    """`header` and `trailer` for the lines that frame the file, `detail` for the one other kind."""
    for kind in kinds:
        mark = kind.name
        if kind.where is None:
            kind.name = "detail"
        elif kind.count == 1 and mark == first and len(kinds) > 1 and (mark.upper() not in TAILS):
            kind.name = "header"
        elif kind.count == 1 and mark == last and (mark.upper() not in HEADS):
            kind.name = "trailer"
        else:
            kind.name = _slug(mark)
    data = [kind for kind in kinds if kind.name not in FRAMES]
    if len(data) == 1:
        data[0].name = "detail"


def _slug(mark: str) -> str:
    return re.sub(r"\W+", "_", mark.casefold()) or "detail"


def _second_mark(kind: Kind) -> tuple[int, int] | None:
    """Where a second mark stands that makes several kinds of one, such as the infotypes of SAP, and its length."""
    if kind.name in FRAMES or len(kind.lines) < 6:  # noqa: PLR2004 - too few to tell
        return None
    start = (kind.where[0] + kind.where[1] - 1) if kind.where else 0
    best, place = _LEAST_DIFFERENCE, None
    for length in (4, 3, 2):
        for at in range(start, start + 16):
            gain = _difference(kind.lines[:600], at, length)
            if gain > best + 1:
                best, place = gain, (at, length)
    return place


def _parted(
    source: Source, text: Text, unit: Unit, kinds: list[Kind], seconds: dict[str, tuple[int, int]]
) -> Iterator[Kind]:
    """The kinds, those with a second mark parted by it."""
    parts: dict[str, dict[str, Kind]] = {name: {} for name in seconds}
    for line in lines_of(source, text, unit):
        kind = kind_of(line, kinds)
        if kind and kind.name in seconds:
            at, length = seconds[kind.name]
            mark = line[at : at + length]
            _add(parts[kind.name], mark, line, (at + 1, length, mark))
    for kind in kinds:
        if kind.name not in seconds:
            yield kind
        for mark, part in parts.get(kind.name, {}).items():
            if mark.strip():
                part.name, part.above = f"{kind.name}_{_slug(mark)}", kind.where
                _join_marks(part)
                yield part


def _join_marks(kind: Kind) -> None:
    """Marks side by side are known as one: `DTL0002`, for `0002` alone may also stand in a header at that place."""
    if kind.where and kind.above and kind.above[0] + kind.above[1] == kind.where[0]:
        start, length, text = kind.above
        kind.where, kind.above = (start, length + kind.where[1], text.ljust(length) + kind.where[2]), None


def _difference(lines: list[str], at: int, length: int) -> float:
    """In how many places the lines of one mark are filled and those of another blank or of another nature."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        groups.setdefault(line[at : at + length], []).append(line)
        if len(groups) > _MOST_CODES:
            return 0.0
    lone = [mark for mark, group in groups.items() if len(group) < 2]  # noqa: PLR2004 - one line alone proves nothing
    if len(lone) > _MOST_LONE * len(lines):
        return 0.0
    marks = groups.keys() - lone
    if len(marks) < 2 or any(not re.fullmatch("[0-9]+|[A-Z]+", mark) or len(mark) < length for mark in marks):  # noqa: PLR2004
        return 0.0
    width = max(map(len, lines))
    natures = [_natures(groups[mark], at + length, width) for mark in marks]
    return float(sum(any(max(kind) - min(kind) > _CLEAR for kind in zip(*place, strict=True))
                     for place in zip(*natures, strict=True)))  # fmt: skip


def _natures(lines: list[str], start: int, width: int) -> list[tuple[float, float]]:
    """For each place behind the mark, the shares of digits and of blanks among the lines."""
    padded = [line.ljust(width) for line in lines[:300]]
    places = ["".join(line[place] for line in padded) for place in range(start, width)]
    return [(sum(map(str.isdecimal, place)) / len(place), place.count(" ") / len(place)) for place in places]
