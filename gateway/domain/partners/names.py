"""The feeds of a partner, and the column names that they learned since their settings were written."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, HeaderAlias
from gateway.domain.audit import Change, write
from gateway.errors import NotFound
from gateway.office import Actor


def feed_id(session: Session, partner_id: UUID, name: str) -> UUID:
    """The lasting id of a feed that was applied."""
    return session.scalars(select(FeedRow.id).where(FeedRow.partner_id == partner_id, FeedRow.name == name)).one()


def feed_of(session: Session, partner_id: UUID, name: str) -> FeedRow:
    """A feed that was ever applied.

    Raises:
        NotFound: there is none of this name.
    """
    found = session.scalar(select(FeedRow).where(FeedRow.partner_id == partner_id, FeedRow.name == name))
    if found is None:
        raise NotFound("feed", name)
    return found


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


def learn_name(session: Session, firm_id: UUID, feed: UUID, expected: str, found: str, actor: Actor) -> None:
    """Accept a new name of a column for good; it survives the next apply."""
    if found not in learned_names(session, feed).get(expected, []):
        session.add(HeaderAlias(firm_id=firm_id, feed_id=feed, expected=expected, found=found, accepted_by=actor.name))
        change = Change("feed", feed, "learned", new={expected: found})
        write(session, firm_id, actor, "feed.learn", changes=[change])


def forget(session: Session, feed_id: UUID, alias_id: UUID, actor: Actor) -> None:
    """Take a learned name back: the next file that has it is held again.

    Raises:
        NotFound: the feed has not learned it.
    """
    alias = session.scalar(select(HeaderAlias).where(HeaderAlias.feed_id == feed_id, HeaderAlias.id == alias_id))
    if alias is None:
        raise NotFound("learned name", str(alias_id))
    session.delete(alias)
    told = Change("feed", feed_id, "forgot", {alias.expected: alias.found})
    write(session, alias.firm_id, actor, "feed.forget", changes=[told])
