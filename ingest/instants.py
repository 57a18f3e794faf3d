"""Of which instant a file speaks: what its name says of that, or a column or line of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import PurePath
from zoneinfo import ZoneInfo

from gateway.values import dates
from gateway.values.base import BadValue
from ingest import formats
from ingest.catalogue import shorten
from ingest.feed import AsOf, Feed
from ingest.formats.base import Refused, Source
from ingest.formats.csv import CsvFormat, text_in_line
from ingest.formats.fixed import FixedFormat, texts_of_frame
from ingest.formats.text import presentable
from ingest.mapping.headers import Headers
from ingest.mapping.plan import compile_condition


def instant_of(
    feed: Feed, source: Source, time_zone: str, learned: dict[str, list[str]]
) -> tuple[datetime | None, list[str]]:
    """The instant, and a remark where a file does not tell what it should: then it counts from the time it arrived.

    A file whose name does not say it is read once more for that, before anything is made of its rows. Without a time of
    day, the instant is midnight in the partner's zone.
    """
    if (as_of := feed.as_of) is None:
        return None, []
    if as_of.file_name is not None:
        return _of_name(as_of.file_name, PurePath(source.name).name, ZoneInfo(time_zone)), []
    try:
        return _agreed(_texts(feed, as_of, source, learned), feed, as_of, ZoneInfo(time_zone)), []
    except _Unsaid as why:
        return None, [f"The file does not say of which day it is: {why}. So it counts from the time it arrived."]
    except Refused:  # as it will be when its rows are read
        return None, []


# ------------------------------------------------------------------------------------------------ what is said


def _texts(feed: Feed, as_of: AsOf, source: Source, learned: dict[str, list[str]]) -> Iterator[str]:
    spec = feed.format
    if as_of.line is not None and isinstance(spec, CsvFormat):
        said: Iterator[str] = iter([text_in_line(source, spec, as_of.line, as_of.cell)])
    elif isinstance(spec, FixedFormat) and any(as_of.column in columns for columns in spec.framing.values()):
        said = texts_of_frame(source, spec, as_of.column or "")
    else:
        said = _in_rows(feed, as_of.column or "", source, learned)
    blanks = {"", *feed.none_values}
    return (text for one in said if (text := one.strip()) not in blanks)


def _in_rows(feed: Feed, column: str, source: Source, learned: dict[str, list[str]]) -> Iterator[str]:
    """What a column says in the rows that are data."""
    table = formats.open_table(source, feed.format)
    headers = [Headers(part.header, learned) for part in table.parts]
    for batch in table.batches():
        section, found = feed.section(table.parts[batch.part].name), headers[batch.part]
        place = found.index(column)
        if place is None or (section.where and found.index(section.where.column) is None):
            continue
        is_data = compile_condition(section.where, found, frozenset(feed.none_values))
        yield from dict.fromkeys(row[place] for row in batch.cells if is_data is None or is_data(row))


class _Unsaid(Exception):  # noqa: N818 - no fault of ours
    """Why it is not told, in words."""


def _of_name(pattern: str, name: str, zone: ZoneInfo) -> datetime | None:
    try:
        return _in_zone(datetime.strptime(name, pattern), zone)  # noqa: DTZ007 - the zone is the partner's
    except ValueError:
        return None


def _agreed(texts: Iterator[str], feed: Feed, as_of: AsOf, zone: ZoneInfo) -> datetime:
    """What all texts say."""
    where = f"the column {as_of.column}" if as_of.line is None else f"line {as_of.line}"
    parse = dates.moment(as_of.formats, as_of.pivot, or_real=feed.format.typed_cells)
    said, first = None, ""
    for text in texts:
        if said is not None and text == first:
            continue
        found = _in_zone(_parsed(parse, text, where), zone)
        if said is None:
            said, first = found, text
        elif found != said:
            raise _Unsaid(f"{where} says both “{_shown(first)}” and “{_shown(text)}”")
    if said is None:
        raise _Unsaid(f"{where} says nothing")
    return said


def _parsed(parse: Callable[[str], datetime], text: str, where: str) -> datetime:
    try:
        return parse(text)
    except BadValue as bad:
        raise _Unsaid(f"“{_shown(text)}” in {where} is no date as agreed ({bad.details['expected']})") from None


def _in_zone(found: datetime, zone: ZoneInfo) -> datetime:
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _shown(text: str) -> str:
    return presentable(shorten(text, 40))
