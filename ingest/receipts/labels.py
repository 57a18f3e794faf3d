"""Which cells of a rejected row are the bad ones: from the labels under which problems name columns to their places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingest.catalogue import mask, shorten
from ingest.mapping.headers import Headers
from ingest.receipts.rejected import Fault

_JOINT = " + "  # between the labels of columns that were read as one value
_NUMBERED = re.compile(r"column (\d+)")  # a column of which the feed says nothing


class Labels:
    """The columns of one part.

    Args:
        header: names as they stand in the file; the same name may stand there twice.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._header = Headers(header)
        self._width = len(header)
        self._named: defaultdict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(header):
            self._named[name].append(place)
        self._known: dict[str, list[int]] = {}

    def places(self, cells: Sequence[str], faults: Iterable[Fault]) -> tuple[dict[int, list[Fault]], bool]:
        """Bad cells with what is wrong with each, and whether anything is wrong with the row as a whole."""
        bad: defaultdict[int, list[Fault]] = defaultdict(list)
        is_bad = False
        for fault in faults:
            found = self._meant(fault, cells)
            is_bad = is_bad or not found
            for place in found:
                bad[place].append(fault)
        return dict(bad), is_bad

    def columns(self, label: str) -> list[int]:
        """Where the columns stand that a label means."""
        if label not in self._known:
            self._known[label] = self._found(label)
        return self._known[label]

    def _meant(self, fault: Fault, cells: Sequence[str]) -> list[int]:
        """Of columns with one name, those that hold what was found wrong."""
        if fault.column is None:
            return []
        places = self.columns(fault.column)
        if len(self._named.get(fault.column, [])) < 2:  # noqa: PLR2004 - one name, one column
            return places
        return [place for place in places if _shows(cells[place], fault.value)] or places

    def _found(self, label: str) -> list[int]:
        if label in self._named:
            return self._named[label]
        if (numbered := _NUMBERED.fullmatch(label)) and 1 <= int(numbered[1]) <= self._width:
            return [int(numbered[1]) - 1]
        if joined := self._joined(label):
            return joined
        place = self._header.index(label)
        return [] if place is None else [place]

    def _joined(self, label: str) -> list[int]:
        """The places behind "First + Last"; a name may itself hold a plus sign."""
        at = label.find(_JOINT)
        while at >= 0:
            first, rest = label[:at], label[at + len(_JOINT) :]
            others = self._named.get(rest) or self._joined(rest)
            if first in self._named and others:
                return [*self._named[first], *others]
            at = label.find(_JOINT, at + 1)
        return []


def _shows(cell: str, value: str | None) -> bool:
    """Whether a problem's value is this cell as problems show it: shortened, masked or, if blank, not at all."""
    if value is None:
        return not cell.strip()
    return value in {shorten(cell), shorten(cell.strip()), mask(cell.strip())}
