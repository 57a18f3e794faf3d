"""Makes the corrections file of a draft, and has it arrive like any other."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from io import TextIOWrapper
from pathlib import PurePath
from typing import IO, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import File, Import, Repair
from gateway.domain.audit import Change, record
from gateway.domain.links import repairs, returned
from gateway.domain.links.returned import Back
from gateway.domain.partners.homes import Home
from gateway.errors import Conflict
from gateway.office import Acting, Actor, Office
from gateway.spreadsheet import neutralise
from ingest import corrections
from ingest.arrival import Asked
from ingest.forgetting import forget_previews
from ingest.receipts.marks import Rows
from ingest.reception import receive
from ingest.repairs.draft import Draft, empty, mine, read
from ingest.repairs.judging import WrongRow, repaired
from ingest.repairs.rows import touched, wrong_rows

VIA = "console"
_AT_ONCE = 1_000  # rows
_FIRST = 2  # row below the header
_CHUNK = 1 << 20


class Sent(NamedTuple):
    """What went in: the imports, one a sheet or record type, and how many rows of those rejected; how many are left."""

    import_ids: list[UUID]
    rows: int
    rejected: int
    left: int


@dataclass(frozen=True)
class Corrections:
    """A file that corrects rows, and has not arrived; satisfies `ingest.formats.base.Source`.

    Attributes:
        origins: of its rows, which ones they are in the file that was first sent.
    """

    name: str
    back: list[Back]
    origins: Mapping[int, int]
    out: IO[bytes]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.back)

    @property
    def size(self) -> int:
        """Bytes."""
        return os.fstat(self.out.fileno()).st_size

    def chunks(self) -> Iterator[bytes]:
        """The content, from its beginning, whoever else reads it or asks for its size meanwhile."""
        place = 0
        while chunk := os.pread(self.out.fileno(), _CHUNK, place):
            yield chunk
            place += len(chunk)


class Prepared(NamedTuple):
    """What would go in: a file for each sheet or record type, with rows of the rejected ones that are left."""

    home: Home
    repair: Repair
    files: list[Corrections]
    rejected: int
    left: int


def send(office: Office, firm_id: UUID, actor: Actor, import_id: UUID) -> Sent:
    """Send the rows of a draft that were changed, as corrections of the import; the draft ends with it.

    The other rows are left, and can be repaired and sent in another draft. A file arrives for each sheet or record
    type, and the draft ends with the last: should something break in between, sending again sends the rest.

    Raises:
        Conflict: `no_draft`, there is none or nothing was typed; `changed_meanwhile`, by somebody else at that moment.
        Problem: as `draft.mine`, and as `reception.receive`.
    """
    with prepared(office, firm_id, actor, import_id) as ready:
        rows = sum(one.rows for one in ready.files)
        sent = Sent([], rows, ready.rejected, ready.left - rows)
        for one in ready.files:
            note = partial(_note, office, actor, ready.repair, one, is_last=one is ready.files[-1])
            chunks, home = one.chunks(), ready.home
            arrived = receive(office, home, one.name, chunks, via=VIA, by=actor, asked=Asked(), queued=True, note=note)
            sent.import_ids.append(arrived)
    return sent


@contextmanager
def prepared(office: Office, firm_id: UUID, actor: Actor, import_id: UUID) -> Iterator[Prepared]:
    """The files of a draft as they would be sent, until the block ends.

    Raises:
        Conflict: `no_draft`, there is none or nothing was typed.
        Problem: as `draft.mine`.
    """
    with ExitStack() as stack:
        with office.acting(firm_id, actor) as acting:
            home, found = mine(acting, import_id)
            draft = read(acting, import_id)
            files = _files(stack, acting, home, found, draft)
            rejected, left = found.counts["rows"]["rejected"], returned.number_left(acting.session, import_id)
        if draft.repair is None or not files:
            raise Conflict("no_draft", "There is nothing to send: no row was changed, or somebody has sent it already.")
        yield Prepared(home, draft.repair, files, rejected, left)


def _note(
    office: Office, actor: Actor, repair: Repair, file: Corrections, session: Session, import_id: UUID, *, is_last: bool
) -> None:
    """Mark the rows of a file as sent, and end the draft with its last one, in the transaction that puts the file on
    record, unless it is another draft by then.
    """
    acting = Acting(office, session, repair.firm_id, actor)
    seen = session.scalar(select(Repair).where(Repair.id == repair.id).with_for_update())
    if seen is None or seen.state != "open" or seen.changed_at != repair.changed_at:
        raise Conflict("changed_meanwhile", "Somebody has changed or sent these repairs just now. Look at them again.")
    repairs.check_open(acting, held=True)
    seen.sent = [*seen.sent, str(import_id)]
    returned.note(session, repair.firm_id, import_id, repair.import_id, file.back)
    if not is_last:
        return
    seen.state, seen.changed_at = "sent", clock.now()
    empty(acting, seen)
    forget_previews(acting.session, [repair.import_id])
    left = returned.number_left(session, repair.import_id)
    rows = sum(one.rows for one in returned.sent_of(session, repair.import_id))
    repairs.note_sent(acting, repair.import_id, rows, left)
    record(acting, "repair.send", import_id=repair.import_id, changes=[Change("repair", repair.id, "sent")])


# ------------------------------------------------------------------------------------------------ the files


def _files(stack: ExitStack, acting: Acting, home: Home, found: Import, draft: Draft) -> list[Corrections]:
    """The files of a draft, one a part."""
    stem = PurePath(acting.session.get_one(File, (acting.firm_id, found.file_id)).name).stem
    tables: dict[str | None, _Table] = {}
    for places in acting.session.scalars(touched(found.id, draft)).partitions(_AT_ONCE):
        for table, rows in wrong_rows(acting, home, found, places):
            if table.part not in tables:
                out = stack.enter_context(tempfile.TemporaryFile(dir=acting.office.settings.data_dir))  # noqa: SIM115 - is it not
                tables[table.part] = _Table(out, table, f"{stem}-repaired{f'-{len(tables) + 1}' if tables else ''}.csv")
            for row in rows:
                typed = draft.typed(row.place, row.bad)
                reference = corrections.reference(found.id, table.part, row.number)
                tables[table.part].write(repaired(row.cells, typed), reference, row)
    return [table.made() for table in tables.values()]


class _Table:
    """One file that is written."""

    def __init__(self, out: IO[bytes], table: Rows, name: str) -> None:
        self._name, self._out, self._part = name, out, table.part
        self._back: list[Back] = []
        self._origins: dict[int, int] = {}
        self._text = TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
        self._writer = csv.writer(self._text)
        self._writer.writerow([*map(neutralise, table.header), corrections.ROW])

    def write(self, cells: list[str], reference: str, row: WrongRow) -> None:
        place = len(self._back) + _FIRST
        self._back.append(Back(place, self._part, row.number))
        self._origins[place] = row.origin
        self._writer.writerow([*map(neutralise, cells), reference])

    def made(self) -> Corrections:
        """The file, whole."""
        self._text.flush()
        self._text.detach()
        return Corrections(self._name, self._back, self._origins, self._out)
