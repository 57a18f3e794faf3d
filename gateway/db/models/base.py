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
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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


class FirmScoped:
    """A row that belongs to one firm; ids are UUIDv7 (RFC 9562), so they sort by time of creation."""

    firm_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"), sort_order=-1)


def points_at(table: str, column: str) -> ForeignKeyConstraint:
    """A foreign key that cannot leave the firm: (firm_id, column) -> table(firm_id, id)."""
    return ForeignKeyConstraint(["firm_id", column], [f"{table}.firm_id", f"{table}.id"])


def belongs_to_firm() -> ForeignKeyConstraint:
    """The root of a firm's rows; tables below reach it through their parents."""
    return ForeignKeyConstraint(["firm_id"], ["firms.id"])


def columns_of(table: type[Base]) -> Sequence[str]:
    """Column names in order, as the database has them."""
    return [column.name for column in table.__table__.columns]
