"""Feeds that owe us something: a file that is late or missing, or one that came empty or far shorter than usual.

Each is told once, as a row of which a notice is made (to the firm, and to the partner's `late` contacts), and clears
itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from statistics import median
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import ConfigError
from gateway.db.models import LOADED_STATES, OPEN_STATES, FeedAlarm, FeedRow, Import, Partner, PartnerConfig
from gateway.domain.partners.homes import Home
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Clockwork, Kind
from gateway.logging import get_logger
from ingest.feed import Expected
from ingest.punctuality import USUAL, is_short, owed
from ingest.reading import feeds_of

_EMPTY = "empty_file"  # the code of files of which nothing can be read, for there is nothing
_UNREAD = ("no_change", "held")  # files that came, and whose rows nobody has counted
_CAME = (*LOADED_STATES, *_UNREAD)

log = get_logger(__name__)

Alarm = tuple[str, date]  # its kind, and the day
Said = dict[str, object]


class _Came(NamedTuple):
    """A file of a feed that counts as one, and its rows."""

    at: datetime
    rows: int


def watch(handling: Handling) -> None:
    """Tell what feeds owe, and clear what they no longer do."""
    with handling.office.db.system() as session:
        homes = [Home.of(one) for one in session.scalars(select(Partner).where(Partner.status == "active"))]
    for home in homes:
        with handling.office.db.firm(home.firm_id) as session:
            look_after(session, home)


WATCH = Kind("feeds.watch", "normal", watch, ladder=(), clockwork=Clockwork("feeds that keep silent", "*/5 * * * *"))
KINDS = (WATCH,)


def look_after(session: Session, home: Home) -> None:
    """Bring the alarms of a partner's feeds to where they stand now; not while one of its files is on its way."""
    ours = PartnerConfig.partner_id == home.partner_id, PartnerConfig.active
    config = session.scalar(select(PartnerConfig).where(*ours))
    if config is None or _is_at_work(session, home):
        return
    try:
        feeds = feeds_of(config)
    except ConfigError as error:
        log.error("settings in force cannot be read", partner=home.slug, why=error.sentence)  # noqa: TRY400 - enough
        return
    for feed in session.scalars(select(FeedRow).where(FeedRow.partner_id == home.partner_id)).all():
        expected = feeds[feed.name].expected if feed.name in feeds else None
        _bring_about(session, home, feed.id, _alarms(session, home, feed, expected) if expected else {})


def _is_at_work(session: Session, home: Home) -> bool:
    waits = exists().where(Import.partner_id == home.partner_id, Import.state.in_(OPEN_STATES))
    return bool(session.scalar(select(waits)))


def _alarms(session: Session, home: Home, feed: FeedRow, expected: Expected) -> dict[Alarm, Said]:
    """What a feed owes now, and what a notice says of it."""
    came = session.scalar(select(func.max(Import.received_at)).where(_counts(feed.id)))
    last = came or feed.created_at
    alarms = _of_the_last(session, home, feed.id, expected)
    if found := owed(expected, home.time_zone, last, clock.now(), came=came is not None):
        alarms[found.kind, found.due.day] = {"due": found.due.at.isoformat(), "last": last.isoformat()}
    return alarms


def _of_the_last(session: Session, home: Home, feed_id: UUID, expected: Expected) -> dict[Alarm, Said]:
    """Whether the newest file was empty, or far shorter than those before it."""
    newest = _newest(session, feed_id)
    if not newest:
        return {}
    last, before = newest[0], [one.rows for one in reversed(newest[1:]) if one.rows]
    day = clock.day_in(home.time_zone, last.at)
    if last.rows == 0:
        return {("empty", day): {}}
    if is_short(last.rows, before, expected.short_percent):
        return {("short", day): {"rows": last.rows, "usual": round(median(before[-USUAL:]))}}
    return {}


def _newest(session: Session, feed_id: UUID) -> list[_Came]:
    """The newest files of which the rows were counted, the last one first."""
    read = select(Import.received_at, Import.counts).where(_counts(feed_id), Import.state.not_in(_UNREAD))
    found = session.execute(read.order_by(Import.received_at.desc()).limit(1 + USUAL))
    return [_Came(at, _rows(counts)) for at, counts in found]


def counts_as_a_file() -> ColumnElement[bool]:
    """Which imports are files that came: an empty one is one, a refused one is none, corrections belong to another."""
    empty = and_(Import.state == "refused", Import.code == _EMPTY)
    return and_(Import.corrects_import_id.is_(None), or_(Import.state.in_(_CAME), empty))


def _counts(feed_id: UUID) -> ColumnElement[bool]:
    """The same, of one feed."""
    return and_(Import.feed_id == feed_id, counts_as_a_file())


def _rows(counts: Mapping[str, Any]) -> int:
    return int(counts.get("rows", {}).get("read", 0))


def _bring_about(session: Session, home: Home, feed_id: UUID, alarms: Mapping[Alarm, Said]) -> None:
    """Raise what is new, and clear what is over."""
    common = {"firm_id": home.firm_id, "partner_id": home.partner_id, "feed_id": feed_id}
    for (kind, day), said in alarms.items():
        row = common | {"kind": kind, "due_on": day, "said": said}
        session.execute(insert(FeedAlarm).values(row).on_conflict_do_nothing())
    still = select(FeedAlarm).where(FeedAlarm.feed_id == feed_id, FeedAlarm.cleared_at.is_(None))
    for one in session.scalars(still):
        if (one.kind, one.due_on) not in alarms:
            one.cleared_at = clock.now()
