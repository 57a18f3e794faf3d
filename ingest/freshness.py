"""How fresh the feeds of a partner are: what last became of each, and when something new last came of it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from gateway.db.models import LOADED_STATES, FeedRow, Import, Partner, PartnerConfig
from gateway.domain.partners import versions
from gateway.domain.partners.homes import home_of
from gateway.office import Acting
from ingest.feed import Feed
from ingest.reading import feeds_of

_FRESH_STATES = (*LOADED_STATES, "no_change")


class Freshness(NamedTuple):
    """How fresh a feed is.

    Attributes:
        settings: those in force; None where only an older version had the feed.
        last: its import that ended last.
        fresh_at: when something was last loaded, or found to be the same as before.
    """

    name: str
    settings: Feed | None
    last: Import | None
    fresh_at: datetime | None


class PartnerFreshness(NamedTuple):
    """A partner, the version of its settings that is in force, and its feeds by name."""

    partner: Partner
    config: PartnerConfig | None
    feeds: list[Freshness]


def standing_of(acting: Acting, slug: str) -> PartnerFreshness:
    """How a partner stands.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    home = home_of(acting, slug)
    config = versions.in_force(acting, home.partner_id)
    settings = feeds_of(config) if config else {}
    feeds = select(FeedRow).where(FeedRow.partner_id == home.partner_id).order_by(FeedRow.name)
    found = [_freshness(acting, row, settings.get(row.name)) for row in acting.session.scalars(feeds).all()]
    return PartnerFreshness(acting.session.get_one(Partner, (home.firm_id, home.partner_id)), config, found)


def _freshness(acting: Acting, row: FeedRow, settings: Feed | None) -> Freshness:
    ended = select(Import).where(Import.feed_id == row.id, Import.finished_at.is_not(None))
    ended = ended.order_by(Import.finished_at.desc(), Import.id.desc()).limit(1)
    last = acting.session.scalar(ended)
    fresh = acting.session.scalar(ended.where(Import.state.in_(_FRESH_STATES)))
    return Freshness(row.name, settings, last, fresh.finished_at if fresh else None)
