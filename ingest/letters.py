"""In which encoding corrections were saved, where they are no Unicode: told by the rows that they belong to, or asked.

A spreadsheet saves plain "CSV" in the encoding of its country, which the file does not name. But the cells that nobody
changed, and the column Problems, are known: an encoding that reads them as they were sent is the right one, at least
for the bytes on which all such encodings agree.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from msgspec import structs

from gateway.spreadsheet import restore
from ingest import formats
from ingest.corrections import PROBLEMS, ROW, Originals, Saved, counterparts
from ingest.formats.base import FormatSpec, Refused, Source
from ingest.formats.csv import CsvFormat
from ingest.formats.text import codec_of

# of Windows, of the Mac, of MS-DOS; the first that fits is named, of those that read the file alike
_COMMON = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1257",
    "mac_roman",
    "mac_latin2",
    "cp850",
    "cp852",
    "cp437",
)


def told(source: Source, saved: Saved, originals: Originals, agreed: FormatSpec) -> Saved:
    """How a corrections file was saved, its encoding included.

    Args:
        source: the file.
        saved: as it was recognised.
        originals: the rows that it corrects.
        agreed: the format of the feed; an encoding that it names is right unless the rows say otherwise.

    Raises:
        Refused: `unknown_encoding`.
    """
    if not saved.in_doubt or not isinstance(saved.format, CsvFormat):
        return saved
    evidence = _Evidence(_named(agreed))
    for known, cell in _cells(source, saved, originals):
        evidence.add(known, cell)
    if (encoding := evidence.verdict) is None:
        raise Refused("unknown_encoding", file=source.name)
    return replace(saved, format=structs.replace(saved.format, encoding=encoding), in_doubt=False)


def _named(agreed: FormatSpec) -> str | None:
    """The encoding that the feed names, where it is none of Unicode's."""
    name = getattr(agreed, "encoding", None)
    return codec_of(name) if name and not codec_of(name).startswith("utf") else None


class _Evidence:
    """The encodings that no known cell speaks against, and the bytes that nothing is known of."""

    def __init__(self, agreed: str | None) -> None:
        self._agreed = agreed
        self._alive = [*dict.fromkeys([*([agreed] if agreed else []), *_COMMON])]
        self._unknown: set[int] = set()

    def add(self, known: str | None, cell: str) -> None:
        """One cell, each of its bytes as a sign, and what it was before."""
        if cell.isascii():
            return
        raw = cell.encode("latin-1")
        fitting = [one for one in self._alive if known is not None and _plain(_decoded(raw, one)) == _plain(known)]
        if fitting:
            self._alive = fitting
        else:
            self._unknown |= {byte for byte in raw if byte >= 0x80}  # noqa: PLR2004 - where encodings differ

    @property
    def verdict(self) -> str | None:
        """The agreed encoding, else any, where all that are left read the unknown bytes alike."""
        raw = bytes(sorted(self._unknown))
        readings = {one: _decoded(raw, one) for one in self._alive}
        possible = {one: text for one, text in readings.items() if "\ufffd" not in text}
        if self._agreed in possible:
            return self._agreed
        return next(iter(possible)) if len(set(possible.values())) == 1 else None


def _decoded(raw: bytes, encoding: str) -> str:
    return raw.decode(encoding, "replace")


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _cells(source: Source, saved: Saved, originals: Originals) -> Iterator[tuple[str | None, str]]:
    """Each cell with what it was before; None where that is not known."""
    table = formats.open_table(source, saved.format)
    [header] = [part.header for part in table.parts]
    sent = originals.header(saved.parts[None])
    places = [*_places(header, sent)]
    yield from ((None if place is None else sent[place], name) for name, place in zip(header, places, strict=True))
    for batch in table.batches():
        for row in batch.cells:
            yield from _known(header, row, places, originals)
        yield from ((None, cell) for broken in batch.broken for cell in broken.cells)


def _places(header: Sequence[str], sent: Sequence[str]) -> Iterator[int | None]:
    """Where each column stood; a name that cannot be read yet is believed to stand where it stood."""
    for place, found in enumerate(counterparts([restore(name) for name in header], sent)):
        yield place if found is None and place < len(sent) and not header[place].isascii() else found


def _known(
    header: Sequence[str], row: Sequence[str], places: Iterable[int | None], originals: Originals
) -> Iterator[tuple[str | None, str]]:
    by_name = dict(zip(header, row, strict=True))
    original = originals.row(by_name[ROW].strip().removeprefix("'"))
    for name, cell, place in zip(header, row, places, strict=True):
        if name == PROBLEMS:
            if original and not cell.isascii():
                yield original.problems, cell
        elif original is None or place is None or place in original.wrong:
            yield None, restore(cell)
        else:
            yield original.cells[place], restore(cell)
