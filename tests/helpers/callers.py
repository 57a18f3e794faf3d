"""Who calls the application in tests, from which address, and with which proof."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

from litestar import Litestar
from litestar.testing import TestClient

from gateway.db.models import Staff
from gateway.domain.access import passwords, sessions
from gateway.domain.access.credentials import add_key
from gateway.domain.access.sessions import Account
from gateway.logging import configure
from gateway.office import Actor
from gateway.web.app import _opened as opened
from gateway.web.app import create_app
from gateway.web.auth.tokens import Keyring

ME = Actor("system", "tests")
PASSWORD = "fig-tree-lamp-owl"


_free: list[Litestar] = []


@contextmanager
def asking(settings, address: str = "10.0.0.1") -> Iterator[TestClient[Any]]:
    """A client of an application that nobody else asks meanwhile, at a network address."""
    with application(settings) as app:
        asgi = app.asgi_handler

        async def from_there(scope, receive, send):
            if scope["type"] == "http":
                scope["client"] = (address, 50000)
            await asgi(scope, receive, send)

        app.asgi_handler = from_there
        try:
            with TestClient(app, raise_server_exceptions=False, base_url="https://gateway.example") as client:
                client.cookies.jar.set_policy(_NoCookies())
                yield client
        finally:
            app.asgi_handler = asgi


@contextmanager
def application(settings) -> Iterator[Litestar]:
    """One that was made before where one is free: its routes take half a second to make.

    What it knows of settings and of callers is its state, and comes with its lifespan, which is this test's own.
    """
    app = _free.pop() if _free else create_app(settings)
    configure(settings, "api")
    app.state.clear()
    app._lifespan_managers[0] = opened(settings)
    yield app
    _free.append(app)  # one that a failing test has left is not used again


class _NoCookies:
    """Keeps no cookie, so that a test sends exactly what it says."""

    netscape, rfc2965, hide_cookie2 = True, False, False

    def set_ok(self, cookie, request):
        return False

    def return_ok(self, cookie, request):
        return False

    def domain_return_ok(self, domain, request):
        return False

    def path_return_ok(self, path, request):
        return False


def staff_headers(office, firm_id, staff_id, origin="10.0.0.1") -> dict[str, str]:
    """Headers of somebody signed in, without the cost of a password."""
    with office.db.firm(firm_id) as session:
        one = session.get_one(Staff, (firm_id, staff_id))
        kept = kept_of(office.db, staff_id, one.email)
        if kept is None:
            kept = one.password_hash = hashed()
            session.flush()
        account = Account(firm_id, "", staff_id, one.email, kept, was_here=False)
        opened = sessions.start(session, account, PASSWORD, origin)
    return {"Authorization": f"Bearer {Keyring(office).sign(opened)}"}


def kept_of(db, staff_id, email) -> str | None:
    """What is kept of somebody's password."""
    with db.signing_in() as session:
        accounts = sessions.accounts_of(session, email, None, "10.0.0.1")
    return next((one.password_hash for one in accounts if one.staff_id == staff_id), None)


def stranger(office, tenants) -> UUID:
    """Harbor's admin, who joins when first asked for."""
    with office.db.firm(tenants.harbor) as session:
        found = session.query(Staff).filter_by(email="admin@harbor.example").first()
        if found is None:
            found = Staff(firm_id=tenants.harbor, id=uuid4(), email="admin@harbor.example", name="admin", role="admin")
            session.add(found)
        return found.id


def key_headers(office, firm_id, partner_id, scopes) -> dict[str, str]:
    """Headers of a partner with a key of these scopes."""
    with office.acting(firm_id, ME) as acting:
        made = add_key(acting, partner_id, name="HR system", scopes=scopes, expires_at=None)
        return {"Authorization": f"Bearer {made.secret}"}


@functools.cache
def hashed() -> str:
    """PASSWORD as it is kept; made once, for it costs."""
    return passwords.hashed(PASSWORD)
