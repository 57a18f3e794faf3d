"""Every problem of every import, the newest import first, each with what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, File, Import, Partner, RowError
from gateway.reports.filters import Filters, ImportId, Since
from gateway.reports.report import Report, Rows, Veil, streamed

_COLUMNS = tuple("import received_at partner feed file row line sheet column value code severity message fix".split())


class ImportErrorFilters(Filters, frozen=True, kw_only=True):
    """Which problems."""

    import_id: ImportId | None = None
    since: Since | None = None


def _rows(session: Session, filters: ImportErrorFilters) -> Rows:
    found = (
        select(
            Import.id,
            Import.received_at,
            Partner.slug,
            FeedRow.name,
            File.name,
            RowError.row,
            RowError.line,
            RowError.sheet,
            RowError.column_name,
            RowError.value,
            RowError.code,
            RowError.severity,
            RowError.message,
            RowError.fix,
        )
        .join(Import, Import.id == RowError.import_id)
        .join(File, File.id == Import.file_id)
        .join(Partner, Partner.id == Import.partner_id)
        .outerjoin(FeedRow, FeedRow.id == Import.feed_id)
        .order_by(Import.id.desc(), RowError.place, RowError.id)
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    found = found.where(RowError.import_id == filters.import_id) if filters.import_id else found
    found = found.where(Import.received_at >= filters.since) if filters.since else found
    yield from streamed(session, found)


def _unquoted(row: Sequence[object]) -> Sequence[object]:
    """A row for whoever may not read rejected rows: without the value, which the message quotes."""
    told = dict(zip(_COLUMNS, row, strict=True))
    message = str(told["message"]).replace(f"“{told['value']}”", "the value")
    return [*(told | {"value": None, "message": message}).values()]


REPORT = Report(
    title="Problems of imports",
    purpose="Every problem of every row, with its column, what stood there (for those who may read rejected rows) and"
    " what to do: for whoever puts files right.",
    columns=_COLUMNS,
    filters=ImportErrorFilters,
    query=_rows,
    veil=Veil("imports.errors", _unquoted),
)
