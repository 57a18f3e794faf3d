"""How fresh the feeds of partners are: what last became of each, what it owes, and when its next file is expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, lateral, or_, select, true
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.db.models import LOADED_STATES, FeedAlarm, FeedRow, Import, Partner, PartnerConfig
from gateway.db.paging import Found, Paging, newest
from gateway.domain.partners.homes import home_of, in_sight
from gateway.office import Acting
from ingest.promises import Promise, promises_of
from ingest.punctuality import next_due
from ingest.silence import counts_as_a_file

_FRESH_STATES = (*LOADED_STATES, "no_change")


class Owes(NamedTuple):
    """What a feed owes: a file that is `late` or `missing`, or one that came `empty` or `short`; told since when."""

    kind: str
    day: date | None
    since: datetime


class Freshness(NamedTuple):
    """How fresh a feed is.

    Attributes:
        settings: what those in force say of it; None where only an older version had the feed.
        last: its import that ended last.
        fresh_at: when something was last loaded, or found to be the same as before.
        came_at: when its last file came that counts as one: held or loaded, or the same as before.
        came_as: the import of that file; `last` may be another, such as a correction.
        next_at: when the next one is expected; None where nothing was agreed.
        held: files that wait for a decision.
    """

    name: str
    settings: Promise | None
    last: Import | None
    fresh_at: datetime | None
    came_at: datetime | None
    came_as: UUID | None
    next_at: datetime | None
    owes: Sequence[Owes]
    held: int


class PartnerFreshness(NamedTuple):
    """A partner, the version of its settings that is in force, and its feeds by name.

    Attributes:
        held: files that wait for a decision; of some, nobody knows the feed.
    """

    partner: Partner
    config: PartnerConfig | None
    feeds: list[Freshness]
    held: int


class PartnerFilter(NamedTuple):
    """Which partners somebody asks for.

    Attributes:
        named: this stands in their names, whatever its case.
        asking: only those of which a feed owes something, or a file is held.
    """

    named: str | None = None
    asking: bool = False


def standing_of(acting: Acting, slug: str) -> PartnerFreshness:
    """How a partner stands.

    Raises:
        NotFound: there is none in the actor's sight.
    """
    home = home_of(acting, slug)
    [found] = _standings(acting, [acting.session.get_one(Partner, (home.firm_id, home.partner_id))])
    return found


def look_through(acting: Acting, wanted: PartnerFilter, paging: Paging) -> Found[PartnerFreshness]:
    """How partners in the actor's sight stand, the newest first."""
    query = in_sight(acting, select(Partner), Partner.id)
    if wanted.named:
        query = query.where(
            or_(*(one.icontains(wanted.named, autoescape=True) for one in (Partner.name, Partner.slug)))
        )
    if wanted.asking:
        query = query.where(or_(_owes(), _holds()))
    found = newest(acting.session, query, (Partner.created_at, Partner.id), paging)
    return Found(_standings(acting, found.rows), found.following, found.total)


def _owes() -> ColumnElement[bool]:
    return exists().where(
        FeedAlarm.partner_id == Partner.id, FeedAlarm.feed_id.is_not(None), FeedAlarm.cleared_at.is_(None)
    )


def _holds() -> ColumnElement[bool]:
    return exists().where(Import.partner_id == Partner.id, Import.state == "held")


# ------------------------------------------------------------------------------------------------ of many at once


def _standings(acting: Acting, partners: Sequence[Partner]) -> list[PartnerFreshness]:
    """In the same order; as many statements for many partners as for one."""
    session, ids = acting.session, [one.id for one in partners]
    active = select(PartnerConfig).where(PartnerConfig.partner_id.in_(ids), PartnerConfig.active)
    configs = {one.partner_id: one for one in session.scalars(active)}
    promised = promises_of(session, [one.id for one in configs.values()])
    owed, held = _owed(acting, ids), _held(acting, ids)
    feeds: dict[UUID, list[Freshness]] = {one: [] for one in ids}
    zones = {one.id: one.time_zone for one in partners}
    for row in session.execute(_last(ids)).all():
        partner = row.FeedRow.partner_id
        config = configs.get(partner)
        promise = promised[config.id].get(row.FeedRow.name) if config else None
        number = held.get((partner, row.FeedRow.id), 0)
        feeds[partner].append(_freshness(row, promise, zones[partner], owed.get(row.FeedRow.id, []), number))
    of_partner = {one: sum(number for (partner, _), number in held.items() if partner == one) for one in ids}
    return [PartnerFreshness(one, configs.get(one.id), feeds[one.id], of_partner[one.id]) for one in partners]


def _freshness(
    row: Row[FeedRow, Import, datetime | None, datetime, UUID],
    promise: Promise | None,
    zone: str,
    owes: Sequence[Owes],
    held: int,
) -> Freshness:
    expected = promise.expected if promise else None
    awaited = next_due(expected, zone, row.came_at, clock.now()).at if expected else None
    came = row.came_at, row.came_as
    return Freshness(row.FeedRow.name, promise, row.last, row.fresh_at, *came, awaited, owes, held)


def _last(partners: Sequence[UUID]) -> Select[FeedRow, Import, datetime | None, datetime, UUID]:
    """The feeds of partners by name, and of each what ended last, what was fresh last, and what came last."""
    ended = and_(Import.feed_id == FeedRow.id, Import.finished_at.is_not(None))
    ordered = select(Import).where(ended).order_by(Import.finished_at.desc(), Import.id.desc()).limit(1)
    last = aliased(Import, lateral(ordered.correlate(FeedRow)), name="last")
    fresh = ordered.with_only_columns(Import.finished_at).where(Import.state.in_(_FRESH_STATES))
    came = ordered.with_only_columns(Import.id).where(counts_as_a_file()).correlate(FeedRow).scalar_subquery()
    file = aliased(Import)
    return (
        select(
            FeedRow,
            last,
            fresh.correlate(FeedRow).scalar_subquery().label("fresh_at"),
            file.received_at.label("came_at"),
            file.id.label("came_as"),
        )
        .select_from(FeedRow)
        .outerjoin(last, true())
        .outerjoin(file, and_(file.firm_id == FeedRow.firm_id, file.id == came))
        .where(FeedRow.partner_id.in_(partners))
        .order_by(FeedRow.name)
    )


def _owed(acting: Acting, partners: Sequence[UUID]) -> Mapping[UUID, list[Owes]]:
    """By feed, what it owes, the oldest first."""
    query = select(FeedAlarm).where(FeedAlarm.partner_id.in_(partners), FeedAlarm.cleared_at.is_(None))
    found: dict[UUID, list[Owes]] = {}
    for one in acting.session.scalars(query.where(FeedAlarm.feed_id.is_not(None)).order_by(FeedAlarm.raised_at)):
        assert one.feed_id is not None  # noqa: S101 - asked for
        found.setdefault(one.feed_id, []).append(Owes(one.kind, one.due_on, one.raised_at))
    return found


def _held(acting: Acting, partners: Sequence[UUID]) -> Mapping[tuple[UUID, UUID | None], int]:
    """How many files wait for a decision, by partner and feed."""
    query = select(Import.partner_id, Import.feed_id, func.count()).where(
        Import.state == "held", Import.partner_id.in_(partners)
    )
    rows = acting.session.execute(query.group_by(Import.partner_id, Import.feed_id))
    return {(partner, feed): number for partner, feed, number in rows}
