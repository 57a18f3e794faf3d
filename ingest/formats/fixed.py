"""Fixed width: which record a line is, where its columns stand, and whether the totals of its trailer hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec import field as option

from ingest.catalogue import shorten
from ingest.formats.base import MAX_COLUMNS, Batch, BrokenRow, Flaw, FormatSpec, Part, Refused, Source, counted
from ingest.formats.controls import Control, Totals
from ingest.formats.filling import Filling
from ingest.formats.text import MARKER, MAX_CELL, Lines, codec_of, presentable
from ingest.formats.unbroken import BREAK, Unbroken

_EXPECTED = "a text file of fixed width"
_ASCII = bytes(range(0x20, 0x7F)).decode()
_FRAMES = ("header", "trailer")  # record types that carry no data unless they say so

Place = Annotated[int, Meta(ge=1, le=MAX_CELL)]


class RecordType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of line."""

    columns: dict[str, tuple[Place, Place]]  # name: [start, length], the first place is 1
    where: tuple[Place, Place, str] | None = None  # [start, length, text]: what its lines are known by
    data: bool | None = None  # whether its lines are rows; by default all but those of `header` and `trailer`


class FixedFormat(FormatSpec, frozen=True, kw_only=True, tag="fixed"):
    """Lines whose columns stand at agreed places, or records of one length without line breaks.

    Rows are counted over all lines that are not blank, headers and trailers included.
    """

    records: dict[str, RecordType]
    unit: Literal["characters", "bytes"] = "characters"  # what places and lengths count
    encoding: str = "utf-8"
    line_length: Place | None = None  # text beyond it means that the columns have moved, and breaks the row
    record_length: Place | None = None  # instead of line breaks, each record is as long
    controls: list[Control] = option(default_factory=list)

    def __post_init__(self) -> None:
        _check_encoding(codec_of(self.encoding), self.unit)
        _check_records(self.records)
        _check_length(self)
        for control in self.controls:
            control.check(self.framing, self.data)

    @property
    def data(self) -> dict[str, list[str]]:
        """The columns of each record type whose lines are rows."""
        return {name: list(kind.columns) for name, kind in self.records.items() if _is_data(name, kind)}

    @property
    def framing(self) -> dict[str, list[str]]:
        """The columns of the other record types."""
        return {name: list(kind.columns) for name, kind in self.records.items() if not _is_data(name, kind)}


def open_table(source: Source, spec: FixedFormat) -> FixedTable:
    """Open text of fixed width.

    Raises:
        Refused: `empty_file` (no byte), `unreadable` (no text, or one whose bytes cannot be counted).
    """
    return FixedTable(source, spec)


def texts_of_frame(source: Source, spec: FixedFormat, column: str) -> Iterator[str]:
    """What a column of a record type without data says, wherever such a record stands.

    Raises:
        Refused: as of `open_table`.
    """
    return FixedTable(source, spec).frames(column)


class FixedTable:
    """Text of fixed width, read once from top to bottom."""

    def __init__(self, source: Source, spec: FixedFormat) -> None:
        self._lines = _opened(source, spec)
        self._ends = "" if spec.record_length else "\r\n"
        self._flaw_of = self._damage if spec.record_length else self._misfit
        self._unit = spec.unit
        self._codec = codec_of(self._lines.encoding)
        if spec.unit == "bytes" and not _keeps_ascii(self._codec):
            why = f"it is {self._lines.encoding} text, but its columns are counted in bytes of {spec.encoding}"
            raise Refused("unreadable", file=source.name, why=why, expected=f"{spec.encoding} text")
        self._kinds = {name: _Kind(name, record) for name, record in spec.records.items()}
        self._marks = _marks(spec.records)
        self._most = spec.line_length or spec.record_length
        self._part_of = {name: part for part, name in enumerate(spec.data)}
        self._framing = spec.framing
        self._totals = Totals(spec.controls, spec.framing, spec.data)
        self._blank_lines = 0
        self.parts = [Part(name, columns, 0) for name, columns in spec.data.items()]

    @property
    def encoding(self) -> str:
        """What the file is read as, in words for people."""
        return self._lines.encoding

    @property
    def sequence(self) -> tuple[str, int] | None:
        """The column that numbers the files, and this file's number; known once the batches have been read."""
        return self._totals.sequence

    @property
    def remarks(self) -> list[str]:
        """Sentences for the receipt; complete once the batches have been read."""
        blank = [f"{counted(self._blank_lines, 'blank line')} passed over."] if self._blank_lines else []
        return [*self._lines.remarks, *blank, *self._totals.remarks]

    def batches(self) -> Iterator[Batch]:
        """The rows in order within each part. Once.

        Raises:
            Refused: `control_total`, at the very end, when a trailer says something else than what was read.
        """
        filling = Filling([(part.name, len(part.header)) for part in self.parts], self._lines.encoding)
        for row, (line, text, suspect) in enumerate(self._records(), start=1):
            name, cells = self._cut(text)
            if filling.is_full(self._lines.position):
                yield from filling.taken(self._lines.position)
            if flaw := self._flaw_of(name, text):
                self._totals.leave_out(line, _why(flaw))
                filling.add_broken(self._part_of.get(name or "", 0), BrokenRow(row, line, _shown(text), flaw))
                continue
            assert name is not None  # noqa: S101 - a line of no known type does not fit
            self._totals.add(name, cells)
            if name in self._part_of:
                add = filling.add_suspect if suspect or not text.isascii() else filling.add
                add(self._part_of[name], row, line, cells)
        yield from filling.taken(self._lines.position)
        self._totals.verify()

    def frames(self, column: str) -> Iterator[str]:
        """What a column of a record type without data says. Once, instead of the batches."""
        for _, text, _ in self._records():
            name, cells = self._cut(text)
            if name and column in (columns := self._framing.get(name, ())):
                yield cells[columns.index(column)]

    def _records(self) -> Iterator[tuple[int, str, bool]]:
        """Each line that is not blank: its number, its text, and whether it may hold what is no text."""
        numbers, ends = itertools.count(1), self._ends
        for block in self._lines.blocks():
            for line in block.lines:
                number = next(numbers)
                text = line.rstrip(ends)
                if text and not text.isspace():
                    yield number, text, block.suspect
                else:
                    self._blank_lines += 1

    def _cut(self, text: str) -> tuple[str | None, list[str]]:
        """The name of a line's record type, if it has a known one, and its cells."""
        if self._unit == "bytes" and not text.isascii():
            raw = text.encode(self._codec, "surrogateescape")
            kind = self._kind(lambda cut: raw[cut].decode(self._codec, MARKER))
            return (kind.name, kind.cut_bytes(raw, self._codec)) if kind else (None, [])
        kind = self._kind(text.__getitem__)
        return (kind.name, kind.cut(text)) if kind else (None, [])

    def _kind(self, at: Callable[[slice], str]) -> _Kind | None:
        for cut, names in self._marks:
            if name := names.get(at(cut).rstrip(" ")):
                return self._kinds[name]
        return None if self._marks else next(iter(self._kinds.values()))

    def _misfit(self, name: str | None, text: str) -> Flaw | None:
        if len(text) > MAX_CELL:
            return Flaw(0, None, "too_long", details={"expected": f"more than {MAX_CELL:,} characters"})
        if name is None:
            return self._unknown(text)
        if self._most is None or self._length(text) <= self._most:
            return None
        details: dict[str, object] = {"found": f"text up to place {self._length(text)} in its", "expected": self._most}
        return Flaw(0, None, "ragged_row", details=details)

    def _damage(self, name: str | None, text: str) -> Flaw | None:
        """Of a record without line breaks."""
        length = len(text.encode(self._codec, "surrogateescape")) if self._unit == "bytes" else len(text)
        if found := BREAK.search(text):
            told = f"a line break at place {found.start() + 1}"
        elif length != self._most:
            told = f"{length:,} {self._unit}"
        else:
            return self._misfit(name, text)
        details: dict[str, object] = {"found": f"{told} in its", "expected": self._most, "exactly": True}
        return Flaw(0, None, "ragged_row", details=details)

    def _unknown(self, text: str) -> Flaw:
        found = presentable(shorten(text[self._marks[0][0]], 40))
        known = ", ".join(mark for _, names in self._marks for mark in names)
        return Flaw(0, None, "unknown_record", found, {"found": found, "expected": known})

    def _length(self, text: str) -> int:
        text = text.rstrip(" ")
        return len(text.encode(self._codec, "surrogateescape")) if self._unit == "bytes" else len(text)


def _opened(source: Source, spec: FixedFormat) -> Lines:
    if spec.record_length is None:
        return Lines(source, spec.encoding, _EXPECTED)
    return Unbroken(source, spec.encoding, _EXPECTED, spec.record_length, spec.unit)


class _Kind:
    """How the lines of one record type are cut."""

    def __init__(self, name: str, record: RecordType) -> None:
        self.name = name
        self._cuts = [_slice(start, length) for start, length in record.columns.values()]

    def cut(self, text: str) -> list[str]:
        """The cells of a line; what a short line lacks is blank."""
        return [text[cut] for cut in self._cuts]

    def cut_bytes(self, raw: bytes, codec: str) -> list[str]:
        """The same where places are bytes; each cell is decoded on its own, so that none can shift another."""
        return [raw[cut].decode(codec, MARKER) for cut in self._cuts]


def _slice(start: int, length: int) -> slice:
    return slice(start - 1, start - 1 + length)


def _is_data(name: str, record: RecordType) -> bool:
    return name not in _FRAMES if record.data is None else record.data


def _marks(records: dict[str, RecordType]) -> list[tuple[slice, dict[str, str]]]:
    """Where to look, and which text there means which record type."""
    marks: dict[tuple[int, int], dict[str, str]] = {}
    for name, record in records.items():
        if record.where:
            start, length, text = record.where
            marks.setdefault((start, length), {})[text.rstrip(" ")] = name
    return [(_slice(*place), names) for place, names in marks.items()]


def _shown(text: str) -> list[str]:
    return [] if len(text) > MAX_CELL else [text]


def _why(flaw: Flaw) -> str:
    if flaw.code == "unknown_record":
        return f"the unknown record type “{flaw.details['found']}”"
    if flaw.code == "ragged_row":
        due = "are due" if "exactly" in flaw.details else "is the last"
        return f"{flaw.details['found']} row, where {flaw.details['expected']} {due}"
    return str(flaw.details["expected"])


def _keeps_ascii(codec: str) -> bool:
    """Whether each ASCII character is one byte of it."""
    return len(_ASCII.encode(codec, "replace")) == len(_ASCII)


def _check_encoding(codec: str, unit: str) -> None:
    if unit == "bytes" and not _keeps_ascii(codec):
        raise ValueError(f"Columns cannot be counted in bytes of {codec}; count them in characters.")


def _check_length(spec: FixedFormat) -> None:
    """Of records without line breaks."""
    if spec.record_length is None:
        return
    if spec.line_length:
        raise ValueError("A file has lines, with a `line_length`, or records of one `record_length`, never both.")
    for kind in spec.records.values():
        for name, (start, length) in kind.columns.items():
            if start + length - 1 > spec.record_length:
                raise ValueError(f"The column {name!r} reaches beyond the {spec.record_length} places of a record.")


def _check_records(records: dict[str, RecordType]) -> None:
    if not any(_is_data(name, record) and record.columns for name, record in records.items()):
        raise ValueError("At least one record type must carry data and have columns.")
    if len(records) > 1 and not all(record.where for record in records.values()):
        raise ValueError("Each of several record types needs a `where: [start, length, text]` to be known by.")
    marks = [record.where for record in records.values() if record.where]
    for _, length, text in marks:
        if not text.strip() or len(text) > length:
            raise ValueError(f"The text {text!r} is blank, or longer than the {length} places where it should stand.")
    if len({(start, length, text.rstrip(" ")) for start, length, text in marks}) < len(marks):
        raise ValueError("Two record types are known by the same text at the same place.")
    if any(len(record.columns) > MAX_COLUMNS for record in records.values()):
        raise ValueError(f"A record has at most {MAX_COLUMNS:,} columns.")
