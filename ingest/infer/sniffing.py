"""What kind of file a sample is, by its bytes: never by its suffix, which people change as they like."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from gateway.errors import Invalid
from ingest.catalogue import describe_file
from ingest.formats.base import Refused, Source
from ingest.formats.compression import Unpacked
from ingest.formats.packings import packing_of
from ingest.formats.spelled import kind_of
from ingest.infer.counting import counted

HEAD = 512 * 1024  # bytes that a decision about the layout looks at

Container = Literal["workbook", "text"]

_WORKBOOK_PARTS = (b"xl/", b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet", b"[Content_Types].xml")
_FOREIGN = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "a Word document in RTF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"-----BEGIN PGP", "encrypted with PGP"),
    (b"SQLite format 3", "a database"),
    (b"PAR1", "a Parquet file"),
)
_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1a\x1b\x1c\x1d\x1e\x1f") + b"\x7f"
_MOST_CONTROLS = 0.01  # of the bytes of a text

# the encodings of one byte a character that HR systems still write, the likelier ones first
_ENCODINGS = ("cp1252", "iso8859-15", "cp850", "mac_roman", "cp1250", "cp1254", "cp1251", "cp437")
_USUAL = frozenset("äöüÄÖÜßéèêëàâáãåçñóôòõøíîïìúûùæœÉÈÀÁÂÅÇÑÓÔÕØÍÎÚÆ’‘“”–—…€£§°º«»®\u00a0")
_CYRILLIC = frozenset("абвгдежзийклмнопрстуфхцчшщыьэюяАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЭЮЯ")
_TURKISH_OR_EASTERN = frozenset("łŁąĄęĘśŚćĆńżŻźŹčČšŠžŽřŘěĚůőŐűŰşŞğĞıİ")
_USUAL_WEIGHT, _REGIONAL_WEIGHT, _LETTER_WEIGHT, _ODD_WEIGHT, _UNDEFINED_WEIGHT = 1.0, 0.6, 0.2, -1.0, -4.0


class Text(NamedTuple):
    """How the bytes of a sample are text.

    Attributes:
        encoding: as `format.encoding` says it.
        because: the evidence.
        unsure: what a person should look at, or None.
    """

    encoding: str
    because: str
    unsure: str | None = None


class Unpacking(NamedTuple):
    """The file itself, and what was taken off it: `zip`, `gzip` or nothing."""

    source: Source
    archive: Literal["zip", "gzip"] | None


class NotUnderstood(Invalid):
    """A sample that no settings can be proposed for; the sentence says what it is, and what to do."""

    def __init__(self, sentence: str, code: str = "not_understood") -> None:
        super().__init__(code, sentence)


def told(refused: Refused) -> NotUnderstood:
    """A refusal of a format, as a person who holds the sample is told."""
    message, fix = describe_file(refused.code, **refused.details)
    return NotUnderstood(f"{message} {fix}", refused.code)


def taken_out(source: Source) -> Unpacking:
    """The one file in a gzip or zip archive; a workbook, which is a zip too, stays as it is.

    Raises:
        NotUnderstood: it is empty, holds several files, or asks for a password.
    """
    head = head_of(source, 64)
    if not head:
        raise NotUnderstood(f"{source.name} is empty. Ask the partner for a sample with some rows.", "empty_file")
    packed: Literal["zip", "gzip"] | None
    packed = "gzip" if head.startswith(b"\x1f\x8b") else "zip" if head.startswith(b"PK") else None
    if packed is None or (packed == "zip" and _is_opendocument(head)):
        return Unpacking(source, None)
    try:
        found = list(Unpacked(source, zip=packed == "zip", gzip=packed == "gzip"))
    except Refused as refused:
        raise told(refused) from refused
    if len(found) != 1:
        raise NotUnderstood(
            f"{source.name} packs {len(found):,} files. Take out the one that settings are wanted for, and give that.",
            "several_files",
        )
    if found[0] is not source and not head_of(found[0], 1):
        raise NotUnderstood(f"{source.name} packs an empty file. Ask the partner for one with rows.", "empty_file")
    return Unpacking(found[0], None if found[0] is source else packed)


def container_of(source: Source) -> Container:
    """Whether it is a workbook or text.

    Raises:
        NotUnderstood: it is neither, and says what it looks like.
    """
    head = head_of(source, HEAD)
    if head.startswith((b"PK", _CFB)) or kind_of(head):
        return "workbook"
    if packing := packing_of(head):
        raise NotUnderstood(f"{source.name} is packed with {packing}. Unpack it, and give the file that is in it.")
    for signature, what in _FOREIGN:
        if head.startswith(signature):
            raise NotUnderstood(
                f"{source.name} is {what}, not a table. Ask the partner for CSV, Excel, fixed width, JSON or XML."
            )
    if _is_binary(head):
        raise NotUnderstood(
            f"{source.name} holds binary data, not text or a workbook. "
            "Ask the partner for CSV, Excel, fixed width, JSON or XML."
        )
    return "text"


def text_of(source: Source) -> Text:
    """In which encoding the bytes are text, decided by all of them."""
    head = head_of(source, 4)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return Text(encoding, because=f"begins with the byte order mark of {encoding.upper()}")
    if wide := _wide(head_of(source, HEAD)):
        return Text(wide, because="every other byte is nought")
    broken, high = _utf8(source), 0
    counts: Counter[int] = Counter()
    for chunk in source.chunks():
        counts.update(chunk.translate(None, bytes(range(128))))
    high = counts.total()
    if not high:
        return Text("utf-8", because="plain ASCII throughout, which is UTF-8 too")
    if not broken:
        return Text("utf-8", because=f"all {high:,} bytes beyond ASCII are valid UTF-8")
    if broken * 20 < high:
        doubt = (
            f"{counted(broken, 'byte')} not UTF-8: the rows will be rejected as undecodable; ask where they come from"
        )
        return Text("utf-8", because=f"most of the {high:,} bytes beyond ASCII are UTF-8", unsure=doubt)
    return _by_plausibility(counts)


def head_of(source: Source, count: int) -> bytes:
    """The first bytes."""
    held = bytearray()
    for chunk in source.chunks():
        held += chunk
        if len(held) >= count:
            break
    return bytes(held[:count])


_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _is_opendocument(head: bytes) -> bool:
    return any(part in head for part in _WORKBOOK_PARTS)


def _is_binary(head: bytes) -> bool:
    if head.startswith(tuple(mark for mark, _ in _MARKS)) or _wide(head):
        return False
    return len(head) - len(head.translate(None, _CONTROL)) > _MOST_CONTROLS * len(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: text that is mostly ASCII has a nought in every other byte."""
    half = len(head) // 2
    even, odd = head[: 2 * half : 2].count(0), head[1 : 2 * half : 2].count(0)
    if half < 8 or head[:half].count(0) == 0:  # noqa: PLR2004 - a few bytes prove nothing
        return None
    if odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 * half and odd < 0.05 * half else None


def _utf8(source: Source) -> int:
    """How many bytes are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    broken = 0
    for text in _pieces(source, decoder):
        if not text.isascii():
            broken += sum("\udc80" <= letter <= "\udcff" for letter in text if letter > "\ud7ff")
    return broken


def _pieces(source: Source, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    for chunk in source.chunks():
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _by_plausibility(counts: Counter[int]) -> Text:
    """The encoding in which the high bytes make the most usual letters; the likelier one where two come out alike."""
    scores = {encoding: _plausibility(encoding, counts) for encoding in _ENCODINGS}
    best = max(_ENCODINGS, key=lambda encoding: (scores[encoding], -_ENCODINGS.index(encoding)))
    shown = "".join(bytes([byte]).decode(best, "replace") for byte, _ in counts.most_common(8))
    rivals = [one for one in _ENCODINGS if one != best and scores[one] > scores[best] - 0.15]
    return Text(
        best,
        because=f"not UTF-8; its {counts.total():,} bytes beyond ASCII read as {shown}",
        unsure=f"{best} is the likeliest, but {' and '.join(rivals)} would fit too: compare a name with an accent."
        if _differs(best, rivals, counts)
        else None,
    )


def _differs(best: str, rivals: list[str], counts: Counter[int]) -> bool:
    data = bytes(counts)
    return any(data.decode(best, "replace") != data.decode(rival, "replace") for rival in rivals)


def _plausibility(encoding: str, counts: Counter[int]) -> float:
    total = sum(count * _weight(bytes([byte]).decode(encoding, "replace")) for byte, count in counts.items())
    return total / counts.total()


def _weight(letter: str) -> float:
    if letter in _USUAL:
        return _USUAL_WEIGHT
    if letter in _TURKISH_OR_EASTERN or letter in _CYRILLIC:
        return _REGIONAL_WEIGHT
    if letter == "\ufffd" or not letter.isprintable():
        return _UNDEFINED_WEIGHT
    return _LETTER_WEIGHT if letter.isalpha() else _ODD_WEIGHT
