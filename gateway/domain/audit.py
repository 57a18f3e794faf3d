"""Writes single acts into the audit log; imports write theirs in bulk (`ingest.load.entries`)."""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from gateway.db.models import AuditEntry


class Actor(NamedTuple):
    """Who acts, and from where.

    Attributes:
        name: an e-mail address, a partner's slug, or the login at the machine.
        origin: `cli`, or an address.
    """

    kind: Literal["staff", "partner", "import", "system"]
    name: str
    id: UUID | None = None
    origin: str | None = None


def record(
    session: Session,
    firm_id: UUID,
    actor: Actor,
    action: str,
    *,
    client_id: UUID | None = None,
    case_id: UUID | None = None,
    import_id: UUID | None = None,
    changes: list[dict[str, object]] | None = None,
) -> None:
    """Note one act, in the transaction that does it.

    Args:
        session: of the firm, or of the system.
        firm_id: whose act it is.
        actor: who.
        action: `thing.verb`, such as `import.release`.
        client_id: the person whom it concerns.
        case_id: the matter that it concerns.
        import_id: the import that it concerns.
        changes: {"kind", "id", "action", "old", "new"} each, without sensitive values.
    """
    session.add(
        AuditEntry(
            firm_id=firm_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor=actor.name,
            action=action,
            origin=actor.origin,
            client_id=client_id,
            case_id=case_id,
            import_id=import_id,
            changes=changes,
        )
    )
