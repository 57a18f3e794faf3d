"""An application over the test's database, asked as a partner would ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from gateway.domain.audit import Actor
from gateway.domain.credentials import add_key
from gateway.domain.permissions import SCOPES
from gateway.web.app import create_app

ME = Actor("system", "tests")


@pytest.fixture
def http(settings, db) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def acme_key(db, cast) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    with db.firm(cast.northgate) as session:
        made = add_key(session, cast.northgate, cast.acme, name="HR system", scopes=SCOPES, expires_at=None, actor=ME)
        return {"Authorization": f"Bearer {made.secret}"}
