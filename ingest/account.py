"""How an import is told: one object with the same keys to people's scripts, in receipts and to the API."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, File, Import, PartnerConfig, RowError
from gateway.errors import NotFound

MOST_PROBLEMS = 1_000  # in one answer; `problem_count` tells how many there are, errors.json holds them all
RECEIPTS: Mapping[str, str] = {"json": "receipt.json", "csv": "errors.csv", "xlsx": "errors.xlsx"}

_NO_RECORDS = {"created": 0, "updated": 0, "closed": 0}


def account_of(session: Session, import_id: UUID, folder: Path, *, problems: bool = True) -> dict[str, object]:
    """One import as an object; `folder` is where its receipts lie.

    Raises:
        NotFound: this firm has no such import.
    """
    found = session.execute(
        select(Import, File, FeedRow.name, PartnerConfig.version)
        .join(File, File.id == Import.file_id)
        .outerjoin(FeedRow, FeedRow.id == Import.feed_id)
        .outerjoin(PartnerConfig, PartnerConfig.id == Import.config_id)
        .where(Import.id == import_id)
    ).first()
    if found is None:
        raise NotFound("import", str(import_id))
    arrival, file, feed, version = found
    told: dict[str, object] = {
        "file": file.name,
        "sha256": file.sha256,
        "state": arrival.state,
        "reason": arrival.reason,
        "code": arrival.code,
        "fix": arrival.fix,
        "import_id": str(arrival.id),
        "feed": feed,
        "config_version": version,
        "as_of": _iso(arrival.as_of),
        "received_at": _iso(arrival.received_at),
        "finished_at": _iso(arrival.finished_at),
        "corrects": str(arrival.corrects_import_id) if arrival.corrects_import_id else None,
        **counts_of(arrival.counts),
        "guards": arrival.guards,
        "suggestions": arrival.suggestions,
        "remarks": arrival.remarks,
        "problem_count": arrival.problem_count,
        "receipts": {kind: str(folder / name) for kind, name in RECEIPTS.items() if (folder / name).exists()},
        "seconds": arrival.seconds,
    }
    return told | ({"problems": problems_of(session, import_id, MOST_PROBLEMS)} if problems else {})


def counts_of(counts: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Rows and records, every key present."""
    records = counts.get("records") or {}
    rows = ("read", "created", "updated", "unchanged", "stale", "superseded", "rejected", "skipped")
    return {
        "rows": dict.fromkeys(rows, 0) | dict(counts.get("rows") or {}),
        "records": {kind: records.get(kind, _NO_RECORDS) for kind in ("clients", "cases", "documents")},
    }


def problems_of(session: Session, import_id: UUID, most: int) -> list[dict[str, object]]:
    """The first problems by row, as told to the partner."""
    kept = select(RowError).where(RowError.import_id == import_id).order_by(RowError.row, RowError.id).limit(most)
    return [problem_object(one) for one in session.scalars(kept)]


def problem_object(one: RowError) -> dict[str, object]:
    """One problem with the keys that `errors.json` has."""
    return {
        "row": one.row,
        "line": one.line,
        "sheet": one.sheet,
        "column": one.column_name,
        "value": one.value,
        "code": one.code,
        "severity": one.severity,
        "message": one.message,
        "fix": one.fix,
    }


def summary_of(session: Session, import_id: UUID) -> list[dict[str, object]]:
    """Problems grouped by what and where: the most frequent first, each with the first row that shows it."""
    grouped = (
        select(
            RowError.code,
            RowError.severity,
            RowError.column_name,
            func.count(),
            func.min(RowError.row),
            func.min(RowError.fix),
        )
        .where(RowError.import_id == import_id)
        .group_by(RowError.code, RowError.severity, RowError.column_name)
        .order_by(func.count().desc(), RowError.code)
    )
    keys = ("code", "severity", "column", "count", "first_row", "fix")
    return [dict(zip(keys, row, strict=True)) for row in session.execute(grouped)]


def _iso(instant: object) -> str | None:
    return instant.isoformat() if hasattr(instant, "isoformat") else None  # type: ignore[no-any-return]
