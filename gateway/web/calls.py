"""Who calls, what they may, and the transaction in which they are served.

Every route names its permission (`**may("clients.read")`) or says that it is open to anybody (`**OPEN`, `**SIGNED`); an
app with a route that does neither does not start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from litestar.connection import ASGIConnection
from sqlalchemy.orm import Session

from gateway.domain.access.permissions import PERMISSIONS, holds
from gateway.office import Acting, Actor, Office
from gateway.web.problems import Rejected

OPEN: dict[str, Any] = {"opt": {"open": True}}
SIGNED: dict[str, Any] = {"opt": {"open": True, "signed": True}}  # the handler holds a signature against the body
PROOF = "bearer"  # the name in the OpenAPI document of what proves who calls
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # headers of an answer with a secret (RFC 6749, 5.1)


def may(permission: str, *, signs_in: bool = False, counts: Sequence[str] = (), large: bool = False) -> dict[str, Any]:
    """The permission of a route, as keywords of its decorator.

    Args:
        permission: a row of the table.
        signs_in: the handler finds out itself who calls, because it cannot afford a round trip more.
        counts: tiers against which a partner's request counts beside its own.
        large: it may bring a body of many megabytes, or has us read a file as large: one caller has few at once.

    Raises:
        KeyError: there is no such permission.
    """
    PERMISSIONS[permission]
    return {
        "opt": {"may": permission, "signs_in": signs_in, "counts": counts, "large": large},
        "security": [{PROOF: []}],
    }


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls.

    Attributes:
        id: of the member of staff, or of the credential.
        name: an e-mail address, or the partner's slug.
        role: of staff; None for partners, whose `scopes` count.
        partner_id: the partner that calls; None for staff.
        limits: what the firm set of a partner's limits: tier -> window -> calls.
        session_id: in which staff are signed in.
    """

    firm_id: UUID
    id: UUID
    name: str
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset)
    partner_id: UUID | None = None
    rate_tier: str = "standard"
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    session_id: UUID | None = None

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
    route: str  # method and path
    idempotency_key: str | None

    @property
    def actor(self) -> Actor:
        """As the audit log names the caller."""
        kind: Literal["partner", "staff"] = "partner" if self.who.is_partner else "staff"
        return Actor(kind, self.who.name, self.who.id, self.origin, self.who.partner_id)

    @property
    def session_id(self) -> UUID:
        """In which the caller is signed in; only for routes that are not for partners."""
        if self.who.session_id is None:
            raise TypeError("a partner has no session")
        return self.who.session_id

    @contextmanager
    def acting(self) -> Iterator[Acting]:
        """The caller at work, in one transaction within the walls around staff; committed before the answer leaves."""
        with self.office.acting(self.who.firm_id, self.actor) as acting:
            yield acting

    def within(self, session: Session) -> Acting:
        """The caller at work in a transaction that somebody else has opened for the caller's firm."""
        return Acting(self.office, session, self.who.firm_id, self.actor)


def check(who: Identity, permission: str) -> None:
    """Refuse what the caller may not.

    Raises:
        Rejected: 403 `forbidden`.
    """
    if not holds(permission, role=who.role, scopes=who.scopes):
        raise Rejected(403, "forbidden", f"You may not do this ({permission}); it takes {_means(who, permission)}.")


def _means(who: Identity, permission: str) -> str:
    """What a caller would need; what no scope allows is the firm's staff's alone."""
    if not who.is_partner:
        return "another role"
    scope = PERMISSIONS[permission].scope
    return f"the scope {scope}" if scope else "somebody of the firm's staff"


def origin_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The caller's address, as the server saw it; behind a proxy, as the server was told to believe it."""
    return connection.client.host if connection.client else "unknown"
