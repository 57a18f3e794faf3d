"""A look in one round trip is as isolated as a transaction, and as robust."""

import psycopg
import pytest
from sqlalchemy import text

from gateway.db.session import Database
from gateway.errors import Transient

SLUGS = "SELECT slug FROM partners WHERE slug <> %(but)s ORDER BY slug"
SETTINGS = "SELECT current_user AS role, current_setting('app.firm_id', true) AS firm, pg_backend_pid() AS pid"


@pytest.fixture
def one(addresses):
    """A database whose pool holds nothing yet."""
    database = Database(addresses)
    yield database
    database.close()


def test_a_look_sees_one_firm(db, tenants):
    assert db.look_up(SLUGS, {"but": "acme"}, tenants.northgate) == [("globex",)]
    assert db.look_up(SLUGS, {"but": "acme"}, tenants.harbor)[0].slug == "initech"


def test_without_a_firm_a_look_sees_nothing(db):
    assert db.look_up(SLUGS, {"but": ""}) == []


def test_a_look_plays_the_app_and_leaves_nothing_behind(one, tenants):
    [seen] = one.look_up(SETTINGS, {}, tenants.northgate)
    assert (seen.role, seen.firm) == ("gateway_app", str(tenants.northgate))
    [bare] = one.look_up("SELECT 1 FROM partners WHERE %(x)s", {"x": True}) or [None]
    assert bare is None
    with one._app.connect().execution_options(opening="BEGIN") as connection:
        kept = connection.execute(text(SETTINGS)).one()
    assert (kept.firm or "", kept.pid) == ("", seen.pid)


def test_a_look_shares_the_pretended_clock(db, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", "2031-02-03T04:05:06+00:00")
    [[now]] = db.look_up("SELECT gateway_now()", {})
    assert now.isoformat() == "2031-02-03T04:05:06+00:00"


def test_after_an_error_the_connection_is_as_good_as_before(one, tenants):
    for _ in range(3):
        with pytest.raises(psycopg.errors.DivisionByZero):
            one.look_up("SELECT 1 / 0", {}, tenants.northgate)
    assert one.look_up(SLUGS, {"but": ""}) == []
    with one.firm(tenants.northgate) as session:
        assert session.scalar(text("SELECT count(*) FROM partners")) == 2


@pytest.fixture
def dead(one, addresses, tenants):
    """Process ids of connections that have died in the pool."""
    with one.firm(tenants.northgate) as first, one.firm(tenants.northgate) as second, one.nobody() as third:
        pids = [each.scalar(text("SELECT pg_backend_pid()")) for each in (first, second, third)]
    with psycopg.connect(addresses.app, autocommit=True) as connection:
        for pid in pids:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    return pids


def test_connections_that_died_in_the_pool_are_replaced(one, dead):
    [seen] = one.look_up(SETTINGS, {}, None)
    assert seen.pid not in dead


def test_a_look_that_waits_too_long_is_transient(db, addresses):
    with psycopg.connect(addresses.owner) as owner:
        owner.execute("SELECT pg_advisory_xact_lock(4711)")
        with pytest.raises(Transient) as caught:
            db.look_up("SELECT set_config('lock_timeout', '50ms', true), pg_advisory_xact_lock(4711)", {})
    assert caught.value.code == "locked"


def test_a_connection_that_failed_in_its_pipeline_is_never_used_again(one, addresses, tenants):
    [before] = one.look_up(SETTINGS, {}, tenants.northgate)
    with psycopg.connect(addresses.owner) as owner:
        owner.execute("SELECT pg_advisory_xact_lock(4711)")
        with pytest.raises(Transient):
            one.look_up("SELECT set_config('lock_timeout', '50ms', true), pg_advisory_xact_lock(4711)", {})
    [after] = one.look_up(SETTINGS, {}, tenants.northgate)
    assert after.pid != before.pid
