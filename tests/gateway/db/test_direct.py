"""A statement from the event loop is as isolated as a transaction, and as robust."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from gateway.db.direct import Direct
from gateway.errors import Transient

PID = "SELECT pg_backend_pid() AS pid"
ANSWER = "SELECT * FROM answer_checks(%s, 'records:write', 'here', '{}', '{E1}', '{1980-02-03}')"
LEFT = "SELECT current_setting('role') AS role, current_setting('app.firm_id', true) AS firm"


@pytest.fixture
def direct(addresses):
    return Direct(addresses.app, connections=3)


def asked(direct, *steps):
    """What a Direct tells to one coroutine after the other."""

    async def ask():
        async with direct:
            return [await step() for step in steps]

    return asyncio.run(ask())


def test_a_statement_that_plays_no_role_sees_nothing(direct, tenants):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        asked(direct, lambda: direct.ask("SELECT count(*) AS partners FROM partners", []))


def test_what_a_statement_sets_ends_with_it(direct, db):
    *_, [after] = asked(direct, lambda: direct.ask(ANSWER, [b"x"]), lambda: direct.ask(LEFT, []))
    assert (after.role, after.firm or "") == ("none", "")


def test_statements_share_the_pretended_clock(direct, monkeypatch, db):
    monkeypatch.setenv("GATEWAY_NOW", "2031-02-03T04:05:06+00:00")
    [[row], [again]] = asked(direct, *2 * [lambda: direct.ask("SELECT gateway_now() AS now", [])])
    assert row.now.isoformat() == again.now.isoformat() == "2031-02-03T04:05:06+00:00"


@pytest.mark.parametrize("now", ["", "2031-02-03T04:05:06+00:00"])
def test_after_an_error_a_connection_is_as_good_as_before(direct, db, monkeypatch, now):
    monkeypatch.setenv("GATEWAY_NOW", now)

    async def fail():
        with pytest.raises(psycopg.errors.DivisionByZero):
            await direct.ask("SELECT 1 / 0", [])

    [[first], *_, [last]] = asked(direct, lambda: direct.ask(PID, []), fail, lambda: direct.ask(PID, []))
    assert first == last


def test_connections_that_died_in_the_pool_are_replaced(direct, addresses):
    async def open_all():
        return await asyncio.gather(*[direct.ask("SELECT pg_backend_pid() AS pid, pg_sleep(0.05)", []) for _ in "123"])

    async def kill_all():
        async with await psycopg.AsyncConnection.connect(addresses.app, autocommit=True) as other:
            for [row] in opened:
                await other.execute("SELECT pg_terminate_backend(%s, 5000)", [row.pid])

    async def look():
        opened.extend(await open_all())
        await kill_all()
        return await direct.ask(PID, [])

    opened: list = []
    [[row]] = asked(direct, look)
    assert len(opened) == 3
    assert row.pid not in {old.pid for [old] in opened}


def test_a_server_that_is_away_is_told_in_a_few_seconds():
    away = Direct("postgresql://nobody@127.0.0.1:1/gateway")
    with pytest.raises(Transient) as caught:
        asked(away, lambda: away.ask(PID, []))
    assert caught.value.code == "database_unavailable"


def test_whoever_gives_up_leaves_a_connection_that_can_be_used(direct):
    async def give_up():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(direct.ask("SELECT pg_sleep(20)", []), 0.2)

    *_, [row] = asked(direct, give_up, lambda: direct.ask("SELECT 7 AS seven", []))
    assert row.seven == 7
