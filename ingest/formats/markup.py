"""XML out of bytes as events, within bounds: no document type, little depth, no endless tags or names (XML 1.0)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol
from xml.parsers import expat

from ingest.formats.base import Refused, Source
from ingest.formats.text import Lines, codec_of, presentable, slices

EXPECTED = "an XML file"
NO_CHARSETS = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape"})  # Python's, or never in XML
MAX_DEPTH = 100
MAX_TAG = 2_000_000  # bytes of one tag or comment, which is held whole
MAX_NAME = 1_000  # characters of a name, its namespace included
MAX_NAMES = 4_000_000  # characters of all different names, which the parser keeps
_NAME_COSTS = 100  # characters that a name counts as besides its own
_HEAD = 1_024  # bytes in which an encoding is declared
_LENIENT = "ingest.undecodable"  # the error handler of ingest.formats.text: lone surrogates for what is no text
_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?<\?xml\s[^>]*?\sencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,39})["']""")
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NO_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what a document cannot hold
_MARK, _MARKED = "\U0010fffe", "\udcff"  # stands for it on the way through the parser; how it comes out
_ENDS = frozenset(
    expat.errors.codes[error]
    for error in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
)


class Name(NamedTuple):
    """Of an element or attribute: its namespace, blank without one, and its name there."""

    uri: str
    local: str


Attributes = list[tuple[Name, str]]


class Handler(Protocol):
    """Who is told what stands in a document, in order."""

    def opened(self, name: Name, attributes: Attributes) -> None:
        """An element begins."""

    def closed(self) -> None:
        """The innermost element ends."""

    def said(self, text: str) -> None:
        """Text of the innermost element, or a piece of it; lone surrogates are what is no text."""


class Markup:
    """A document, read once from top to bottom.

    It is decoded here and not by the parser, so that an undecodable byte, or a character that XML does not have, costs
    the text in which it stands and not the file.

    Attributes:
        encoding: what the file is read as, in words for people.
        remarks: a sentence where that is not what it declares.
        position: bytes consumed so far.

    Raises:
        Refused: `empty_file`, `unreadable` or `too_large`, now or while reading.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        agreed, self.remarks = _agreed(source)
        lines = Lines(source, agreed, EXPECTED)
        self.encoding = lines.encoding
        if _declared(source) and not self.remarks:
            self.remarks = lines.remarks
        self._codec = codec_of(lines.encoding)
        self._names: dict[str, Name] = {}
        self._held = self._fed = self._depth = 0
        self._blank = True
        self.position = 0

    def told(self, handler: Handler) -> Iterator[None]:
        """Tell a handler the whole document, and come back after every piece of it. Once."""
        self._handler = handler
        self._parser = self._made()
        decoder = codecs.getincrementaldecoder(self._codec)("surrogateescape" if self._codec == "utf-8" else _LENIENT)
        for piece in slices(self._source.chunks()):
            self.position += len(piece)
            self._feed(decoder.decode(piece))
            yield
        self._feed(decoder.decode(b"", final=True), final=True)
        yield

    @property
    def line(self) -> int:
        """The line of what is being told, 1-based."""
        return self._parser.CurrentLineNumber

    @property
    def offset(self) -> int:
        """Where what is being told begins, in bytes of UTF-8."""
        return self._parser.CurrentByteIndex

    def damaged(self, why: str, line: int, column: int) -> Refused:
        """The refusal that names the place of the damage."""
        where = f"on line {line:,}, column {column:,}, {presentable(why)}"
        return Refused("unreadable", file=self._source.name, why=where, expected=EXPECTED)

    def _made(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", " ")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.buffer_size = 64 * 1024
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self._said
        parser.StartNamespaceDeclHandler = self._bound
        parser.StartDoctypeDeclHandler = self._refuse_type
        return parser

    def _feed(self, text: str, *, final: bool = False) -> None:
        data = _as_xml(text)
        self._blank = self._blank and not data.strip()
        if final and self._blank:
            raise Refused("empty_file", file=self._source.name)
        self._fed += len(data)
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            cut = final and error.code in _ENDS
            why = "it ends before its elements do" if cut else expat.ErrorString(error.code) or "it is no XML"
            raise self.damaged(why, error.lineno, error.offset + 1) from None
        if not final and self._fed - self._parser.CurrentByteIndex > MAX_TAG:
            raise self._too_large(f"the tag or comment on line {self.line:,} has more than {MAX_TAG:,} bytes")

    def _opened(self, name: str, attributes: list[str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.damaged("it nests too deep", self.line, self._parser.CurrentColumnNumber + 1)
        known = self._names.get(name) or self._met(name)
        self._handler.opened(known, self._paired(attributes) if attributes else [])

    def _closed(self, _: str) -> None:
        self._depth -= 1
        self._handler.closed()

    def _said(self, text: str) -> None:
        self._handler.said(text.replace(_MARK, _MARKED))

    def _paired(self, given: list[str]) -> Attributes:
        names = (self._names.get(name) or self._met(name) for name in given[::2])
        return [(name, value.replace(_MARK, _MARKED)) for name, value in zip(names, given[1::2], strict=True)]

    def _met(self, name: str) -> Name:
        self._hold(name)
        uri, _, local = name.rpartition(" ")
        self._names[name] = known = Name(uri, local)
        return known

    def _bound(self, prefix: str | None, uri: str | None) -> None:
        """A prefix is declared; the parser keeps prefixes, and repeats the namespace in every name."""
        given = f"{prefix or ''} {uri or ''}:"  # no element is called so
        if given not in self._names:
            self._hold(given)
            self._names[given] = Name("", "")

    def _hold(self, name: str) -> None:
        self._held += len(name) + _NAME_COSTS
        if len(name) > MAX_NAME:
            raise self._too_large(f"on line {self.line:,} is a name of more than {MAX_NAME:,} characters")
        if self._held > MAX_NAMES:
            raise self._too_large("its elements and attributes have too many different names")

    def _refuse_type(self, *_: object) -> None:
        why = f"on line {self.line:,} it declares a document type (DOCTYPE), which can make a file do harm"
        expected = "XML without a document type"
        raise Refused("unreadable", file=self._source.name, why=why, expected=expected)

    def _too_large(self, why: str) -> Refused:
        return Refused("too_large", file=self._source.name, why=why)


def _agreed(source: Source) -> tuple[str, list[str]]:
    """The encoding that a file without a byte order mark has, and a remark where it declares another one.

    Raises:
        Refused: `unreadable`, there is no encoding of the name that it declares.
    """
    head = _head(source)
    if head[:2] in (b"<\0", b"\0<"):
        return ("utf-16-le" if head[0] else "utf-16-be"), []
    declared = _declared(source)
    if not declared:
        return "utf-8", []
    try:
        foreign = codecs.lookup(declared).name.replace("_", "-") in NO_CHARSETS
        codec = "" if foreign else codec_of(declared)
    except (LookupError, ValueError):
        codec = ""
    if not codec:
        why = f"it declares the encoding {declared}, which there is not"
        raise Refused("unreadable", file=source.name, why=why, expected=f"{EXPECTED} in UTF-8")
    if codec.startswith(("utf-16", "utf-32")):  # a declaration that can be read like this is not in what it declares
        return "utf-8", [f"The file declares the encoding {declared}, but it is not; it was read as UTF-8."]
    return codec, []


def _declared(source: Source) -> str | None:
    match = _DECLARED.match(_head(source))
    return match[1].decode("ascii") if match else None


def _head(source: Source) -> bytes:
    head = b""
    for chunk in source.chunks():
        head += chunk[:_HEAD]
        if len(head) >= _HEAD:
            break
    return head[:_HEAD]


def _as_xml(text: str) -> bytes:
    """UTF-8 that the parser takes."""
    data = text.encode("utf-8", "surrogatepass")
    clean = len(data.translate(None, _CONTROLS)) == len(data) and b"\xed" not in data and b"\xef\xbf" not in data
    return data if clean else _NO_XML.sub(_MARK, text).encode()
