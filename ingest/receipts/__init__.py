"""What the partner gets back: receipt.json always; errors.csv and errors.json when rows were rejected; errors.xlsx when
somebody asks for it.

Receipts are made from the database and the stored file after the commit, so a process killed in between loses nothing:
whoever comes next writes them. errors.csv and errors.xlsx hold rejected rows in full, because they are for repair; they
lie in a folder that only the owner reads, and the carriers that hand them out are those that the partner logs in to.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock, private
from gateway.db.models import OPEN_STATES, File, Import, RowError
from gateway.domain.partners.homes import Home
from gateway.errors import Busy
from gateway.office import Office
from gateway.settings import Settings
from ingest.account import RECEIPTS, account_of, problem_object, summary_of
from ingest.originals import recall_from
from ingest.reading import Reading, past_reading
from ingest.receipts.files import whole, whole_bytes
from ingest.receipts.marks import ROWS
from ingest.receipts.rejected import FETCH, rejected_rows
from ingest.receipts.tables import write_tables

_OPENINGS = 3  # tries to open a file that was there a moment ago


def folder_of(settings: Settings, home: Home, import_id: UUID) -> Path:
    """Where the receipts of an import lie."""
    return settings.data_dir / "receipts" / home.slug / str(import_id)


def write(office: Office, home: Home, import_id: UUID) -> None:
    """Write the receipts of an ended import, again if need be: equal states give equal receipts.

    Those that are there already stay until new ones take their places, for somebody may be fetching them.
    """
    folder = folder_of(office.settings, home, import_id)
    with office.db.firm(home.firm_id) as session:
        arrival = _locked(session, home, import_id)
        private.make_folder(folder)  # not before: an erasure may have had the lock, and destroyed it
        made = set()
        if arrival.problem_count:
            made.add("errors.json")
            _write_json(session, import_id, folder / "errors.json")
        if _has_rejected(session, import_id):
            past = _past(office, session, home, arrival)
            made |= {ROWS, *write_tables(rejected_rows(session, arrival, past.open()), past.format, folder)}
        for old in (*folder.glob("errors*"), *folder.glob(ROWS)):  # errors.xlsx too: made again when somebody asks
            if old.name not in made:
                old.unlink()
        told = account_of(session, import_id, folder, problems=False) | {"problems": summary_of(session, import_id)}
        told["receipts"] = sorted(
            {"receipt.json", *(path.name for path in folder.glob("errors*"))}
        )  # names, not our paths
        with whole(folder / "receipt.json") as out:
            out.write(_pretty(told))
        arrival.receipt_at = clock.now()


def errors(office: Office, home: Home, import_id: UUID, form: str) -> Path | None:
    """The rejected rows of an ended import as csv or xlsx, or as json all its problems; made unless they are there.

    None where there are none.

    Raises:
        Permanent: see `make_workbook`.
    """
    if form == "xlsx":
        return make_workbook(office, home, import_id)
    path = folder_of(office.settings, home, import_id) / f"errors.{form}"
    if not path.exists() and _is_lacking(office, home, import_id, form):
        write(office, home, import_id)
    return path if path.exists() else None


def open_errors(office: Office, home: Home, import_id: UUID, form: str) -> IO[bytes] | None:
    """The same, open: whoever makes receipts anew or destroys them takes the file away, but not from its reader.

    Raises:
        Permanent: see `make_workbook`.
        Transient: `conflict`, each time that it was there it was gone again.
    """
    for _ in range(_OPENINGS):
        path = errors(office, home, import_id, form)
        if path is None:
            return None
        with suppress(FileNotFoundError):
            return path.open("rb")
    raise Busy("conflict", "The receipts of this import are being made anew; try again in a moment.")


def make_workbook(office: Office, home: Home, import_id: UUID) -> Path | None:
    """errors.xlsx of an ended import, made unless it is there already; None where no row was rejected.

    Raises:
        Permanent: `too_wide`, a workbook has fewer columns than this file.
    """
    from ingest.receipts.workbook import write_workbook  # noqa: PLC0415 - takes 11 MB, which imports do not owe

    folder = folder_of(office.settings, home, import_id)
    path = folder / RECEIPTS["xlsx"]
    with office.db.firm(home.firm_id) as session:
        arrival = _locked(session, home, import_id)
        if arrival.state in OPEN_STATES or not _has_rejected(session, import_id):
            return None
        if not path.exists():
            private.make_folder(folder)
            table = _past(office, session, home, arrival).open()
            with whole_bytes(path) as out:
                write_workbook(rejected_rows(session, arrival, table), arrival.counts["rows"]["rejected"], out)
    return path


def destroy(settings: Settings, home: Home, import_id: UUID) -> None:
    """Remove the receipts of an import for good; none that are there is fine."""
    folder = folder_of(settings, home, import_id)
    if folder.exists():
        shutil.rmtree(folder)


def _is_lacking(office: Office, home: Home, import_id: UUID, form: str) -> bool:
    """Whether there should be a file of this form, and a killed process could not write it."""
    with office.db.firm(home.firm_id) as session:
        arrival = session.get_one(Import, (home.firm_id, import_id))
        if arrival.state in OPEN_STATES:
            return False
        return arrival.problem_count > 0 if form == "json" else _has_rejected(session, import_id)


def _locked(session: Session, home: Home, import_id: UUID) -> Import:
    """The import, for whoever writes its receipts: two at once would write into each other's files."""
    return session.get_one(Import, (home.firm_id, import_id), with_for_update=True)


def _has_rejected(session: Session, import_id: UUID) -> bool:
    errors = select(RowError.id).where(RowError.import_id == import_id, RowError.severity == "error")
    return session.scalar(errors.limit(1)) is not None


def _past(office: Office, session: Session, home: Home, arrival: Import) -> Reading:
    file = session.get_one(File, (home.firm_id, arrival.file_id))
    stored = office.store.open(file.storage_key, office.cipher(session, home.firm_id), name=file.name)
    return past_reading(session, arrival, stored, recall_from(office))


def _write_json(session: Session, import_id: UUID, path: Path) -> None:
    """An array with one problem a line, written as it is read."""
    ordered = select(RowError).where(RowError.import_id == import_id).order_by(RowError.place, RowError.id)
    before = "[\n"
    with whole(path) as out:
        for one in session.scalars(ordered.execution_options(yield_per=FETCH)):
            out.write(before + msgspec.json.encode(problem_object(one)).decode())
            before = ",\n"
        out.write("\n]\n")


def _pretty(told: dict[str, object]) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"
