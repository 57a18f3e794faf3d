"""The section `feeds` of partner.yaml: whether it makes sense, and which feed a file belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import chain
from pathlib import Path

from gateway.config import Beside, Checked, ConfigError, Document, Finding, Name, Section, read
from ingest.arrivals.rest.accounts import account_faults
from ingest.catalogue import describe_file
from ingest.feed import DocumentSpec, Feed
from ingest.formats.base import Refused
from ingest.lookup_tables import given_tables, lacking_tables, read_tables
from ingest.mapping.specs import check_feed, specs_of
from ingest.primary import primary_faults

Feeds = dict[Name, Feed]


def _check(feeds: Feeds, document: Document, beside: Beside) -> Checked:
    """Whether feeds make sense, and whether the tables are there in which sound ones look something up."""
    wrong = {name: [*_feed_findings(name, feed, document)] for name, feed in feeds.items()}
    sound = {name: feed for name, feed in feeds.items() if not wrong[name]}
    tables, more = _tables(sound, document, beside)
    between = chain(account_faults(feeds), primary_faults(feeds))
    shared = [document.finding(("feeds", *path), sentence) for path, sentence in between]
    return Checked([*chain.from_iterable(wrong.values()), *_overlaps(feeds, document), *shared, *more], tables)


FEEDS: Section[Feeds] = Section("feeds", Feeds, _check)


def remarks_on(feeds: Feeds) -> list[str]:
    """What is valid, and may still surprise: sentences for whoever checks settings."""
    return [
        f"In {name}, a row of which a part of {spec.key} ({' + '.join(joined)}) is blank brings no {kind};"
        f" say `required: true`, or by `when` which rows bring one."
        for name, feed in feeds.items()
        for section in (feed, *map(feed.section, feed.parts))
        for kind, spec, _ in specs_of(section)
        if not isinstance(spec, DocumentSpec) and spec.when is None
        if (joined := spec.fields[spec.key].join) and not spec.fields[spec.key].required
    ]


@lru_cache(maxsize=16)
def applied_feeds(source: str, name: str | None = None, *, tables: frozenset[str]) -> Mapping[str, Feed]:
    """The feeds of a stored version, which never changes; reading one takes longer than loading a row does.

    Args:
        source: its text.
        name: for sentences.
        tables: the names of those stored with it; they were checked when it was applied, and only have to be there.

    Raises:
        ConfigError: it was applied when other things were allowed.
    """
    document = read(source, name)
    feeds = FEEDS.decoded(document)
    wrong = [finding for name, feed in feeds.items() for finding in _feed_findings(name, feed, document)]
    if findings := [*wrong, *lacking_tables(feeds, tables, document)]:
        raise ConfigError(findings)
    return feeds


def _tables(feeds: Feeds, document: Document, beside: Beside) -> tuple[Mapping[str, str], list[Finding]]:
    if isinstance(beside, Path):
        return read_tables(beside, feeds, document)
    if beside is not None:
        return given_tables(beside, feeds, document)
    return {}, lacking_tables(feeds, (), document)


def _feed_findings(name: str, feed: Feed, document: Document) -> Iterator[Finding]:
    for error in check_feed(feed):
        # the sentence of a mapping error carries its suggestion already
        yield document.finding(("feeds", name, *error.path), error.sentence)
    for number, arrival in enumerate(feed.arrivals):
        for path, sentence in arrival.faults(feed):
            yield document.finding(("feeds", name, "arrivals", number, *path), sentence)


def _overlaps(feeds: Feeds, document: Document) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for name, feed in feeds.items():
        for glob in _globs(feed):
            if glob in seen:
                message = f"Files named {glob} belong to the feed {seen[glob]} already."
                yield document.finding(("feeds", name, "file"), message)
            seen.setdefault(glob, name)


def _globs(feed: Feed) -> list[str]:
    return [feed.file] if isinstance(feed.file, str) else feed.file


def feed_for(feeds: Mapping[str, Feed], file_name: str) -> str:
    """The feed whose globs match an arriving name; the first in the file's order wins.

    Raises:
        Refused: `unknown_feed`.
    """
    return named_by({name: _globs(feed) for name, feed in feeds.items()}, file_name)


def named_by(globs: Mapping[str, Sequence[str]], file_name: str) -> str:
    """The same, where of feeds nothing but their globs is known.

    Raises:
        Refused: `unknown_feed`.
    """
    for name, patterns in globs.items():
        if any(fnmatchcase(file_name, glob) for glob in patterns):
            return name
    raise _unknown(globs, file_name)


def feed_named(feeds: Mapping[str, Feed], name: str, file_name: str) -> Feed:
    """A feed that somebody named, or to which corrections belong; the settings may have lost it since.

    Raises:
        Refused: `unknown_feed`.
    """
    if name not in feeds:
        raise _unknown({one: _globs(feed) for one, feed in feeds.items()}, file_name)
    return feeds[name]


def _unknown(globs: Mapping[str, Sequence[str]], file_name: str) -> Refused:
    expected = ", ".join(glob for patterns in globs.values() for glob in patterns)
    return Refused("unknown_feed", file=file_name, expected=expected or "none is agreed yet")


def refusal(refused: Refused) -> tuple[str, str, str]:
    """The code, the sentence and the fix of a refused file."""
    return (refused.code, *describe_file(refused.code, **refused.details))
