"""What became of the files of feeds day by day, and on which days one was expected and none came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Select, and_, cast, func, lateral, select, true

from gateway import clock
from gateway.db.models import OPEN_STATES, FeedRow, Import, Partner, PartnerConfig
from gateway.domain.access import accounts
from gateway.domain.partners.homes import home_of, in_sight
from gateway.office import Acting
from ingest.feed import Expected
from ingest.promises import Promise, promises_of
from ingest.punctuality import Span, Window, unkept, windows
from ingest.silence import counts_as_a_file

MOST = 90  # days

_EARLY = timedelta(days=2)  # a file of the first day may have come before it

Fate = Literal["held", "refused", "rejected", "running", "loaded", "missing", "none"]
FATES: tuple[Fate, ...] = get_args(Fate)  # of several files of a day, the first that applies to one of them counts

_STATES: Mapping[str, Sequence[str]] = {
    "held": ("held",),
    "refused": ("refused", "failed"),
    "rejected": ("loaded_with_errors",),
    "running": OPEN_STATES,
    "loaded": ("loaded", "released", "no_change"),
}


class FeedDay(NamedTuple):
    """A day of the firm's calendar, what became of the files that came on it, and how many those were.

    Without one: `missing`, where the file that was due on it did not come; else `none`.
    """

    day: date
    fate: Fate
    files: int


class FeedDays(NamedTuple):
    """A feed, the slug and the name of its partner, and its days, the oldest first."""

    partner: str
    name: str
    feed: str
    days: Sequence[FeedDay]


def days_of(acting: Acting, number: int, partner: str | None = None) -> list[FeedDays]:
    """The last days of the feeds of the firm's active partners, by partner and feed; or of one, whose slug is given.

    Left out are feeds that the settings in force do not have, and of which no file came.

    Raises:
        NotFound: there is no such partner in the actor's sight.
    """
    zone = ZoneInfo(accounts.own_firm(acting).time_zone)
    today = clock.now().astimezone(zone).date()
    calendar = [today - timedelta(days=ago) for ago in reversed(range(number))]
    since = datetime.combine(calendar[0], time(), zone)
    query = in_sight(acting, _query(since - _EARLY, str(zone)), FeedRow.partner_id)
    only = FeedRow.partner_id == home_of(acting, partner).partner_id if partner else Partner.status == "active"
    feeds: dict[UUID, list[Any]] = {}
    for row in acting.session.execute(query.where(only)):
        feeds.setdefault(row.feed_id, []).append(row)
    almanac = _Almanac(since)
    promised = promises_of(acting.session, {rows[0].config_id for rows in feeds.values() if rows[0].config_id})
    return [
        FeedDays(rows[0].slug, rows[0].partner_name, rows[0].feed, _days(rows, promise, calendar, almanac))
        for rows in feeds.values()
        for promise in [promised.get(rows[0].config_id, {}).get(rows[0].feed)]
        if promise or any(row.day and row.day >= calendar[0] for row in rows)
    ]


def _query(since: datetime, zone: str) -> Select[Any]:
    """A row for each feed and each day on which files of it came; for a feed without any, one without a day."""
    day = cast(func.timezone(zone, Import.received_at), Date).label("day")
    of = {fate: func.count().filter(Import.state.in_(states)).label(fate) for fate, states in _STATES.items()}
    ends = [extreme(Import.received_at).filter(counts_as_a_file()) for extreme in (func.min, func.max)]
    told = (func.count().label("files"), ends[0].label("first"), ends[1].label("last"))
    came = (
        select(day, *of.values(), *told)
        .where(Import.partner_id == FeedRow.partner_id, Import.received_at >= since)  # by these two it is found
        .where(Import.feed_id == FeedRow.id, Import.corrects_import_id.is_(None))
        .where(Import.state.in_([one for states in _STATES.values() for one in states]))
        .group_by(day)
    )
    there = lateral(came.correlate(FeedRow)).alias("came")
    settled = and_(PartnerConfig.partner_id == Partner.id, PartnerConfig.active)
    named = (FeedRow.id.label("feed_id"), FeedRow.name.label("feed"), FeedRow.created_at)
    partner = (Partner.slug, Partner.name.label("partner_name"), Partner.time_zone, PartnerConfig.id.label("config_id"))
    return (
        select(*named, *partner, there)
        .join(Partner, Partner.id == FeedRow.partner_id)
        .outerjoin(PartnerConfig, settled)
        .outerjoin(there, true())
        .order_by(Partner.slug, FeedRow.name)
    )


def _days(
    rows: Sequence[Any], promise: Promise | None, calendar: Sequence[date], almanac: _Almanac
) -> Sequence[FeedDay]:
    """The days of one feed, from its rows of `_query`."""
    came = {row.day: row for row in rows if row.day}
    missing = _missing(rows, promise.expected, almanac) if promise and promise.expected else set()
    return [
        FeedDay(day, _fate(came[day]), came[day].files)
        if day in came
        else FeedDay(day, "missing" if day in missing else "none", 0)
        for day in calendar
    ]


def _fate(row: Any) -> Fate:  # noqa: ANN401 - a row of `_query`
    return next(one for one in FATES if getattr(row, one, 0))


def _missing(rows: Sequence[Any], expected: Expected, almanac: _Almanac) -> set[date]:
    """The days, as the firm has them, on which a file was due that did not come."""
    spans: list[Span] = [(row.first, row.last) for row in rows if row.day and row.first]
    due = [one for one in almanac.windows(expected, rows[0].time_zone) if one.due.at > rows[0].created_at]
    return {one.at.astimezone(almanac.since.tzinfo).date() for one in unkept(due, spans)}


@dataclass(frozen=True)
class _Almanac:
    """When files were due since an instant, reckoned once for all feeds that promised the same."""

    since: datetime
    known: dict[tuple[str, str, tuple[str, ...]], list[Window]] = field(default_factory=dict)

    def windows(self, expected: Expected, zone: str) -> list[Window]:
        """Of a promise, by a partner's clock."""
        key = (zone, expected.by, tuple(expected.weekdays))
        if key not in self.known:
            self.known[key] = windows(expected, zone, self.since, clock.now())
        return self.known[key]
