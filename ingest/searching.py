"""Reads the stored files of a partner again for rows about a person who was erased, and has those files go.

What is known of the person by then is the tombstone, and the numbers of the cases, so the keys of every row are held
against those: of good rows and bad ones, and of those that the feed leaves out. Not searched is what came after the
erasure. Not found is a row that does not say readably whom it is about, or that stands in a file that cannot be read as
a table: those go with everything else, when they are old (`ingest.retention`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.config import ConfigError
from gateway.crypto import FirmCipher
from gateway.db.models import OPEN_STATES, Case, Client, File, Import, Partner
from gateway.domain.audit import Change, record
from gateway.domain.partners.homes import Home
from gateway.domain.people.erasure import tombstone
from gateway.erasing import Person
from gateway.errors import NotFound, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, enqueue
from gateway.jobs.ledger import Payload
from gateway.logging import get_logger
from gateway.office import Acting, Actor
from ingest import forgetting
from ingest.binding import Held, bind
from ingest.formats.base import Batch, Refused
from ingest.load.stage import stored_keys
from ingest.mapping.bound import RecordPlan
from ingest.mapping.plan import FeedPlan
from ingest.originals import recall_from
from ingest.reading import past_reading

ME = Actor("system", "erasure")

log = get_logger(__name__)


class _Wanted(NamedTuple):
    """Whom to look for.

    Attributes:
        home: of the partner.
        cases: the numbers of the person's cases.
    """

    client_id: UUID
    home: Home
    tombstone: str
    cases: frozenset[str]
    cipher: FirmCipher


@dataclass(slots=True)
class _Tally:
    """How far a search is, in files."""

    searched: int = 0
    destroyed: int = 0
    condemned: int = 0
    unreadable: int = 0
    unfinished: int = 0


def queue(acting: Acting, person: Person) -> UUID:
    """Have a worker look for a person in what the partner sent until now; the job's id.

    The tombstone goes with the job: staff may add the person again meanwhile, which takes it off the record.
    """
    payload: Payload = {"client_id": person.client_id, "tombstone": person.tombstone}
    job = enqueue(acting.session, SEARCH, payload, firm_id=acting.firm_id, about=person.client_id)
    assert job is not None  # noqa: S101 - only a job with a key may be there already
    return job


def search(handling: Handling) -> None:
    """Read every stored file that is left; each that names the person goes in a transaction of its own.

    How many there were, and how many cannot be read, is put on record with the person.

    Raises:
        Transient: `import_running`, some files have not come to their end yet.
    """
    firm_id, tally = handling.job.firm_id, _Tally()
    assert firm_id is not None  # noqa: S101 - see `queue`
    with handling.office.acting(firm_id, ME) as acting:
        wanted = _wanted(acting, UUID(handling.job.payload["client_id"]), handling.job.payload["tombstone"])
        left = acting.session.scalars(_left(wanted)).all()
    for import_id in left:
        with handling.office.acting(firm_id, ME) as acting:
            _search_one(handling, acting, import_id, wanted, tally)
        handling.tell(**asdict(tally))
    if tally.unfinished:
        raise Transient("import_running", "Some files of the partner are not done yet; they are read once they are.")
    with handling.office.acting(firm_id, ME) as acting:
        told = Change("client", wanted.client_id, "searched", new=asdict(tally))
        record(acting, "client.erase", client_id=wanted.client_id, changes=[told])
        handling.finish(acting.session)


SEARCH = Kind("ingest.search", "bulk", search)
KINDS = (SEARCH,)


# ------------------------------------------------------------------------------------------------ files


def _wanted(acting: Acting, client_id: UUID, stone: str) -> _Wanted:
    client = acting.session.get_one(Client, (acting.firm_id, client_id))
    home = Home.of(acting.session.get_one(Partner, (acting.firm_id, client.partner_id)))
    numbers = acting.session.scalars(select(Case.case_number).where(Case.client_id == client_id))
    return _Wanted(client_id, home, stone, frozenset(numbers), acting.cipher)


def _left(wanted: _Wanted) -> Select[UUID]:
    """Imports from before the erasure whose bytes are there, and not to go anyway."""
    erased = aliased(Client)
    return (
        select(Import.id)
        .join(File, File.id == Import.file_id)
        .join(erased, erased.partner_id == Import.partner_id)
        .where(erased.id == wanted.client_id, Import.received_at <= erased.erased_at)
        .where(File.destroyed_at.is_(None), File.condemned_at.is_(None))
        .where(Import.state != "unpacked")  # which goes with the first of its files
        .order_by(Import.id)
    )


def _search_one(handling: Handling, acting: Acting, import_id: UUID, wanted: _Wanted, tally: _Tally) -> None:
    arrival = acting.session.get_one(Import, (acting.firm_id, import_id))
    file = acting.session.get_one(File, (acting.firm_id, arrival.file_id))
    if file.destroyed_at is not None:  # since the search began
        return
    if arrival.state in OPEN_STATES:
        tally.unfinished += 1
        return
    tally.searched += 1
    is_named = _look(acting, arrival, file, wanted)
    if is_named is None:
        tally.unreadable += 1
    elif is_named:
        acting.session.refresh(arrival, with_for_update=True)
        if arrival.state in forgetting.WAITING:
            _condemn(handling, acting, arrival, tally)
        else:
            _let_go(handling, acting, arrival, wanted, tally)


def _condemn(handling: Handling, acting: Acting, arrival: Import, tally: _Tally) -> None:
    forgetting.condemn(acting.session, [arrival.id])
    handling.hold(acting.session)
    tally.condemned += 1


def _let_go(handling: Handling, acting: Acting, arrival: Import, wanted: _Wanted, tally: _Tally) -> None:
    """As in an erasure (`domain.people.erasure.erase`), bytes go last and before the commit."""
    session = acting.session
    forgetting.forget_person(session, [arrival])
    keys = forgetting.give_up(session, [arrival.id])
    told = Change("import", arrival.id, "destroyed")
    record(acting, "client.erase", client_id=wanted.client_id, import_id=arrival.id, changes=[told])
    handling.hold(session)
    forgetting.destroy(acting.office, wanted.home, [arrival.id], keys)
    tally.destroyed += 1


# ------------------------------------------------------------------------------------------------ rows


def _look(acting: Acting, arrival: Import, file: File, wanted: _Wanted) -> bool | None:
    """Whether a row of the stored file names the person; None where it cannot be read."""
    try:
        return _is_named(acting, arrival, file, wanted)
    except (Refused, Held, ConfigError, NotFound) as error:
        log.warning("file not searched", import_id=str(arrival.id), why=type(error).__name__)
        return None


def _is_named(acting: Acting, arrival: Import, file: File, wanted: _Wanted) -> bool:
    if arrival.feed_id is None or arrival.config_id is None:
        raise NotFound("feed of the import", str(arrival.id))
    source = acting.office.store.open(file.storage_key, wanted.cipher, name=file.name)
    reading = past_reading(acting.session, arrival, source, recall_from(acting.office))
    table = reading.open()
    today = clock.day_in(wanted.home.time_zone, arrival.received_at)
    plans = bind(table, reading.feed, reading.learned, today, reading.source.name, reading.tables)
    return any(_names(batch, plans[batch.part], wanted) for batch in table.batches())


def _names(batch: Batch, plan: FeedPlan, wanted: _Wanted) -> bool:
    return any(_is_among(_said(batch, one), one, wanted) for one in plan.records if one.key)


def _said(batch: Batch, one: RecordPlan) -> set[str]:
    """What stands where the record's key does, as read and as written; of rows that have no columns, everything."""
    said = {cell.strip() for row in batch.broken for cell in row.cells}
    for part in one.fields:
        if part.target.name == one.key:
            cells = part.cells(batch.cells)
            said.update(cell.strip() for cell in cells)
            said.update(str(value) for value in part.column(cells).values if value is not None)
    return said


def _is_among(said: set[str], one: RecordPlan, wanted: _Wanted) -> bool:
    if one.kind == "case":
        return not wanted.cases.isdisjoint(said)
    keys = stored_keys(sorted(said), str(one.key), wanted.cipher)
    return any(key is not None and tombstone(key, wanted.cipher) == wanted.tombstone for key in keys)
