"""Reads a whole partner.yaml: its shape, and whether its feeds make sense; every finding names its line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain
from pathlib import Path

from gateway.config import ConfigError, Document, Finding, PartnerFile, decode, read
from ingest.catalogue import describe_file
from ingest.feed import Feed
from ingest.formats.base import Refused
from ingest.lookup_tables import given_tables, lacking_tables, read_tables
from ingest.mapping.specs import check_feed

Partner = PartnerFile[Feed]

NO_TABLES: Mapping[str, str] = {}


def read_partner(
    source: Path | str, name: str | None = None, *, given: Mapping[str, str] | None = None
) -> tuple[Partner, Document]:
    """Decode a partner.yaml, or its text, and check it to the last field.

    The CSV tables beside a file are read and checked with it, and so are those `given` with a text.

    Raises:
        ConfigError: with everything that is wrong.
    """

    def tables_of(sound: dict[str, Feed], document: Document) -> tuple[Mapping[str, str], list[Finding]]:
        if isinstance(source, Path):
            return read_tables(source.parent, sound, document)
        if given is not None:
            return given_tables(given, sound, document)
        return {}, lacking_tables(sound, (), document)

    return _read(source, name, tables_of)


@lru_cache(maxsize=16)
def applied_partner(source: str, name: str | None = None, *, tables: frozenset[str]) -> Partner:
    """A stored version, which never changes; reading one takes longer than loading a row does.

    Args:
        source: its text.
        name: for sentences.
        tables: the names of those stored with it; they were checked when it was applied, and only have to be there.

    Raises:
        ConfigError: it was applied when other things were allowed.
    """
    return _read(source, name, lambda sound, document: ({}, lacking_tables(sound, tables, document)))[0]


def _read(
    source: Path | str,
    name: str | None,
    tables_of: Callable[[dict[str, Feed], Document], tuple[Mapping[str, str], list[Finding]]],
) -> tuple[Partner, Document]:
    document = read(source, name)
    partner = decode(document, Partner)
    wrong = {name: [*_feed_findings(name, feed, document)] for name, feed in partner.feeds.items()}
    sound = {name: feed for name, feed in partner.feeds.items() if not wrong[name]}
    tables, more = tables_of(sound, document)
    if findings := [*chain.from_iterable(wrong.values()), *_overlaps(partner, document), *more]:
        raise ConfigError(findings)
    return partner, replace(document, tables=tables)


def _feed_findings(name: str, feed: Feed, document: Document) -> Iterator[Finding]:
    for error in check_feed(feed):
        # the sentence of a mapping error carries its suggestion already
        yield document.finding(("feeds", name, *error.path), error.sentence)


def _overlaps(partner: Partner, document: Document) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, feed in partner.feeds.items():
        for glob in _globs(feed):
            if glob in seen:
                message = f"Files named {glob} belong to the feed {seen[glob]} already."
                yield document.finding(("feeds", name, "file"), message)
            seen.setdefault(glob, name)


def _globs(feed: Feed) -> list[str]:
    return [feed.file] if isinstance(feed.file, str) else feed.file


def feed_for(partner: Partner, file_name: str) -> str:
    """The feed whose globs match an arriving name; the first in the file's order wins.

    Raises:
        Refused: `unknown_feed`.
    """
    for name, feed in partner.feeds.items():
        if any(fnmatchcase(file_name, glob) for glob in _globs(feed)):
            return name
    raise _unknown(partner, file_name)


def feed_named(partner: Partner, name: str, file_name: str) -> Feed:
    """A feed that somebody named, or to which corrections belong; the settings may have lost it since.

    Raises:
        Refused: `unknown_feed`.
    """
    if name not in partner.feeds:
        raise _unknown(partner, file_name)
    return partner.feeds[name]


def _unknown(partner: Partner, file_name: str) -> Refused:
    expected = ", ".join(glob for feed in partner.feeds.values() for glob in _globs(feed))
    return Refused("unknown_feed", file=file_name, expected=expected or "none is agreed yet")


def refusal(refused: Refused) -> tuple[str, str, str]:
    """The code, the sentence and the fix of a refused file."""
    return (refused.code, *describe_file(refused.code, **refused.details))
