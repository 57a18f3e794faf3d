"""The feeds of a partner, and the column names that they learned since their settings were written."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, HeaderAlias
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import Home
from gateway.errors import NotFound
from gateway.office import Acting


class Learned(NamedTuple):
    """A column name that somebody accepted for another one, and the name of the feed that learned it."""

    feed: str
    alias: HeaderAlias


def of_partner(acting: Acting, home: Home) -> list[Learned]:
    """What the feeds of a partner learned: by feed, in the order in which each did."""
    feeds = select(FeedRow).where(FeedRow.partner_id == home.partner_id).order_by(FeedRow.name)
    return [one for feed in acting.session.scalars(feeds).all() for one in _of(acting, feed)]


def of_feed(acting: Acting, home: Home, feed: str) -> list[Learned]:
    """What a feed learned, in the order in which it did.

    Raises:
        NotFound: there is no such feed.
    """
    return _of(acting, _feed(acting, home, feed))


def learn_name(acting: Acting, feed: UUID, expected: str, found: str) -> None:
    """Accept a new name of a column for good; it survives the next apply."""
    if found in learned_names(acting.session, feed).get(expected, []):
        return
    accepted_by = acting.actor.name
    made = HeaderAlias(firm_id=acting.firm_id, feed_id=feed, expected=expected, found=found, accepted_by=accepted_by)
    acting.session.add(made)
    record(acting, "feed.learn", changes=[Change("feed", feed, "learned", new={expected: found})])


def forget(acting: Acting, home: Home, feed: str, alias_id: UUID) -> None:
    """Take a learned name back: the next file that has it is held again.

    Raises:
        NotFound: there is no such feed, or it has not learned it.
    """
    for one in of_feed(acting, home, feed):
        if one.alias.id == alias_id:
            return _forget(acting, one)
    raise NotFound("learned name", str(alias_id))


def forget_named(acting: Acting, home: Home, wanted: str) -> list[Learned]:
    """Take a name back, or the one with this id, in every feed of a partner that has learned it.

    Raises:
        NotFound: none has.
    """
    found = [one for one in of_partner(acting, home) if wanted in {one.alias.found, str(one.alias.id)}]
    if not found:
        raise NotFound("learned name", wanted)
    for one in found:
        _forget(acting, one)
    return found


# ------------------------------------------------------------------------------------------------ for files


def feed_id(session: Session, partner_id: UUID, name: str) -> UUID:
    """The lasting id of a feed that was applied."""
    return session.scalars(select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)).one()


def learned(session: Session, feed_id: UUID) -> list[HeaderAlias]:
    """The column names that a feed learned, in the order in which it did."""
    found = select(HeaderAlias).where(HeaderAlias.feed_id == feed_id).order_by(HeaderAlias.created_at, HeaderAlias.id)
    return list(session.scalars(found))


def learned_names(session: Session, feed: UUID) -> dict[str, list[str]]:
    """Column names accepted since: expected name -> names found."""
    names: dict[str, list[str]] = {}
    for alias in learned(session, feed):
        names.setdefault(alias.expected, []).append(alias.found)
    return names


# ------------------------------------------------------------------------------------------------ helpers


def _feed(acting: Acting, home: Home, name: str) -> FeedRow:
    """A feed that was ever applied."""
    wanted = select(FeedRow).where(FeedRow.partner_id == home.partner_id, FeedRow.name == name)
    found = acting.session.scalar(wanted)
    if found is None:
        raise NotFound("feed", name)
    return found


def _of(acting: Acting, feed: FeedRow) -> list[Learned]:
    return [Learned(feed.name, alias) for alias in learned(acting.session, feed.id)]


def _forget(acting: Acting, one: Learned) -> None:
    alias = one.alias
    acting.session.delete(alias)
    told = Change("feed", alias.feed_id, "forgot", {alias.expected: alias.found})
    record(acting, "feed.forget", changes=[told])
