"""An application over the test's database, asked as staff and partners would ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from callers import asking, hashed, key_headers, staff_headers
from litestar.testing import TestClient

from gateway.db.models import Staff
from gateway.domain.permissions import SCOPES


@pytest.fixture
def http(settings, db) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with asking(settings) as client:
        yield client


@pytest.fixture
def acme_key(db, cast) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    return key_headers(db, cast.northgate, cast.acme, SCOPES)


@pytest.fixture
def as_staff(office, cast):
    """Headers of Northgate's viewer, paralegal, attorney or admin: `as_staff("viewer")`."""
    return lambda role: staff_headers(office, cast.northgate, cast.staff[role])


@pytest.fixture
def with_password(db) -> None:
    """Everybody has the password of `callers`."""
    with db.system() as session:
        for one in session.query(Staff):
            one.password_hash = hashed()
