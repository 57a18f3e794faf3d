"""The office of a test's installation, and a desk for its first partner."""

from __future__ import annotations

import pytest
from desk import ROSTER, Desk

from gateway.storage import Store
from ingest.imports import Office


@pytest.fixture
def office(db, settings) -> Office:
    return Office(db, Store.of(settings), settings)


@pytest.fixture
def desk(office, cast) -> Desk:
    """Northgate's partner acme, whose full roster closes whoever it no longer lists."""
    one = Desk(office, cast.northgate, "acme")
    one.apply(ROSTER.format(partner="acme", firm="northgate"))
    return one


@pytest.fixture
def roster() -> str:
    """The desk's partner.yaml, for tests that change a word of it."""
    return ROSTER.format(partner="acme", firm="northgate")
