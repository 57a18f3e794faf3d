"""Rows that came as JSON objects instead of a file: read as a file of their feed is, but that keys may be left out.

They are stored as JSON lines, a row on the line of its number, each as the caller wrote it.
"""

from __future__ import annotations

from typing import ClassVar

from msgspec import structs

from ingest.feed import Feed
from ingest.formats.base import Source, Table
from ingest.formats.json import JsonFormat, JsonTable
from ingest.mapping.headers import Headers, standing
from ingest.mapping.specs import check_feed

VIA = "records"  # how such an arrival is told from a file, for good: whoever takes it up again must read it alike


class RowsFormat(JsonFormat, frozen=True, kw_only=True, tag="rows"):
    """JSON lines; `columns` may be any names, not only paths. Each has an answer, one without content too."""

    keeps_blank: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """No name is wrong here: what a feed calls a column may end in a dot."""


class TypedRowsFormat(RowsFormat, frozen=True, kw_only=True, tag="typed rows"):
    """Rows for a feed whose files have real dates and numbers: ISO 8601, and a decimal point."""

    typed_cells: ClassVar[bool] = True


def as_rows(feed: Feed) -> Feed:
    """The feed as rows of it are to be read: each is a change, whatever its files are, and names no absent people."""
    kind = TypedRowsFormat if feed.format.typed_cells else RowsFormat
    explode = feed.format.explode if isinstance(feed.format, JsonFormat) else None
    columns = feed.format.columns if isinstance(feed.format, JsonFormat) else []
    return structs.replace(
        feed, format=kind(explode=explode, columns=columns), contents="changes", absent="ignore", as_of=None
    )


def takes_rows(feed: Feed) -> bool:
    """Whether rows can be told apart from one another at all: those of a sheet or record type cannot."""
    return bool(feed.client or feed.case) and not check_feed(as_rows(feed))


def open_rows(source: Source, feed: Feed, learned: dict[str, list[str]]) -> Table:
    """Open stored rows; a column that the feed needs and no row has is blank in all of them.

    So a row without it is rejected for what it lacks, where a file would be held for its header.

    Args:
        source: the stored rows.
        feed: see `as_rows`.
        learned: column names accepted since.

    Raises:
        Refused: `too_large`, too many different keys.
    """
    spec = feed.format
    assert isinstance(spec, RowsFormat)  # noqa: S101 - see as_rows
    table = JsonTable(source, spec)
    lacking = [names[0] for names in standing(feed, Headers(table.parts[0].header, learned)).missing]
    if not lacking:
        return table
    return JsonTable(source, structs.replace(spec, columns=[*spec.columns, *lacking]))
