"""What the settings in force promise of feeds, for whoever looks at many of them: read once a version."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from threading import Lock
from typing import NamedTuple
from uuid import UUID

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import ConfigError, Document, KeyPath, decode, read
from gateway.db.models import PartnerConfig
from gateway.logging import get_logger
from ingest.feed import Expected

MOST = 1_024  # versions that are kept in mind, a few hundred bytes each; reading one takes tens of milliseconds

log = get_logger(__name__)

_kept: dict[UUID, Mapping[str, Promise]] = {}  # a version never changes
_turn = Lock()


class Promise(NamedTuple):
    """What a feed was agreed to bring, and when."""

    contents: str
    expected: Expected | None


def promises_of(session: Session, versions: Collection[UUID]) -> dict[UUID, Mapping[str, Promise]]:
    """By version, what it says of each of its feeds; of one that cannot be read any more, nothing."""
    with _turn:
        known = {one: _kept[one] for one in versions if one in _kept}
    lacking = [one for one in versions if one not in known]
    if not lacking:
        return known
    configs = session.scalars(select(PartnerConfig).where(PartnerConfig.id.in_(lacking)))
    found = {one.id: _read(one) for one in configs}
    with _turn:
        _kept.update(found)
        for oldest in list(_kept)[: max(0, len(_kept) - MOST)]:
            del _kept[oldest]
    return known | found


def _read(config: PartnerConfig) -> Mapping[str, Promise]:
    """Without the rest of the feeds, which takes three times as long."""
    try:
        document = read(config.source)
        feeds = document.node(("feeds",))
        names = [key.value for key, _ in feeds.value] if isinstance(feeds, yaml.MappingNode) else []
        return {name: _promise(document, ("feeds", name)) for name in names}
    except ConfigError as error:
        log.error("settings in force cannot be read", version=str(config.id), why=error.sentence)  # noqa: TRY400 - enough
        return {}


def _promise(document: Document, at: KeyPath) -> Promise:
    when = (*at, "expected")
    expected = decode(document, Expected, when) if document.node(when) else None
    return Promise(decode(document, str, (*at, "contents")), expected)
