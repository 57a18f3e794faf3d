"""How every feed does: when its last file came and what became of it, and whether that was when it was due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import LateralFromClause

from gateway import clock
from gateway.config import Document, read
from gateway.db.models import LOADED_STATES, FeedRow, File, Import, Partner, PartnerConfig
from gateway.reports.dues import Due, due_of, names_of
from gateway.reports.filters import Filters
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
    for name in names_of(document):
        due = due_of(document, name, clock.now().astimezone(ZoneInfo(partner.time_zone)))
        yield _row(partner.slug, name, due, seen.get(name))


def _row(slug: str, feed: str, due: Due | None, seen: Row[Any] | None) -> Sequence[object]:
    received_at = seen.received_at if seen else None
    state = due.state(received_at) if due else "never" if received_at is None else "received"
    told = [slug, feed, state, due.by if due else None, due.at if due else None]
    return [*told, *(seen[1:] if seen else [None] * 8)]


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
    columns=tuple(
        "partner feed state expected_by due_at last_received_at last_file last_state last_rows last_rejected"
        " last_loaded_at usual_rows usual_of".split()
    ),
    filters=FeedHealthFilters,
    query=_rows,
)
