"""Text without line breaks, cut into records of one length, as mainframes write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import AnyStr, Literal

from ingest.formats.base import Refused, Source
from ingest.formats.text import MARKER, Block, Lines, is_suspect

BREAK = re.compile("[\r\n\x85]")  # 0x85 is what EBCDIC's own line break (0x15) is read as
_ENDS = "\r\n\x85\x1a"
_ENDED = "A line break or end-of-file mark behind the last record was passed over."


class Unbroken(Lines):
    """The records of a file, each given as a line of its own; the last may be too short.

    A line break that came in somewhere moves all records behind it. It did not where the file still is a whole number
    of records long: then it stands in place of something else.

    Args:
        source, encoding, expected: as of `Lines`.
        length: of a record.
        unit: what it counts.

    Raises:
        Refused: `unreadable`, while reading, at the very end: records have moved.
    """

    def __init__(
        self, source: Source, encoding: str, expected: str, length: int, unit: Literal["characters", "bytes"]
    ) -> None:
        super().__init__(source, encoding, expected)
        self._file, self._expected = source.name, expected
        self._length, self._unit = length, unit
        self._records = 0
        self._first_break: int | None = None  # the record in which it stands

    def blocks(self) -> Iterator[Block]:
        """The records in order. Once."""
        if self._unit == "characters":
            yield from self._cut(self._texts(), str)
        else:
            yield from self._cut(self._raw(), self._decoded)

    def _raw(self) -> Iterator[bytes]:
        for piece in chain([self._head], self._slices):
            self.position += len(piece)
            yield piece

    def _decoded(self, raw: bytes) -> str:
        """Each record is decoded on its own, so that none can move another."""
        return raw.decode(self._codec, MARKER)

    def _cut(self, pieces: Iterator[AnyStr], decoded: Callable[[AnyStr], str]) -> Iterator[Block]:
        size, held = self._length, next(pieces)
        for piece in chain([held[:0]], pieces):
            held += piece
            whole = len(held) - len(held) % size
            yield self._block([decoded(held[start : start + size]) for start in range(0, whole, size)])
            held = held[whole:]
        if rest := self._rest(decoded(held)):
            yield self._block([rest])

    def _block(self, records: list[str]) -> Block:
        text = "".join(records)
        if self._first_break is None and BREAK.search(text):
            self._first_break = self._records + next(n for n, one in enumerate(records, 1) if BREAK.search(one))
        self._records += len(records)
        return Block(records, is_suspect(text))

    def _rest(self, text: str) -> str:
        """What is left behind the last record of full length."""
        if text and not text.strip(_ENDS):
            self.remarks.append(_ENDED)
            return ""
        if text and self._first_break is not None:
            why = (
                f"a line break stands in record {self._first_break}, so that those behind it may have moved; "
                f"records of {self._length} {self._unit} without line breaks were agreed"
            )
            raise Refused("unreadable", file=self._file, why=why, expected=self._expected)
        return text
