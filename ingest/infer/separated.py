"""Delimited text: the delimiter, the quote, the row of the header, and whether it is a table at all."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from ingest.formats.base import Source
from ingest.infer.dates import readings_of
from ingest.infer.layout import Layout, check_width
from ingest.infer.papers import is_known
from ingest.infer.sniffing import HEAD, NotUnderstood, Text, head_of
from ingest.infer.words import PLACEHOLDERS

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", "^": "caret", "~": "tilde", "\x1f": "U+001F"}
_WORDS_OF_PROSE = 3  # a cell, on average
_QUOTES = ('"', "'")
_MOST_RECORDS = 2_000  # of the head, that are weighed
_LEAST_SHARE = 0.6  # of the records that must be as wide as the table
_CLEAR_SHARE, _SURE_SHARE, _CLEAR_WIDTH = 0.8, 0.95, 4
_LATEST_HEADER = 40  # records
_LATEST_TITLE = 5  # lines above a header
_LONGEST_HEADER = 100  # characters of one name
_NUMBER = re.compile(r"[-+]?[$€£]?\s?[0-9][0-9.,' ]*%?")


class Cut(NamedTuple):
    """The head of a file cut at one delimiter.

    Attributes:
        width: cells of most of its records.
        share: how many of the records are so wide.
    """

    delimiter: str
    quote: str | None
    records: list[list[str]]
    width: int
    share: float


def layout_of(source: Source, text: Text) -> Layout:
    """The layout of delimited text.

    Raises:
        NotUnderstood: no delimiter makes a table of it.
    """
    head = head_text(source, text)
    cut, top = _table_of(head)
    if cut is None:
        raise NotUnderstood(_no_table(source, head))
    check_width(source, cut.width)
    layout = Layout({"type": "csv", "delimiter": cut.delimiter, "encoding": text.encoding})
    layout.because = {
        "delimiter": f"{_spoken(cut.delimiter)} cuts {cut.share:.0%} of the first {len(cut.records):,} records "
        f"into {cut.width} cells",
        "encoding": text.because,
    }
    layout.unsure += [f"encoding: {text.unsure}"] if text.unsure else []
    if cut.quote == "'":
        layout.options["quote"] = "'"
        layout.because["quote"] = "text that holds the delimiter stands between single quotes"
    _header(layout, cut, top, head)
    return layout


def _table_of(head: str) -> tuple[Cut | None, int | None]:
    """The head cut into a table, and which of its records is the header; None where there is no such."""
    cut = _best_cut(head)
    top = header_at(cut.records, cut.width) if cut else None
    return (cut, top) if top is not None else _below_open_quote(head) or (cut, None)


def _below_open_quote(head: str) -> tuple[Cut, int] | None:
    """The table and its header below a title with a quote that is never closed, which would swallow the header."""
    lines = head.splitlines(keepends=True)
    for place, line in enumerate(lines[:_LATEST_TITLE]):
        if line.count('"') % 2:
            cut = _best_cut("".join(lines[place + 1 :]))
            if cut and header_at(cut.records, cut.width) == 0 and any(map(is_known, cut.records[0])):
                titles = [[title] for title in lines[: place + 1]]
                return cut._replace(records=[*titles, *cut.records]), place + 1
    return None


def if_clear(source: Source, text: Text) -> Layout | None:
    """The layout where a delimiter makes a table beyond doubt, so that nobody needs to count places."""
    cut, _ = _table_of(head_text(source, text))
    if cut is None or cut.share < _CLEAR_SHARE:
        return None
    check_width(source, cut.width)
    heads = [cells for cells in cut.records[:_LATEST_HEADER] if len(cells) == cut.width]
    named = any(sum(map(is_known, cells)) > (cut.share < _SURE_SHARE) for cells in heads)
    return layout_of(source, text) if named or cut.width >= _CLEAR_WIDTH else None


def head_text(source: Source, text: Text) -> str:
    """The first lines, whole ones only."""
    raw = head_of(source, HEAD)
    head = raw.decode(text.encoding, "replace").lstrip("\ufeff")
    if len(raw) < HEAD:
        return head
    return head[: max(head.rfind("\n"), head.rfind("\r")) + 1] or head


def header_at(records: list[list[str]], width: int) -> int | None:
    """Which record is the header, counted from 0; None where the table has none."""
    for place, cells in enumerate(records[:_LATEST_HEADER]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(cells) < width and sum(is_known(cell) for cell in filled) > 1 and width > 1:
            return place  # names all the same, though rows have more cells: that is told when the rows are read
        if len(cells) < width or len(filled) < max(2, 0.6 * width):
            continue
        return place if looks_like_names(filled, records[place + 1 : place + 50]) else None
    return None


def looks_like_names(cells: list[str], below: list[list[str]]) -> bool:
    """Whether the cells are names of columns, and not the first row of data."""
    if any(len(cell) > _LONGEST_HEADER for cell in cells):
        return False
    known = sum(is_known(cell) for cell in cells)
    if any(map(_is_value, cells)):
        return known > max(2, len(cells) / 2)  # a column called 2025
    if known:
        return True
    return len(set(cells)) == len(cells) and any(_is_value(cell.strip()) for row in below for cell in row)


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) or "@" in cell or cell in PLACEHOLDERS or bool(readings_of(cell))


def _best_cut(head: str) -> Cut | None:
    """The delimiter that cuts the most records into the same number of cells; the wider table where two do."""
    cuts = [cut for delimiter in _DELIMITERS if delimiter in head for cut in _cuts(head, delimiter)]
    good = [cut for cut in cuts if cut.width > 1 and cut.share >= _LEAST_SHARE and not _is_prose(cut)]
    return max(good, key=lambda cut: (round(cut.share, 1) * min(cut.width, 8), cut.width, cut.share), default=None)


def _cuts(head: str, delimiter: str) -> list[Cut]:
    doubled = re.compile(
        rf"(?:^|[{re.escape(delimiter)}\n])'[^']*{re.escape(delimiter)}[^']*'(?:[{re.escape(delimiter)}\r\n]|$)"
    )
    quotes = [quote for quote in _QUOTES if quote == '"' or doubled.search(head)]
    cuts = [_cut(head, delimiter, quote) for quote in quotes]
    return [max(cuts, key=lambda cut: cut.share)]  # the quote that makes the records more even, the usual one first


def _cut(head: str, delimiter: str, quote: str) -> Cut:
    records: list[list[str]] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, quotechar=quote)
    with suppress(csv.Error):  # what came before it tells enough
        for cells in islice(reader, _MOST_RECORDS):
            records.append(cells)  # noqa: PERF402 - a list that is made at once would be lost with the error
    widths = Counter(len(cells) for cells in records if any(cell.strip() for cell in cells))
    if not widths:
        return Cut(delimiter, quote, records, 0, 0.0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return Cut(delimiter, quote, records, width, count / widths.total())


def _is_prose(cut: Cut) -> bool:
    """Commas in sentences: few cells, and long ones of several words."""
    cells = [cell.strip() for row in cut.records[:200] for cell in row if cell.strip()]
    words = sum(cell.count(" ") + 1 for cell in cells)
    return cut.delimiter in ",;" and words >= _WORDS_OF_PROSE * len(cells)


def _header(layout: Layout, cut: Cut, top: int | None, head: str) -> None:
    if top is None:
        layout.options |= {"header_row": 0, "columns": [f"column_{number}" for number in range(1, cut.width + 1)]}
        layout.because["header_row"] = "the first row is data, not names"
        layout.unsure.append("header: the file names no columns; they are counted, and known by their content only")
        return
    layout.options["header_row"] = top + 1
    names = cut.records[top]
    known = sum(is_known(name) for name in names)
    layout.because["header_row"] = f"{len(names)} names, {known} of them known as fields"
    if top and len(head.splitlines()) > top and all(len(cut.records[row]) < cut.width for row in range(top)):
        lines = _lines_above(head, names)
        if lines == top:
            layout.options["skip_lines"] = top
            layout.because["skip_lines"] = f"{top} line{'s' * (top > 1)} above the header: a title, or about the file"


def _lines_above(head: str, names: list[str]) -> int | None:
    """Physical lines above the header, where each record above it is one line."""
    first = next((name.strip() for name in names if name.strip()), "")
    lines = io.StringIO(head, newline=None).readlines()
    return next((number for number, line in enumerate(lines[:_LATEST_HEADER]) if first in line), None)


def _spoken(delimiter: str) -> str:
    return _DELIMITERS[delimiter]


def _uneven(head: str) -> Cut | None:
    """The delimiter that stands in most lines, though not as often in each."""
    cuts = [cut for delimiter in _DELIMITERS if delimiter in head for cut in _cuts(head, delimiter)]
    several = [(sum(len(cells) > 1 for cells in cut.records), cut) for cut in cuts]
    count, best = max(several, key=lambda one: one[0], default=(0, None))
    return best if best and count > _LEAST_SHARE * len(best.records) else None


def _no_table(source: Source, head: str) -> str:
    lines = [line for line in head.splitlines() if line.strip()]
    words = sum(len(line.split()) for line in lines) / max(1, len(lines))
    if words > 6:  # noqa: PLR2004 - words of a line of prose
        what = "is running text, not a table"
    elif (uneven := _uneven(head)) is not None:
        mark = _spoken(uneven.delimiter)
        what = f"is no even table: cut at each {mark}, its lines have more or fewer cells than each other"
    elif len(lines) <= 1:
        what = "holds a single line without columns"
    else:
        what = "has one column only: nothing tells its cells apart"
    return (
        f"{source.name} {what}. Looked for commas, semicolons, tabs, pipes, columns of fixed width, JSON and XML. "
        "Ask the partner for a table with a header row, or write partner.yaml by hand (docs/config.md)."
    )
