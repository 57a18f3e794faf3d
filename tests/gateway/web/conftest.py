"""An application over the test's database, asked as staff and partners would ask it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from helpers.callers import application, asking, hashed, key_headers, staff_headers, stranger
from helpers.servers import free_port, until
from litestar.testing import TestClient
from msgspec.structs import replace

from gateway.db.models import Staff
from gateway.domain.access.permissions import SCOPES
from gateway.web.server import around


@pytest.fixture
def http(settings, db) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with asking(settings) as client:
        yield client


@pytest.fixture
def service(settings, db):
    """The application as it is served, on a port of its own."""
    settings = replace(settings, http_port=free_port(), drain_seconds=1)
    with application(settings) as app:
        made = around(app, settings)
        thread = threading.Thread(target=made.run)
        thread.start()
        until(lambda: made.started)
        yield made
        made.should_exit = True
        thread.join(20)


@pytest.fixture
def web(service):
    with httpx.Client(base_url=f"http://127.0.0.1:{service.config.port}", timeout=20) as client:
        yield client


@pytest.fixture
def key_of(office):
    """Headers of a partner; with every scope, unless others are asked for."""

    def make(firm_id: UUID, partner_id: UUID, scopes: Collection[str] = tuple(SCOPES)) -> dict[str, str]:
        return key_headers(office, firm_id, partner_id, scopes)

    return make


@pytest.fixture
def acme_key(key_of, tenants) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    return key_of(tenants.northgate, tenants.acme)


@pytest.fixture
def as_staff(office, tenants):
    """Headers of somebody signed in: a role of Northgate's tenants, or "stranger", an admin of Harbor."""

    def headers(role: str) -> dict[str, str]:
        if role == "stranger":
            return staff_headers(office, tenants.harbor, stranger(office, tenants))
        return staff_headers(office, tenants.northgate, tenants.staff[role])

    return headers


@pytest.fixture
def with_password(db) -> None:
    """Everybody has the password of `callers`."""
    with db.system() as session:
        for one in session.query(Staff):
            one.password_hash = hashed()
