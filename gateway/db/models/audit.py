"""Who did what to which record, when and from where: written in the transaction that did it, never changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from gateway.db.models.base import Base, Stamp, ours, personal


class AuditEntry(Base):
    """One act. Holds ids without foreign keys, for it outlives what it speaks of.

    Attributes:
        actor_kind: staff, partner, import or system.
        client_id, case_id: whom and which matter it concerns, for queries by person.
        sheet, row, line: where in the file of the import it was said.
        changes: a list of {"kind", "id", "action", "old", "new"}; sensitive fields are named, their values are not.
        digest: the place for the seal's salted digest.
    """

    __tablename__ = "audit_log"

    firm_id: Mapped[UUID] = ours(primary_key=True)
    at: Mapped[Stamp] = ours(primary_key=True)
    id: Mapped[UUID] = ours(primary_key=True, server_default=text("uuidv7()"))
    actor_kind: Mapped[str] = ours()
    actor_id: Mapped[UUID | None] = ours()
    actor: Mapped[str] = ours()
    action: Mapped[str] = ours()
    origin: Mapped[str | None] = ours()
    client_id: Mapped[UUID | None] = ours()
    case_id: Mapped[UUID | None] = ours()
    import_id: Mapped[UUID | None] = ours()
    row: Mapped[int | None] = ours()
    sheet: Mapped[str | None] = ours()
    line: Mapped[int | None] = ours()
    changes: Mapped[list[dict[str, object]] | None] = personal(JSONB(none_as_null=True))
    digest: Mapped[bytes | None] = ours()

    __table_args__ = (
        Index(None, "firm_id", "client_id", "at", postgresql_where=text("client_id IS NOT NULL")),
        Index(None, "firm_id", "case_id", "at", postgresql_where=text("client_id IS NULL AND case_id IS NOT NULL")),
        Index(None, "firm_id", "actor", "at", postgresql_where=text("actor_kind <> 'import'")),
        Index(None, "firm_id", "action", "at", postgresql_where=text("actor_kind <> 'import'")),
        Index(
            None,
            "firm_id",
            "import_id",
            postgresql_where=text("actor_kind <> 'import' AND import_id IS NOT NULL"),
        ),
        Index(  # acts that concern no one person: lists, with the ids that were seen, and the firm's own affairs
            "audit_log_changes_idx",
            "changes",
            postgresql_using="gin",
            postgresql_ops={"changes": "jsonb_path_ops"},
            postgresql_where=text("client_id IS NULL AND case_id IS NULL AND import_id IS NULL"),
        ),
        {"postgresql_partition_by": "RANGE (at)"},
    )
