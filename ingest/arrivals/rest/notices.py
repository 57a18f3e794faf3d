"""Notices that somebody changed: kept until the HRIS was asked about the person, or about everybody who changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from gateway import clock
from gateway.db.models import RestPerson
from gateway.office import Acting
from ingest.arrivals.rest.sources import Source, sharing

MOST = 1_000  # people that one notice may name

_COLUMN, _DIGEST = "rest_persons.person", "rest_persons.digest"  # what is encrypted and digested is bound to


class Waiting(NamedTuple):
    """Somebody about whom the HRIS is to be asked."""

    digest: bytes
    person: str


def note(acting: Acting, feed_id: UUID, people: Sequence[str]) -> None:
    """Keep that these people changed; whoever is kept already is noticed anew."""
    if not people:
        return
    digests, sealed = acting.cipher.index_column(people, _DIGEST), acting.cipher.encrypt_column(people, _COLUMN)
    rows = [
        {"firm_id": acting.firm_id, "feed_id": feed_id, "digest": digest, "person": person, "noticed_at": clock.now()}
        for digest, person in sorted(
            zip(digests, sealed, strict=True)
        )  # in one order, so that no two wait for each other
    ]
    made = insert(RestPerson).values(rows)
    anew = {"person": made.excluded.person, "noticed_at": made.excluded.noticed_at}
    acting.session.execute(made.on_conflict_do_update(index_elements=["firm_id", "feed_id", "digest"], set_=anew))


def waiting(session: Session, source: Source) -> int:
    """How many people the HRIS may still be asked about today."""
    return session.scalars(select(func.count()).select_from(RestPerson).where(_askable(source))).one()


def first(acting: Acting, source: Source) -> Waiting | None:
    """Who has waited longest."""
    query = select(RestPerson).where(_askable(source)).order_by(RestPerson.noticed_at, RestPerson.digest).limit(1)
    found = acting.session.scalar(query)
    if found is None or found.person is None:
        return None
    return Waiting(found.digest, acting.cipher.decrypt(found.person, _COLUMN))


def count_asked(session: Session, source: Source, one: Waiting) -> bool:
    """Count that the HRIS is about to be asked about somebody; not if another feed did meanwhile, for the last time."""
    mine = exists().where(RestPerson.digest == one.digest, _askable(source))
    if not session.scalar(select(mine)):
        return False
    row = session.get_one(RestPerson, (*source.key, one.digest), with_for_update=True)
    today = clock.now().date()
    row.asked = row.asked + 1 if row.day == today else 1
    row.day = today
    return True


def answer(session: Session, source: Source, one: Waiting, asked_at: datetime) -> None:
    """Let go of somebody about whom the HRIS was asked; a notice that came since waits on."""
    _let_go(session, source, and_(RestPerson.digest == one.digest, RestPerson.noticed_at <= asked_at))


def answer_all(session: Session, source: Source, asked_at: datetime) -> None:
    """Let go of everybody noticed before the HRIS was asked who changed."""
    _let_go(session, source, RestPerson.noticed_at <= asked_at)
    past = and_(RestPerson.noticed_at.is_(None), or_(RestPerson.day.is_(None), RestPerson.day < clock.now().date()))
    session.execute(delete(RestPerson).where(RestPerson.feed_id == source.feed_id, past))


def _let_go(session: Session, source: Source, which: ColumnElement[bool]) -> None:
    mine = update(RestPerson).where(RestPerson.feed_id == source.feed_id, which)
    session.execute(mine.values(person=None, noticed_at=None))


def _askable(source: Source) -> ColumnElement[bool]:
    """Somebody waits, and the budget about this person is not spent; else the next poll tells."""
    waits = and_(RestPerson.feed_id == source.feed_id, RestPerson.noticed_at.is_not(None))
    most = source.budget.person
    if most is None:
        return waits
    any_feed = aliased(RestPerson)
    asked = select(func.coalesce(func.sum(any_feed.asked), 0)).where(
        any_feed.feed_id.in_(sharing(source)),
        any_feed.digest == RestPerson.digest,
        any_feed.day == clock.now().date(),
    )
    return and_(waits, asked.correlate(RestPerson).scalar_subquery() < most)
