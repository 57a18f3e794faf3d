"""What quotes and escape characters in delimited text do that the csv module takes without a word."""

from __future__ import annotations

import re

_LEAST = 5  # cells of a row that cannot be mistaken for a line of prose with commas in it
_LINE_END = re.compile("\r\n|\r|\n")

Loose = dict[int, str]  # a column, and the text of its cell


class Quoting:
    """The quoting of one file.

    Args:
        delimiter: one character.
        quote, escape: one character each, or None.
    """

    def __init__(self, delimiter: str, quote: str | None, escape: str | None) -> None:
        self._mark = delimiter
        self._delimiter = re.escape(delimiter)
        self._quote = quote
        self._escape = escape
        mark, pair = re.escape(quote or '"'), f"{re.escape(escape)}." if escape else r"(?!)"
        stops = re.escape(escape) if escape else ""
        self._pair = re.compile(pair, re.DOTALL)
        self._quoted = re.compile(rf"{mark}(?:[^{mark}{stops}]++|{pair}|{mark}{mark})*+{mark}", re.DOTALL)
        self._unquoted = re.compile(rf"(?:[^{self._delimiter}{stops}]++|{pair})*+", re.DOTALL)
        self._freed = frozenset(filter(None, (delimiter, quote, escape, "\r", "\n")))

    def escaped(self, lines: list[str]) -> list[str]:
        r"""The lines with escape characters doubled where they free nothing, so that `C:\new` stays what it is."""
        if self._escape is None:
            return lines
        escape = self._escape
        return [self._pair.sub(self._doubled, line) if escape in line else line for line in lines]

    def _doubled(self, pair: re.Match[str]) -> str:
        return pair[0] if pair[0][1] in self._freed else pair[0][0] + pair[0]

    def is_in(self, text: str) -> bool:
        """Whether there is a quote in it."""
        return self._quote is not None and self._quote in text

    def loose(self, record: str, *, spaced: bool) -> Loose:
        """The cells of a record that hold a quote without standing in quotes.

        Args:
            record: its lines.
            spaced: spaces behind a delimiter are none of the cell's.
        """
        text, found, place, column = record.rstrip("\r\n"), {}, 0, 0
        while True:
            if spaced:
                place += len(text[place:]) - len(text[place:].lstrip(" "))
            cell = self._quoted.match(text, place) or self._unquoted.match(text, place)
            assert cell  # noqa: S101 - the latter may be blank
            if cell.re is self._unquoted and self.is_in(self._pair.sub("", cell[0])):
                found[column] = cell[0]
            if cell.end() >= len(text):
                return found
            place, column = cell.end() + 1, column + 1

    def opens_late(self, record: str) -> bool:
        """Whether nothing but spaces keeps some cell of a record from standing in quotes."""
        cells = self.loose(record, spaced=False).values()
        return any(cell[:1] == " " and cell.lstrip(" ")[:1] == self._quote for cell in cells)

    def is_half(self, cell: str) -> bool:
        """Whether the cell begins or ends as if it stood in quotes, so that one of them was lost."""
        stripped = cell.strip()
        return self._quote in (stripped[:1], stripped[-1:])

    def swallows(self, cells: list[str]) -> bool:
        """Whether a cell of several lines holds the end of one row, perhaps others, and the beginning of another.

        So it is between a quote that was added or lost in one row, and the next such quote in another.
        """
        most = len(cells) - 1
        return most + 1 >= _LEAST and any(
            self._cuts(cell) == [most - place, *[most] * (len(_LINE_END.findall(cell)) - 1), place]
            for place, cell in enumerate(cells)
        )

    def _cuts(self, cell: str) -> list[int]:
        """The delimiters in each of its lines."""
        return [line.count(self._mark) for line in _LINE_END.split(cell)]
