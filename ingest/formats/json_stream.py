"""JSON values out of bytes, one at a time, however long the text around them is; numbers stay the text they were."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ingest.formats.base import Refused, Source
from ingest.formats.text import MAX_LINE, Lines, codec_of, presentable

EXPECTED = "a JSON file"
MAX_RECORD = MAX_LINE  # characters of one value
TOO_DEEP = "it nests too deep"
_WINDOW = 256 * 1024  # characters held beyond the value at hand
_LENIENT = "ingest.undecodable"  # the error handler of ingest.formats.text: lone surrogates for what is no text
_SOLID = re.compile(r"[^ \t\r\n]")
_GOES_ON = ("{", "[", ",", ":")  # how a line ends inside an object that takes several


class Doubled(dict[str, Any]):
    """An object that has a key twice, which readers resolve differently (RFC 8259, section 4)."""


class NoValue(str):
    """NaN or Infinity, which JSON does not have."""

    __slots__ = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled(found)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=str, parse_int=str, parse_constant=NoValue)


@dataclass(slots=True)
class Found:
    """One value.

    Attributes:
        line: on which it starts, 1-based.
        text: as it stands in the file; MAX_RECORD characters at most.
        value: decoded, with every number as text; meaningless where there is a `why`.
        why: it is not JSON.
    """

    line: int
    text: str
    value: Any
    why: str | None = None


class Documents:
    """The records of a file: elements of an array, lines, objects one after the other, or the list in an envelope.

    Args:
        source: read once more by each iteration.
        path: the keys that lead to the list in an envelope; empty without one.

    Attributes:
        encoding: what the file is read as, in words for people.
        remarks: a sentence where that is not UTF-8.
        position: bytes consumed so far.
        blank_lines: passed over so far.

    Raises:
        Refused: `empty_file`, `unreadable` or `too_large`, now or while reading.
    """

    def __init__(self, source: Source, path: list[str]) -> None:
        self._source = source
        self._path = path
        self._lines = Lines(source, "utf-8", EXPECTED)
        self.encoding, self.remarks = self._lines.encoding, self._lines.remarks
        self._window = _Window(source, codec_of(self.encoding))
        self._by_line = False
        self.blank_lines = 0

    @property
    def position(self) -> int:
        """Bytes consumed so far."""
        return self._lines.position if self._by_line else self._window.position

    def __iter__(self) -> Iterator[Found]:
        """The records in order. Once."""
        first = self._window.peek()
        self._by_line = first == "{" and not self._path and not self._window.first_line().endswith(_GOES_ON)
        if self._by_line:
            yield from self._lines_found()
            return
        yield from self._scanned(first)
        if self._window.peek().strip("\x1a"):
            raise self._window.damaged("something stands behind its end")

    def _scanned(self, first: str) -> Iterator[Found]:
        if self._path:
            yield from self._enveloped(self._path)
        elif first == "[":
            yield from self._elements()
        elif first == "{":
            while self._window.peek() == "{":
                yield self._window.value()
        elif not first:
            raise Refused("empty_file", file=self._source.name)
        else:
            raise self._window.damaged("JSON begins with [ or {")

    def _lines_found(self) -> Iterator[Found]:
        number = 0
        for block in self._lines.blocks():
            for line in block.lines:
                number += 1
                if text := line.strip(" \t\r\n\x1a"):
                    yield _decoded(number, text)
                else:
                    self.blank_lines += 1

    def _elements(self) -> Iterator[Found]:
        window = self._window
        window.take("[")
        if window.peek() != "]":
            yield window.value()
            while window.peek() == ",":
                window.take(",")
                yield window.value()
        window.take("]")

    def _enveloped(self, path: list[str]) -> Iterator[Found]:
        window = self._window
        if not path:
            if window.peek() == "[":
                yield from self._elements()
            elif (found := window.value()).value is not None:
                yield found
            return
        seen = False
        for key in self._keys():
            if key == path[0]:
                if seen:  # its records were passed over, or were meant instead of the first ones
                    raise window.damaged(f"{key} stands there a second time")
                seen = True
                yield from self._enveloped(path[1:])
            else:
                window.value()
        if not seen:
            raise window.damaged(f"there is no {path[0]} in this object")

    def _keys(self) -> Iterator[str]:
        """The keys of an object; whoever asks for them takes each value."""
        window = self._window
        window.take("{")
        while window.peek() == '"':
            key = window.value().value
            window.take(":")
            yield key
            if window.peek() != ",":
                break
            window.take(",")
        window.take("}")


def _decoded(number: int, text: str) -> Found:
    if len(text) > MAX_RECORD or text[0] == "\0":
        return Found(number, "", None, "the line is too long, or holds NUL characters")
    try:
        return Found(number, text, _DECODER.decode(text))
    except json.JSONDecodeError as error:
        return Found(number, text, None, f"{_worded(error)} at character {error.pos + 1}")
    except RecursionError:
        return Found(number, text, None, TOO_DEEP)


def _worded(error: json.JSONDecodeError) -> str:
    return error.msg[0].lower() + error.msg[1:].removesuffix(" at")


class _Window:
    """A stretch of text that moves through a file.

    Attributes:
        position: bytes consumed so far.
    """

    def __init__(self, source: Source, codec: str) -> None:
        self._name = source.name
        self._chunks = iter(source.chunks())
        self._decoder = codecs.getincrementaldecoder(codec)("surrogateescape" if codec == "utf-8" else _LENIENT)
        self._text = ""
        self._at = 0  # the next character to be looked at
        self._line = 1
        self._begun = 0  # where in the text that line begins; negative once its beginning was let go
        self._begins = True  # until the first character, which may be a byte order mark
        self._ended = False
        self.position = 0

    def peek(self) -> str:
        """The next character that is not blank; none at the end."""
        while True:
            found = _SOLID.search(self._text, self._at)
            self._move(found.start() if found else len(self._text))
            if found:
                return self._text[self._at]
            if not self._grow():
                return ""

    def first_line(self) -> str:
        """The rest of the line, as far as it is held."""
        return self._text[self._at :].split("\n", 1)[0].rstrip()

    def take(self, mark: str) -> None:
        """Pass the next character, which must be `mark`."""
        if self.peek() != mark:
            raise self.damaged(f"{mark} was expected")
        self._move(self._at + 1)

    def value(self) -> Found:
        """The next value.

        Raises:
            Refused: `unreadable` with its place when there is none, `too_large` when it never ends.
        """
        self.peek()
        failed: tuple[str, int] | None = None
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                failed = self._tolerated(error, failed)
            except RecursionError:
                raise self.damaged(TOO_DEEP) from None
            else:
                if end < len(self._text) or not self._grow():
                    return self._taken(value, end)
                failed = None

    def _tolerated(self, error: json.JSONDecodeError, failed: tuple[str, int] | None) -> tuple[str, int]:
        """What went wrong, counted from where the value starts: perhaps only for want of text.

        An error that stays where it is when more text comes is none of those, unless a string is open.
        """
        now = (error.msg, error.pos - self._at)
        long = len(self._text) - self._at > MAX_RECORD
        if (now == failed and (long or not error.msg.startswith("Unterminated"))) or (not long and not self._grow()):
            raise self.damaged(_worded(error), self._at + now[1])
        if long:
            why = f"the value that starts on line {self._line} has more than {MAX_RECORD:,} characters"
            raise Refused("too_large", file=self._name, why=why)
        return now

    def _taken(self, value: Any, end: int) -> Found:  # noqa: ANN401 - whatever JSON holds
        found = Found(self._line, self._text[self._at : end], value)
        self._move(end)
        return found

    def damaged(self, why: str, at: int | None = None) -> Refused:
        """The refusal that names the place of the damage, by default the next character."""
        at = self._at if at is None else at
        line = self._line + self._text.count("\n", self._at, at)
        begun = max(self._begun, self._text.rfind("\n", self._at, at) + 1) if line > self._line else self._begun
        where = f"on line {line:,}, column {at - begun + 1:,}, {presentable(why)}"
        return Refused("unreadable", file=self._name, why=where, expected=EXPECTED)

    def _move(self, to: int) -> None:
        if newlines := self._text.count("\n", self._at, to):
            self._line += newlines
            self._begun = self._text.rfind("\n", self._at, to) + 1
        self._at = to

    def _grow(self) -> bool:
        """Let go of what was passed, and hold twice as much of what comes; False at the end of the file."""
        if self._ended:
            return False
        pieces = [self._text[self._at :]]
        wanted = max(_WINDOW, 2 * len(pieces[0]))
        held = len(pieces[0])
        while held < wanted and not self._ended:
            pieces.append(self._piece())
            held += len(pieces[-1])
        self._begun -= self._at
        self._text, self._at = "".join(pieces), 0
        return True

    def _piece(self) -> str:
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        self.position += len(chunk or b"")
        text = self._decoder.decode(chunk or b"", final=self._ended)
        begins, self._begins = self._begins, self._begins and not text
        return text.removeprefix("\ufeff") if begins else text
