"""Bytes into physical lines of text, for every format that is made of lines."""

from __future__ import annotations

import codecs
import io
import itertools
import operator
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.formats.base import Refused, Source, counted
from ingest.formats.encodings import DETECT, detected
from ingest.formats.packings import refuse_packed

SLICE = 256 * 1024  # bytes decoded at a time
MAX_LINE = 4_000_000  # characters; a longer line is never held
MAX_CELL = 1_000_000  # characters
MARKER = "ingest.undecodable"  # the error handler that makes lone surrogates of what is no text
OVERLONG = "\0" * (MAX_CELL + 1)  # stands for a line above MAX_LINE: one text that no cell can hold

# The marks of the WHATWG Encoding Standard, and UTF-32's first, because its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Python insists on a mark for these names; the standard reads them as little-endian without one.
_UNMARKED = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}
_SIGNATURES = (
    (b"PK\x03\x04", "it looks like an Excel workbook or another zip archive"),
    (b"PK\x05\x06", "it looks like an empty zip archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "it looks like an old or a password-protected Excel workbook"),
    (b"%PDF-", "it looks like a PDF document"),
    (b"-----BEGIN PGP MESSAGE-----", "it is encrypted with PGP"),
)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_SEAM = re.compile("[\ufeff\x1a]")  # what programs put at either end of a file, and joining files leaves inside
_HIGH = 0x80  # the first byte that PEP 383 has a surrogate for
_BEGINNING = 256  # bytes
_BINARY_SHARE = 0.3  # of NUL bytes; Latin text read as UTF-16 comes to 0.5
_ENDED_BY_MARK = "The end-of-file mark (0x1A) behind the last line was passed over."


@dataclass(slots=True)
class Block:
    """Whole physical lines, terminators kept.

    Attributes:
        suspect: whether some cell of these lines may be dirty, see `is_dirty`; False is certain.
    """

    lines: list[str]
    suspect: bool


class Lines:
    r"""The physical lines of a file, split at \n, \r\n and \r and nowhere else.

    Bytes that are not text in the encoding become lone surrogates, as PEP 383 has it; a byte order mark overrides the
    encoding agreed (WHATWG Encoding Standard, "decode").

    Attributes:
        encoding: what the file is read as, in words for people.
        remarks: sentences where that is not what was agreed, and on marks that no line is read with; complete once the
            lines have been read.
        position: bytes consumed so far.

    Raises:
        Refused: `empty_file` without any byte, `unreadable` when it is no text.
    """

    def __init__(self, source: Source, encoding: str, expected: str) -> None:
        self._slices = slices(source.chunks())
        self._head = next(self._slices, b"")
        if not self._head:
            raise Refused("empty_file", file=source.name)
        refuse_packed(self._head, source.name, expected)
        agreed = detected(source) if encoding == DETECT else codec_of(encoding)
        self._codec, mark = _true_codec(self._head, agreed)
        if why := _why_not_text(self._head, self._codec):
            raise Refused("unreadable", file=source.name, why=why, expected=expected)
        self.encoding = spoken(self._codec)
        self.remarks = _remarks(self.encoding, None if encoding == DETECT else spoken(codec_of(encoding)))
        self.position = len(mark)
        self._head = self._head[len(mark) :]
        self._parts: list[str] = []  # of the line whose end has not been seen
        self._held = 0  # its characters, more than `_parts` holds once it is overlong
        self._seams = 0  # lines with a mark at either end
        self._ended_by_mark = False  # ... of which the last is one, with 0x1A

    @property
    def beginning(self) -> str:
        """The first characters, as far as they can be read."""
        return self._head[:_BEGINNING].decode(self._codec, "ignore")

    def blocks(self) -> Iterator[Block]:
        """The lines in order. Once.

        A byte order mark before a line, or 0x1A (end of file, to DOS) at either end of it, is none of its text.
        """
        suspect = False
        for text in self._texts():
            dirty = is_suspect(text)
            suspect = suspect or dirty
            lines = io.StringIO(text, newline="").readlines()
            rest = lines.pop() if lines and lines[-1][-1] not in "\r\n" else ""
            if lines:
                lines[0] = self._completed(lines[0])
                yield Block(self._unmarked(lines, suspect=suspect), suspect)
                suspect = dirty and bool(rest)
            self._hold(rest)
        if self._held and (lines := self._unmarked([self._completed("")], suspect=suspect)) != [""]:
            yield Block(lines, suspect)
        self.remarks += self._seams_told()

    def _unmarked(self, lines: list[str], *, suspect: bool) -> list[str]:
        self._ended_by_mark = False
        if not suspect:
            return lines
        clean = [line if line is OVERLONG or not _SEAM.search(line) else _unmarked(line) for line in lines]
        self._seams += sum(map(operator.is_not, lines, clean))
        self._ended_by_mark = clean[-1] is not lines[-1] and lines[-1].rstrip("\r\n").endswith("\x1a")
        return clean

    def _seams_told(self) -> list[str]:
        inside = self._seams - self._ended_by_mark
        told = [f"{counted(inside, 'line')} read without a mark of the beginning or end of a file."] if inside else []
        return [*told, *([_ENDED_BY_MARK] if self._ended_by_mark else [])]

    def _texts(self) -> Iterator[str]:
        errors = "surrogateescape" if self._codec == "utf-8" else MARKER  # the former is C, for the usual case only
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self._codec)(errors), translate=False)
        for piece in itertools.chain([self._head], self._slices):
            self.position += len(piece)
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)

    def _hold(self, piece: str) -> None:
        self._held += len(piece)
        if self._held > MAX_LINE:
            self._parts.clear()
        elif piece:
            self._parts.append(piece)

    def _completed(self, end: str) -> str:
        self._hold(end)
        line = "".join(self._parts) if self._held <= MAX_LINE else OVERLONG
        self._parts, self._held = [], 0
        return line


def codec_of(encoding: str) -> str:
    """Python's own name of an encoding; of `detect`, that of the encoding which it comes to most often.

    Raises:
        ValueError: with a sentence; there is no such encoding, or it does not turn bytes into text.
    """
    if encoding == DETECT:
        return "utf-8"
    try:
        name = codecs.lookup(encoding).name
        name = _UNMARKED.get(name, name)
        b" ".decode(name, "replace")  # refuses the codecs that are no text encodings, such as base64
        codecs.getincrementaldecoder(name)(MARKER).decode(bytes(range(256)), final=True)
    except (LookupError, ValueError, TypeError):
        raise ValueError(f"There is no text encoding {encoding!r}; usual ones are utf-8, cp1252 and utf-16.") from None
    return name


def is_dirty(cell: str) -> bool:
    """Whether a NUL character or an undecodable byte stands in it, or a mark where text goes on behind it."""
    if "\0" not in cell and "\x1a" not in cell and cell.isascii():
        return False
    return "\x1a" in cell or "\ufeff" in cell.strip("\ufeff \t\r\n\xa0") or _NO_TEXT.search(cell) is not None


def presentable(cell: str) -> str:
    """Text that can be shown and stored: U+FFFD for every NUL character and undecodable byte."""
    return _NO_TEXT.sub("\ufffd", cell)


def is_suspect(text: str) -> bool:
    """What `is_dirty` says, ten times as fast on long clean text."""
    try:
        odd = "\0" in text or "\x1a" in text
        return odd or (not text.isascii() and ("\ufeff" in text or not text.encode()))
    except UnicodeEncodeError:
        return True


def _unmarked(line: str) -> str:
    text = line.rstrip("\r\n")
    bare = text.lstrip("\ufeff\x1a").rstrip("\x1a")
    return line if bare == text else bare + line[len(text) :]


def slices(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes cut at `SLICE`, so that nothing depends on how a store cuts them."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % SLICE
        for start in range(0, whole, SLICE):
            yield bytes(held[start : start + SLICE])
        del held[:whole]
    if held:
        yield bytes(held)


def _true_codec(head: bytes, agreed: str) -> tuple[str, bytes]:
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec, mark
    return agreed, b""


def _why_not_text(head: bytes, codec: str) -> str | None:
    for signature, looks in _SIGNATURES:
        if head.startswith(signature):
            return looks
    if codec.startswith(("utf-16", "utf-32")) or head.count(0) < _BINARY_SHARE * len(head):
        return None
    if not head[::2].count(0) or not head[1::2].count(0):
        return f"it looks like UTF-16 text without a byte order mark, but {spoken(codec)} was agreed"
    return "it holds binary data, not text"


def _remarks(found: str, agreed: str | None) -> list[str]:
    if agreed is None:
        return [f"The file was read as {found}, by its own bytes."]
    if found == agreed:
        return []
    return [f"The file begins with a byte order mark, so it was read as {found} instead of {agreed}."]


def spoken(codec: str) -> str:
    """utf-16-le as UTF-16 LE, cp1252 as Windows-1252, iso8859-1 as ISO 8859-1, shift_jis as SHIFT_JIS."""
    name = re.sub(r"^cp(?=125\d$)", "windows-", codec.replace("iso8859", "iso 8859"))
    return re.sub("-([LB]E)$", r" \1", name.upper()).replace("WINDOWS", "Windows")


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """PEP 383 for high bytes; U+DCFF for others, which UTF-16 and the multi-byte encodings can leave over."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    left = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) if byte >= _HIGH else "\udcff" for byte in left), error.end


codecs.register_error(MARKER, _mark_undecodable)
