"""An application over the test's database, asked as staff and partners would ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import pytest
from helpers.callers import asking, hashed, key_headers, staff_headers, stranger
from litestar.testing import TestClient

from gateway.db.models import Staff
from gateway.domain.access.permissions import SCOPES


@pytest.fixture
def http(settings, db) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with asking(settings) as client:
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
