"""How an import is told: one object with the same keys to people's scripts, in receipts and to the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.orm import Session

from gateway.db.models import FeedRow, File, Import, PartnerConfig, ReturnedRow, RowError
from gateway.errors import NotFound
from ingest.alike import kinds_of
from ingest.pipeline import FileOutcome

MOST_PROBLEMS = 1_000  # in one answer; `problem_count` tells how many there are, errors.json holds them all
RECEIPTS: Mapping[str, str] = {"json": "receipt.json", "csv": "errors.csv", "xlsx": "errors.xlsx"}

_SUMMARY = ("code", "severity", "column", "count", "first_row", "first_sheet", "fix", "first_origin")
_NO_RECORDS = {"created": 0, "updated": 0, "closed": 0}


def account_of(session: Session, import_id: UUID, folder: Path, *, problems: bool = True) -> dict[str, object]:
    """One import as an object; `folder` is where its receipts lie.

    Raises:
        NotFound: this firm has no such import.
    """
    found = session.execute(_accounts().where(Import.id == import_id)).first()
    if found is None:
        raise NotFound("import", str(import_id))
    told = _told(session, found, folder)
    return told | ({"problems": problems_of(session, import_id, MOST_PROBLEMS)} if problems else {})


def accounts_of(session: Session, folders: Mapping[UUID, Path]) -> dict[UUID, dict[str, object]]:
    """Some imports as such objects, without problems, by id; `folders` are where the receipts of each lie."""
    found = session.execute(_accounts().where(Import.id.in_(folders)))
    return {row[0].id: _told(session, row, folders[row[0].id]) for row in found.all()}


def _accounts() -> Select[Import, File, str | None, int | None]:
    return (
        select(Import, File, FeedRow.name, PartnerConfig.version)
        .join(File, File.id == Import.file_id)
        .outerjoin(FeedRow, FeedRow.id == Import.feed_id)
        .outerjoin(PartnerConfig, PartnerConfig.id == Import.config_id)
    )


def _told(session: Session, found: Row[Import, File, str | None, int | None], folder: Path) -> dict[str, object]:
    arrival, file, feed, version = found
    return {
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
        "suggestions": [one for one in arrival.suggestions if "accepted_by" not in one],
        "remarks": [*file.remarks, *arrival.remarks],
        "files": files_of(session, arrival) if arrival.state == "unpacked" else [],
        "problem_count": arrival.problem_count,
        "receipts": _receipts(folder),
        "seconds": arrival.seconds,
    }


def dry_account(name: str, sha256: str, outcome: FileOutcome, *, seconds: float) -> dict[str, object]:
    """What a dry run found, with the keys of an import; it has no id, no times and no receipts."""
    reading = outcome.reading
    return {
        "file": name,
        "sha256": sha256,
        "state": outcome.state,
        "reason": outcome.reason,
        "code": outcome.code,
        "fix": outcome.fix,
        "import_id": None,
        "feed": reading.feed_name if reading else None,
        "config_version": reading.config.version if reading else None,
        "as_of": _iso(reading.as_of) if reading else None,
        "received_at": None,
        "finished_at": None,
        "corrects": str(reading.corrects) if reading and reading.corrects else None,
        **counts_of({"rows": outcome.rows, "records": outcome.records}),
        "guards": outcome.guards,
        "suggestions": [to_builtins(one) for one in outcome.suggestions],
        "remarks": outcome.remarks,
        "files": [],
        "problem_count": len(outcome.problems),
        "receipts": {},
        "seconds": seconds,
        "problems": [_renamed(one) for one in outcome.problems[:MOST_PROBLEMS]],
        "dry_run": True,
        "differences": outcome.differences,
        "closing": outcome.closing,
    }


def files_of(session: Session, archive: Import) -> list[dict[str, str]]:
    """The files of an archive, each with its import, in the order in which they lie in it."""
    found = (
        select(Import.id, File.name)
        .join(File, File.id == Import.file_id)
        .where(File.archive_id == archive.file_id)
        .order_by(Import.id)
    )
    return [{"import_id": str(import_id), "file": name} for import_id, name in session.execute(found)]


def further(folder: Path) -> list[Path]:
    """The tables of rejected rows besides errors.csv: of the second sheet or record type that has any, the third ..."""
    return sorted(folder.glob("errors-*.csv"))


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
    kept = select(RowError).where(RowError.import_id == import_id).order_by(RowError.place, RowError.id).limit(most)
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
    """Problems grouped by what and where: the most frequent first, each with the first row that shows it.

    Of a file that corrects another, `first_origin` is that row in the file that was first sent.
    """
    return [dict(zip(_SUMMARY, row, strict=True)) for row in kinds_of(session, import_id)]


def row_by_row(session: Session, import_id: UUID, code: str, most: int) -> list[dict[str, object]]:
    """The first rows with a problem, of a file that corrects another as they stood in the file that was first sent."""
    found = (
        select(func.coalesce(ReturnedRow.origin, RowError.row), RowError.sheet, RowError.message)
        .outerjoin(ReturnedRow, _came_back())
        .where(RowError.import_id == import_id, RowError.code == code)
        .order_by(RowError.place, RowError.id)
        .limit(most)
    )
    return [{"row": row, "sheet": sheet, "message": message} for row, sheet, message in session.execute(found)]


def _came_back() -> ColumnElement[bool]:
    """The row as which a problem's row came back."""
    same = ReturnedRow.firm_id == RowError.firm_id, ReturnedRow.import_id == RowError.import_id
    return and_(*same, ReturnedRow.place == RowError.place)


def grouped(problems: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """The problems of a dry run in the form of `summary_of`."""
    kinds: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in problems:  # in the order of their rows
        kind = (one["code"], one["severity"], one["column_name"])
        new = dict(zip(_SUMMARY, (*kind, 0, one["row"], one["sheet"], one["fix"], None), strict=True))
        kinds.setdefault(kind, new)["count"] += 1
    return sorted(kinds.values(), key=lambda kind: (-kind["count"], kind["code"]))


def _renamed(problem: Mapping[str, Any]) -> dict[str, object]:
    """A staged problem with the keys of `problem_object`."""
    return {"column" if name == "column_name" else name: value for name, value in problem.items()}


def _receipts(folder: Path) -> dict[str, str]:
    """What lies there, by kind: json, csv, xlsx; the further tables as csv-2-Left and so on."""
    found = {kind: str(folder / name) for kind, name in RECEIPTS.items() if (folder / name).exists()}
    return found | {path.stem.replace("errors", "csv", 1): str(path) for path in further(folder)}


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
