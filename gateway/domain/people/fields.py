"""Which fields a client, a case and a document have, what they hold, and which words they accept.

Read off the tables, so that a new column is a new field of the config language without another list to keep.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

from sqlalchemy import ARRAY, Boolean, Date, Integer, Numeric, Table

from gateway.db.models import Base, Case, Client, Document
from gateway.domain.rules import vocabulary

Kind = Literal["client", "case", "document"]
Holds = Literal["text", "date", "number", "integer", "boolean", "words"]

CASE_TYPES = frozenset(vocabulary("case_types").words)
DOCUMENT_TYPES = frozenset(vocabulary("document_types").words)
CHOICES: dict[tuple[Kind, str], frozenset[str]] = {
    ("client", "enrollment_status"): frozenset({"active", "terminated", "withdrawn"}),
    ("case", "case_type"): CASE_TYPES,
    ("case", "stage"): frozenset(vocabulary("stages").words),
    ("case", "status"): frozenset({"open", "approved", "denied", "withdrawn", "closed"}),
    ("document", "status"): frozenset({"current", "superseded", "void"}),
}
DURATION_OF_STATUS = "duration_of_status"  # the I-94 admission "D/S": no end date, 8 CFR 214.2(f)(5)


class Room(NamedTuple):
    """What a number column can hold: the least, the most, and how many decimals."""

    least: Decimal
    most: Decimal
    decimals: int


_ROOMS: dict[tuple[Kind, str], Room] = {
    ("case", "complexity"): Room(Decimal(1), Decimal(10), 0),
    ("document", "days_abroad"): Room(Decimal(0), Decimal(3650), 0),
}

# columns that the gateway itself keeps; everything else may be mapped
_OURS = frozenset(
    "firm_id id partner_id key client_id case_id attorney_id file_id doc_type duration_of_status attributes"
    " source_import_id source_row pins version created_at updated_at erased_at".split()
)
_OURS_BY_KIND: dict[Kind, frozenset[str]] = {
    "client": frozenset({"status"}),
    "case": frozenset(),
    "document": frozenset(),
}


class Field(NamedTuple):
    """One mappable field of a record.

    Attributes:
        holds: which kind of value the column takes.
        sensitive: stored encrypted, compared by blind index, shown masked.
        choices: the only words accepted, where the field is a code of ours.
        lasting: it always has a value, so it cannot be cleared.
        room: what a number may be, beyond what the feed says.
    """

    name: str
    holds: Holds
    sensitive: bool
    choices: frozenset[str] | None
    lasting: bool
    room: Room | None


def _holds(column_type: object) -> Holds:
    by_type: list[tuple[type, Holds]] = [
        (Date, "date"),
        (Boolean, "boolean"),
        (Integer, "integer"),
        (Numeric, "number"),
        (ARRAY, "words"),
    ]
    return next((holds for kind, holds in by_type if isinstance(column_type, kind)), "text")


def _room(column_type: object) -> Room | None:
    if not isinstance(column_type, Numeric) or column_type.precision is None or column_type.scale is None:
        return None
    decimals = int(column_type.scale)
    most = Decimal(10) ** (int(column_type.precision) - decimals) - Decimal(10) ** -decimals
    return Room(-most, most, decimals)


def _fields(kind: Kind, model: type[Base]) -> dict[str, Field]:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for mypy
    ours = _OURS | _OURS_BY_KIND[kind]
    return {
        column.name: Field(
            column.name,
            _holds(column.type),
            column.info.get("nature") == "sensitive",
            CHOICES.get((kind, column.name)),
            not column.nullable,
            _ROOMS.get((kind, column.name)) or _room(column.type),
        )
        for column in table.columns
        if column.name not in ours and not column.name.endswith("_index")
    }


MODELS: dict[Kind, type[Base]] = {"client": Client, "case": Case, "document": Document}
KINDS: dict[type[object], Kind] = {model: kind for kind, model in MODELS.items()}
FIELDS: dict[Kind, dict[str, Field]] = {kind: _fields(kind, model) for kind, model in MODELS.items()}
