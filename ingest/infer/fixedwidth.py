"""Fixed width: which kinds of line there are, where their columns stand, and what the trailer promises."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from ingest.formats.base import Refused, Source
from ingest.formats.text import Lines
from ingest.infer.columns import Span, cut_at_shared, spans_of
from ingest.infer.layout import Layout
from ingest.infer.papers import is_known
from ingest.infer.sniffing import Text, told

_SAMPLED = 3_000  # lines of each kind that places are read off
_LEAST_LINES = 2
_LEAST_WIDTH = 12
_CONSTANT_SHARE = 0.8  # of the lines that must be equally long
_MOST_LENGTHS = 4  # that lines of several kinds may have
_LINES_A_LENGTH = 8
_LEAST_ALIGNED = 8  # lines
_WIDEST_ALIGNED = 4_000  # characters
_MOST_KINDS, _MOST_MARKS, _MOST_PREFIXES = 10, 100, 5_000
_MOST_CODES = 20  # of a second mark, such as the infotypes of SAP
_MOST_LONE = 0.02  # of the lines, that may be the only one of their code
_CLEAR = 0.9  # of the lines by which two codes must differ at a place
_LEAST_DIFFERENCE = 3.0  # places that are filled in one kind and blank, or of another nature, in the other
_FRAMES = ("header", "trailer")
_LONGEST_MARK = 4
_END_OF_FILE = "\x1a"
_HEADS, _TAILS = (
    frozenset("H HD HDR HEAD HEADER 00 0 01".split()),
    frozenset("T TR TRL TRLR TRAILER Z 99 9 END EOF FTR F".split()),
)

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


def layout_of(source: Source, text: Text) -> Layout | None:
    """The layout of a file of fixed width; None where its lines are of all lengths, or have no columns."""
    try:
        unit = _unit(source, text)
    except Refused as refused:
        raise told(refused) from refused
    if unit is None:
        return None
    kinds = _kinds(source, text, unit)
    for kind in kinds:
        kind.spans = spans_of(kind.lines, kind.marks)
    data = [kind for kind in kinds if kind.name not in _FRAMES]
    shared = cut_at_shared([(kind.lines, kind.spans) for kind in data])
    if not data or all(len(kind.spans) < 2 for kind in data):  # noqa: PLR2004 - one column is no table
        return None
    layout = _layout(source, text, unit, kinds)
    layout.shared = shared
    return layout


def _lines(source: Source, text: Text, unit: Unit) -> Iterator[str]:
    """Each line that is not blank; in bytes, as many characters as it has bytes."""
    for block in Lines(source, text.encoding, "a text file of fixed width").blocks():
        for line in block.lines:
            bare = line.rstrip("\r\n").rstrip(_END_OF_FILE)
            if bare.strip():
                yield bare.encode(text.encoding, "surrogateescape").decode("latin-1") if unit == "bytes" else bare


def _unit(source: Source, text: Text) -> Unit | None:
    """What makes the lines equally long; None where nothing does."""
    units: tuple[Unit, ...] = ("characters", "bytes") if text.encoding == "utf-8" else ("characters",)
    shares = {unit: _constancy(source, text, unit) for unit in units}
    best = max(units, key=lambda unit: (shares[unit], unit == "characters"))
    return best if shares[best] >= _CONSTANT_SHARE or _is_framed(source, text) or _is_aligned(source, text) else None


def _constancy(source: Source, text: Text, unit: Unit) -> float:
    """The share of lines of the usual length, or that lack only the blanks at their end."""
    lengths: Counter[int] = Counter()
    for number, line in enumerate(_lines(source, text, unit)):
        lengths[len(line)] += 1
        if number > _SAMPLED:
            break
    total = lengths.total()
    usual = [(length, count) for length, count in lengths.most_common(_MOST_LENGTHS) if count >= max(2, 0.05 * total)]
    if total < _LEAST_LINES or not usual or max(usual)[0] < _LEAST_WIDTH:
        return 0.0
    if len(usual) > 1 and total < _LINES_A_LENGTH * len(usual):
        return 0.0  # by chance: prose has lines of one length too
    apart = sum(count for count in lengths.values() if count == 1) if total > 3 else 0  # noqa: PLR2004
    share = sum(count for _, count in usual) / max(1, total - min(apart, 2))  # a header and a trailer may be shorter
    return share - 0.01 * len(usual)


def _is_framed(source: Source, text: Text) -> bool:
    """Whether the first and the last line say that they are header and trailer, whatever their lengths."""
    first = last = ""
    for line in _lines(source, text, "characters"):
        first, last = first or line, line
    marks = [re.match("[A-Z]+", line) for line in (first, last)]
    return (
        all(marks)
        and [mark[0] in words for mark, words in zip(marks, (_HEADS, _TAILS), strict=True) if mark] == [True] * 2
    )


def _is_aligned(source: Source, text: Text) -> bool:
    """Whether all lines are blank at the same places, though the blanks at their ends were cut off."""
    lines = list(itertools.islice(_lines(source, text, "characters"), 500))
    width = max(map(len, lines), default=0)
    if len(lines) < _LEAST_ALIGNED or width < _LEAST_WIDTH or width > _WIDEST_ALIGNED:
        return False
    blank = [all(line[place : place + 1] in ("", " ") for line in lines) for place in range(width)]
    return sum(before and not here for before, here in itertools.pairwise(blank)) >= 2  # noqa: PLR2004 - columns


# ---------------------------------------------------------------- kinds of lines


def _kinds(source: Source, text: Text, unit: Unit) -> list[Kind]:
    """The kinds of lines, with the first lines of each, counted over the whole file."""
    prefixes: Counter[str] = Counter()
    first = last = ""
    for line in _lines(source, text, unit):
        first, last = first or line, line
        if len(prefixes) < _MOST_PREFIXES or line[:_LONGEST_MARK] in prefixes:
            prefixes[line[:_LONGEST_MARK]] += 1
    length = _mark_length(prefixes, first, last)
    found: dict[str, Kind] = {}
    for line in _lines(source, text, unit):
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
    if len(kind.lines) < _SAMPLED:
        kind.lines.append(line)


def _known(kinds: list[Kind]) -> list[Kind]:
    """Without marks that a single line among many has: that line is broken, and will be told as such."""
    total = sum(kind.count for kind in kinds)
    return [kind for kind in kinds if kind.name in _FRAMES or kind.where is None or kind.count > 0.001 * total + 0.9]


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
        elif kind.count == 1 and mark == first and len(kinds) > 1 and (mark.upper() not in _TAILS):
            kind.name = "header"
        elif kind.count == 1 and mark == last and (mark.upper() not in _HEADS):
            kind.name = "trailer"
        else:
            kind.name = _slug(mark)
    data = [kind for kind in kinds if kind.name not in _FRAMES]
    if len(data) == 1:
        data[0].name = "detail"


def _slug(mark: str) -> str:
    return re.sub(r"\W+", "_", mark.casefold()) or "detail"


def _second_mark(kind: Kind) -> tuple[int, int] | None:
    """Where a second mark stands that makes several kinds of one, such as the infotypes of SAP, and its length."""
    if kind.name in _FRAMES or len(kind.lines) < 6:  # noqa: PLR2004 - too few to tell
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
    for line in _lines(source, text, unit):
        kind = _kind_of(line, kinds)
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


# ---------------------------------------------------------------- what becomes of them


def _layout(source: Source, text: Text, unit: Unit, kinds: list[Kind]) -> Layout:
    layout = Layout({"type": "fixed"}, footers=False)
    layout.unsure += [f"encoding: {text.unsure}"] if text.unsure else []
    _take_names(layout, kinds)
    controls = list(_controls(source, text, unit, kinds, layout))
    layout.options["records"] = {kind.name: _record(kind) for kind in kinds}
    layout.options |= {"unit": unit, "encoding": text.encoding}
    layout.because |= {
        "": "lines of one length, without a delimiter",
        "records": "; ".join(f"{kind.name}: {kind.count:,} line{'s' * (kind.count > 1)}" for kind in kinds),
        "unit": f"the lines are equally long in {unit}",
        "encoding": text.because,
    }
    if controls:
        layout.options["controls"] = controls
        layout.because["controls"] = "the numbers of the trailer agree with what was counted"
    layout.unsure.append(
        "places: columns of fixed width are read off blanks and digits; compare them with the partner's description"
    )
    if any(kind.name == "header" for kind in kinds):
        layout.unsure.append(
            "header: if one of its numbers counts the files, name it, and write {sequence: its column}"
        )
    layout.without = _without
    return layout


def _record(kind: Kind) -> dict[str, Any]:
    record: dict[str, Any] = {"where": list(kind.where)} if kind.where else {}
    record["columns"] = {span.name: [span.start, span.length] for span in kind.spans}
    return record


def _take_names(layout: Layout, kinds: list[Kind]) -> None:
    """A first line that holds the names of the columns gives them; it is not data."""
    [kind] = [one for one in kinds if one.name not in _FRAMES][:1]
    first = kind.lines[0]
    words = [first[span.start - 1 : span.start - 1 + span.length].strip() for span in kind.spans]
    if sum(is_known(word) for word in words) < max(2, len(words) / 3) or len(kinds) > 1:
        return
    for span, word in zip(kind.spans, words, strict=True):
        if word and word not in [other.name for other in kind.spans]:
            span.name = word
    layout.named_by_row = next((span.name, word) for span, word in zip(kind.spans, words, strict=True) if word)


def _controls(source: Source, text: Text, unit: Unit, kinds: list[Kind], layout: Layout) -> Iterator[dict[str, Any]]:
    trailer = next((kind for kind in kinds if kind.name == "trailer"), None)
    if trailer is None or trailer.where is None:
        return
    data = [kind for kind in kinds if kind.name not in _FRAMES]
    line, start = trailer.lines[0], trailer.where[1]
    totals = _totals(source, text, unit, data)
    rows = sum(kind.count for kind in data)
    trailer.spans = []
    promised: list[dict[str, Any]] = []
    for run in re.finditer(r"[0-9]+(?:\.[0-9]+)?", line[start:]):
        promised += _promises(trailer, start + run.start(), run[0], rows, totals)
    if not any("count" in one for one in promised):
        layout.unsure.append("trailer: none of its numbers is the number of rows that were read; is the sample whole?")
    if not trailer.spans:
        trailer.spans = spans_of(trailer.lines, trailer.marks)
    yield from promised


def _promises(trailer: Kind, at: int, digits: str, rows: int, totals: dict[str, Decimal]) -> Iterator[dict[str, Any]]:
    """A run of digits may hold the number of rows, a sum, or the one after the other."""
    cut = next((end for end in range(len(digits), 0, -1) if digits[:end].isdecimal() and int(digits[:end]) == rows), 0)
    rest = digits[cut:]
    if cut and (not rest or len(rest) >= 4):  # noqa: PLR2004 - a sum is longer
        trailer.spans.append(Span(at + 1, cut, "record_count"))
        yield {"count": "record_count"}
    else:
        cut, rest = 0, digits
    named = {name for name, total in totals.items() if rest and total and Decimal(rest) == total}
    if len(named) == 1:
        of = named.pop()
        trailer.spans.append(Span(at + cut + 1, len(rest), f"total_{of}"))
        yield {"sum": f"total_{of}", "of": of}
    elif rest:
        trailer.spans.append(Span(at + cut + 1, len(rest), f"col_{at + cut + 1}_{len(rest)}"))


def _kind_of(line: str, data: list[Kind]) -> Kind | None:
    for kind in data:
        if kind.where is None or line[kind.where[0] - 1 : kind.where[0] - 1 + kind.where[1]].rstrip() == kind.where[2]:
            return kind
    return None


def _totals(source: Source, text: Text, unit: Unit, data: list[Kind]) -> dict[str, Decimal]:
    """The sum of each column of numbers, by its name, over all lines; columns that hold anything else are left out."""
    totals: dict[str, Decimal] = {}
    spoilt: set[str] = set()
    for line in _lines(source, text, unit):
        kind = _kind_of(line, data)
        for span in kind.spans if kind else []:
            cell = line[span.start - 1 : span.start - 1 + span.length].strip()
            if span.name in spoilt or not cell:
                continue
            if re.fullmatch(r"[0-9]{1,15}(?:\.[0-9]{1,6})?", cell):
                totals[span.name] = totals.get(span.name, Decimal(0)) + Decimal(cell)
            else:
                spoilt.add(span.name)
    return {name: total for name, total in totals.items() if name not in spoilt}


def _without(layout: Layout, part: str) -> Layout:
    """The layout that reads the lines of a record type, but not as data."""
    layout.options["records"][part]["data"] = False
    return layout
