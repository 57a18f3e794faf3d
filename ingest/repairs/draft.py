"""What somebody typed: single cells, and one value for all that are wrong in the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import Insert, insert

from gateway import clock
from gateway.db.models import LOADED_STATES, File, Import, Repair, RepairCell, RepairRule, RowError
from gateway.domain.audit import Change, record
from gateway.domain.links import repairs, returned
from gateway.domain.partners.homes import Home
from gateway.domain.people import walls
from gateway.errors import Conflict, Forbidden, Gone, Invalid
from gateway.office import Acting
from ingest.catalogue import is_whole
from ingest.forgetting import forget_previews
from ingest.imports import home_of
from ingest.receipts.rejected import Fault

MOST_LETTERS = 32_767  # of a cell, as in a workbook
_CELL, _RULE = "repair_cells.value", "repair_rules.value"  # what the ciphertexts are bound to


class Way(NamedTuple):
    """How a cell is wrong, as it is told.

    Attributes:
        column: the partner's own label.
        value: what stands there; None where nothing does.
    """

    column: str
    code: str
    value: str | None

    @classmethod
    def of(cls, fault: Fault) -> Way | None:
        """That of a fault; None of one that is the whole row's."""
        return None if fault.column is None else cls(fault.column, fault.code, fault.value)

    @property
    def name(self) -> str:
        """By which an address can speak of it, without what stands in a file."""
        return hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:16]

    @property
    def is_one(self) -> bool:
        """Whether all cells that are wrong in this way hold the same; not so where the value is masked or cut."""
        return self.code == "missing_value" if self.value is None else is_whole(self.value)


class Typed(NamedTuple):
    """A value and whose word it is."""

    value: str
    by: str


@dataclass(frozen=True)
class Draft:
    """All that was typed so far; of what has no draft, nothing.

    Attributes:
        cells: by place of the row and number of the column.
    """

    repair: Repair | None
    cells: Mapping[tuple[int, int], Typed]
    rules: Mapping[Way, Typed]

    def typed(self, place: int, bad: Mapping[int, Sequence[Fault]]) -> dict[int, Typed]:
        """What cells of a row are to be, by number; `bad` are those that are wrong, and how."""
        said = {
            number: self.rules[way]
            for number, faults in bad.items()
            for fault in faults
            if (way := Way.of(fault)) in self.rules and way is not None
        }
        return said | {number: typed for (row, number), typed in self.cells.items() if row == place}


def mine(acting: Acting, import_id: UUID) -> tuple[Home, Import]:
    """An import of which somebody may see and repair the rejected rows.

    Raises:
        NotFound: there is none in the actor's sight.
        Forbidden: `walled`, the actor is walled off from one of the partner's people.
        Conflict: `not_repairable`, it was not loaded.
        Gone: `original_destroyed`, and its rejected rows with it; `link_over`, they were looked at by a link.
    """
    repairs.check_open(acting)
    home = home_of(acting, import_id)
    if walls.screens(acting.session, home.partner_id):
        raise Forbidden("walled", "These rows may name a person from whom an ethical wall keeps you.")
    found = acting.session.get_one(Import, (acting.firm_id, import_id))
    if found.state not in LOADED_STATES:
        raise Conflict("not_repairable", f"Its rows can be repaired once it is loaded; it is {found.state}.")
    gone = acting.session.get_one(File, (acting.firm_id, found.file_id)).destroyed_at
    if gone is not None:
        raise Gone("original_destroyed", f"Its original was destroyed on {gone:%Y-%m-%d}, with its rejected rows.")
    return home, found


def read(acting: Acting, import_id: UUID) -> Draft:
    """The open draft of an import, decrypted."""
    repair = acting.session.scalar(select(Repair).where(Repair.import_id == import_id, Repair.state == "open"))
    if repair is None:
        return Draft(None, {}, {})
    cells = acting.session.scalars(select(RepairCell).where(RepairCell.repair_id == repair.id))
    rules = acting.session.scalars(select(RepairRule).where(RepairRule.repair_id == repair.id))
    opened = acting.cipher.decrypt
    return Draft(
        repair,
        {(one.place, one.number): Typed(opened(one.value, _CELL), one.by) for one in cells},
        {Way(one.column_name, one.code, one.old): Typed(opened(one.value, _RULE), one.by) for one in rules},
    )


def set_cells(acting: Acting, import_id: UUID, cells: Mapping[tuple[int, int], str | None]) -> None:
    """Keep what cells are to be, by place of the row and number of the column; None: as they were sent.

    Raises:
        Invalid: `no_such_row`, one of the rows was not rejected; `too_long`.
        Conflict: `row_sent`, one of them was sent already.
        Problem: as `mine`.
    """
    mine(acting, import_id)
    _check_places(acting, import_id, {place for place, _ in cells})
    repair = _opened(acting, import_id)
    kept = {key: value for key, value in cells.items() if value is not None}
    for place, number in cells.keys() - kept.keys():
        mean = RepairCell.repair_id == repair.id, RepairCell.place == place, RepairCell.number == number
        acting.session.execute(delete(RepairCell).where(*mean))
    if kept:
        sealed = acting.cipher.encrypt_column([_fitting(value) for value in kept.values()], _CELL)
        rows = [
            _stamped(acting, repair) | {"place": place, "number": number, "value": value}
            for (place, number), value in zip(kept, sealed, strict=True)
        ]
        given = insert(RepairCell).values(rows)
        keys = ["firm_id", "repair_id", "place", "number"]
        acting.session.execute(given.on_conflict_do_update(index_elements=keys, set_=_newest(given)))


def set_rule(acting: Acting, import_id: UUID, way: Way, value: str | None) -> None:
    """Keep what all cells are to be that are wrong in one way; None: nothing of the kind any more.

    Raises:
        Invalid: `no_such_problem`; `not_alike`, what stands in them is not told whole; `too_long`.
        Problem: as `mine`.
    """
    mine(acting, import_id)
    if any("\x00" in text for text in (*way, value) if text):
        raise Invalid("no_such_problem", "A cell of a file holds no NUL, and what all are to be neither.")
    if not way.is_one:
        raise Invalid("not_alike", "These cells hold different values, of which only a part is shown; repair each.")
    _check_way(acting, import_id, way)
    repair = _opened(acting, import_id)
    if value is None:
        mean = RepairRule.column_name == way.column, RepairRule.code == way.code
        old = RepairRule.old.is_not_distinct_from(way.value)
        acting.session.execute(delete(RepairRule).where(RepairRule.repair_id == repair.id, *mean, old))
        return
    [sealed] = acting.cipher.encrypt_column([_fitting(value)], _RULE)
    told = {"column_name": way.column, "code": way.code, "old": way.value, "value": sealed}
    given = insert(RepairRule).values(_stamped(acting, repair) | told)
    keys = ["firm_id", "repair_id", "column_name", "code", "old"]
    acting.session.execute(given.on_conflict_do_update(index_elements=keys, set_=_newest(given)))


def drop(acting: Acting, import_id: UUID) -> None:
    """Give a draft up, with all that was typed.

    Raises:
        Conflict: `no_draft`.
        Problem: as `mine`.
    """
    mine(acting, import_id)
    repair = read(acting, import_id).repair
    if repair is None:
        raise Conflict("no_draft", "There is no draft of repairs; somebody has sent it or given it up.")
    empty(acting, repair)
    repair.state, repair.changed_at = "dropped", clock.now()
    forget_previews(acting.session, [import_id])
    record(acting, "repair.drop", import_id=import_id, changes=[Change("repair", repair.id, "dropped")])


def empty(acting: Acting, repair: Repair) -> None:
    """Destroy what was typed: what it led to is on record elsewhere."""
    for kind in (RepairCell, RepairRule):
        acting.session.execute(delete(kind).where(kind.repair_id == repair.id))


# ---------------------------------------------------------------- helpers


def _opened(acting: Acting, import_id: UUID) -> Repair:
    """The open draft, made if there is none, and held until the transaction ends."""
    wanted = select(Repair).where(Repair.import_id == import_id, Repair.state == "open").with_for_update()
    made = insert(Repair).values(firm_id=acting.firm_id, import_id=import_id, opened_by=acting.actor.name)
    acting.session.execute(made.on_conflict_do_nothing())  # two may press at once
    repair = acting.session.scalars(wanted).one()
    repair.changed_at = clock.now()
    return repair


def _stamped(acting: Acting, repair: Repair) -> dict[str, object]:
    return {"firm_id": acting.firm_id, "repair_id": repair.id, "by": acting.actor.name, "at": clock.now()}


def _newest(given: Insert) -> dict[str, object]:
    return {name: given.excluded[name] for name in ("value", "by", "at")}


def _fitting(value: str) -> str:
    if len(value) > MOST_LETTERS:
        raise Invalid("too_long", f"A cell holds at most {MOST_LETTERS:,} characters.")
    return value


def _check_places(acting: Acting, import_id: UUID, places: set[int]) -> None:
    rejected = select(RowError.place, returned.is_left().label("is_left")).where(
        RowError.import_id == import_id, RowError.severity == "error", RowError.place.in_(places)
    )
    known = {row.place: row.is_left for row in acting.session.execute(rejected)}
    if strange := places - known.keys():
        raise Invalid("no_such_row", f"The row at {min(strange)} is none of those that were rejected.")
    if gone := [place for place, is_left in known.items() if not is_left]:
        raise Conflict("row_sent", f"The row at {min(gone)} was sent already, and is repaired here no more.")


def _check_way(acting: Acting, import_id: UUID, way: Way) -> None:
    found = select(RowError.id).where(
        RowError.import_id == import_id,
        RowError.severity == "error",
        RowError.column_name == way.column,
        RowError.code == way.code,
        RowError.value.is_not_distinct_from(way.value),
        returned.is_left(),
    )
    if acting.session.scalar(found.limit(1)) is None:
        raise Invalid("no_such_problem", f"No cell of {way.column!r} is wrong in this way.")
