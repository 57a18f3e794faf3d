"""Rejected rows that somebody is putting right: a draft, until it is sent as a file that corrects the first one."""

from __future__ import annotations

from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Stamp, ours, personal, points_at, sensitive

RepairState = Literal["open", "sent", "dropped"]
REPAIR_STATES: tuple[str, ...] = get_args(RepairState)


class Repair(FirmScoped, Base):
    """A draft of repairs to the rejected rows of one import; one that is open at a time.

    Attributes:
        sent: the imports as which it arrived, one for each sheet or record type of which rows were repaired.
    """

    __tablename__ = "repairs"

    import_id: Mapped[UUID] = ours()
    state: Mapped[str] = ours(server_default="open")
    opened_by: Mapped[str] = ours()
    opened_at: Mapped[Stamp] = ours()
    changed_at: Mapped[Stamp] = ours()
    sent: Mapped[list[str]] = ours(JSONB, server_default=text("'[]'"))

    __table_args__ = (
        points_at("imports", "import_id"),
        Index("repairs_open", "firm_id", "import_id", unique=True, postgresql_where=text("state = 'open'")),
        CheckConstraint("state IN ('open', 'sent', 'dropped')", name="state"),
    )


class RepairCell(Base):
    """What one cell is to be.

    Attributes:
        place: of the row, as in `RowError`.
        number: of the column in the header of the row's part, from 0.
        value: encrypted, for any column may hold a secret.
        by: whose word it is, the last one's.
    """

    __tablename__ = "repair_cells"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    repair_id: Mapped[UUID] = ours(primary_key=True)
    place: Mapped[int] = ours(primary_key=True)
    number: Mapped[int] = ours(primary_key=True)
    value: Mapped[bytes] = sensitive(blank=b"")
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()

    __table_args__ = (ForeignKeyConstraint(["firm_id", "repair_id"], ["repairs.firm_id", "repairs.id"]),)


class RepairRule(FirmScoped, Base):
    """What all cells are to be that are wrong in the same way.

    Attributes:
        column_name, code, old: of the problems, as they are told; `old` is None where the cell is blank.
        value: encrypted.
    """

    __tablename__ = "repair_rules"

    repair_id: Mapped[UUID] = ours()
    column_name: Mapped[str] = personal(blank="")
    code: Mapped[str] = ours()
    old: Mapped[str | None] = personal()
    value: Mapped[bytes] = sensitive(blank=b"")
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()

    __table_args__ = (
        ForeignKeyConstraint(["firm_id", "repair_id"], ["repairs.firm_id", "repairs.id"]),
        Index(
            "repair_rules_one",
            "firm_id",
            "repair_id",
            "column_name",
            "code",
            "old",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )
