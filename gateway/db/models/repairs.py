"""Rejected rows that somebody is putting right: a draft, until it is sent as a file that corrects the first one.

The partner's people do so by links, without an account.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, FirmScoped, Instant, Stamp, ours, personal, points_at, sensitive

RepairState = Literal["open", "sent", "dropped"]
REPAIR_STATES: tuple[str, ...] = get_args(RepairState)
LinkEnd = Literal["sent", "sent_by_firm", "revoked", "replaced"]


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


class ReturnedRow(Base):
    """A rejected row that came back, typed here or in a file of the partner's, as a row of an import that corrects.

    What is left of an import to repair are those of its rejected rows of which none came back.

    Attributes:
        import_id, place: as which row it came back; as in `RowError`.
        sheet, number: the rejected row of `corrects_import_id`, as its sheet shows it.
        origin: that row in the file that was first sent, where the corrected one is a correction itself.
    """

    __tablename__ = "returned_rows"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    import_id: Mapped[UUID] = ours(primary_key=True)
    place: Mapped[int] = ours(primary_key=True)
    corrects_import_id: Mapped[UUID] = ours()
    sheet: Mapped[str | None] = ours()
    number: Mapped[int] = ours()
    origin: Mapped[int] = ours()

    __table_args__ = (
        points_at("imports", "import_id"),
        points_at("imports", "corrects_import_id"),
        Index("returned_rows_firm_id_corrects_number_idx", "firm_id", "corrects_import_id", "number"),
    )


class RepairLink(FirmScoped, Base):
    """An address under which whoever holds it may repair the rejected rows of one import, and see nothing else.

    Attributes:
        digest: SHA-256 of what stands in the address, which is kept nowhere.
        contact: which of the partner's contacts it was sent to.
        openings: how often somebody pressed its button.
        asked_at: when somebody who came too late asked for another one.
        ended_code: why it leads nowhere, before it expires; `sent` once no row is left.
        rows_sent, rows_left: of those rows, when some were last sent while it led there, whoever sent them.
    """

    __tablename__ = "repair_links"

    digest: Mapped[bytes] = ours()
    import_id: Mapped[UUID] = ours()
    partner_id: Mapped[UUID] = ours()
    contact: Mapped[str] = ours()
    created_by: Mapped[str] = ours()
    created_at: Mapped[Stamp] = ours()
    expires_at: Mapped[Instant] = ours()
    openings: Mapped[int] = ours(server_default=text("0"))
    asked_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))
    ended_code: Mapped[str | None] = ours()
    rows_sent: Mapped[int | None] = ours()
    rows_left: Mapped[int | None] = ours()

    __table_args__ = (
        points_at("imports", "import_id"),
        points_at("partners", "partner_id"),
        UniqueConstraint("digest", name="repair_links_digest_key"),
        Index(None, "firm_id", "import_id"),
        CheckConstraint("ended_code IN ('sent', 'sent_by_firm', 'revoked', 'replaced')", name="ended_code"),
        CheckConstraint("(ended_at IS NULL) = (ended_code IS NULL)", name="ended"),
    )


class RepairVisit(FirmScoped, Base):
    """A browser that opened a link; it goes with the link.

    Attributes:
        digest: SHA-256 of what stands in its cookie, which is kept nowhere.
    """

    __tablename__ = "repair_visits"

    link_id: Mapped[UUID] = ours()
    digest: Mapped[bytes] = ours()
    opened_at: Mapped[Stamp] = ours()
    expires_at: Mapped[Instant] = ours()

    __table_args__ = (
        ForeignKeyConstraint(["firm_id", "link_id"], ["repair_links.firm_id", "repair_links.id"], ondelete="CASCADE"),
        UniqueConstraint("digest", name="repair_visits_digest_key"),
        Index(None, "firm_id", "link_id"),
    )
