"""Fixed width: where the columns of each kind of line stand, and what the trailer promises."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ingest.formats.base import Refused, Source
from ingest.infer.columns import Span, cut_at_shared, spans_of
from ingest.infer.layout import Layout
from ingest.infer.linekinds import FRAMES, HEADS, SAMPLED, TAILS, Kind, Unit, kind_of, kinds_of, lines_of
from ingest.infer.papers import is_known
from ingest.infer.sniffing import Text, told

_LEAST_LINES = 2
_LEAST_WIDTH = 12
_CONSTANT_SHARE = 0.8  # of the lines that must be equally long
_MOST_LENGTHS = 4  # that lines of several kinds may have
_LINES_A_LENGTH = 8
_LEAST_ALIGNED = 8  # lines
_WIDEST_ALIGNED = 4_000  # characters


def layout_of(source: Source, text: Text) -> Layout | None:
    """The layout of a file of fixed width; None where its lines are of all lengths, or have no columns."""
    try:
        unit = _unit(source, text)
    except Refused as refused:
        raise told(refused) from refused
    if unit is None:
        return None
    kinds = kinds_of(source, text, unit)
    for kind in kinds:
        kind.spans = spans_of(kind.lines, kind.marks)
    data = [kind for kind in kinds if kind.name not in FRAMES]
    shared = cut_at_shared([(kind.lines, kind.spans) for kind in data])
    if not data or all(len(kind.spans) < 2 for kind in data):  # noqa: PLR2004 - one column is no table
        return None
    layout = _layout(source, text, unit, kinds)
    layout.shared = shared
    return layout


def _unit(source: Source, text: Text) -> Unit | None:
    """What makes the lines equally long; None where nothing does."""
    units: tuple[Unit, ...] = ("characters", "bytes") if text.encoding == "utf-8" else ("characters",)
    shares = {unit: _constancy(source, text, unit) for unit in units}
    best = max(units, key=lambda unit: (shares[unit], unit == "characters"))
    return best if shares[best] >= _CONSTANT_SHARE or _is_framed(source, text) or _is_aligned(source, text) else None


def _constancy(source: Source, text: Text, unit: Unit) -> float:
    """The share of lines of the usual length, or that lack only the blanks at their end."""
    lengths: Counter[int] = Counter()
    for number, line in enumerate(lines_of(source, text, unit)):
        lengths[len(line)] += 1
        if number > SAMPLED:
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
    for line in lines_of(source, text, "characters"):
        first, last = first or line, line
    marks = [re.match("[A-Z]+", line) for line in (first, last)]
    return (
        all(marks)
        and [mark[0] in words for mark, words in zip(marks, (HEADS, TAILS), strict=True) if mark] == [True] * 2
    )


def _is_aligned(source: Source, text: Text) -> bool:
    """Whether all lines are blank at the same places, though the blanks at their ends were cut off."""
    lines = list(itertools.islice(lines_of(source, text, "characters"), 500))
    width = max(map(len, lines), default=0)
    if len(lines) < _LEAST_ALIGNED or width < _LEAST_WIDTH or width > _WIDEST_ALIGNED:
        return False
    blank = [all(line[place : place + 1] in ("", " ") for line in lines) for place in range(width)]
    return sum(before and not here for before, here in itertools.pairwise(blank)) >= 2  # noqa: PLR2004 - columns


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
    [kind] = [one for one in kinds if one.name not in FRAMES][:1]
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
    data = [kind for kind in kinds if kind.name not in FRAMES]
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


def _totals(source: Source, text: Text, unit: Unit, data: list[Kind]) -> dict[str, Decimal]:
    """The sum of each column of numbers, by its name, over all lines; columns that hold anything else are left out."""
    totals: dict[str, Decimal] = {}
    spoilt: set[str] = set()
    for line in lines_of(source, text, unit):
        kind = kind_of(line, data)
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
