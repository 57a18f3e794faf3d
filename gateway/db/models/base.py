"""What all tables share: naming, firm-scoped keys, times, and the composite foreign key.

Every table but `firms` has the primary key (firm_id, id) and points at others by (firm_id, x_id): row-level security
alone would let a row of one firm point at a row of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column

NOW = text("gateway_now()")

Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Stamp = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=NOW)]
Json = Annotated[dict[str, Any], mapped_column(JSONB, server_default=text("'{}'"))]


class Base(DeclarativeBase):
    """The metadata that migrations are compared with."""

    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "fk": "%(table_name)s_%(column_1_name)s_fkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
        }
    )
    type_annotation_map = {str: Text}  # noqa: RUF012 - SQLAlchemy reads it from the class as it stands


def personal(*column: Any, blank: object = None, **more: Any) -> MappedColumn[Any]:  # noqa: ANN401 - as mapped_column
    """A column that says something about a person, or may: it is blanked when the person is erased.

    Every column of a table that can name a person says by one of these three what it holds; a test asks.

    Args:
        column: as of `mapped_column`.
        blank: what it becomes then, a value or SQL; needed where it cannot be empty.
        more: as of `mapped_column`.
    """
    return mapped_column(*column, info={"nature": "personal", "blank": blank}, **more)


def sensitive(*column: Any, blank: object = None, **more: Any) -> MappedColumn[Any]:  # noqa: ANN401 - as mapped_column
    """A personal column that holds ciphertext, or the blind index of one; see `personal`."""
    return mapped_column(*column, info={"nature": "sensitive", "blank": blank}, **more)


def ours(*column: Any, **more: Any) -> MappedColumn[Any]:  # noqa: ANN401 - as mapped_column
    """A column of the firm's own register, which outlives the person: ids, numbers and stages of cases, counters."""
    return mapped_column(*column, info={"nature": "ours"}, **more)


class FirmScoped:
    """A row that belongs to one firm; ids are UUIDv7 (RFC 9562), so they sort by time of creation."""

    firm_id: Mapped[UUID] = ours(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = ours(primary_key=True, server_default=text("uuidv7()"), sort_order=-1)


def points_at(table: str, column: str) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the firm: (firm_id, column) -> table(firm_id, id)."""
    return ForeignKeyConstraint(["firm_id", column], [f"{table}.firm_id", f"{table}.id"])


def belongs_to_firm() -> ForeignKeyConstraint:
    """The root of a firm's rows; tables below reach it through their parents."""
    return ForeignKeyConstraint(["firm_id"], ["firms.id"])


def columns_of(table: type[Base]) -> Sequence[str]:
    """Column names in order, as the database has them."""
    return [column.name for column in table.__table__.columns]


def blanks(table: type[Base]) -> dict[str, object]:
    """What becomes of a row's columns when the person is erased of whom it speaks.

    Raises:
        KeyError: a column does not say what it holds.
    """
    found = table.__table__.columns
    return {one.name: one.info["blank"] for one in found if one.info["nature"] != "ours"}
