"""Tables of HTML: each is a sheet, as a browser would show it, and nothing in it runs (HTML Living Standard, 4.9)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from ingest.formats.base import MAX_COLUMNS, Refused, Source
from ingest.formats.cells import text_of
from ingest.formats.encodings import DETECT, is_silent, tally
from ingest.formats.markup import NO_CHARSETS
from ingest.formats.shown import Form
from ingest.formats.spool import Kept, Spool
from ingest.formats.text import MAX_CELL, Lines, codec_of, slices

MAX_TAG = 8_000_000  # characters of one tag, comment or script, which is held whole
_MOST_COLUMNS, _MOST_ROWS = 1_000, 65_534  # that a cell can span (4.9.11)
_MOST_REACHING = 2_000  # columns with cells that span rows, for each of them is asked in every row
_HEAD = 4_096  # bytes in which an encoding is declared
_LENIENT = "ingest.undecodable"  # the error handler of ingest.formats.text
_DECLARED = re.compile(rb"""<meta\s[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""\A\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
# what browsers read as another encoding than its name says (WHATWG Encoding Standard, 4.2)
_LABELS = dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "l1", "ascii", "us-ascii"), "cp1252") | {
    "gb2312": "gbk", "ks_c_5601-1987": "cp949", "shift_jis": "cp932", "x-sjis": "cp932", "iso-8859-9": "cp1254",
    "utf-16": "utf-8", "utf-16le": "utf-8", "utf-16be": "utf-8",
}  # fmt: skip

_SPACES = re.compile("[ \t\n\f\r]+")
_NO_TEXT = re.compile("[\ud800-\udfff]")
_UNSEEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_BLOCKS = frozenset("br p div li ul ol dl dt dd h1 h2 h3 h4 h5 h6 hr pre blockquote center".split())
_NO_CONTENT = frozenset("script style template select textarea noscript title head object".split())
_ERRORS = frozenset("#NULL! #DIV/0! #VALUE! #REF! #NAME? #NUM! #N/A".split())
_EXPONENT = re.compile(r"-?[0-9.,]+E[-+][0-9]+")
_NUMBER = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_MOST_DECIMALS = 15

Attributes = list[tuple[str, str | None]]


def read_tables(source: Source, spool: Spool) -> None:
    """Read HTML and keep its tables as sheets: "Table 1" and so on.

    Raises:
        Refused: `unreadable` (no table, or one without an end) or `too_large`.
    """
    parser = _Tables(spool)
    for text in _decoded(source):
        parser.feed(text)
        if len(parser.rawdata) > MAX_TAG:
            raise Refused("too_large", why=f"a tag, comment or script in it has more than {MAX_TAG:,} characters")
    parser.close()
    parser.end()


# ---------------------------------------------------------------- text


def _decoded(source: Source) -> Iterator[str]:
    lines = Lines(source, _agreed(source), "HTML")
    codec = codec_of(lines.encoding)
    decoder = codecs.getincrementaldecoder(codec)("surrogateescape" if codec == "utf-8" else _LENIENT)
    for piece in slices(source.chunks()):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _agreed(source: Source) -> str:
    """The encoding of HTML without a byte order mark: as declared, unless its bytes are UTF-8 that would read as other
    letters; as they look, where none is declared.
    """
    head = next(iter(slices(source.chunks())), b"")[:_HEAD]
    if head[:2] in (b"<\0", b"\0<"):
        return "utf-16-le" if head[0] else "utf-16-be"
    declared = _DECLARED.search(head) or _XML_DECLARED.match(head)
    if not declared:
        return DETECT
    label = declared[1].decode().lower()
    try:
        codec = codec_of(_LABELS.get(label, label))
    except ValueError:
        codec = ""
    if not codec or codec.replace("_", "-") in NO_CHARSETS:
        raise Refused("unreadable", why=f"it declares the encoding {label}, which there is not")
    return "utf-8" if is_silent(codec) and tally(source).is_utf8 else codec


# ---------------------------------------------------------------- tables


@dataclass(slots=True)
class _Cell:
    """A cell that is being read: its text, line by line in pieces, and what it says of itself."""

    column: int
    number: str = ""
    lines: list[list[str]] = field(default_factory=lambda: [[]])
    held: int = 0

    def text(self) -> str:
        """White space as a browser shows it, and a number with all its digits."""
        lines = [_SPACES.sub(" ", "".join(line)).replace("\xa0", " ").strip() for line in self.lines]
        shown = "\n".join(filter(None, lines))
        if not shown.isascii():
            shown = _NO_TEXT.sub("\0", shown)
        return _true_number(self.number, shown) if self.number else shown


@dataclass(slots=True)
class _Table:
    """A table that is open.

    Attributes:
        row: the number of its last row, 1-based.
        column: where the next cell of that row stands.
        spans: columns that cells of rows above reach down into, and for how many rows more.
        cells: of the row, blank ones at its end left out; None between rows.
        holds: whether it holds other tables, so that it is layout and none of data.
    """

    sheet: Kept
    row: int = 0
    column: int = 0
    spans: dict[int, int] = field(default_factory=dict)
    reaching: dict[int, int] = field(default_factory=dict)  # ... of cells of this row
    cells: list[str] | None = None
    errors: list[int] = field(default_factory=list)
    cell: _Cell | None = None
    holds: bool = False


class _Tables(HTMLParser):
    """Keeps what it meets in tables; a tag that was left out is understood where the standard lets it be left out."""

    def __init__(self, spool: Spool) -> None:
        super().__init__(convert_charrefs=True)
        self._spool = spool
        self._open: list[_Table] = []
        self._passing = 0  # elements around whose content is none of a cell's
        self._ended = False
        self._starts: dict[str, Callable[[Attributes], None]] = {
            "table": self._start_table, "tr": self._start_row, "td": self._start_cell, "th": self._start_cell
        }  # fmt: skip
        self._ends: dict[str, Callable[[], None]] = {
            "table": self._end_table, "tr": self._end_row, "td": self._end_cell, "th": self._end_cell
        }  # fmt: skip

    def end(self) -> None:
        """Nothing follows."""
        if self._open and not self._ended:
            raise Refused("unreadable", why="it is cut short: it ends within a table")
        while self._open:
            self._end_table()
        if not self._spool.sheets:
            raise Refused("unreadable", why="it is a web page without a table")

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if start := self._starts.get(tag):
            self._passing = 0
            start(attrs)
        elif tag in _NO_CONTENT:
            self._passing += 1
        elif tag in _BLOCKS:
            self._break()

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _BLOCKS:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if end := self._ends.get(tag):
            self._passing = 0
            if self._open:
                end()
        elif tag in _NO_CONTENT:
            self._passing = max(0, self._passing - 1)
        elif tag in _BLOCKS:
            self._break()
        elif tag in {"body", "html"}:
            self._ended = True

    def handle_data(self, data: str) -> None:
        cell = self._open[-1].cell if self._open else None
        if cell and not self._passing and cell.held <= MAX_CELL:
            cell.held += len(data)
            cell.lines[-1].append(data[: MAX_CELL + 1])

    def _break(self) -> None:
        if self._open and (cell := self._open[-1].cell) and cell.lines[-1]:
            cell.lines.append([])

    def _start_table(self, _: Attributes) -> None:
        if self._open:
            self._set_aside(self._open[-1])
        sheet = self._spool.begin(f"Table {len(self._spool.sheets) + 1}")
        sheet.visible = False  # until something is found in it
        self._open.append(_Table(sheet))

    def _set_aside(self, table: _Table) -> None:
        """It has its place among the tables, but no rows."""
        if not table.holds:
            table.holds, table.cells, table.cell = True, None, None
            self._spool.flush()
            table.sheet.name, table.sheet.visible = f"{table.sheet.name} (holds other tables)", False
            table.sheet.end, table.sheet.height = table.sheet.start, 0
            table.sheet.merges.clear()

    def _end_table(self) -> None:
        self._end_row()
        self._open.pop()

    def _start_row(self, attributes: Attributes) -> None:
        if not self._open:
            return
        self._end_row()
        table = self._open[-1]
        table.cells, table.errors, table.column, table.row = [], [], 0, table.row + 1
        if _is_unseen(attributes):
            table.sheet.hidden.note(table.row)

    def _end_row(self) -> None:
        self._end_cell()
        table = self._open[-1]
        if table.cells is None:
            return
        if table.cells and not table.holds:
            table.sheet.visible = True
            self._spool.add(table.row, table.cells, table.errors)
        left = {column: rows - 1 for column, rows in table.spans.items() if rows > 1}
        table.spans, table.reaching, table.cells = left | table.reaching, {}, None

    def _start_cell(self, attributes: Attributes) -> None:
        if not self._open:
            return
        self._end_cell()
        table = self._open[-1]
        if table.cells is None:
            self._start_row([])
        while table.column in table.spans:
            table.column += 1
        told = dict(attributes)
        columns, rows = _span(told.get("colspan"), 1, _MOST_COLUMNS), _span(told.get("rowspan"), 0, _MOST_ROWS)
        self._place(table, columns, rows or _MOST_ROWS)
        table.cell = _Cell(table.column, told.get("x:num") or "")
        if _is_unseen(attributes) and table.column not in table.sheet.hidden.columns:
            table.sheet.hidden.note_columns(table.column, table.column)
        table.column += columns

    def _place(self, table: _Table, columns: int, rows: int) -> None:
        if table.column + columns > MAX_COLUMNS:
            raise Refused("too_large", why=f"it has more than {MAX_COLUMNS:,} columns")
        if len(table.spans) + len(table.reaching) > _MOST_REACHING:
            raise Refused("too_large", why=f"more than {_MOST_REACHING:,} of its columns have cells that span rows")
        table.sheet.merge(table.row, table.column, rows, columns)
        if rows > 1:
            table.reaching |= dict.fromkeys(range(table.column, table.column + columns), rows - 1)

    def _end_cell(self) -> None:
        table = self._open[-1]
        cell, table.cell = table.cell, None
        if cell is None or table.cells is None or not (text := cell.text()):
            return
        table.cells += [""] * (cell.column - len(table.cells))
        table.cells.append(text)
        if text in _ERRORS:
            table.errors.append(cell.column)


def _span(told: str | None, least: int, most: int) -> int:
    digits = (told or "").strip()
    return max(least, min(int(digits[:6]), most)) if digits.isdecimal() and digits.isascii() else 1


def _is_unseen(attributes: Attributes) -> bool:
    return any(name == "hidden" or (name == "style" and _UNSEEN.search(value or "")) for name, value in attributes)


def _true_number(number: str, shown: str) -> str:
    """What Excel says that a cell holds, where the cell shows the same with fewer digits; else what it shows.

    A day's number is another one than it shows, and noughts in front are digits that the sender means.
    """
    if not _NUMBER.fullmatch(number):
        return shown
    value = float(number)
    if _EXPONENT.fullmatch(shown):
        return Form(is_exponent=True).of(text_of(value))
    digits = "".join(filter(str.isdecimal, shown))
    if any(map(str.isalpha, shown)) or not digits:
        return shown
    rounded = (f"{abs(one):.{places}f}" for one in (value, value * 100) for places in range(_MOST_DECIMALS))
    return text_of(value) if any(one.replace(".", "") == digits for one in rounded) else shown
