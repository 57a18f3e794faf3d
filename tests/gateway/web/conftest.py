"""An application over the test's database, asked as a partner would ask it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

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
def key_of(db):
    """Headers of a partner; with every scope, unless others are asked for."""

    def make(firm_id: UUID, partner_id: UUID, scopes: Collection[str] = tuple(SCOPES)) -> dict[str, str]:
        with db.firm(firm_id) as session:
            made = add_key(session, firm_id, partner_id, name="HR system", scopes=scopes, expires_at=None, actor=ME)
            return {"Authorization": f"Bearer {made.secret}"}

    return make


@pytest.fixture
def acme_key(key_of, cast) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    return key_of(cast.northgate, cast.acme)
