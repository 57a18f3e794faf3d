"""The jobs that pull an HRIS: who changed since, whom notices named, and the past, in this order.

What was answered is stored as a file and put on record with how far that leads, in one transaction: whoever is killed
goes on with the page that was to come. A file speaks of the instant at which it was asked for, so an older answer never
overwrites a newer one, in whichever order they come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import JobRow, RestSource
from gateway.dialing import is_example
from gateway.errors import Problem
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrival import Asked, open_imports
from ingest.arrivals.names import name_at
from ingest.arrivals.rest import notices, turns, versions
from ingest.arrivals.rest.answers import Page, Unreadable, enveloped, listed, page_of, records_in
from ingest.arrivals.rest.asking import NoSuch, Told, Unanswered, ask, person_path
from ingest.arrivals.rest.sources import VIA, Source, all_sources, ensure, source_of
from ingest.arrivals.rest.spec import PersonCall
from ingest.arrivals.rest.trails import Adrift, Trail
from ingest.arrivals.rest.turns import NotNow
from ingest.reception import receive

_EARLY = timedelta(seconds=30)  # a poll that is due before the next look is due now
_PAGES = 100  # that one poll reads before the next look; a share of the hour for the past

log = get_logger(__name__)


def look(handling: Handling) -> None:
    """Make jobs for all that is due; the past waits until nothing else does, and nothing of the partner's is open.

    At a name for examples nobody need ask.
    """
    with handling.transaction() as session:
        for source in all_sources(session):
            row = ensure(session, source)
            if row.disconnected_at is None and not is_example(urlsplit(source.arrival.url).hostname or ""):
                for kind in _due(session, source, row):
                    queue(session, kind, source.home.firm_id, source.feed_id)


def poll(handling: Handling) -> None:
    """Read who changed since the last time, page by page; at its end all that was noticed before is answered."""
    if source := _source(handling):
        office = handling.office
        _begin(office, source)
        _read(office, source, _List("poll", _poll_query, _poll_done), _PAGES)


def pull(handling: Handling) -> None:
    """Ask about people of whom a notice said that they changed, whoever has waited longest first."""
    source = _source(handling)
    if source is None or source.arrival.person is None:
        return
    office = handling.office
    while one := _first(office, source):
        try:
            _ask_about(office, source, source.arrival.person, one)
        except (NotNow, Unanswered) as problem:
            log.info("people wait", partner=source.home.slug, feed=source.feed, reason=problem.sentence)
            return


def read_history(handling: Handling) -> None:
    """Read some of the past: a minute's part of its share, so that it never piles up before what happens today."""
    if source := _source(handling):
        hourly = source.budget.hour
        pages = -(-hourly * source.arrival.history.share // 6_000) if hourly else _PAGES // 10
        _read(handling.office, source, _List("history", _history_query, _history_done), pages)


LOOK = Kind("rest.look", "normal", look, clockwork=Clockwork("HRIS polls", "* * * * *"))
POLL = Kind("rest.poll", "normal", poll)
PULL = Kind("rest.pull", "urgent", pull)
HISTORY = Kind("rest.history", "bulk", read_history)
KINDS = (LOOK, POLL, PULL, HISTORY)


def queue(session: Session, kind: Kind, firm_id: UUID, feed_id: UUID, *, anew: bool = False) -> None:
    """Have a worker do this for a feed, unless a job for it is there already.

    Args:
        session: of the firm, or of the system.
        kind: one of ours.
        firm_id: whose feed it is.
        feed_id: which.
        anew: there is more to do than a job that runs, or waits for a later time, may have seen.
    """
    due = and_(JobRow.state == "waiting", JobRow.not_before <= clock.now())
    there = exists().where(JobRow.about == feed_id, JobRow.kind == kind.name)
    if not session.scalar(select(there.where(due if anew else JobRow.state.in_(["waiting", "running"])))):
        lane = f"{kind.name}/{feed_id}"
        enqueue(session, kind, {"feed_id": feed_id}, firm_id=firm_id, lane=lane, about=feed_id)


# ------------------------------------------------------------------------------------------------ what is due


def _due(session: Session, source: Source, row: RestSource) -> list[Kind]:
    waits = notices.waiting(session, source) > 0
    by_name = source.arrival.person is not None
    is_due = row.polled_at is None or row.polled_at + source.arrival.every <= clock.now() + _EARLY
    due = [POLL] if is_due or row.poll_began_at is not None or (waits and not by_name) else []
    due += [PULL] if waits and by_name else []
    if not due and row.history_done_at is None and session.scalar(open_imports(source.home).limit(1)) is None:
        return [HISTORY]
    return due


def _source(handling: Handling) -> Source | None:
    return source_of(handling.office, UUID(handling.job.payload["feed_id"]))


# ------------------------------------------------------------------------------------------------ pages

_Query = Callable[[Source, RestSource], tuple[dict[str, str], str | None]]  # without the page, and the page
_Done = Callable[[Session, Source, RestSource, Page], None]


class _List(NamedTuple):
    """A list that is read page by page; where it stands is in the columns that begin with its purpose."""

    purpose: Literal["poll", "history"]
    query: _Query
    done: _Done

    def trail(self, row: RestSource) -> Trail:
        return Trail.of(row.poll_trail if self.purpose == "poll" else row.history_trail)

    def at(self, row: RestSource, page: str | None, trail: Trail | None) -> None:
        """Go on from there; without a page, from the beginning."""
        kept = trail.kept() if trail and page is not None else None
        if self.purpose == "poll":
            row.poll_page, row.poll_trail = page, kept
        else:
            row.history_page, row.history_trail = page, kept


def _read(office: Office, source: Source, what: _List, pages: int) -> None:
    try:
        for _ in range(pages):
            if not _read_page(office, source, what):
                return
    except (NotNow, Unanswered) as problem:
        log.info("an HRIS is read later", partner=source.home.slug, feed=source.feed, reason=problem.sentence)


def _read_page(office: Office, source: Source, what: _List) -> bool:
    """Read one page; whether there is another one."""
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key)
        (asked, page), trail = what.query(source, row), what.trail(row)
    call = source.arrival.list
    paging = {call.paging.parameter: page} if page is not None else {}
    try:
        told = ask(office, source, call.path, {**call.query, **asked, **paging}, what.purpose)
        found = page_of(told.body, call, source.arrival.since, source.records, page)
        trail = trail.after(found, call)
        _keep(office, source, what, told, found, trail)
    except (NoSuch, Adrift) as problem:
        _start_over(office, source, what, problem)
        raise Unanswered(problem.code, problem.sentence) from problem
    except Unreadable as problem:
        turns.not_as_agreed(office, source, problem.sentence)
        return False
    return found.next is not None


def _keep(office: Office, source: Source, what: _List, told: Told, found: Page, trail: Trail) -> None:
    if found.newest is not None:  # an HRIS whose clock is ahead must not have us ask for the future
        found = found._replace(newest=min(found.newest, told.asked_at))

    def note(session: Session) -> None:
        turns.succeeded(session, source, is_whole=found.next is None)
        row = session.get_one(RestSource, source.key)
        what.done(session, source, row, found)
        what.at(row, found.next, trail)

    _store(office, source, told, found.records, note)


def _store(office: Office, source: Source, told: Told, rows: list[bytes], note: Callable[[Session], None]) -> None:
    """Store the records of an answer, but for versions that are older than what was seen; with what is noted of it.

    Raises:
        Unreadable: `hris_unreadable`.
    """
    with office.acting(source.home.firm_id, source.actor) as acting:
        sound, seen = versions.newest_of(acting, source, rows, told.asked_at)

    def note_all(session: Session, _import_id: UUID | None = None) -> None:
        note(session)
        versions.keep(session, source, seen)

    if not sound:
        with office.db.firm(source.home.firm_id) as session:
            note_all(session)
        return
    body = told.body if len(sound) == len(rows) else listed(sound, source.records)
    name, asked = name_at(source.arrival.name, told.asked_at), Asked(feed=source.feed, as_of=told.asked_at)
    receive(office, source.home, name, iter([body]), via=VIA, by=source.actor, asked=asked, queued=True, note=note_all)


def _start_over(office: Office, source: Source, what: _List, problem: Problem) -> None:
    """A page that the HRIS does not know any more, or that leads nowhere: the list is read from its beginning."""
    turns.not_as_agreed(office, source, problem.sentence)
    with office.db.firm(source.home.firm_id) as session:
        what.at(session.get_one(RestSource, source.key, with_for_update=True), None, None)


# ------------------------------------------------------------------------------------------------ polls


def _begin(office: Office, source: Source) -> None:
    """Begin a poll, unless one is going on that was left in the middle."""
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        if row.poll_began_at is None:
            row.poll_began_at, row.poll_newest = clock.now(), row.changed_until
            row.poll_page = row.poll_trail = None


def _poll_query(source: Source, row: RestSource) -> tuple[dict[str, str], str | None]:
    since = (row.changed_until or row.connected_at) - timedelta(seconds=source.arrival.since.overlap)
    return {source.arrival.since.parameter: source.arrival.written(since)}, row.poll_page


def _poll_done(session: Session, source: Source, row: RestSource, page: Page) -> None:
    """Note how far a poll is; at its end, what came of it."""
    row.poll_newest = max(filter(None, (row.poll_newest, page.newest)), default=None)
    if page.next is None and row.poll_began_at is not None:
        notices.answer_all(session, source, row.poll_began_at)
        row.polled_at, row.changed_until = row.poll_began_at, row.poll_newest
        row.poll_began_at = row.poll_newest = None


# ------------------------------------------------------------------------------------------------ the past


def _window(source: Source, row: RestSource) -> datetime | None:
    """Where the window begins that is read now; None for the last one, which has no beginning."""
    spec, until = source.arrival.history, row.history_until or row.connected_at
    if source.arrival.since.until is None or until <= row.connected_at - timedelta(days=spec.days):
        return None
    return until - timedelta(days=spec.window)


def _history_query(source: Source, row: RestSource) -> tuple[dict[str, str], str | None]:
    since, written = source.arrival.since, source.arrival.written
    start = _window(source, row)
    asked = {since.until: written(row.history_until or row.connected_at)} if since.until else {}
    return asked | ({since.parameter: written(start)} if start else {}), row.history_page


def _history_done(_session: Session, source: Source, row: RestSource, page: Page) -> None:
    if page.next is None:
        start = _window(source, row)
        if start is None:
            row.history_done_at = clock.now()
        else:
            row.history_until = start


# ------------------------------------------------------------------------------------------------ people


def _first(office: Office, source: Source) -> notices.Waiting | None:
    with office.acting(source.home.firm_id, source.actor) as acting:
        return notices.first(acting, source)


def _ask_about(office: Office, source: Source, call: PersonCall, one: notices.Waiting) -> None:
    def count(session: Session) -> None:
        if not notices.count_asked(session, source, one):
            raise NotNow("not_now", "The budget about this person is spent.")

    def answered(asked_at: datetime) -> Callable[[Session], None]:
        def note(session: Session) -> None:
            turns.succeeded(session, source)
            notices.answer(session, source, one, asked_at)

        return note

    try:
        told = ask(office, source, person_path(call.path, one.person), {}, "person", count)
        body = enveloped(told.body, call.record, source.records)
        _store(office, source, Told(told.asked_at, body), records_in(body, source.records), answered(told.asked_at))
    except NoSuch:  # whoever is gone from the HRIS: a poll, or a full file, tells what that means
        with office.db.firm(source.home.firm_id) as session:
            answered(clock.now())(session)
    except Unreadable as problem:
        turns.not_as_agreed(office, source, problem.sentence)
        raise Unanswered(problem.code, problem.sentence) from problem
