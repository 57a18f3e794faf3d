"""Who calls, what they may, and the transaction in which they are served.

Every route names its permission (`**may("clients.read")`) or says that it is open to anybody (`**OPEN`); an app with a
route that does neither does not start.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import Request
from sqlalchemy.orm import Session

from gateway.domain.audit import Actor
from gateway.domain.permissions import PERMISSIONS, holds
from gateway.web.problems import Rejected
from ingest.office import Office

OPEN: dict[str, Any] = {"opt": {"open": True}}


def may(permission: str) -> dict[str, Any]:
    """The permission of a route, as keywords of its decorator.

    Raises:
        KeyError: there is no such permission.
    """
    PERMISSIONS[permission]
    return {"opt": {"may": permission}}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    Attributes:
        id: of the member of staff, or of the credential.
        name: an e-mail address, or the partner's slug.
        role: of staff; None for partners, whose `scopes` count.
        partner_id: the partner that calls; None for staff.
    """

    firm_id: UUID
    id: UUID
    name: str
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    partner_id: UUID | None = None
    rate_tier: str = "standard"

    @property
    def is_partner(self) -> bool:
        """Whether a partner calls."""
        return self.partner_id is not None


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody known."""

    office: Office
    who: Identity
    origin: str

    @property
    def actor(self) -> Actor:
        """As the audit log names the caller."""
        return Actor("partner" if self.who.is_partner else "staff", self.who.name, self.who.id, self.origin)

    @contextmanager
    def firm(self) -> Iterator[Session]:
        """One transaction for the caller's firm, within the walls around staff; committed before the answer leaves."""
        staff_id = None if self.who.is_partner else self.who.id
        with self.office.db.firm(self.who.firm_id, staff_id) as session:
            yield session


def check(who: Identity, permission: str) -> None:
    """Refuse what the caller may not.

    Raises:
        Rejected: 403 `forbidden`.
    """
    if not holds(permission, role=who.role, scopes=who.scopes):
        means = f"the scope {PERMISSIONS[permission].scope}" if who.is_partner else "another role"
        raise Rejected(403, "forbidden", f"You may not do this ({permission}); it takes {means}.")


def origin_of(request: Request[Any, Any, Any]) -> str:
    """The caller's address, as the server saw it."""
    return request.client.host if request.client else "unknown"
