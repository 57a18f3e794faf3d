"""Files as they arrived, what became of each, and what was wrong with its rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, ours, personal, points_at

OPEN_STATES = ("received", "running", "unpacking")
LOADED_STATES = ("loaded", "loaded_with_errors", "released")
ImportState = Literal[
    "received",
    "running",
    "unpacking",
    "unpacked",
    "loaded",
    "loaded_with_errors",
    "no_change",
    "held",
    "released",
    "refused",
    "failed",
]
STATES: tuple[str, ...] = get_args(ImportState)

_UNFINISHED = "state IN ('received', 'running', 'unpacking', 'held', 'failed')"


class File(FirmScoped, Base):
    """Bytes that arrived, stored encrypted before anything else happened to them.

    Attributes:
        archive_id: the archive in which it came, kept as it arrived.
        remarks: what was noticed before anything was read.
        destroyed_at: since when the bytes are gone for good.
        condemned_at: since when they are to go as soon as nothing waits for them, for an erased person is named there.
    """

    __tablename__ = "files"

    partner_id: Mapped[UUID] = ours()
    name: Mapped[str] = personal(blank="erased")
    sha256: Mapped[str] = ours()
    size: Mapped[int] = ours(BigInteger)
    storage_key: Mapped[str] = ours()
    via: Mapped[str] = ours()
    archive_id: Mapped[UUID | None] = ours()
    remarks: Mapped[list[str]] = personal(JSONB, server_default=text("'[]'"), blank=[])
    received_at: Mapped[Stamp] = ours()
    destroyed_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    condemned_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("files", "archive_id"),
        Index(None, "firm_id", "partner_id", "sha256"),
    )


class Import(FirmScoped, Base):
    """One file's way through the pipeline, to a state that somebody can act on.

    Attributes:
        reading: digest of everything that decides how the bytes are read (feed section, learned names).
        confirmed_as_of: a later identical file moved what this import saw up to here, without touching its sightings.
        corrects_import_id: the import whose errors.csv came back as this file.
        counts: {"rows": {...}, "records": {...}} as in the receipt.
        guards: what holds the file; waived: which of them a person set aside when releasing it.
        header: the column names as found, to notice what the next file adds or drops.
        wrong_rows: those with a problem that is an error, counted when it ended.
    """

    __tablename__ = "imports"

    partner_id: Mapped[UUID] = ours()
    feed_id: Mapped[UUID | None] = ours()
    file_id: Mapped[UUID] = ours()
    config_id: Mapped[UUID | None] = ours()
    corrects_import_id: Mapped[UUID | None] = ours()
    state: Mapped[str] = ours(server_default="received")
    code: Mapped[str | None] = ours()
    reason: Mapped[str | None] = personal()
    fix: Mapped[str | None] = personal()
    as_of: Mapped[datetime | None] = ours(DateTime(timezone=True))
    confirmed_as_of: Mapped[datetime | None] = ours(DateTime(timezone=True))
    reading: Mapped[str | None] = ours()
    forced: Mapped[bool] = ours(server_default=text("false"))
    guards: Mapped[list[str]] = ours(JSONB, server_default=text("'[]'"))
    waived: Mapped[list[str]] = ours(JSONB, server_default=text("'[]'"))
    suggestions: Mapped[list[dict[str, Any]]] = personal(JSONB, server_default=text("'[]'"), blank=[])
    remarks: Mapped[list[str]] = ours(JSONB, server_default=text("'[]'"))
    header: Mapped[list[str] | None] = personal(JSONB)
    counts: Mapped[Json] = ours()
    problem_count: Mapped[int] = ours(server_default=text("0"))
    wrong_rows: Mapped[int] = ours(server_default=text("0"))
    attempts: Mapped[int] = ours(server_default=text("0"))
    seconds: Mapped[float | None] = ours()
    received_at: Mapped[Stamp] = ours()
    finished_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    receipt_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("partners", "partner_id"),
        points_at("feeds", "feed_id"),
        points_at("files", "file_id"),
        points_at("partner_configs", "config_id"),
        points_at("imports", "corrects_import_id"),
        Index(None, "firm_id", "partner_id", "received_at"),
        Index(None, "firm_id", "feed_id", "finished_at"),
        Index("imports_unfinished", "state", "partner_id", "received_at", postgresql_where=text(_UNFINISHED)),
        Index("imports_without_receipt", "finished_at", postgresql_where=text("receipt_at IS NULL")),
        CheckConstraint(
            "state IN ('received', 'running', 'unpacking', 'unpacked', 'loaded', 'loaded_with_errors', 'no_change',"
            " 'held', 'released', 'refused', 'failed')",
            name="state",
        ),
    )


class RowError(FirmScoped, Base):
    """One problem of one row, told as it will be told to the partner; sensitive values are masked.

    Attributes:
        place: the row counted through all sheets, which orders problems and finds their rows again.
        row: as its sheet shows it.
    """

    __tablename__ = "row_errors"

    import_id: Mapped[UUID] = ours()
    place: Mapped[int] = ours()
    row: Mapped[int] = ours()
    line: Mapped[int] = ours()
    sheet: Mapped[str | None] = ours()
    column_name: Mapped[str | None] = personal()
    value: Mapped[str | None] = personal()
    code: Mapped[str] = ours()
    severity: Mapped[str] = ours()
    message: Mapped[str] = personal()
    fix: Mapped[str] = personal()

    __table_args__ = (points_at("imports", "import_id"), Index(None, "firm_id", "import_id", "place"))


class ProblemGroup(FirmScoped, Base):
    """Problems of one import that are alike, counted when it ended: counting 75,000 takes a fifth of a second.

    Attributes:
        severity, code, column_name, value: as of each of them.
        problems: how many there are.
        first_place: of the first of them, see `RowError`.
        message, fix: the first in the order of letters, where they are not all the same.
    """

    __tablename__ = "problem_groups"

    import_id: Mapped[UUID] = ours()
    severity: Mapped[str] = ours()
    code: Mapped[str] = ours()
    column_name: Mapped[str | None] = personal()
    value: Mapped[str | None] = personal()
    problems: Mapped[int] = ours()
    first_place: Mapped[int] = ours()
    message: Mapped[str] = personal()
    fix: Mapped[str] = personal()

    __table_args__ = (points_at("imports", "import_id"), Index(None, "firm_id", "import_id"))
