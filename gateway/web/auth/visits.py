"""The partner's people who opened a link to rejected rows: known by a cookie, and let in to that one file alone."""

from __future__ import annotations

import secrets
from typing import Any

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from gateway.domain.links import repairs
from gateway.domain.links.repairs import Found, Opening
from gateway.limits import Counter, Window
from gateway.office import Office
from gateway.settings import Settings
from gateway.web.calls import Identity
from gateway.web.problems import Rejected

BY_LINK: dict[str, Any] = {"by_link": True}  # `opt` of routes on which that cookie, and nothing else, says who calls
MOST_CALLS = Window("visits", 600, 60)  # of all who opened one link
_OVER = {
    "revoked": "The firm has withdrawn this link: nothing can be saved or sent here any more. Open the link again, from"
    " the message that you were sent, to ask the firm for a new one.",
    "replaced": "A newer link to these rows was sent by e-mail since. What you typed and saved is there; use that one.",
    "": "These rows can no longer be repaired here. Open the link again to see why.",
}
_SCOPES = frozenset({"files:write"})  # what repairs take, on the routes where the cookie counts


def cookie_name(settings: Settings) -> str:
    """The cookie of whoever opened a link; under the prefix no neighbouring host can set it (RFC 6265bis, 4.1.3.2)."""
    return f"{'__Host-' if settings.cookies == 'secure' else ''}gateway_repair"


def cookie_of(settings: Settings, opening: Opening) -> Cookie:
    """The cookie of a browser that opens a link; of one link at a time, and never sent along by another site's page."""
    secure = True if settings.cookies == "secure" else None
    seconds = int(repairs.VISIT_LASTS.total_seconds())
    name = cookie_name(settings)
    return Cookie(name, value=opening.token, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def found_by_cookie(connection: ASGIConnection[Any, Any, Any, Any], office: Office) -> Found | None:
    """The link that a browser has opened, also where it has ended since."""
    token = connection.cookies.get(cookie_name(office.settings))
    found = repairs.find(office, token) if token else None
    return found if found and found.visit_id else None


def by_cookie(connection: ASGIConnection[Any, Any, Any, Any], office: Office) -> Identity:
    """The partner as whose somebody acts who opened a link; `connection.state.visit` is the link.

    Raises:
        Rejected: 401 `not_opened`, 410 `link_over`, 429 `too_many_requests`.
    """
    found = found_by_cookie(connection, office)
    if found is None:
        raise Rejected(401, "not_opened", "Open the link in the message that you were sent, and press its button.")
    if not found.is_open:
        raise Rejected(410, "link_over", _OVER.get(found.ended_code or "", _OVER[""]))
    _count(connection, found)
    proof = repairs.proof_of_visit(connection.cookies[cookie_name(office.settings)])
    connection.state.is_bound_to = lambda given: secrets.compare_digest(given.encode(), proof.encode())
    connection.state.visit, connection.state.proof = found, proof
    actor = found.actor
    return Identity(found.firm_id, found.link_id, actor.name, scopes=_SCOPES, partner_id=found.partner_id)


def _count(connection: ASGIConnection[Any, Any, Any, Any], found: Found) -> None:
    """Apart from what the partner's programs may: nobody's typing keeps them out, or the other way round."""
    counter: Counter = connection.app.state.counter
    decision = counter.hit(f"repair/{found.link_id}", [MOST_CALLS])
    if not decision.allowed:
        wait = {"Retry-After": str(decision.retry_after)}
        told = f"That is more than anybody types. Try again in {decision.retry_after} seconds."
        raise Rejected(429, "too_many_requests", told, headers=wait)
