"""Which places a partner's settings name, and which of the files there each feed takes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import Firm, Partner, PartnerConfig
from gateway.domain.partners.homes import Home
from gateway.office import Office
from ingest.arrivals.base import PlaceSpec, Whose
from ingest.feed import Feed
from ingest.reading import feeds_of

_PACKINGS = (".gz", ".zip", ".pgp", ".gpg", ".asc")


class Claim(NamedTuple):
    """A feed that takes a file; `named` where the file's own name does not say so."""

    feed: str
    named: bool


@dataclass(frozen=True)
class Sought:
    """A place that settings name.

    Attributes:
        claims: the feeds that take files there, and the names of those files.
        unpacks: one of the feeds unpacks archives, whose own names mean nothing.
        trailing: the feeds whose files are whole when their format has come to its end.
    """

    home: Home
    whose: Whose
    place: str
    spec: PlaceSpec
    claims: tuple[tuple[Claim, str], ...]
    unpacks: bool
    trailing: Mapping[str, Feed]

    @property
    def via(self) -> str:
        """The kind of place."""
        return str(self.spec.__struct_config__.tag)

    @property
    def feeds(self) -> set[str]:
        """The feeds that take files there."""
        return {claim.feed for claim, _ in self.claims}

    @property
    def wanted(self) -> str:
        """The names of files that are taken, for people."""
        return ", ".join(dict.fromkeys(glob for _, glob in self.claims))

    def claim(self, name: str) -> Claim | None:
        """The feed that takes a file of this name, the first in the order of the settings; None where none does."""
        for claim, glob in self.claims:
            if any(fnmatchcase(one, glob) for one in self._names(name)):
                return claim
        is_archive = self.unpacks and name.lower().endswith(".zip")
        return Claim("", named=False) if is_archive else None

    def _names(self, name: str) -> Iterator[str]:
        """The name, and without each packing that is taken off before the file is read."""
        yield name
        while self.unpacks and name.lower().endswith(_PACKINGS):
            name = name.rpartition(".")[0]
            yield name


def sought(session: Session, office: Office, home: Home) -> list[Sought]:
    """The places that the partner's settings in force name; several feeds may share one.

    Raises:
        ConfigError: they were applied when other things were allowed.
    """
    current = PartnerConfig.partner_id == home.partner_id, PartnerConfig.active
    config_id = session.scalar(select(PartnerConfig.id).where(*current))
    if config_id is None:
        return []
    feeds = _KNOWN.get(config_id)
    if feeds is None:
        feeds = _KNOWN.keep(config_id, _with_places(session, config_id))
    firm = session.scalar(select(Firm.slug).where(Firm.id == home.firm_id))
    return _by_place(home, Whose(office.settings, str(firm), home.slug), feeds) if feeds else []


def partners(session: Session) -> list[Home]:
    """Partners that are active, in a session of the system."""
    return [Home.of(one) for one in session.scalars(select(Partner).where(Partner.status == "active"))]


def _with_places(session: Session, config_id: UUID) -> Mapping[str, Feed]:
    config = session.scalars(select(PartnerConfig).where(PartnerConfig.id == config_id)).one()
    feeds = feeds_of(config)
    return {name: feed for name, feed in feeds.items() if any(isinstance(one, PlaceSpec) for one in feed.arrivals)}


def _by_place(home: Home, whose: Whose, feeds: Mapping[str, Feed]) -> list[Sought]:
    found: dict[str, Sought] = {}
    for name, feed in feeds.items():
        for spec in feed.arrivals:
            if isinstance(spec, PlaceSpec):
                one = _sought(home, whose, name, feed, spec)
                found[one.place] = _joined(found[one.place], one) if one.place in found else one
    return list(found.values())


def _sought(home: Home, whose: Whose, name: str, feed: Feed, spec: PlaceSpec) -> Sought:
    globs = [spec.glob] if spec.glob else [feed.file] if isinstance(feed.file, str) else feed.file
    claims = tuple((Claim(name, named=spec.glob is not None), glob) for glob in globs)
    unpacks = feed.unpack.zip or feed.unpack.gzip
    return Sought(home, whose, spec.place(whose), spec, claims, unpacks, {name: feed} if spec.waits_for_end else {})


def _joined(first: Sought, more: Sought) -> Sought:
    """How the place is looked at stands with the first feed that names it."""
    claims, trailing = (*first.claims, *more.claims), {**first.trailing, **more.trailing}
    return replace(first, claims=claims, unpacks=first.unpacks or more.unpacks, trailing=trailing)


class _Known:
    """Feeds with places, by version, which never changes: to read one takes longer than to look at a folder."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._feeds: OrderedDict[UUID, Mapping[str, Feed]] = OrderedDict()

    def get(self, config_id: UUID) -> Mapping[str, Feed] | None:
        with self._lock:
            return self._feeds.get(config_id)

    def keep(self, config_id: UUID, feeds: Mapping[str, Feed]) -> Mapping[str, Feed]:
        with self._lock:
            self._feeds[config_id] = feeds
            while len(self._feeds) > self._most:
                self._feeds.popitem(last=False)
        return feeds


_KNOWN = _Known(1_000)
