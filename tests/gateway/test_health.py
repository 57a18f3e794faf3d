"""What doctor says of the settings, the disk, connections and the limits' Redis."""

import os
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from helpers.servers import Redis, free_port, until
from msgspec.structs import replace

from gateway.domain.upkeep.health import examine


@pytest.fixture
def found(settings, db):
    def look(**changed):
        return {check.name: check for check in examine(replace(settings, **changed))}

    return look


def test_the_settings_in_force_are_told_and_a_sign_in_over_plain_http_is_warned_of(found):
    told = found()["settings"]
    assert (told.level, told.found) == (
        "ok", "On a database of your own, woken by PostgreSQL, LISTEN and NOTIFY, requests counted by each process."
    )  # fmt: skip
    assert found(cookies="plain")["settings"].level == "ok", "on this machine it is for development"
    assert found(cookies="plain", http_host="10.0.0.1")["settings"].level == "warning"


@pytest.mark.parametrize("name", ["files", "receipts"])
def test_a_store_that_cannot_be_written_is_a_problem(found, settings, name):
    assert found()["data folder"].level in {"ok", "warning"}
    folder = settings.data_dir / name
    shutil.rmtree(folder)
    folder.write_text("in the way")
    check = found()["data folder"]
    assert check.level == "problem"
    assert str(folder) in check.found
    assert "GATEWAY_DATA_DIR" in check.advice


ELSEWHERE = """
import sys
from gateway.db.engine import Addresses
from gateway.db.session import Database

db = Database(Addresses(*sys.argv[2:]), connections=int(sys.argv[1]))
with db.system():
    print("open", flush=True)
    sys.stdin.read()
"""


@contextmanager
def elsewhere(connections, addresses):
    """Another process with pools of that many connections."""
    words = [sys.executable, "-c", ELSEWHERE, str(connections), *addresses]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"open\n"
        yield other
        other.stdin.close()


def test_connections_of_all_processes_are_added_up_against_what_the_server_gives(found, addresses):
    def pools():
        """Who has connections, by process, and how many that pool may open."""
        with psycopg.connect(addresses.system, autocommit=True) as connection:
            names = connection.execute("SELECT DISTINCT application_name FROM pg_stat_activity").fetchall()
        parts = [name.rsplit(" ", 2) for (name,) in names if name.count(" ") >= 2]
        return {(int(who.partition("@")[0]), int(size)) for _, who, size in parts if size.isdigit()}

    def told():
        """What the doctor says, once nothing comes or goes meanwhile: others share the server."""
        before = pools()
        check = found()["connections"]
        return (check, before) if pools() == before else None

    with ExitStack() as stack:
        others = [stack.enter_context(elsewhere(connections, addresses)) for connections in (40, 30)]
        check, open_now = until(told)
    assert {(one.pid, size) for one, size in zip(others, (82, 62), strict=True)} <= open_now
    number = int(check.found.rpartition("may open ")[2].rstrip("."))
    own = [size for pid, size in open_now if pid == os.getpid()]
    at_others = sum(size for pid, size in open_now if pid != os.getpid())
    assert number - at_others in {sum(own) - one for one in (0, *own)}  # the pool by which doctor asks is left aside
    assert "of 277 are open" in check.found
    assert check.level == ("warning" if number > 277 else "ok")


def test_a_server_that_is_nearly_full_is_a_problem(found, addresses, monkeypatch):
    monkeypatch.setattr("gateway.domain.upkeep.health._NEARLY", 0.01)  # others share the server
    with psycopg.connect(addresses.app), psycopg.connect(addresses.app):
        check = found()["connections"]
    assert check.level == "problem"
    assert "max_connections" in check.advice


def test_the_redis_of_the_limits_is_asked(found, tmp_path):
    assert found()["limits"].level == "ok"
    away = found(limits_url=f"redis://127.0.0.1:{free_port()}/0")["limits"]
    assert (away.level, "GATEWAY_LIMITS_URL" in away.advice) == ("warning", True)
    with socket.socket() as silent:  # takes connections and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert found(limits_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")["limits"].level == "warning"
    if shutil.which("redis-server"):
        server = Redis(tmp_path)
        try:
            assert found(limits_url=server.url)["limits"].found == "Redis counts requests for all processes."
        finally:
            server.close()


def test_every_finding_that_is_not_well_says_what_to_do(found):
    assert all(check.advice for check in found(limits_url="redis://127.0.0.1:1/0").values() if check.level != "ok")


def test_a_login_with_a_roles_rights_before_it_chose_is_warned_of(found, server):
    assert found()["roles"].level == "ok"
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as superuser:
        superuser.execute("CREATE ROLE heir LOGIN; GRANT gateway_system TO heir WITH INHERIT TRUE")
        try:
            check = found()["roles"]
        finally:
            superuser.execute("DROP ROLE heir")
    assert (check.level, "heir has the rights of gateway_system" in check.found) == ("warning", True)
    assert 'GRANT gateway_system TO "heir" WITH INHERIT FALSE' in check.advice
