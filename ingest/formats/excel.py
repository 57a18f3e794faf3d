"""Excel and OpenDocument workbooks: which sheets are read, and the table that they make."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from ingest import patterns
from ingest.formats.answers import Rows, Sheet
from ingest.formats.base import (
    MAX_COLUMNS,
    Batch,
    BrokenRow,
    Flaw,
    Footer,
    FormatSpec,
    Part,
    Refused,
    Source,
    counted,
)
from ingest.formats.filling import Filling
from ingest.formats.sheet import FIND_WITHIN, Data, Row, Veil, find_header, is_blank
from ingest.formats.text import MAX_CELL
from ingest.formats.workbook import EXPECTED, Workbook

_MOST_NAMED = 10  # sheets named in a remark
_TOO_LONG: dict[str, object] = {"expected": f"more than {MAX_CELL:,} characters"}
_NEVER_BOTH = "A header stands in `header_row`, or is looked for with `find_header`, never both."
_NONE: dict[str, object] = {}


HeaderRow = Annotated[int, Meta(ge=1, le=FIND_WITHIN)]
HeaderNames = Annotated[list[str], Meta(min_length=1)]
HeaderRows = Literal[1, 2]


class SheetChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sheet by its `name`, or all those whose whole name the expression `match` fits.

    `constants` are columns that each of its rows has besides its own: {Status: Terminated}. What it says of its header
    counts instead of what the format says of all.
    """

    name: str | None = None
    match: str | None = None
    constants: dict[str, str] = {}
    header_row: HeaderRow | None = None
    find_header: HeaderNames | None = None
    header_rows: HeaderRows | None = None

    def __post_init__(self) -> None:
        if bool(self.name) == bool(self.match):
            raise ValueError("A sheet is chosen either by `name` or by `match`.")
        if self.find_header and self.header_row:
            raise ValueError(_NEVER_BOTH)
        patterns.matcher(self.match or "", ignore_case=True)

    def fits(self, name: str) -> bool:
        """Whether it chooses a sheet; case and spaces around the name make no difference."""
        if self.name:
            return self.name.strip().casefold() == name.strip().casefold()
        return patterns.matcher(self.match or "", ignore_case=True)(name.strip())


class ExcelFormat(FormatSpec, frozen=True, kw_only=True, tag="excel"):
    """A workbook: xlsx, xlsm, xls or ods; or HTML or XML Spreadsheet 2003, whatever its name.

    Text of numbers comes without `.0`, dates as ISO 8601, formulas by the value last calculated. Without `sheets`, the
    first visible one is read. A plain entry of `sheets` is the name of one or an expression for the names of several.
    Blank are formulas that were never calculated. A number under a date format that is no date, such as 0, is a number.
    """

    typed_cells: ClassVar[bool] = True

    sheets: Annotated[list[str | SheetChoice], Meta(min_length=1)] | None = None
    header_row: HeaderRow = 1  # its upper row where it has two
    find_header: HeaderNames | None = None  # the first row that has all these names
    header_rows: HeaderRows = 1  # 2: "Address" over "City" is the column "Address City"
    footer: Footer | None = None

    def __post_init__(self) -> None:
        if self.find_header and self.header_row != 1:
            raise ValueError(_NEVER_BOTH)

    def heading(self, choice: SheetChoice | None) -> tuple[int, list[str] | None, int]:
        """Where the header of a chosen sheet stands: `header_row`, `find_header` and `header_rows`."""
        rows = (choice and choice.header_rows) or self.header_rows
        if choice and (choice.header_row or choice.find_header):
            return choice.header_row or 1, choice.find_header, rows
        return self.header_row, self.find_header, rows


def open_table(source: Source, spec: ExcelFormat) -> ExcelTable:
    """Open a workbook and read as far as the headers of its chosen sheets.

    Raises:
        Refused: `empty_file`, `unreadable` (no workbook, a damaged one, or one without a sheet that was agreed),
            `password_protected`, `too_large`, `column_missing` (no row has the names of `find_header`).
    """
    return ExcelTable(source, spec)


class ExcelTable:
    """The chosen sheets of a workbook, one part each, read once from top to bottom."""

    def __init__(self, source: Source, spec: ExcelFormat) -> None:
        self._source, self._spec = source, spec
        self._constants: dict[int, dict[str, str]] = {}
        self._choices: dict[int, SheetChoice] = {}
        self._empty: list[str] = []
        self._workbook = Workbook(source, self._choose)
        self._data = {
            number: data for number, head in self._workbook.heads.items() if (data := self._located(number, head))
        }
        if not self._data:
            raise Refused("empty_file", file=source.name)

    @property
    def parts(self) -> list[Part]:
        """The chosen sheets that hold anything, in the order of the workbook."""
        return [
            Part(self._name(number), [*data.header.names, *self._constants[number]], data.header.first)
            for number, data in self._data.items()
        ]

    @property
    def header(self) -> list[str]:
        """The first part's."""
        return self.parts[0].header

    @property
    def header_row(self) -> int:
        """The first part's."""
        return self.parts[0].header_row

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        others = [one.name for number, one in enumerate(self._workbook.sheets) if number not in self._constants]
        several = len(self._data) > 1
        return [
            *([f"Not read: {_listed(others)}."] if others else []),
            *(f"The sheet “{name}” is empty." for name in self._empty),
            *(
                remark + (f" in the sheet “{self._name(number)}”." if several else ".")
                for number, data in self._data.items()
                for remark in _remarks(data)
            ),
        ]

    def batches(self) -> Iterator[Batch]:
        """The data rows of each part in turn. Once."""
        held: Batch | None = None
        for batch in self._all_batches():
            if held:
                yield held
            held = batch
        self._workbook.close()
        if held:
            held.position = self._source.size
            yield held

    def _all_batches(self) -> Iterator[Batch]:
        read = 0  # characters, which stand for the length of rows
        filling = Filling([(part.name, len(part.header)) for part in self.parts], "Unicode")
        for part, (number, data) in enumerate(self._data.items()):
            constants = list(self._constants[number].values())
            for row in data.rows(self._workbook.rows(number)):
                if filling.is_full(read):
                    yield from self._taken(filling, read, part, data)
                read += len(row.text)
                if data.veil:
                    data.veil.meet(row)
                _add(filling, part, row, constants)
            yield from self._taken(filling, read, part, data)

    def _taken(self, filling: Filling, read: int, part: int, data: Data) -> Iterator[Batch]:
        for batch in filling.taken(read):
            batch.position = self._position(part, data)
            yield batch

    def _position(self, part: int, data: Data) -> int:
        """Bytes are not known where sheets are compressed; the share of the sheets that was read stands for them."""
        return int(self._source.size * (part + data.share) / len(self._data))

    def _name(self, number: int) -> str:
        return self._workbook.sheets[number].name

    def _choose(self, sheets: list[Sheet]) -> list[int]:
        """Places of the chosen sheets, and which constants, and perhaps which header, each has.

        Raises:
            Refused: `unreadable`, a sheet that was agreed is not there.
        """
        self._constants, self._choices = {}, {}
        if self._spec.sheets is None:
            first = next((number for number, one in enumerate(sheets) if one.visible), None)
            if first is None:
                raise self._unreadable("it has no visible sheet")
            self._constants[first] = {}
        for wanted in self._spec.sheets or ():
            found = _chosen(wanted, sheets)
            if not found:
                raise self._unreadable(
                    f"it has no sheet “{_told(wanted)}”, only {_listed([one.name for one in sheets])}"
                )
            for number in found:
                if isinstance(wanted, SheetChoice) and number not in self._constants:
                    self._choices[number] = wanted
                self._constants.setdefault(number, {} if isinstance(wanted, str) else wanted.constants)
        return sorted(self._constants)

    def _located(self, number: int, head: Rows) -> Data | None:
        name = self._name(number)
        header_row, names, height = self._spec.heading(self._choices.get(number))
        header = find_header(head, header_row, names, height)
        if header and len(header.names) + len(self._constants[number]) > MAX_COLUMNS:
            raise Refused("too_large", file=self._source.name, why=f"it has more than {MAX_COLUMNS:,} columns")
        if header:
            return Data(header, self._spec.footer)
        if all(map(is_blank, head.cells[0 if names else header_row :])):
            self._empty.append(name)
            return None
        if names:
            told = ", ".join(names)
            raise Refused("column_missing", missing=f"{told} (all in one of the first rows of the sheet “{name}”)")
        raise self._unreadable(f"row {header_row} of the sheet “{name}”, where its header should be, is blank")

    def _unreadable(self, why: str) -> Refused:
        return Refused("unreadable", file=self._source.name, why=why, expected=EXPECTED)


def _add(filling: Filling, part: int, row: Row, constants: list[str]) -> None:
    """A row of the sheet, with the columns that are the same in all of them."""
    cells = row.cells + constants if constants else row.cells
    if len(row.text) > MAX_CELL and any(len(cell) > MAX_CELL for cell in cells):
        flaw = Flaw(0, None, "too_long", details=_TOO_LONG)
        filling.add_broken(part, BrokenRow(row.number, row.number, [cell[:MAX_CELL] for cell in cells], flaw))
        return
    add = filling.add_suspect if "\0" in row.text else filling.add
    add(part, row.number, row.number, cells)
    for column in row.errors:
        filling.flag(part, column, "formula_error", _NONE)


def _chosen(wanted: str | SheetChoice, sheets: list[Sheet]) -> list[int]:
    """Places of the sheets; a plain entry is an expression only where no sheet has it as its name."""
    for choice in _choices(wanted):
        if found := [number for number, one in enumerate(sheets) if choice.fits(one.name)]:
            return found
    return []


def _choices(wanted: str | SheetChoice) -> list[SheetChoice]:
    if isinstance(wanted, SheetChoice):
        return [wanted]
    by_name = SheetChoice(name=wanted)
    try:
        return [by_name, SheetChoice(match=wanted)]
    except ValueError:  # a name such as `Data (2`
        return [by_name]


def _told(wanted: str | SheetChoice) -> str:
    return wanted if isinstance(wanted, str) else wanted.name or wanted.match or ""


def _listed(names: list[str]) -> str:
    told = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    return told if len(names) <= _MOST_NAMED else f"{told} and {len(names) - _MOST_NAMED} more"


def _remarks(data: Data) -> Iterator[str]:
    if data.blank:
        yield f"{counted(data.blank, 'blank row')} passed over"
    if data.repeated:
        yield f"{counted(data.repeated, 'repeated header row')} passed over"
    if data.foot.rows:
        yield f"{counted(data.foot.rows, 'footer row')} not read as data"
    if hidden := _hidden(data.veil):
        yield hidden
    if data.beyond:
        yield f"Cells right of the header were not read in {data.beyond:,} row{'s' * (data.beyond > 1)}"


def _hidden(veil: Veil) -> str:
    """Rows and columns that nobody sees who looks at the sheet, and may have forgotten; they are data all the same."""
    kinds = [(veil.rows, "row"), (veil.columns, "column")]
    told = " and ".join(f"{count:,} {kind}{'s' * (count > 1)}" for count, kind in kinds if count)
    are, were = ("is", "was") if veil.rows + veil.columns == 1 else ("are", "were")
    return f"{told} that {are} hidden in the workbook {were} read" if told else ""
