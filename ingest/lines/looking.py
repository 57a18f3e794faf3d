"""One row of a stored file, for whoever asks where a value came from; that it was looked at is on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from gateway import clock
from gateway.config import ConfigError
from gateway.db.models import LOADED_STATES, Client, File, Import, RowError
from gateway.domain import audit
from gateway.domain.audit import Whence, record
from gateway.domain.partners.homes import Home
from gateway.domain.people import walls
from gateway.errors import Conflict, Forbidden, Gone
from gateway.office import Acting
from ingest.binding import Held, bind
from ingest.catalogue import mask
from ingest.corrections import cells_in
from ingest.formats.base import Batch, Part, Refused
from ingest.imports import home_of
from ingest.lines.finding import Found, Spot, find
from ingest.lines.settings import Settings, Use
from ingest.load.stage import stored_keys
from ingest.mapping.mapped import Mapped
from ingest.mapping.plan import FeedPlan
from ingest.mapping.records import map_batch
from ingest.originals import recall_from
from ingest.reading import Reading, past_reading
from ingest.receipts.labels import Labels
from ingest.receipts.rejected import Fault
from ingest.repairs.hiding import hidden_cells, secret_columns


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as it came.

    Attributes:
        text: masked where the column is sensitive.
        uses: what is read from it.
        problems: what was wrong with it, with what to do.
    """

    number: int
    column: str
    text: str
    is_secret: bool
    uses: Sequence[Use]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Made:
    """What the row did to one record.

    Attributes:
        kind: client, case or document.
        action: created, updated, reopened, closed or superseded.
        fields: those that it changed; values stand in the person's history.
    """

    kind: str
    id: UUID | None
    action: str
    fields: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file.

    Attributes:
        version: of the settings by which it was read.
        sheet: or record type; None where the file has none.
        others: values that stand in no cell of the row: the same in all rows, or looked up.
        problems: what was wrong with the row as a whole.
        is_skipped: the feed leaves such rows out.
        person: whom it is about, as far as the firm knows them.
        made: what it did; empty where it said what was known already, or other words count more.
    """

    import_id: UUID
    file: str
    partner: str
    feed: str
    version: int
    sheet: str | None
    row: int
    line: int
    cells: Sequence[Cell]
    others: Sequence[Use]
    problems: Sequence[str]
    is_rejected: bool
    is_skipped: bool
    person: UUID | None
    made: Sequence[Made]


def look(acting: Acting, import_id: UUID, spot: Spot) -> Line:
    """One row as it came, what read each of its cells, and what it did; that it was looked at is on record.

    Raises:
        NotFound: there is no such import in the actor's sight.
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
        Conflict: `not_loaded`, nothing came of its rows; `not_readable`, it cannot be read as it was read then.
        Gone: `original_destroyed`.
        Invalid, Missing: as `find`.
    """
    home, arrival, file = _mine(acting, import_id)
    try:
        line = _Looking(acting, home, arrival, file).line(spot)
    except (Refused, Held, ConfigError) as error:
        raise Conflict("not_readable", "The file cannot be read today as it was when it was loaded.") from error
    whence = Whence(line.sheet, line.row, line.line)
    record(acting, "import.line", client_id=line.person, import_id=import_id, whence=whence)
    return line


def _mine(acting: Acting, import_id: UUID) -> tuple[Home, Import, File]:
    home = home_of(acting, import_id)
    if walls.screens(acting.session, home.partner_id):
        raise Forbidden("walled", "This row may name a person from whom an ethical wall keeps you.")
    found = acting.session.get_one(Import, (acting.firm_id, import_id))
    if found.state not in LOADED_STATES:
        raise Conflict("not_loaded", f"Nothing has come of its rows; the file is {found.state.replace('_', ' ')}.")
    file = acting.session.get_one(File, (acting.firm_id, found.file_id))
    if file.destroyed_at is not None:
        gone = f"{file.destroyed_at:%Y-%m-%d}"
        raise Gone("original_destroyed", f"Its original was destroyed on {gone}, and its lines with it.")
    if file.condemned_at is not None:
        raise Gone("original_destroyed", "It names a person who was erased, so nobody is shown its lines any more.")
    return home, found, file


class _Looking:
    """One file, opened as it was read."""

    def __init__(self, acting: Acting, home: Home, arrival: Import, file: File) -> None:
        self._acting, self._home, self._arrival, self._file = acting, home, arrival, file
        stored = acting.office.store.open(file.storage_key, acting.cipher, name=file.name)
        self._reading: Reading = past_reading(acting.session, arrival, stored, recall_from(acting.office))

    def line(self, spot: Spot) -> Line:
        reading, table = self._reading, self._reading.open()
        today = clock.day_in(self._home.time_zone, self._arrival.received_at)
        plans = bind(table, reading.feed, reading.learned, today, self._file.name, reading.tables)
        found = find(self._acting, self._home, self._arrival, table, spot)
        part, plan = table.parts[found.part], plans[found.part]
        mapped = map_batch(Batch([found.place], [found.line], [found.cells], part=found.part, sheet=part.name), plan)
        faults, is_rejected = self._faults(found)
        if is_rejected:  # by what only the whole file can tell, too
            mapped.rejected.add(found.place)
        return self._told(found, part, plan, mapped, faults)

    def _told(self, found: Found, part: Part, plan: FeedPlan, mapped: Mapped, faults: Sequence[Fault]) -> Line:
        uses = [*Settings(self._reading, part.name, plan).uses(mapped)]
        bad, _ = Labels(part.header).places(found.cells, faults)
        known = {id(fault) for some in bad.values() for fault in some}
        is_rejected = bool(mapped.rejected)
        made = [] if is_rejected else [*self._made(found, part)]
        return Line(
            self._arrival.id,
            self._file.name,
            self._home.slug,
            self._reading.feed_name,
            self._reading.config.version,
            part.name,
            found.row,
            found.line,
            _cells(found, part, hidden_cells(found.cells, secret_columns(plan), bad, faults), uses, bad),
            [] if is_rejected else [one for one in uses if not one.places and one.value is not None],
            [fault.told for fault in faults if id(fault) not in known],
            is_rejected,
            bool(mapped.skipped),
            self._person(plan, mapped, made),
            made,
        )

    def _faults(self, found: Found) -> tuple[list[Fault], bool]:
        """What was wrong with a row, and whether it was rejected for it."""
        told = select(RowError).where(RowError.import_id == self._arrival.id, RowError.place == found.place)
        errors = self._acting.session.scalars(told.order_by(RowError.id)).all()
        faults = [Fault(one.column_name, one.value, f"{one.message} {one.fix}", one.code) for one in errors]
        return faults, any(one.severity == "error" for one in errors)

    def _made(self, found: Found, part: Part) -> Sequence[Made]:
        sheet = part.name if part.header_row else None
        entries = audit.of_row(self._acting.session, self._arrival, Whence(sheet, found.row, found.line))
        return [_made(change) for one in entries for change in one.changes or []]

    def _person(self, plan: FeedPlan, mapped: Mapped, made: Sequence[Made]) -> UUID | None:
        """Whom the row is about: by the key that it names them by, of those who are there."""
        known = next((one.id for one in made if one.kind == "client"), None)
        keys = [key for one in mapped.records if one.kind == "client" for key in one.keys]
        if known or not keys or plan.feed.client is None:
            return known
        [key] = stored_keys(keys[:1], plan.feed.client.key, self._acting.cipher)
        wanted = select(Client.id).where(Client.partner_id == self._home.partner_id, Client.key == key)
        return self._acting.session.scalar(wanted)


def _cells(
    found: Found, part: Part, hidden: set[int], uses: Sequence[Use], bad: dict[int, list[Fault]]
) -> Sequence[Cell]:
    return [
        Cell(
            number,
            column,
            mask(text.strip()) if number in hidden and cells_in([text]) else text,
            number in hidden,
            [one for one in uses if number in one.places],
            [fault.told for fault in bad.get(number, ())],
        )
        for number, (column, text) in enumerate(zip(part.header, found.cells, strict=True))
    ]


def _made(change: dict[str, object]) -> Made:
    sides = (change.get("old"), change.get("new"))
    fields = sorted({name for side in sides if isinstance(side, dict) for name in side})
    one = change.get("id")
    return Made(str(change.get("kind", "")), UUID(str(one)) if one else None, str(change.get("action", "")), fields)
