"""The jobs that pull an HRIS: who changed since, whom notices named, and the past, in this order.

What was answered is stored as a file and put on record with how far that leads, in one transaction: whoever is killed
goes on with the page that was to come. A file speaks of the instant at which it was asked for, so an older answer never
overwrites a newer one, in whichever order they come.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import JobRow, RestSource
from gateway.errors import Problem
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind, enqueue
from gateway.logging import get_logger
from gateway.office import Office
from ingest.arrival import Asked, open_imports
from ingest.arrivals.names import name_at
from ingest.arrivals.rest import notices, turns
from ingest.arrivals.rest.answers import Page, Unreadable, enveloped, page_of
from ingest.arrivals.rest.asking import NoSuch, Told, Unanswered, ask, person_path
from ingest.arrivals.rest.sources import VIA, Source, all_sources, ensure, source_of
from ingest.arrivals.rest.spec import PersonCall
from ingest.arrivals.rest.turns import For, NotNow
from ingest.reception import receive

_EARLY = timedelta(seconds=30)  # a poll that is due before the next look is due now
_PAGES = 100  # that one poll reads before the next look; a share of the hour for the past

log = get_logger(__name__)


def look(handling: Handling) -> None:
    """Make jobs for all that is due; the past waits until nothing else does, and nothing of the partner's is open."""
    with handling.transaction() as session:
        for source in all_sources(session):
            row = ensure(session, source)
            if row.disconnected_at is None:
                for kind in _due(session, source, row):
                    queue(session, kind, source.home.firm_id, source.feed_id)


def poll(handling: Handling) -> None:
    """Read who changed since the last time, page by page; at its end all that was noticed before is answered."""
    if source := _source(handling):
        office = handling.office
        _begin(office, source)
        _read(office, source, "poll", _poll_query, _poll_done, _PAGES)


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
        hourly = source.arrival.budget.hour
        pages = -(-hourly * source.arrival.history.share // 6_000) if hourly else _PAGES // 10
        _read(handling.office, source, "history", _history_query, _history_done, pages)


LOOK = Kind("rest.look", "normal", look, clockwork=Clockwork("HRIS polls", "* * * * *"))
POLL = Kind("rest.poll", "normal", poll)
PULL = Kind("rest.pull", "urgent", pull)
HISTORY = Kind("rest.history", "bulk", read_history)
KINDS = (LOOK, POLL, PULL, HISTORY)


def queue(session: Session, kind: Kind, firm_id: UUID, feed_id: UUID) -> None:
    """Have a worker do this for a feed, unless a job for it is there already."""
    there = select(exists().where(JobRow.about == feed_id, JobRow.kind == kind.name, JobRow.state != "done"))
    if not session.scalar(there.where(JobRow.state != "dead")):
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


def _read(office: Office, source: Source, purpose: For, query: _Query, done: _Done, pages: int) -> None:
    try:
        for _ in range(pages):
            if not _read_page(office, source, purpose, query, done):
                return
    except (NotNow, Unanswered) as problem:
        log.info("an HRIS is read later", partner=source.home.slug, feed=source.feed, reason=problem.sentence)


def _read_page(office: Office, source: Source, purpose: For, query: _Query, done: _Done) -> bool:
    """Read one page; whether there is another one."""
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key)
        asked, page = query(source, row)
    call = source.arrival.list
    paging = {call.paging.parameter: page} if page is not None else {}
    try:
        told = ask(office, source, call.path, {**call.query, **asked, **paging}, purpose)
        found = page_of(told.body, call, source.arrival.since, source.records, page)
    except NoSuch as problem:
        _start_over(office, source, purpose, problem, was_on_page=page is not None)
        raise
    except Unreadable as problem:
        turns.failed(office, source, problem.sentence)
        return False
    _keep(office, source, told, found, done)
    return found.next is not None


def _keep(office: Office, source: Source, told: Told, found: Page, done: _Done) -> None:
    def note(session: Session, _import_id: UUID | None) -> None:
        turns.succeeded(session, source)
        done(session, source, session.get_one(RestSource, source.key), found)

    if found.records:
        _store(office, source, told.asked_at, told.body, note)
    else:
        with office.db.firm(source.home.firm_id) as session:
            note(session, None)


def _store(
    office: Office, source: Source, asked_at: datetime, body: bytes, note: Callable[[Session, UUID], None]
) -> None:
    name, asked = name_at(source.arrival.name, asked_at), Asked(feed=source.feed, as_of=asked_at)
    receive(office, source.home, name, iter([body]), via=VIA, by=source.actor, asked=asked, queued=True, note=note)


def _start_over(office: Office, source: Source, purpose: For, problem: Problem, *, was_on_page: bool) -> None:
    """A page that the HRIS does not know any more: the list is read from its beginning."""
    if not was_on_page:
        turns.failed(office, source, problem.sentence)
        return
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        if purpose == "poll":
            row.poll_page = None
        else:
            row.history_page = None


# ------------------------------------------------------------------------------------------------ polls


def _begin(office: Office, source: Source) -> None:
    """Begin a poll, unless one is going on that was left in the middle."""
    with office.db.firm(source.home.firm_id) as session:
        row = session.get_one(RestSource, source.key, with_for_update=True)
        if row.poll_began_at is None:
            row.poll_began_at, row.poll_page, row.poll_newest = clock.now(), None, row.changed_until


def _poll_query(source: Source, row: RestSource) -> tuple[dict[str, str], str | None]:
    since = (row.changed_until or row.connected_at) - timedelta(seconds=source.arrival.since.overlap)
    return {source.arrival.since.parameter: source.arrival.written(since)}, row.poll_page


def _poll_done(session: Session, source: Source, row: RestSource, page: Page) -> None:
    """Note how far a poll is; at its end, what came of it."""
    row.poll_newest = max(filter(None, (row.poll_newest, page.newest)), default=None)
    row.poll_page = page.next
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
    row.history_page = page.next
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
    with office.db.firm(source.home.firm_id) as session:
        notices.count_asked(session, source, one)
    try:
        told = ask(office, source, person_path(call.path, one.person), {}, "person")
        body = enveloped(told.body, call.record, source.records)
    except NoSuch:  # whoever is gone from the HRIS: a poll, or a full file, tells what that means
        told, body = None, b""
    except Unreadable as problem:
        turns.failed(office, source, problem.sentence)
        raise Unanswered(problem.code, problem.sentence) from problem
    asked_at = told.asked_at if told else clock.now()

    def note(session: Session, _import_id: UUID | None) -> None:
        turns.succeeded(session, source)
        notices.answer(session, source, one, asked_at)

    if told:
        _store(office, source, asked_at, body, note)
    else:
        with office.db.firm(source.home.firm_id) as session:
            note(session, None)
