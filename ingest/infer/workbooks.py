"""Workbooks: which sheets hold people or cases, and where their headers stand."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Any

from ingest.formats.answers import Rows, Sheet
from ingest.formats.base import Refused, Source
from ingest.formats.sheet import find_header
from ingest.formats.workbook import Workbook
from ingest.infer import dependents
from ingest.infer.layout import Layout
from ingest.infer.papers import is_known
from ingest.infer.separated import looks_like_names
from ingest.infer.sniffing import NotUnderstood, told
from ingest.infer.vocabulary import is_named, targets, tokens
from ingest.infer.words import folded

_LATEST_HEADER = 60  # rows
_LEAST_COLUMNS = 2
_MOST_SHEETS = 40
_OF_DEPENDENTS = ["relationship", "dependent name"]
_LEFT = frozenset("terminated terminations left leavers inactive former separated exited ausgetreten departed".split())
_HERE = frozenset("active current actives aktiv employees roster".split())
_STATUS_COLUMN = "Sheet status"


@dataclass
class Found:
    """A sheet with a header.

    Attributes:
        row: where the header stands, its upper row where it has two; 1-based.
        height: 1 or 2.
        known: how many of its names are fields of ours.
        identified: whether a column tells people or cases apart.
        below_blank: whether the row above is blank, so that a header of two rows may begin there.
    """

    sheet: Sheet
    names: list[str]
    row: int
    height: int
    known: int
    identified: bool
    because: str
    below_blank: bool = False


def layout_of(source: Source) -> Layout:
    """The layout of a workbook.

    Raises:
        NotUnderstood: it cannot be opened, or no sheet of it holds people or cases.
    """
    heads = _heads(source)
    aside: dict[str, str] = {}
    found = [one for sheet, head in heads if (one := _looked_at(sheet, head, aside))]
    worth = [one for one in found if _is_worth(one, found, aside)]
    if not worth:
        listed = ", ".join(f"“{name}” ({why})" for name, why in list(aside.items())[:6]) or "no sheets"
        raise NotUnderstood(
            f"No sheet of {source.name} holds a table with people or cases: {listed}. "
            "Ask the partner for a sheet with a header row and a column with an employee number or a case number."
        )
    return _layout(worth, aside, first_visible=next((sheet.name for sheet, _ in heads if sheet.visible), ""))


def _heads(source: Source) -> list[tuple[Sheet, Rows]]:
    try:
        book = Workbook(source, lambda sheets: list(range(min(len(sheets), _MOST_SHEETS))))
        book.close()
    except Refused as refused:
        raise told(refused) from refused
    return [(book.sheets[number], head) for number, head in book.heads.items()]


def _looked_at(sheet: Sheet, head: Rows, aside: dict[str, str]) -> Found | None:
    if not sheet.visible:
        aside[sheet.name] = "hidden"
        return None
    rows = [[cell.strip() for cell in row] for row in head.cells[: _LATEST_HEADER + 2]]
    best = max((one for row in range(min(len(rows), _LATEST_HEADER)) if (one := _header(sheet, head, rows, row))),
               key=lambda one: (one.known, len(one.names), -one.row), default=None)  # fmt: skip
    if best is None:
        aside[sheet.name] = "no header row" if any(map(any, rows)) else "empty"
    return best


def _header(sheet: Sheet, head: Rows, rows: list[list[str]], place: int) -> Found | None:
    """The header at a row, of one row or two, whichever has more names that we know."""
    candidates = []
    for height in (1, 2):
        header = find_header(head, place + 1, None, height)
        below = rows[place + height : place + height + 30]
        if header is None or len(list(filter(None, header.names))) < _LEAST_COLUMNS or not any(map(any, below)):
            continue
        if height == 2 and not _is_group_row(rows[place], rows[place + 1], _merged(head, place)):  # noqa: PLR2004 - rows
            continue
        names = [name for name in header.names if name.strip()]
        if not looks_like_names(names, below):
            continue
        known = sum(is_known(dependents.plainly(name)) for name in names)
        identified = any(target in _IDENTITIES for name in names for _, target in targets(name)[:1])
        because = f"{len(names)} names, {known} of them known as fields"
        lone = place > 0 and not any(rows[place - 1])
        candidates.append(Found(sheet, header.names, place + 1, height, known, identified, because, lone))
    return max(candidates, key=lambda one: (one.known, one.height), default=None)


_IDENTITIES = {
    ("client", "employee_id"),
    ("case", "case_number"),
    ("client", "email"),
    ("client", "ssn"),
    ("client", "a_number"),
}


def _is_group_row(upper: list[str], lower: list[str], merged: set[int]) -> bool:
    """Whether a row names groups of columns: names alone in both rows, and below one of them more names.

    A single name in the first column that spans no others is a title.
    """
    above, below = [cell for cell in upper if cell], [cell for cell in lower if cell]
    columns = sum(any(pair) for pair in itertools.zip_longest(upper, lower, fillvalue=""))
    if not above or not below or len(above) >= columns or any(any(map(str.isdecimal, cell)) for cell in above):
        return False
    if len(above) == 1 and upper[0] and 0 not in merged:
        return False
    return (len(above) > 1 and looks_like_names(below, [])) or sum(is_known(cell) for cell in below) > 1


def _merged(head: Rows, place: int) -> set[int]:
    """Columns in which a merged cell begins that spans some columns of a row, but not all."""
    last = max(map(len, head.cells), default=0) - 1
    return {
        left for (top, left), (_, right) in head.merges if top == place and left < right and (left, right) != (0, last)
    }


def _is_worth(one: Found, found: list[Found], aside: dict[str, str]) -> bool:
    words = set(tokens(one.sheet.name))
    of_dependents = words & dependents.WORDS or any(is_named(name, _OF_DEPENDENTS) for name in one.names)
    if of_dependents and dependents.number_column(one.names) is None:
        aside[one.sheet.name] = "people who depend on an employee, without numbers of their own to keep records under"
        return False
    if one.known < _LEAST_COLUMNS or (len(one.names) <= 3 and any(len(other.names) > 5 for other in found)):  # noqa: PLR2004 - a lookup
        aside[one.sheet.name] = "a list of codes, or not about people"
        return False
    if not one.identified and any(other.identified for other in found):
        aside[one.sheet.name] = "no column that tells people or cases apart"
        return False
    return True


def _layout(worth: list[Found], aside: dict[str, str], first_visible: str) -> Layout:
    height = _level(worth)
    kept, shared = _together([one for one in worth if one.height == height], aside)
    for one in worth:
        if one.height != height:
            aside[one.sheet.name] = f"its header has {one.height} row{'s' * (one.height > 1)}, unlike the others"
    layout = Layout({"type": "excel"}, aside=aside)
    layout.because[""] = "a workbook by how it begins"
    if [one.sheet.name for one in kept] != [first_visible] or len(aside) > 0:
        layout.options["sheets"] = [_choice(one, kept) for one in kept]
        layout.because["sheets"] = "; ".join(f"{one.sheet.name}: {one.because}" for one in kept)
    if len({one.row for one in kept}) > 1:
        layout.options["find_header"] = shared[:3]
        layout.because["find_header"] = "the header stands in another row on each sheet"
    else:
        layout.options["header_row"] = kept[0].row
        layout.because["header_row"] = kept[0].because
    if height > 1:
        layout.options["header_rows"] = height
        layout.because["header_rows"] = "a row of groups above the names"
    layout.without = _without
    return layout


def _level(worth: list[Found]) -> int:
    """The height that the headers share; where some have two rows, the others begin in the blank row above them."""
    best = max(worth, key=lambda one: one.known)
    if all(one.height == 1 for one in worth) or not (best.height > 1 or best.below_blank):
        return best.height
    for one in worth:
        if one.height == 1 and one.below_blank:
            one.row, one.height = one.row - 1, 2
    return 2


def _together(worth: list[Found], aside: dict[str, str]) -> tuple[list[Found], list[str]]:
    """The sheets that one setting can find the headers of, and the names that they share."""
    best = max(worth, key=lambda one: one.known)
    if len({one.row for one in worth}) == 1:
        return worth, []
    shared = [name for name in best.names if targets(name)]
    kept = [best]
    for one in worth:
        folds = set(map(folded, one.names))
        both = [name for name in shared if folded(name) in folds]
        if one is not best and both:
            kept.append(one)
            shared = both
        elif one is not best:
            aside[one.sheet.name] = "its header stands elsewhere and shares no names with the others"
    return sorted(kept, key=worth.index), shared


def _choice(one: Found, kept: list[Found]) -> str | dict[str, Any]:
    """A sheet by its name; with its status, where sheets are what tells who has left."""
    words = set(tokens(one.sheet.name))
    has_status = any(target == ("client", "enrollment_status") for name in one.names for _, target in targets(name)[:1])
    leavers = any(set(tokens(other.sheet.name)) & _LEFT for other in kept)
    if has_status or not leavers or not words & (_LEFT | _HERE):
        return one.sheet.name if re.fullmatch(r"[\w -]+", one.sheet.name) else {"name": one.sheet.name}
    return {"name": one.sheet.name, "constants": {_STATUS_COLUMN: "terminated" if words & _LEFT else "active"}}


def _without(layout: Layout, part: str) -> Layout:
    """The layout that leaves a sheet out."""
    sheets = [one for one in layout.options["sheets"] if (one if isinstance(one, str) else one["name"]) != part]
    layout.options["sheets"] = sheets
    return layout
