"""How every feed does: when its last file came and what became of it, and what the watch over feeds finds it owes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import yaml
from sqlalchemy import DateTime, Row, Select, cast, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from gateway.config import Document, read
from gateway.db.models import LOADED_STATES, FeedAlarm, FeedRow, File, Import, Partner, PartnerConfig
from gateway.reports.filters import Filters
from gateway.reports.plot import Kind, Parts
from gateway.reports.report import Report, Rows

_USUAL = 10  # loaded files of which the middle one tells how many rows are usual


class FeedHealthFilters(Filters, frozen=True, kw_only=True):
    """Whose feeds."""


def _rows(session: Session, filters: FeedHealthFilters) -> Rows:
    partners = (
        select(Partner, PartnerConfig.source)
        .outerjoin(PartnerConfig, (PartnerConfig.partner_id == Partner.id) & PartnerConfig.active)
        .where(Partner.status == "active")
        .order_by(Partner.slug)
    )
    partners = partners.where(Partner.slug == filters.partner) if filters.partner else partners
    for partner, source in session.execute(partners).all():
        yield from _of_partner(session, partner, read(source) if source else None)


def _of_partner(session: Session, partner: Partner, document: Document | None) -> Iterator[Sequence[object]]:
    """Each feed of the settings in force; those of former ones are nobody's concern any more."""
    seen = {row.feed: row for row in session.execute(_seen(partner))}
    alarms = {row.feed: row for row in session.execute(_alarms(partner))}  # of several, the last in order
    for name in _names(document):
        yield _row(partner.slug, name, _expected_by(document, name), seen.get(name), alarms.get(name))


def _row(
    slug: str, feed: str, by: str | None, seen: Row[Any] | None, alarm: Row[str, str, datetime] | None
) -> Sequence[object]:
    """What the watch over feeds has found; it looks every five minutes, and this report reckons nothing itself."""
    well = "never" if seen is None else "on_time" if by else "received"
    told = [slug, feed, alarm.kind if alarm else well, by, alarm.due_at if alarm else None]
    return [*told, *(seen[1:] if seen else [None] * 8)]


def _names(document: Document | None) -> list[str]:
    """The feeds of settings, in their order."""
    node = document.node(("feeds",)) if document else None
    return [key.value for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []


def _expected_by(document: Document | None, feed: str) -> str | None:
    """The time at which a file is due, as agreed."""
    node = document.node(("feeds", feed, "expected", "by")) if document else None
    return node.value if isinstance(node, yaml.ScalarNode) else None


def _alarms(partner: Partner) -> Select[str, str, datetime]:
    """What feeds owe now; a file that is owed comes after one that was empty or short, for it is the news."""
    is_owed = FeedAlarm.kind.in_(("late", "missing"))
    due_at = cast(FeedAlarm.said["due"].as_string(), DateTime(timezone=True)).label("due_at")
    return (
        select(FeedRow.name.label("feed"), FeedAlarm.kind, due_at)
        .join(FeedAlarm, (FeedAlarm.firm_id == FeedRow.firm_id) & (FeedAlarm.feed_id == FeedRow.id))
        .where(FeedRow.firm_id == partner.firm_id, FeedRow.partner_id == partner.id, FeedAlarm.cleared_at.is_(None))
        .order_by(is_owed, FeedAlarm.due_on)
    )


def _seen(partner: Partner) -> Select[Any]:
    """Of each feed that ever had a file."""
    last, loaded, usual = _last(), _loaded(), _usual_rows()
    return (
        select(
            FeedRow.name.label("feed"),
            last.c.received_at,
            last.c.name,
            last.c.state,
            last.c.read,
            last.c.rejected,
            loaded.c.at,
            usual.c.rows,
            usual.c.files,
        )
        .select_from(FeedRow)
        .join(last, true())
        .join(loaded, true())
        .join(usual, true())
        .where(FeedRow.firm_id == partner.firm_id, FeedRow.partner_id == partner.id)
    )


def _last() -> LateralFromClause:
    return (
        select(
            Import.received_at,
            File.name,
            Import.state,
            Import.counts["rows"]["read"].as_integer().label("read"),
            Import.counts["rows"]["rejected"].as_integer().label("rejected"),
        )
        .join(File, File.id == Import.file_id)
        .where(Import.firm_id == FeedRow.firm_id, Import.feed_id == FeedRow.id)
        .order_by(Import.received_at.desc(), Import.id.desc())
        .limit(1)
        .correlate(FeedRow)
        .lateral("last")
    )


def _loaded() -> LateralFromClause:
    return (
        select(func.max(Import.finished_at).label("at"))
        .where(Import.firm_id == FeedRow.firm_id, Import.feed_id == FeedRow.id, Import.state.in_(LOADED_STATES))
        .correlate(FeedRow)
        .lateral("loaded")
    )


def _usual_rows() -> LateralFromClause:
    """The middle one of the last loaded files, and of how many it is."""
    read_rows = Import.counts["rows"]["read"].as_integer().label("read")
    some = (
        select(read_rows)
        .where(Import.firm_id == FeedRow.firm_id, Import.feed_id == FeedRow.id, Import.state.in_(LOADED_STATES))
        .order_by(Import.received_at.desc(), Import.id.desc())
        .limit(_USUAL)
        .correlate(FeedRow)
        .lateral("some")
    )
    middle = func.percentile_disc(0.5).within_group(some.c.read)
    return select(middle.label("rows"), func.count().label("files")).select_from(some).lateral("usual")


REPORT = Report(
    title="How feeds do",
    purpose="Which partners' files are late, missing, empty or short, and when the next one is due.",
    columns=tuple(
        "partner feed state expected_by due_at last_received_at last_file last_state last_rows last_rejected"
        " last_loaded_at usual_rows usual_of".split()
    ),
    filters=FeedHealthFilters,
    query=_rows,
    plot=Parts(
        title="Feeds by how they do",
        of="feed",
        series="state",
        words=(
            Kind("missing", "bad", ("missing",)),
            Kind("late", "warn-fill", ("late",)),
            Kind("empty or short", "third", ("empty", "short")),
            Kind("without a file so far", "quiet", ("never",)),
            Kind("received, no time agreed", "second", ("received",)),
            Kind("on time", "good", ("on_time",)),
        ),
    ),
)
