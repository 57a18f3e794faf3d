"""Binds a feed to every part of a file, or says what a person must decide first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from gateway.values.base import alternatives
from ingest.feed import Feed
from ingest.formats.base import Part, Refused, Table
from ingest.mapping.headers import Headers, Standing, Suggestion, standing
from ingest.mapping.plan import FeedPlan, compile_feed
from ingest.mapping.tables import parse_all

NO_TEXTS: Mapping[str, str] = {}


class Held(Exception):  # noqa: N818 - the state of the file that it leads to
    """A person must decide before the file can be read."""

    def __init__(
        self,
        code: str,
        details: dict[str, object],
        suggestions: list[Suggestion],
        header: list[str],
        *,
        is_foreign: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.details = details
        self.suggestions = suggestions
        self.header = header
        self.is_foreign = is_foreign  # nothing in the header is the feed's, nor looks like it


def bind(
    table: Table,
    feed: Feed,
    learned: dict[str, list[str]],
    today: date,
    file_name: str,
    tables: Mapping[str, str] = NO_TEXTS,
) -> list[FeedPlan]:
    """The feed compiled for each part of the file.

    Args:
        table: an opened file.
        feed: as it stands in partner.yaml.
        learned: column names accepted since.
        today: what `today` means in checks.
        file_name: for sentences.
        tables: the text of the CSV tables that lookups name, by name.

    Raises:
        Held: a column without which a part cannot be read is missing; says which new column it probably became. Or two
            columns could be the one that is meant.
        Refused: `header_foreign`, nothing of the feed stands in the file.
    """
    parts = headers_of(table, feed, learned, file_name)
    parsed = parse_all(tables)
    return [compile_feed(feed.section(part.name), headers, today, parsed) for part, headers in parts]


def headers_of(table: Table, feed: Feed, learned: dict[str, list[str]], file_name: str) -> list[tuple[Part, Headers]]:
    """The parts of the file with their columns, once no column that the feed needs is missing or in doubt.

    Raises:
        Held, Refused: as `bind`.
    """
    bound = [(part, Headers(part.header, learned)) for part in table.parts]
    stood = [(part, headers, standing(feed.section(part.name), headers)) for part, headers in bound]
    lacking = [(part, headers, it) for part, headers, it in stood if it.missing]
    if not lacking:
        for part, _, it in stood:
            _refuse_alike(part, it)
        return bound
    held = [_held_for(part, headers, it) for part, headers, it in lacking]
    if len(held) == len(bound) and all(one.is_foreign for one in held):
        raise Refused("header_foreign", row=lacking[0][0].header_row, file=file_name)
    raise held[0]


def _refuse_alike(part: Part, it: Standing) -> None:
    for names, found in it.alike:
        both = alternatives((f"“{name}”" for name in found), joint="and")
        raise Held("header_alike", {"found": both, "expected": f"“{names[0]}”"}, [], part.header)


def _held_for(part: Part, headers: Headers, it: Standing) -> Held:
    guesses = headers.suggest(it.missing, it.unused)
    named = alternatives((f"“{names[0]}”" for names in it.missing), joint="and")
    details: dict[str, object] = {
        "missing": f"The column {named} is" if len(it.missing) == 1 else f"The columns {named} are",
        "guesses": "".join(f" {guess}." for guess in guesses),
        "unused": f" Not used so far: {', '.join(it.unused)}." if it.unused else "",
    }
    foreign = it.is_foreign and len(guesses) < len(it.missing)
    return Held("header_missing", details, guesses, part.header, is_foreign=foreign)
