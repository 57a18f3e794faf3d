"""When places are looked at: by the clock, when something is heard of one, when a person asks; and how that went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError
from gateway.db.models import FeedAlarm, JobRow, Partner, Place
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import Home, home_of
from gateway.errors import Busy, Problem
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.logging import get_logger
from gateway.office import Acting, Actor, Office
from ingest.arrivals import seeking, taking
from ingest.arrivals.base import interval
from ingest.arrivals.seeking import Sought
from ingest.arrivals.taking import Looked

SOON = timedelta(minutes=1)  # when a file waits only for a second look
MOMENT = timedelta(seconds=5)  # after which a place is tried again at which another process was
LONGEST = timedelta(hours=6)  # between looks at a place that fails
SLOW = 5.0  # seconds of a look, from which on the next one must not keep others waiting
ALARMING = 3  # looks in a row that fail, before anybody is told

log = get_logger(__name__)


class Polled(NamedTuple):
    """What a look at a place came to, or why there was none."""

    place: str
    looked: Looked | None
    problem: Problem | None


class Pinged(NamedTuple):
    """What works at a place, step by step, and what does not."""

    place: str
    steps: list[str]
    problem: Problem | None


def poll(office: Office, home: Home) -> Iterator[Polled]:
    """Look at all places of a partner now, one after the other."""
    for place_id, one in known(office, home):
        yield attempt(office, one, place_id)


def ping(office: Office, firm_id: UUID, actor: Actor, partner: str) -> Iterator[Pinged]:
    """Try all places of a partner, without taking anything; that somebody tried is on record.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    with office.acting(firm_id, actor) as acting:
        home = home_of(acting, partner)
        record(acting, "arrival.ping", changes=[Change("partner", home.partner_id, "tried")])
    for _, one in known(office, home):
        steps: list[str] = []
        try:
            with one.spec.open(one.whose) as place:
                steps.extend(place.ping())
        except Problem as problem:
            yield Pinged(one.place, steps, problem)
        else:
            yield Pinged(one.place, steps, None)


def look_soon(acting: Acting, partner: str, feed: str | None = None) -> list[UUID]:
    """Have a partner's places, or those of one feed, looked at as soon as a worker is free.

    Returns:
        The jobs; none where there is no place, or somebody is about to look there anyway.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    session, office, home = acting.session, acting.office, home_of(acting, partner)
    places = _in_force(session, home, seeking.sought(session, office, home))
    asked = (ask(session, office, home, place_id) for place_id, one in places if feed is None or feed in one.feeds)
    return [one for one in asked if one]


def attempt(office: Office, one: Sought, place_id: UUID) -> Polled:
    """Look at a place, and note how that went."""
    begun = perf_counter()
    try:
        looked = taking.look(office, one, place_id)
    except Busy as busy:  # whoever is there notes how that goes
        return Polled(one.place, None, busy)
    except Problem as problem:
        log.warning("a place cannot be looked at", partner=one.home.slug, place=one.place, why=problem.sentence)
        with office.db.firm(one.home.firm_id) as session:
            _note_failure(session, one, place_id, problem, perf_counter() - begun)
        return Polled(one.place, None, problem)
    with office.db.firm(one.home.firm_id) as session:
        _note_look(session, one, place_id, looked, perf_counter() - begun)
    if looked.taken:
        log.info("files taken", partner=one.home.slug, place=one.place, files=len(looked.taken))
    return Polled(one.place, looked, None)


# ---------------------------------------------------------------- jobs


def due(handling: Handling) -> None:
    """Know the places that settings name today, and have those looked at whose time has come."""
    with handling.office.db.system() as session:
        homes = seeking.partners(session)
    for home in homes:
        with handling.office.db.firm(home.firm_id) as session:
            for place_id, one in _sought(session, handling.office, home):
                _ask_if_due(session, handling.office, one, place_id)


def look(handling: Handling) -> None:
    """Look at one place; how it went stands there, and a place that fails is looked at again by the clock.

    Another process that is there may have listed it before the file came for which this look was asked.
    """
    place_id, firm_id = UUID(handling.job.payload["place_id"]), handling.job.firm_id
    assert firm_id is not None  # noqa: S101 - places belong to firms
    with handling.office.db.firm(firm_id) as session:
        found = session.get(Place, (firm_id, place_id))
        home = found and Home.of(session.get_one(Partner, (firm_id, found.partner_id)))
    for known_id, one in known(handling.office, home) if home else ():
        if known_id == place_id and isinstance(attempt(handling.office, one, place_id).problem, Busy):
            with handling.office.db.firm(firm_id) as session:
                ask(session, handling.office, one.home, place_id, at=clock.now() + MOMENT)


LOOK = Kind("arrivals.look", "arrivals", look)
DUE = Kind("arrivals.due", "normal", due, ladder=(), clockwork=Clockwork("places to look at", "* * * * *"))
KINDS = (LOOK, DUE)


def ask(session: Session, office: Office, home: Home, place_id: UUID, at: datetime | None = None) -> UUID | None:
    """A job for a look, at once or later, unless one waits that is due by then: what it will find is the same."""
    waits = exists().where(JobRow.about == place_id, JobRow.kind == LOOK.name, JobRow.state == "waiting")
    if session.scalar(select(waits.where(JobRow.not_before <= (at or clock.now())))):
        return None
    payload, lane = {"place_id": place_id}, _lane(session, place_id, office.settings.arrivals_workers)
    return enqueue(session, LOOK, payload, firm_id=home.firm_id, lane=lane, about=place_id, not_before=at)


def _lane(session: Session, place_id: UUID, threads: int) -> str:
    """Where the last look failed, or took long, others wait behind this one: on at most half of a process's threads.

    Those that fail, which often means that they wait until their time is over, share one; the slow ones share the rest.
    """
    known = session.execute(select(Place.failures, Place.seconds).where(Place.id == place_id)).one_or_none()
    if known is not None and known.failures:
        return "places/failing"
    if known is not None and (known.seconds or 0) >= SLOW:
        return f"places/slow/{place_id.int % max(1, threads // 2 - 1)}"
    return f"place/{place_id}"


def _ask_if_due(session: Session, office: Office, one: Sought, place_id: UUID) -> None:
    """The next look is due an interval later, whatever comes of this one; at an example's name nobody need look."""
    now, place = clock.now(), Place.id == place_id
    following = None if one.spec.is_example else now + interval(one.spec.every)
    mine = update(Place).where(place, Place.due_at <= now).values(due_at=following)
    if session.scalar(mine.returning(Place.id)) and following:
        ask(session, office, one.home, place_id)


# ---------------------------------------------------------------- what is known of places


def known(office: Office, home: Home) -> list[tuple[UUID, Sought]]:
    """The partner's places that settings name today, on record.

    Raises:
        ConfigError: the settings were applied when other things were allowed.
    """
    with office.db.firm(home.firm_id) as session:
        return _in_force(session, home, seeking.sought(session, office, home))


def _sought(session: Session, office: Office, home: Home) -> list[tuple[UUID, Sought]]:
    try:
        return _in_force(session, home, seeking.sought(session, office, home))
    except ConfigError as error:
        log.error("settings in force cannot be read", partner=home.slug, why=error.sentence)  # noqa: TRY400 - enough
        return []


def _in_force(session: Session, home: Home, found: Iterable[Sought]) -> list[tuple[UUID, Sought]]:
    """The places on record, those that are new among them; the partner's others are no longer in force."""
    by_place = {one.place: one for one in found}
    others = update(Place).where(Place.partner_id == home.partner_id, Place.place.not_in(by_place), Place.in_force)
    session.execute(others.values(in_force=False))
    mine = select(Place).where(Place.partner_id == home.partner_id, Place.place.in_(by_place))
    known = {row.place: row for row in session.scalars(mine)}
    for place in by_place.keys() - {name for name, row in known.items() if row.in_force}:
        known[place] = _put_in_force(session, by_place[place])
    return [(known[place].id, one) for place, one in by_place.items()]


def _put_in_force(session: Session, one: Sought) -> Place:
    """New, or named again."""
    row = {"firm_id": one.home.firm_id, "partner_id": one.home.partner_id, "place": one.place, "via": one.via}
    new = insert(Place).values(row | {"due_at": clock.now()})
    again = {"in_force": True, "due_at": clock.now()}
    added = new.on_conflict_do_update(index_elements=["firm_id", "partner_id", "place"], set_=again)
    return session.scalars(added.returning(Place), execution_options={"populate_existing": True}).one()


def _note_look(session: Session, one: Sought, place_id: UUID, looked: Looked, seconds: float) -> None:
    now = clock.now()
    place = session.get_one(Place, (one.home.firm_id, place_id))
    place.looked_at, place.listed, place.seconds = now, looked.listed, round(seconds, 3)
    place.failures, place.failing_since, place.code, place.error = 0, None, None, None
    next_at = SOON if any(waiting.soon for waiting in looked.waiting) else interval(one.spec.every)
    place.due_at = now + min(next_at, interval(one.spec.every))
    cleared = update(FeedAlarm).where(FeedAlarm.place_id == place_id, FeedAlarm.cleared_at.is_(None))
    session.execute(cleared.values(cleared_at=now))


def _note_failure(session: Session, one: Sought, place_id: UUID, problem: Problem, seconds: float) -> None:
    """The longer it fails, the less it is asked; after some looks somebody is told, once."""
    now = clock.now()
    place = session.get_one(Place, (one.home.firm_id, place_id), with_for_update=True)
    place.failures, place.failing_since = place.failures + 1, place.failing_since or now
    place.code, place.error, place.seconds = problem.code, problem.sentence, round(seconds, 3)
    place.due_at = now + min(interval(one.spec.every) * 2 ** min(place.failures - 1, 16), LONGEST)
    if place.failures >= ALARMING:
        row = {"firm_id": place.firm_id, "partner_id": place.partner_id, "place_id": place_id, "kind": "unreachable"}
        told = {"said": {"place": place.place, "why": problem.sentence}}
        session.execute(insert(FeedAlarm).values(row | told).on_conflict_do_nothing())
