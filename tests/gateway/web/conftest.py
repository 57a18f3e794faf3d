"""An application over the test's database, asked as staff and partners would ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from litestar.testing import TestClient

from gateway.db.models import Staff
from gateway.domain import passwords, sessions
from gateway.domain.audit import Actor
from gateway.domain.credentials import add_key
from gateway.domain.permissions import SCOPES
from gateway.domain.sessions import Account
from gateway.web.app import create_app
from gateway.web.auth.tokens import Keyring

ME = Actor("system", "tests")
PASSWORD = "fig-tree-lamp-owl"


@contextmanager
def asking(settings, address: str = "10.0.0.1") -> Iterator[TestClient[Any]]:
    """A client of an application of its own, at a network address; keeps no cookies that a test does not give it."""
    app = create_app(settings)
    asgi = app.asgi_handler

    async def from_there(scope, receive, send):
        if scope["type"] == "http":
            scope["client"] = (address, 50000)
        await asgi(scope, receive, send)

    app.asgi_handler = from_there
    with TestClient(app, raise_server_exceptions=False, base_url="https://gateway.example") as client:
        yield client


@pytest.fixture
def http(settings, db) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with asking(settings) as client:
        yield client


@pytest.fixture
def acme_key(db, cast) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    with db.firm(cast.northgate) as session:
        made = add_key(session, cast.northgate, cast.acme, name="HR system", scopes=SCOPES, expires_at=None, actor=ME)
        return {"Authorization": f"Bearer {made.secret}"}


@pytest.fixture
def as_staff(office, cast):
    """Headers of Northgate's viewer, paralegal, attorney or admin, signed in without the cost of a password."""

    def sign_in(role: str) -> dict[str, str]:
        return headers_of(office, cast.northgate, cast.staff[role])

    return sign_in


def headers_of(office, firm_id, staff_id, origin="10.0.0.1") -> dict[str, str]:
    """Headers of somebody signed in."""
    with office.db.firm(firm_id) as session:
        one = session.get_one(Staff, (firm_id, staff_id))
        one.password_hash = one.password_hash or hashed()
        session.flush()
        account = Account(firm_id, "", staff_id, one.email, one.password_hash, was_here=False)
        opened = sessions.start(session, account, PASSWORD, origin)
    return {"Authorization": f"Bearer {Keyring(office).sign(opened)}"}


_kept: list[str] = []


def hashed() -> str:
    """PASSWORD as it is kept; made once, for it costs."""
    if not _kept:
        _kept.append(passwords.hashed(PASSWORD))
    return _kept[0]


@pytest.fixture
def with_password(db, cast) -> None:
    """Everybody at Northgate has PASSWORD."""
    with db.firm(cast.northgate) as session:
        for one in session.query(Staff):
            one.password_hash = hashed()
