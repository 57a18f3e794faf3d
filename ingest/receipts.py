"""What the partner gets back: receipt.json always; errors.csv and errors.json when rows were rejected.

Receipts are made from the database and the stored file after the commit, so a process killed in between loses nothing:
whoever comes next writes them. errors.csv holds rejected rows in full, because it is for repair; it lies in a folder
that only the owner reads, and the carriers that hand it out are those that the partner logs in to.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from gateway import clock, crypto
from gateway.db.models import FeedRow, File, Import, PartnerConfig, RowError
from gateway.db.session import Database
from gateway.domain.accounts import cipher_of
from gateway.domain.partners import Home
from gateway.settings import Settings
from gateway.storage import Store
from ingest import corrections, formats
from ingest.account import account_of, problem_object, summary_of
from ingest.formats.base import FormatSpec, Source, Table
from ingest.formats.csv import CsvFormat
from ingest.formats.text import presentable
from ingest.numbering import Numbering
from ingest.partner import read_partner
from ingest.spreadsheet import neutralise
from ingest.unpacking import plain

_FETCH = 2_000  # problems read at a time


def folder_of(settings: Settings, home: Home, import_id: UUID) -> Path:
    """Where the receipts of an import lie."""
    return settings.data_dir / "receipts" / home.slug / str(import_id)


def write(db: Database, store: Store, settings: Settings, home: Home, import_id: UUID) -> None:
    """Write the receipts of an ended import, again if need be: equal states give equal receipts."""
    folder = folder_of(settings, home, import_id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with db.firm(home.firm_id) as session:
        arrival = session.get_one(Import, (home.firm_id, import_id))
        rejected = session.scalar(_problems(import_id).where(RowError.severity == "error").limit(1)) is not None
        for old in folder.glob("errors*"):
            old.unlink()
        if arrival.problem_count:
            _write_json(session, import_id, folder / "errors.json")
        if rejected:
            source = _source(session, store, settings, home, arrival)
            _write_csvs(session, arrival, source, folder)
        told = account_of(session, import_id, folder, problems=False) | {"problems": summary_of(session, import_id)}
        told["receipts"] = sorted(
            {"receipt.json", *(path.name for path in folder.glob("errors*"))}
        )  # names, not our paths
        with _whole(folder / "receipt.json") as out:
            out.write(_pretty(told))
        arrival.receipt_at = clock.now()


def destroy(settings: Settings, home: Home, import_id: UUID) -> None:
    """Remove the receipts of an import for good; none that are there is fine."""
    folder = folder_of(settings, home, import_id)
    if folder.exists():
        shutil.rmtree(folder)


def _problems(import_id: UUID) -> Select[RowError]:
    return select(RowError).where(RowError.import_id == import_id)


def _source(session: Session, store: Store, settings: Settings, home: Home, arrival: Import) -> Source:
    file = session.get_one(File, (home.firm_id, arrival.file_id))
    cipher = cipher_of(session, home.firm_id, crypto.load_master_key(settings))
    return store.open(file.storage_key, cipher, name=file.name)


# ------------------------------------------------------------------------------------------------ errors.json


def _write_json(session: Session, import_id: UUID, path: Path) -> None:
    """An array with one problem a line, written as it is read."""
    ordered = _problems(import_id).order_by(RowError.place, RowError.id)
    before = "[\n"
    with _whole(path) as out:
        for one in session.scalars(ordered.execution_options(yield_per=_FETCH)):
            out.write(before + msgspec.json.encode(problem_object(one)).decode())
            before = ",\n"
        out.write("\n]\n")


# ------------------------------------------------------------------------------------------------ errors.csv


def _write_csvs(session: Session, arrival: Import, source: Source, folder: Path) -> None:
    """The rejected rows in the partner's own layout and delimiter, then what was wrong and which row it is.

    Each sheet and each record type with rejected rows has a file of its own, for each has columns of its own.
    UTF-8 with a byte order mark: the one encoding in which a spreadsheet shows every partner's text as it was.
    """
    table, spec = _reopen(session, arrival, source)
    delimiter = spec.separator if isinstance(spec, CsvFormat) else ","
    wrong, numbering = _Wrong(session, arrival.id), Numbering(table)
    with ExitStack() as stack:
        writers: dict[int, Any] = {}
        for part, row, cells in _rejected(numbering, wrong):
            one = table.parts[part]
            if part not in writers:
                out = stack.enter_context(
                    _whole(folder / _name(part, one.name, first=not writers), encoding="utf-8-sig")
                )
                writers[part] = csv.writer(out, delimiter=delimiter)
                writers[part].writerow([*map(neutralise, one.header), corrections.PROBLEMS, corrections.ROW])
            told = [neutralise(presentable(cell)) for cell in cells]
            reference = corrections.reference(arrival.id, one.name, numbering.row(row))
            writers[part].writerow([*_fit(told, len(one.header)), neutralise(wrong.told(row)), reference])


def _name(number: int, part: str | None, *, first: bool) -> str:
    """errors.csv for the first part with rejected rows; others are told apart by number, for names may look alike."""
    told = re.sub(r"[^\w-]+", "_", part or "")[:40]
    return "errors.csv" if first else f"errors-{number + 1}-{told}.csv"


def _reopen(session: Session, arrival: Import, source: Source) -> tuple[Table, FormatSpec]:
    config = session.scalars(select(PartnerConfig).where(PartnerConfig.id == arrival.config_id)).one()
    partner, _ = read_partner(config.source)
    source = plain(source, partner.feeds.values())
    if saved := corrections.recognise(source) if arrival.corrects_import_id else None:
        return corrections.Corrections(source, saved), saved.format
    name = session.scalars(select(FeedRow.name).where(FeedRow.id == arrival.feed_id)).one()
    spec = partner.feeds[name].format
    return formats.open_table(source, spec), spec


class _Wrong:
    """The errors of an import in the order of its rows, read beside the file itself, a little at a time."""

    def __init__(self, session: Session, import_id: UUID) -> None:
        ordered = (
            select(RowError.place, RowError.message, RowError.fix)
            .where(RowError.import_id == import_id, RowError.severity == "error")
            .order_by(RowError.place, RowError.id)
        )
        self._found = iter(session.execute(ordered.execution_options(yield_per=_FETCH)))
        self._next = next(self._found, None)
        self._told: dict[int, str] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether all have been told."""
        return self._next is None and not self._told

    def has(self, row: int) -> bool:
        """Whether this row was rejected; rows must be asked for in order, but for those of one batch and the next."""
        while self._next is not None and self._next[0] <= row:
            number, message, fix = self._next
            self._told[number] = " ".join(filter(None, [self._told.get(number), message, fix]))
            self._next = next(self._found, None)
        return row in self._told

    def told(self, row: int) -> str:
        """What was wrong with a row that was rejected; is told once."""
        return self._told.pop(row)


def _rejected(numbering: Numbering, wrong: _Wrong) -> Iterator[tuple[int, int, list[str]]]:
    """Part, row in the whole file, and cells."""
    for batch in numbering.batches():
        if wrong.is_exhausted:
            return
        rows = [*zip(batch.rows, batch.cells, strict=True), *((one.row, one.cells) for one in batch.broken)]
        yield from ((batch.part, row, cells) for row, cells in sorted(rows, key=itemgetter(0)) if wrong.has(row))


def _fit(cells: Sequence[str], width: int) -> list[str]:
    """A ragged row at the header's width, so that Problems and Row stay where they are; nothing is lost."""
    if len(cells) <= width:
        return [*cells, *[""] * (width - len(cells))]
    return [*cells[: width - 1], ",".join(cells[width - 1 :])]


# ------------------------------------------------------------------------------------------------ files


def _pretty(told: dict[str, object]) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


@contextmanager
def _whole(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Write a file that is whole or not there; only its owner reads it."""
    half = path.with_suffix(path.suffix + ".part")
    with os.fdopen(
        os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding=encoding, newline=""
    ) as out:
        yield out
    half.replace(path)
