"""What became of every file, the newest first: one row an import, with the counts of its receipt."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, File, Import, Partner
from gateway.reports.filters import Filters, ImportId, Since
from gateway.reports.plot import Columns, Kind
from gateway.reports.report import Report, Rows, streamed

_COUNTS = tuple("read created updated unchanged stale superseded rejected skipped".split())


class ImportReceiptFilters(Filters, frozen=True, kw_only=True):
    """Which imports."""

    import_id: ImportId | None = None
    since: Since | None = None


def _rows(session: Session, filters: ImportReceiptFilters) -> Rows:
    found = (
        select(
            Import.id,
            Import.received_at,
            Partner.slug,
            FeedRow.name,
            File.name,
            Import.state,
            Import.code,
            Import.reason,
            Import.as_of,
            Import.finished_at,
            *map(_count, _COUNTS),
            Import.problem_count,
            Import.corrects_import_id,
        )
        .join(File, File.id == Import.file_id)
        .join(Partner, Partner.id == Import.partner_id)
        .outerjoin(FeedRow, FeedRow.id == Import.feed_id)
        .order_by(Import.received_at.desc(), Import.id.desc())
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(Import.id == filters.import_id) if filters.import_id else found
    found = found.where(Import.received_at >= filters.since) if filters.since else found
    yield from streamed(session, found)


def _count(name: str) -> ColumnElement[int]:
    return func.coalesce(Import.counts["rows"][name].as_integer(), 0)


REPORT = Report(
    title="What became of files",
    purpose="Each file with what it brought: rows read, written, rejected, and why it was held.",
    columns=(
        *"import received_at partner feed file state code reason as_of finished_at".split(),
        *_COUNTS,
        *"problems corrects".split(),
    ),
    filters=ImportReceiptFilters,
    query=_rows,
    plot=Columns(
        title="Rows of files, by day and what became of them",
        of="row",
        x=("received_at",),
        step="day",
        y=_COUNTS[1:],
        words=(
            Kind("written", "good", ("created", "updated")),
            Kind("nothing new", "s5", ("unchanged",)),
            Kind("passed over", "second", ("stale", "superseded", "skipped")),
            Kind("rejected", "bad", ("rejected",)),
        ),
    ),
)
