"""How a stored file is read: which of its bytes, by which version of which feed, and as what kind of table.

A file that was not read yet is read as its name, its sender or its own column `Row` say; an ended import is read again
as its record says that it was. Whoever needs the rows of a stored file asks here, so that both ways stay one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, File, Import, PartnerConfig
from gateway.domain.partners import names, versions
from gateway.domain.partners.homes import Home
from ingest import acceptances, corrections, formats
from ingest.feed import Feed
from ingest.feeds import applied_feeds, feed_for, feed_named
from ingest.formats.base import FormatSpec, Refused, Source, Table
from ingest.instants import instant_of
from ingest.letters import told
from ingest.rows import VIA, as_rows, open_rows
from ingest.unpacking import plain

READING_VERSION = "4"  # raised when the same bytes under the same config would be read differently


@dataclass(frozen=True, slots=True)
class Reading:
    """How the bytes are read: which feed, which version of it, as of when.

    Attributes:
        source: what was unpacked from the stored file, or that itself.
        feed: as these bytes are read, which is not quite as it stands in partner.yaml for corrections and rows.
        learned: column names accepted for it.
        saved: how corrections were saved; None where the file holds none.
        originals: the rows that they correct, as they were sent.
        corrects: the import that they correct.
        is_rows: the source holds rows sent singly, see `ingest.rows`.
        remarks: sentences where it does not say as of when it speaks.
    """

    source: Source
    config: PartnerConfig
    feed_name: str
    feed_id: UUID
    feed: Feed
    learned: dict[str, list[str]]
    as_of: datetime
    saved: corrections.Saved | None
    originals: corrections.Originals | None
    corrects: UUID | None
    is_rows: bool
    remarks: Sequence[str] = ()

    @property
    def format(self) -> FormatSpec:
        """Of these very bytes."""
        return self.saved.format if self.saved else self.feed.format

    @property
    def tables(self) -> Mapping[str, str]:
        """The text of the tables in which the feed looks something up, by name, as far as they are there."""
        return {name: text for name in self.feed.tables if (text := self.config.tables.get(name)) is not None}

    @property
    def digest(self) -> str:
        """Equal digests read equal bytes alike."""
        parts: list[object] = [READING_VERSION, str(self.config.version), self.learned, self.feed_name]
        if self.is_rows:
            parts.append("rows")
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()

    def open(self) -> Table:
        """The table, of which nothing but the header was read yet.

        Raises:
            Refused: nothing in it can be read.
        """
        if self.saved and self.originals:
            return corrections.Corrections(self.source, self.saved, self.originals, self.feed)
        if self.is_rows:
            return open_rows(self.source, self.feed, self.learned)
        return formats.open_table(self.source, self.feed.format)


def choose_reading(
    session: Session,
    home: Home,
    stored: Source,
    *,
    is_rows: bool,
    feed: str | None,
    as_of: datetime | None,
    received_at: datetime,
    config_id: UUID | None,
    recall: corrections.Recall,
    accepted: Sequence[acceptances.Acceptance],
    unapplied: PartnerConfig | None = None,
) -> Reading:
    """Decide by name, by hint or by the column `Row` which feed a file belongs to, and as of when it speaks.

    Args:
        session: the firm's.
        home: the partner's.
        stored: the file.
        is_rows: it holds rows sent singly.
        feed: named by whoever sent it, else None: its name decides.
        as_of: given by whoever sent it, else None: the file itself or the time of arrival decides.
        received_at: when it came.
        config_id: the version with which it was held; None for the one in force.
        recall: finds the rows that corrections belong to.
        accepted: names of columns that somebody accepted for this file.
        unapplied: settings by which to read, as if they were in force; the feeds that they name are on record.

    Raises:
        Refused: `unknown_feed`, `unknown_import`, and whatever `plain`, `as_saved`, `told` and `recall` refuse.
        ConfigError: the version was applied when other things were allowed.
    """
    config = unapplied or _version_of(session, home, config_id)
    feeds = feeds_of(config, f"{home.slug} version {config.version}")
    source = _bytes_of(stored, feeds, is_rows=is_rows)
    originals = None
    if saved := None if is_rows else corrections.recognise(source):
        original = _original(session, home, saved)
        name = _feed_name(session, original)
        agreed, originals = feed_named(feeds, name, source.name), recall(session, original)
        saved = told(source, saved, originals, agreed.format)
        read = _as_read(agreed, source, saved, is_rows=False)
        feed_id, corrects = original.feed_id, original.id
        speaks_of: datetime | None = original.as_of or original.received_at
    else:
        name = feed or feed_for(feeds, source.name)
        read = _as_read(feed_named(feeds, name, source.name), source, None, is_rows=is_rows)
        feed_id, corrects = names.feed_id(session, home.partner_id, name), None
        speaks_of = as_of
    feed_id = _present(feed_id)
    learned = acceptances.joined(names.learned_names(session, feed_id), accepted)
    said, remarks = (speaks_of, []) if speaks_of else instant_of(read, source, home.time_zone, learned)
    instant = said or received_at
    return Reading(source, config, name, feed_id, read, learned, instant, saved, originals, corrects, is_rows, remarks)


def past_reading(session: Session, arrival: Import, stored: Source, recall: corrections.Recall) -> Reading:
    """How an ended import was read; by the names that are learned today, and those that wait with it.

    Raises:
        Refused: whatever `told` and `recall` refuse.
    """
    config = _version(session, arrival.config_id)
    feeds, name, feed_id = feeds_of(config), _feed_name(session, arrival), _present(arrival.feed_id)
    is_rows = session.get_one(File, (arrival.firm_id, arrival.file_id)).via == VIA
    source = _bytes_of(stored, feeds, is_rows=is_rows)
    saved, originals = (corrections.recognise(source), None) if arrival.corrects_import_id else (None, None)
    if saved:
        corrected = session.get_one(Import, (arrival.firm_id, arrival.corrects_import_id))
        originals = recall(session, corrected)
        saved = told(source, saved, originals, feeds[name].format)
    return Reading(
        source=source,
        config=config,
        feed_name=name,
        feed_id=feed_id,
        feed=_as_read(feeds[name], source, saved, is_rows=is_rows),
        learned=learned_today(session, arrival),
        as_of=arrival.as_of or arrival.received_at,
        saved=saved,
        originals=originals,
        corrects=arrival.corrects_import_id,
        is_rows=is_rows,
    )


def learned_today(session: Session, arrival: Import) -> dict[str, list[str]]:
    """The names by which an ended import is read: those that its feed has learned, and those that wait with it."""
    return acceptances.joined(names.learned_names(session, _present(arrival.feed_id)), acceptances.of(arrival))


def feeds_of(config: PartnerConfig, name: str | None = None) -> Mapping[str, Feed]:
    """The feeds of a stored version, with the tables that were stored with it.

    Args:
        config: the version.
        name: for sentences.

    Raises:
        ConfigError: it was applied when other things were allowed.
    """
    return applied_feeds(config.source, name, tables=frozenset(config.tables))


def feed_of(session: Session, arrival: Import) -> Feed:
    """The feed to which an import belongs, as it stands in the version with which it was read."""
    return feeds_of(_version(session, arrival.config_id))[_feed_name(session, arrival)]


# ------------------------------------------------------------------------------------------------ bytes


def _bytes_of(stored: Source, feeds: Mapping[str, Feed], *, is_rows: bool) -> Source:
    return stored if is_rows else plain(stored, feeds.values())


def _as_read(feed: Feed, source: Source, saved: corrections.Saved | None, *, is_rows: bool) -> Feed:
    if is_rows:
        return as_rows(feed)
    return corrections.as_saved(feed, saved, source.name) if saved else feed


# ------------------------------------------------------------------------------------------------ record


def _version_of(session: Session, home: Home, config_id: UUID | None) -> PartnerConfig:
    return _version(session, config_id) if config_id else versions.active_config(session, home.partner_id)


def _version(session: Session, config_id: UUID | None) -> PartnerConfig:
    return session.scalars(select(PartnerConfig).where(PartnerConfig.id == config_id)).one()


def _feed_name(session: Session, arrival: Import) -> str:
    return session.scalars(select(FeedRow.name).where(FeedRow.id == arrival.feed_id)).one()


def _original(session: Session, home: Home, saved: corrections.Saved) -> Import:
    original = session.scalar(select(Import).where(Import.id == saved.import_id, Import.partner_id == home.partner_id))
    if original is None or original.feed_id is None:
        raise Refused("unknown_import")
    return original


def _present(feed_id: UUID | None) -> UUID:
    assert feed_id is not None  # noqa: S101 - a feed that the settings name is on record, and so is that of rows read
    return feed_id
