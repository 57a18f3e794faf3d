"""What is doubtful about a file as a whole, whatever its rows say.

A number out of turn, an instant yet to come, an encoding or a delimiter that was not agreed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from msgspec import structs

from gateway.values.base import alternatives
from ingest import formats, history
from ingest.binding import Held
from ingest.catalogue import describe_file
from ingest.feed import Feed
from ingest.formats.base import Part, Refused, Source, Table
from ingest.formats.csv import CsvFormat, CsvTable
from ingest.formats.encodings import Tally, is_silent, tally
from ingest.formats.text import codec_of, spoken
from ingest.mapping.headers import Headers, doubled, standing
from ingest.naming import tidied

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
AHEAD = timedelta(days=2)  # a payroll dated tomorrow, by a partner whose day begins before ours, is no mistake


def check_instant(as_of: datetime, received_at: datetime, waived: Collection[str]) -> None:
    """A mistyped year must not make all later files count as older, nor end people on a day that has not come.

    Raises:
        Held: `future_guard`.
    """
    if as_of - received_at > AHEAD and "future_guard" not in waived:
        details: dict[str, object] = {"day": f"{as_of:%Y-%m-%d}", "days": (as_of - received_at).days}
        raise Held("future_guard", details, [], [])


def check_encoding(source: Source, table: Table, waived: Collection[str]) -> list[str]:
    """UTF-8 that is read as Windows-1252 loads without a word, but as `MÃ¼ller`; a remark where some of it may be.

    The bytes are read once for that, before anything is made of them; only where such an encoding was agreed.

    Raises:
        Held: `wrong_encoding`.
    """
    codec = codec_of(getattr(table, "encoding", "utf-8"))
    found = tally(source) if is_silent(codec) else Tally()
    details: dict[str, object] = {"agreed": spoken(codec), "utf8": found.utf8, "high": found.utf8 + found.others}
    if found.is_utf8 and "wrong_encoding" not in waived:
        raise Held("wrong_encoding", details, [], [])
    return [describe_file("wrong_encoding", **details)[0]] if found.utf8 else []


def check_number(
    due: int | None, table: Table, header: Sequence[str], waived: Collection[str], *, forced: bool, complete: bool
) -> None:
    """Full files may leave numbers out, for each says all; changes may not.

    Args:
        due: the number that the file should have, where that is known.
        table: of which all rows have been read.
        header: of all its parts.
        waived: what a person set aside.
        forced: a number that was taken is no hindrance.
        complete: whether it is a full file.

    Raises:
        Refused: `sequence_gap`, the number was taken already.
        Held: `sequence_gap`, a number was left out.
    """
    odd = history.misnumbered(due, table)
    if odd is None or "sequence_gap" in waived:
        return
    if odd.is_replay and not forced:
        raise Refused("sequence_gap", **odd.details)
    if not odd.is_replay and not complete:
        raise Held("sequence_gap", odd.details, [], list(header))


def check_delimiter(source: Source, feed: Feed, learned: Mapping[str, list[str]]) -> None:
    """Of a file in which the agreed columns are not found: they may be there, and stand between other marks.

    Raises:
        Refused: `other_delimiter`.
    """
    if not isinstance(feed.format, CsvFormat):
        return
    agreed = feed.format.separator
    found = _fit(source, feed, feed.format, agreed, learned)
    if found and feed.format.header_row == 0:
        return
    fits = {mark: _fit(source, feed, feed.format, mark, learned) for mark in DELIMITERS if mark != agreed}
    best = max(fits, key=lambda mark: fits[mark])
    if fits[best] > max(found, 1):
        expected = DELIMITERS.get(agreed, f"“{agreed}”")
        raise Refused("other_delimiter", file=source.name, found=DELIMITERS[best], expected=expected)


def doubled_names(part: Part, feed: Feed, headers: Headers) -> Iterator[str]:
    """A remark for each name that several columns of a part have, of which the first is read.

    Args:
        part: of a file.
        feed: as it reads that part.
        headers: of the part.
    """
    where = f"the header of the sheet “{part.name}”" if part.name and part.header_row else "the header"
    for places in doubled(feed, headers):
        name, first = tidied(headers.found[places[0]]), places[0] + 1
        yield (
            f"The column “{name}” stands in {where} more than once, as columns "
            f"{alternatives((str(place + 1) for place in places), joint='and')}: column {first} is read. "
            f"If another one is meant, the settings must say which: “{name}#2” is the second."
        )


def has_one_column(table: Table, feed: Feed) -> bool:
    """Whether a file may be one of another delimiter, although what was agreed is found in it.

    Either it has one column, perhaps a whole line that somebody once accepted as a name, or it has no header to tell.
    """
    is_bare = isinstance(feed.format, CsvFormat) and feed.format.header_row == 0
    return is_bare or [len(part.header) for part in table.parts] == [1]


def _fit(source: Source, feed: Feed, spec: CsvFormat, mark: str, learned: Mapping[str, list[str]]) -> int:
    """How many columns the feed finds between these marks; without a header, how many there are in its rows."""
    with suppress(Refused, ValueError):
        table = formats.open_table(source, structs.replace(spec, delimiter=mark))
        assert isinstance(table, CsvTable)  # noqa: S101 - of a CsvFormat
        if spec.header_row == 0:
            return len(table.header) if any(_fitting(table)) else 0
        headers = Headers(table.header, dict(learned))
        return len([name for name in table.header if name.strip()]) - len(standing(feed, headers).unused)
    return 0


def _fitting(table: CsvTable) -> Iterator[bool]:
    """Whether rows at the beginning have as many cells as the table has columns."""
    yield from (bool(batch.rows) for batch in islice(table.batches(), 1))
