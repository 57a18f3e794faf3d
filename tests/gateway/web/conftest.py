"""An application over the test's database, asked as a partner or as staff would ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from gateway.domain.audit import Actor
from gateway.domain.credentials import add_key
from gateway.domain.permissions import SCOPES
from gateway.web import auth
from gateway.web.app import create_app
from gateway.web.calls import Identity

ME = Actor("system", "tests")
STAFF = "x-test-staff"


@pytest.fixture
def http(settings, db, _staff_by_header) -> Iterator[TestClient[Any]]:
    """Asks as nobody; `headers` say who one is."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def acme_key(db, cast) -> dict[str, str]:
    """Headers of Northgate's partner acme, with every scope."""
    with db.firm(cast.northgate) as session:
        made = add_key(session, cast.northgate, cast.acme, name="HR system", scopes=SCOPES, expires_at=None, actor=ME)
        return {"Authorization": f"Bearer {made.secret}"}


@pytest.fixture
def as_staff() -> Callable[[str], dict[str, str]]:
    """Headers of a member of staff: a role of Northgate's cast, or "stranger", an admin of Harbor."""
    return lambda role: {STAFF: role}


@pytest.fixture
def _staff_by_header(monkeypatch, cast) -> None:
    """Stands in for signing in: a header names the member of staff. Everybody else is identified as ever."""
    identify = auth.identify

    def named(request: Any, office: Any) -> Identity:
        role = request.headers.get(STAFF)
        if role == "stranger":
            return Identity(firm_id=cast.harbor, id=cast.initech, name="admin@harbor.example", role="admin")
        if role is not None:
            return Identity(firm_id=cast.northgate, id=cast.staff[role], name=f"{role}@northgate.example", role=role)
        return identify(request, office)

    monkeypatch.setattr(auth, "identify", named)
