"""What an xls says that calamine leaves out: error cells, negative numbers, forms of numbers, what is hidden, and that
it is encrypted ([MS-XLS] in a file of [MS-CFB]).
"""

from __future__ import annotations

import itertools
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ingest.formats.base import Refused
from ingest.formats.calamine_gaps import Gaps
from ingest.formats.cells import text_of
from ingest.formats.shown import BUILT_IN, Form, form_of

_NO_SECTOR = 0xFFFFFFFA  # numbers from here on have special meanings
_NAMES = {"workbook", "book"}  # the stream of BIFF8, and the one of BIFF5
_ENTRY = 128  # bytes of a directory entry
_RECORD = struct.Struct("<HH")  # kind, bytes that follow
_CELL = struct.Struct("<HHH")  # row, column, format
_NUMBER = struct.Struct("<HHHd")
_RK = struct.Struct("<HI")  # format, number
_BOF, _EOF, _BOUNDSHEET, _FORMAT, _STYLE = 0x0809, 0x000A, 0x0085, 0x041E, 0x00E0
_BIFF8 = 0x0600
_FILEPASS = 0x002F  # XOR, RC4 or the CryptoAPI's: what follows is no text, whatever its size ([MS-XLS] 2.4.117)
Forms = dict[int, Form]  # by the number of the style that has it
_IS_ERROR = b"\xff\xff"  # behind the result of a formula that is no number; its first byte says what it is
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_NO_HEIGHT = 0x20  # of a row's flags ([MS-XLS] 2.4.220)
_UNNAMED = "#N/A"  # what the few errors of later versions are stored as for readers that do not know them


def gaps(path: Path) -> list[Gaps]:
    """The error cells, negative numbers, forms and hidden rows of all sheets, charts included, in the workbook's order.

    Raises:
        Refused: `unreadable` or `password_protected`; the details lack the file's name.
    """
    try:
        with path.open("rb") as file:
            stream = _workbook(_Container(file))
        if any(kind == _FILEPASS for kind, *_ in _records(stream, 0)):
            raise Refused("password_protected")
        starts = [struct.unpack_from("<I", stream, at)[0] for kind, at, _ in _records(stream, 0) if kind == _BOUNDSHEET]
        forms = _forms(stream)
        return [_sheet(stream, start, forms) for start in starts]
    except (struct.error, IndexError, StopIteration) as error:
        raise Refused("unreadable", why="it is damaged or cut short") from error


def _sheet(stream: bytearray, start: int, forms: Forms) -> Gaps:
    found = Gaps()
    for kind, at, size in _records(stream, start):
        if kind in _READERS:
            _READERS[kind](stream, at, size, found)
        if forms and kind in _NUMBERS:
            _note_forms(stream, at, size if kind == _MULRK else 0, forms, found)
    return found


def _records(stream: bytearray, start: int) -> Iterator[tuple[int, int, int]]:
    """The kind, the place and the size of each record of a substream, without those of the charts inside it."""
    at, depth = start, 0
    while True:
        kind, size = _RECORD.unpack_from(stream, at)
        at += _RECORD.size
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, at, size
        at += size


# ---------------------------------------------------------------- cells


def _boolerr(stream: bytearray, at: int, _: int, found: Gaps) -> None:
    row, column, _ = _CELL.unpack_from(stream, at)
    value, is_error = stream[at + 6], stream[at + 7]
    if is_error:
        found.errors[row + 1][column] = _ERRORS.get(value, _UNNAMED)


def _formula(stream: bytearray, at: int, size: int, found: Gaps) -> None:
    row, column, _ = _CELL.unpack_from(stream, at)
    if stream[at + 12 : at + 14] != _IS_ERROR:
        _number(stream, at, size, found)
    elif stream[at + 6] == 2:  # noqa: PLR2004 - an error [MS-XLS] 2.5.133
        found.errors[row + 1][column] = _ERRORS.get(stream[at + 8], _UNNAMED)


def _number(stream: bytearray, at: int, _: int, found: Gaps) -> None:
    row, column, _, value = _NUMBER.unpack_from(stream, at)
    if value < 0:
        found.numbers[row + 1][column] = text_of(value)


def _rk(stream: bytearray, at: int, _: int, found: Gaps) -> None:
    row, column = struct.unpack_from("<HH", stream, at)
    _short_number(stream, at + 4, row, column, found)


def _mulrk(stream: bytearray, at: int, size: int, found: Gaps) -> None:
    row, first = struct.unpack_from("<HH", stream, at)
    for number, place in enumerate(range(at + 4, at + size - 2, _RK.size)):
        _short_number(stream, place, row, first + number, found)


def _short_number(stream: bytearray, at: int, row: int, column: int, found: Gaps) -> None:
    """Two bits say how the other thirty are meant: a whole number or the head of a double, and whether by hundreds."""
    _, packed = _RK.unpack_from(stream, at)
    if not packed >> 31:
        return
    is_whole, by_hundreds = packed & 2, packed & 1
    whole = (packed >> 2) - (1 << 30)
    value = float(whole) if is_whole else struct.unpack("<d", struct.pack("<Q", (packed & ~3) << 32))[0]
    found.numbers[row + 1][column] = text_of(value / 100 if by_hundreds else value)


def _row(stream: bytearray, at: int, _: int, found: Gaps) -> None:
    if stream[at + 12] & _NO_HEIGHT:
        found.hidden.note(struct.unpack_from("<H", stream, at)[0] + 1)


def _columns(stream: bytearray, at: int, _: int, found: Gaps) -> None:
    first, last, _, _, flags = struct.unpack_from("<5H", stream, at)
    if flags & 1:
        found.hidden.note_columns(first, last)


_MULRK = 0x00BD
_NUMBERS = {0x0006, 0x0203, 0x027E, _MULRK}
_READERS = {
    0x0205: _boolerr,
    0x0006: _formula,
    0x0203: _number,
    0x027E: _rk,
    _MULRK: _mulrk,
    0x0208: _row,
    0x007D: _columns,
}


# ---------------------------------------------------------------- forms


def _note_forms(stream: bytearray, at: int, size: int, forms: Forms, found: Gaps) -> None:
    """Of one number, or of `size` bytes of them beside each other."""
    row, first, style = _CELL.unpack_from(stream, at)
    styles = [_RK.unpack_from(stream, place)[0] for place in range(at + 4, at + size - 2, _RK.size)] or [style]
    for number, one in enumerate(styles):
        if one in forms:
            found.shown.note(row + 1, first + number, forms[one])


def _forms(stream: bytearray) -> Forms:
    """The forms of the workbook's styles, which are numbered in their order ([MS-XLS] 2.4.126, 2.4.353)."""
    is_new = struct.unpack_from("<H", stream, _RECORD.size)[0] == _BIFF8
    made = {int(number): form for number, code in BUILT_IN.items() if (form := form_of(code))}
    styles: list[int] = []
    for kind, at, size in _records(stream, 0):
        if kind == _FORMAT and (form := form_of(_code(stream[at : at + size], is_new=is_new))):
            made[struct.unpack_from("<H", stream, at)[0]] = form
        elif kind == _STYLE:
            styles.append(struct.unpack_from("<H", stream, at + 2)[0])
    return {place: made[number] for place, number in enumerate(styles) if number in made}


def _code(record: bytearray, *, is_new: bool) -> str:
    if not is_new:
        return record[3 : 3 + record[2]].decode("latin-1")
    is_wide = record[4] & 1
    return record[5:].decode("utf-16-le" if is_wide else "latin-1", "replace")


# ---------------------------------------------------------------- container


def _workbook(container: _Container) -> bytearray:
    """The stream that holds the workbook."""
    directory = container.stream(container.directory)
    entries = [directory[at : at + _ENTRY] for at in range(0, len(directory) - _ENTRY + 1, _ENTRY)]
    start, size = next(_extent(entry) for entry in entries if _name(entry) in _NAMES)
    if size >= container.least:
        return container.stream(start)
    return container.small_stream(_extent(entries[0])[0], start)


def _name(entry: bytearray) -> str:
    length = struct.unpack_from("<H", entry, 64)[0]
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace").lower()


def _extent(entry: bytearray) -> tuple[int, int]:
    """The first sector of a stream, and its bytes."""
    start, size = struct.unpack_from("<II", entry, 116)
    return start, size


class _Container:
    """The sectors of a compound file.

    Attributes:
        directory: the first sector of the directory.
        least: bytes; a smaller stream stands in small sectors of its own.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        head = file.read(512)
        shift, self._small_shift = struct.unpack_from("<HH", head, 30)
        self._size = 1 << min(shift, 16)
        self.directory, _, self.least, self._small_table, _, more = struct.unpack_from("<6I", head, 48)
        self._table = self._numbers(self._table_sectors(list(struct.unpack_from("<109I", head, 76)), more))

    def stream(self, start: int) -> bytearray:
        """All sectors from `start` on."""
        return self._joined(_chain(self._table, start))

    def small_stream(self, holder: int, start: int) -> bytearray:
        """The same in small sectors, all of which stand in one stream."""
        held, size = self.stream(holder), 1 << min(self._small_shift, 16)
        table = self._numbers(_chain(self._table, self._small_table))
        return bytearray().join(held[number * size : (number + 1) * size] for number in _chain(table, start))

    def _table_sectors(self, places: list[int], more: int) -> list[int]:
        """Where the table of sectors stands: 109 places in the header, further ones in sectors that form a list."""
        seen: set[int] = set()
        while more < _NO_SECTOR and more not in seen:
            seen.add(more)
            *further, more = self._numbers([more])
            places += further
        return [place for place in places if place < _NO_SECTOR]

    def _numbers(self, sectors: Iterable[int]) -> array[int]:
        whole = self._joined(sectors)
        return array("I", whole[: len(whole) // 4 * 4])

    def _joined(self, sectors: Iterable[int]) -> bytearray:
        """Their content; held once only, for it may be most of the memory that there is."""
        whole = bytearray()
        for number in sectors:
            self._file.seek((number + 1) * self._size)
            whole += self._file.read(self._size)
        return whole


def _chain(table: array[int], start: int) -> Iterator[int]:
    for _ in itertools.repeat(None, len(table) + 1):  # a longer chain runs in a circle
        if start >= _NO_SECTOR:
            return
        yield start
        start = table[start]
    raise IndexError(start)
