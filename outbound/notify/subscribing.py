"""The browsers of staff that take pushes: kept, listed, forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from gateway.db.models import PushSubscription, Staff
from gateway.errors import Invalid, NotFound
from gateway.office import Acting
from gateway.settings import Settings
from outbound.notify.pushing import Browser, decoded, point_of

EACH = 10  # browsers of one person; the oldest goes

_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*|[0-9a-f:]+")  # a name or an address, and nothing that hides another
_AUTH_BYTES = 16  # RFC 8291, 3.2
_SEALED, _DIGEST = "push_subscriptions.browser", "push_subscriptions.digest"


class Subscribed(Struct, frozen=True, kw_only=True):
    """A browser that takes pushes, by the host of its push service."""

    id: UUID
    service: str
    created_at: datetime


def subscribe(acting: Acting, browser: Browser) -> Subscribed:
    """Have a browser take the pushes of whoever acts; one that took somebody else's takes these from now on.

    Raises:
        Invalid: `push_host_unknown`, `push_key_unfit`.
    """
    _check(acting.office.settings, browser)
    one_by_one = select(Staff.id).where(Staff.id == acting.actor.id).with_for_update(key_share=True)
    acting.session.execute(one_by_one)  # of two at once each would count without the other
    [digest] = acting.cipher.index_column([browser.endpoint], _DIGEST)
    [sealed] = acting.cipher.encrypt_column([msgspec.json.encode(browser).decode()], _SEALED)
    values = {"staff_id": acting.actor.id, "browser": sealed}
    new = insert(PushSubscription).values(firm_id=acting.firm_id, digest=digest, **values)
    kept = new.on_conflict_do_update(index_elements=["firm_id", "digest"], set_=values)
    found = acting.session.scalars(
        kept.returning(PushSubscription), execution_options={"populate_existing": True}
    ).one()
    theirs = select(PushSubscription.id).where(PushSubscription.staff_id == acting.actor.id)
    others = theirs.where(PushSubscription.id != found.id)
    oldest = others.order_by(PushSubscription.created_at.desc(), PushSubscription.id.desc()).offset(EACH - 1)
    acting.session.execute(delete(PushSubscription).where(PushSubscription.id.in_(oldest)))
    return _shown(acting, found)


def subscriptions(acting: Acting) -> Sequence[Subscribed]:
    """Those of whoever acts, the oldest first."""
    own = select(PushSubscription).where(PushSubscription.staff_id == acting.actor.id)
    return [_shown(acting, one) for one in acting.session.scalars(own.order_by(PushSubscription.id))]


def unsubscribe(acting: Acting, subscription_id: UUID) -> None:
    """Forget a browser of whoever acts.

    Raises:
        NotFound: there is no such one.
    """
    mine = (PushSubscription.id == subscription_id, PushSubscription.staff_id == acting.actor.id)
    gone = acting.session.scalar(delete(PushSubscription).where(*mine).returning(PushSubscription.id))
    if gone is None:
        raise NotFound("subscription", str(subscription_id))


def browsers(acting: Acting, ids: Iterable[UUID]) -> Mapping[UUID, Browser]:
    """Those that are still there."""
    found = acting.session.scalars(select(PushSubscription).where(PushSubscription.id.in_(set(ids))))
    return {one.id: _browser(acting, one) for one in found}


def forget(acting: Acting, ids: Iterable[UUID]) -> None:
    """Their push services say that they are no more."""
    acting.session.execute(delete(PushSubscription).where(PushSubscription.id.in_(set(ids))))


def is_known(settings: Settings, endpoint: str) -> bool:
    """Whether an endpoint is at one of the push services that are set; http only where private networks are open."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    schemes = {"https", "http"} if settings.allow_private else {"https"}
    names = {host, f"{host}:{port}"} if port else {host}
    is_address = parts.scheme in schemes and "@" not in parts.netloc and endpoint.isascii() and endpoint.isprintable()
    return (
        is_address
        and _HOST.fullmatch(host) is not None
        and any(fnmatchcase(name, one) for name in names for one in settings.push_hosts)
    )


def _check(settings: Settings, browser: Browser) -> None:
    """No address is repeated: whoever knows it may send."""
    if not is_known(settings, browser.endpoint):
        told = "The endpoint is at no push service that is known here (GATEWAY_PUSH_HOSTS)."
        raise Invalid("push_host_unknown", told)
    try:
        point_of(browser.p256dh)
        fits = len(decoded(browser.auth)) == _AUTH_BYTES
    except ValueError:
        fits = False
    if not fits:
        told = "`p256dh` must be a point on P-256 and `auth` 16 bytes, both in base64url, as the browser gives them."
        raise Invalid("push_key_unfit", told)


def _shown(acting: Acting, one: PushSubscription) -> Subscribed:
    host = urlsplit(_browser(acting, one).endpoint).hostname or ""
    return Subscribed(id=one.id, service=host, created_at=one.created_at)


def _browser(acting: Acting, one: PushSubscription) -> Browser:
    return msgspec.json.decode(acting.cipher.decrypt(one.browser, _SEALED), type=Browser)
