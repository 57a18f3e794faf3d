"""The process that parses one workbook and answers for its rows: a crash in native code, or a workbook that explodes
in memory, ends this process and no other.

`python -m ingest.formats.reader DESCRIPTOR quick|slow` answers on standard output as long as standard input asks.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from openpyxl import load_workbook  # type: ignore[import-untyped]
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]
from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from ingest.formats import biff, ooxml, opendocument, package, spelled
from ingest.formats.answers import CELL_BYTES, LENGTH, MEMORY, SECONDS, Answer, Merge, Opened, Refusal, Rows, Sheet
from ingest.formats.archive import inspect
from ingest.formats.base import BATCH_BYTES, BATCH_ROWS, Refused
from ingest.formats.calamine_gaps import HEAD_ROWS, Gaps, Hidden, Irregular, Row
from ingest.formats.cells import text_of
from ingest.formats.shown import NUMBERS, form_of

GIVEN_UP = 75  # exit code: too much for this way of reading
MARGIN_CELLS = 5_000_000  # blank cells above the first one; calamine would make a list of each row of them

_DAY = timedelta(days=1)
_NO_ERRORS: list[int] = []
_form_of = functools.cache(form_of)


def main(descriptor: int, way: str) -> None:
    """Answer until nobody asks any more."""
    _limit()
    warnings.simplefilter("ignore")
    pipe = sys.stdout.buffer
    try:
        for answer in _answers(Path(f"/dev/fd/{descriptor}"), way):
            _send(pipe, answer)
    except Refused as refused:
        why = refused.details.get("why")
        _send(pipe, Refusal(refused.code, str(why) if why else None))
    except PasswordError:
        _send(pipe, Refusal("password_protected", None))
    except (MemoryError, Irregular):
        os._exit(GIVEN_UP)
    except Exception:  # noqa: BLE001 - whatever a parser trips over, the file is at fault
        _send(pipe, Refusal("unreadable", "it is damaged or no workbook"))


def _limit() -> None:
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # macOS does not limit address space
            resource.setrlimit(what, (most, most))


def _answers(path: Path, way: str) -> Iterator[Answer]:
    kind = inspect(path)
    if way == "slow" and kind != "xlsx":
        raise Refused("too_large", why=f"reading it takes more than {MEMORY >> 20} MB of memory; it may be damaged")
    with package.regular(path) if kind == "xlsx" else contextlib.nullcontext(path) as regular:
        yield from _read(_opened(regular, kind) if way == "quick" else _Slow(regular))


def _opened(path: Path, kind: str) -> _Quick | _Spelled:
    return _Spelled(path, kind) if kind in spelled.KINDS else _Quick(path, kind)


def _read(book: _Quick | _Slow | _Spelled) -> Iterator[Answer]:
    yield Opened(book.sheets)
    blocks: dict[int, Iterator[Rows]] = {}
    while asked := sys.stdin.buffer.read(LENGTH.size):
        [number] = LENGTH.unpack(asked)
        if number not in blocks:
            blocks[number] = book.blocks(number)
        yield next(blocks[number])


def _send(pipe: BinaryIO, answer: Answer) -> None:
    packed = msgspec.msgpack.encode(answer)
    pipe.write(LENGTH.pack(len(packed)))
    pipe.write(packed)
    pipe.flush()


class _Quick:
    """All of a sheet in memory, by calamine: ten times as fast, but too much for very large or very wide sheets."""

    def __init__(self, path: Path, kind: str) -> None:
        self._path, self._kind = path, kind
        self._gaps = biff.gaps(path) if kind == "xls" else opendocument.gaps(path) if kind == "ods" else []
        self._book = CalamineWorkbook.from_path(path)
        self._places = [
            place for place, one in enumerate(self._book.sheets_metadata) if one.typ == SheetTypeEnum.WorkSheet
        ]
        found = [self._book.sheets_metadata[place] for place in self._places]
        self.sheets = [Sheet(one.name, one.visible == SheetVisibleEnum.Visible) for one in found]

    def blocks(self, number: int) -> Iterator[Rows]:
        """The answers for one sheet."""
        gaps = self._gaps_of(number)
        sheet = self._book.get_sheet_by_index(self._places[number])
        top, left = sheet.start or (0, 0)
        if top * sheet.width > MARGIN_CELLS:
            raise Irregular
        missing = max(0, gaps.height - (sheet.end[0] + 1 if sheet.end else 0))
        rows = itertools.chain(_shifted(sheet.iter_rows(), left), itertools.repeat([], missing))
        merges = sheet.merged_cell_ranges if gaps.merges is None else gaps.merges
        yield from _blocks(
            map(_texts, rows, itertools.count(1), itertools.repeat(gaps)), merges or [], gaps.hidden, sheet.total_height
        )

    def _gaps_of(self, number: int) -> Gaps:
        if self._kind == "xlsx":
            return ooxml.gaps(self._path, self.sheets[number].name)
        place = self._places[number]
        return self._gaps[place] if place < len(self._gaps) else Gaps()


class _Slow:
    """A row at a time, by openpyxl: whatever a sheet declares, only what it holds costs anything. Only for xlsx."""

    def __init__(self, path: Path) -> None:
        self._path = path
        file = path.open("rb")  # a path must end in .xlsx
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        self._sheets, self._day_0 = book.worksheets, book.epoch
        self.sheets = [Sheet(one.title, one.sheet_state == "visible") for one in self._sheets]

    def blocks(self, number: int) -> Iterator[Rows]:
        """The answers for one sheet."""
        sheet = self._sheets[number]
        sheet.reset_dimensions()  # what it declares may be a lie
        outline = ooxml.outline(self._path, sheet.title)
        rows = map(_streamed, sheet.iter_rows(), itertools.repeat(self._day_0))
        yield from _blocks(rows, outline.merges or [], outline.hidden, 0)


class _Spelled:
    """A workbook that is text: read in one go, for only its end says what all its sheets are."""

    def __init__(self, path: Path, kind: str) -> None:
        self._spool = spelled.spooled(spelled.File(path), kind)
        self.sheets = [Sheet(one.name, one.visible) for one in self._spool.sheets]

    def blocks(self, number: int) -> Iterator[Rows]:
        """The answers for one sheet."""
        sheet = self._spool.sheets[number]
        yield from _blocks(self._spool.rows(number), sheet.merges, sheet.hidden, sheet.height)


def _shifted(rows: Iterator[list[Any]], left: int) -> Iterator[list[Any]]:
    """Rows from column A: calamine leaves out the blank columns before the first cell, though not the rows above."""
    margin = [""] * left
    return (margin + row for row in rows) if margin else rows


def _texts(row: list[Any], number: int, gaps: Gaps) -> Row:
    texts = [value if type(value) is str else text_of(value) for value in row]
    if gaps.shown:
        gaps.shown.complete(number, row, texts)
    if number in gaps.numbers or number in gaps.errors:
        return gaps.complete(number, row, texts)
    return texts, _NO_ERRORS


def _streamed(row: tuple[Any, ...], day_0: datetime) -> Row:
    texts = [unescape(cell.value) if cell.data_type == "s" else _streamed_text(cell, day_0) for cell in row]
    return texts, [column for column, cell in enumerate(row) if cell.data_type == "e"]


def _streamed_text(cell: Any, day_0: datetime) -> str:  # noqa: ANN401 - openpyxl has no types
    """Of a negative number openpyxl makes a day before the calendar begins, which Excel does not."""
    value = cell.value
    if type(value) is datetime and value < day_0 + _DAY:
        return text_of(value.time() if value >= day_0 else (value - day_0) / _DAY)
    if type(value) in NUMBERS and (form := _form_of(cell.number_format)):
        return form.of(text_of(value))
    return text_of(value)


def _blocks(rows: Iterator[Row], merges: list[Merge], hidden: Hidden, height: int) -> Iterator[Rows]:
    """The answers for one sheet; the last has no rows, so that none must be held back."""
    block = Rows(1, [], [], [one for one in merges if one[0][0] < HEAD_ROWS], 0, hidden_columns=hidden.columns)
    most, weight = HEAD_ROWS, 0
    for texts, errors in rows:
        block.errors += [(len(block.cells), column) for column in errors]
        block.cells.append(texts)
        weight += CELL_BYTES * (len(texts) - texts.count("")) + 8 * len(texts) + len("".join(texts))
        if len(block.cells) == most or weight >= BATCH_BYTES:
            following = block.first + len(block.cells)
            block.share = min(following / height, 0.999) if height else 0
            block.hidden = hidden.among(block.first, len(block.cells))
            yield block
            block, most, weight = Rows(following, [], [], [], 0), BATCH_ROWS, 0
    block.hidden = hidden.among(block.first, len(block.cells))
    yield block
    yield Rows(block.first + len(block.cells), [], [], [], 1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
