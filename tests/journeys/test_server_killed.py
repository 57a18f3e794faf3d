"""The embedded database ended while files arrive, are imported and parcels leave: one import each, no parcel is lost.

Killed outright, or asked to end (SIGTERM, after which it would wait for all who are connected): `gateway serve` has it
start again; whoever was at work has lost its transaction, and does the work again.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from helpers.inbox import ROSTER, as_csv, person
from helpers.killing import OF_TABLE, WAITING
from helpers.receiving import receiving
from helpers.servers import until
from helpers.serving import QUEUES, installed
from helpers.webhooks import NEW

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

POINTS = {  # where a file is when the server ends -> the table that cannot be written
    "nothing is on record": "files",
    "before the import": "imports",
    "before it is noted what was taken": "place_files",
    "among its people": "clients",
    "before what it changed is told": "events",
}
AT_REST = """SELECT (SELECT count(*) FROM parcels WHERE state = 'waiting')
    + (SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running') AND (starts_with(kind, 'events.') OR queue = 'ingest'))"""
ENDS = (signal.SIGKILL, signal.SIGTERM)
ARRIVING = "    arrivals: [{{via: drop}}]\n    contents: changes"
LEAVING = "deliveries:\n  changes: {{trigger: on_change, events: [client.updated], carrier: {{via: https, url: '%s', secret: HOOK}}}}\n"


@pytest.fixture(scope="module")
def sink():
    with receiving() as one:
        yield one


@pytest.fixture(scope="module")
def lab(sink, tmp_path_factory):
    """Acme drops files into a folder, and hears over HTTP what changed by them."""
    secrets = tmp_path_factory.mktemp("secrets")
    (secrets / "northgate").mkdir()
    (secrets / "northgate" / "HOOK").write_text(NEW)
    told = {"GATEWAY_SECRETS_DIR": str(secrets), "GATEWAY_ALLOW_PRIVATE": "127.0.0.0/8"}
    with installed(told) as made:
        dropping = ROSTER.replace("    contents: full\n    absent: close", ARRIVING)
        made.add_partners("northgate", "acme", roster=dropping + "\n" + LEAVING % sink.url)
        made.owner = made.run("db", "url", "--role", "owner").strip()
        made.serve()
        until(lambda: made.workers() == QUEUES)
        until((made.folder / "data" / "landing" / "acme").is_dir)
        yield made


def drop(lab, number) -> str:
    landing, name = lab.folder / "data" / "landing" / "acme", f"roster_202603{number:02}.csv"
    (landing / f".{name}").write_bytes(as_csv([person(number)]))
    (landing / f".{name}").rename(landing / name)
    return name


@contextmanager
def held(lab, table) -> Iterator[None]:
    """Nobody writes the table, until the server ends."""
    with closing(psycopg.connect(lab.owner)) as holder:
        holder.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        yield


def has_ended(connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


def end_server(lab, end) -> None:
    """Until whoever is connected has noticed."""
    with closing(psycopg.connect(lab.owner)) as stays:
        os.kill(lab.server_pid(), end)
        until(lambda: has_ended(stays))


def is_at_rest(lab) -> bool:
    """Whether all is done; what failed while the server was away is tried again now, as a person would have it."""
    lab.sql("UPDATE jobs SET not_before = now() WHERE state = 'waiting' AND not_before > now() RETURNING id")
    return lab.sql(AT_REST) == [(0,)]


def is_awaited(lab, table) -> bool:
    return lab.sql(WAITING + OF_TABLE.replace("%(table)s", f"'{table}'")) not in ([], [(0,)])


@pytest.mark.parametrize("end", ENDS, ids=["killed", "terminated"])
@pytest.mark.parametrize("point", POINTS)
def test_a_file_that_arrives_while_the_server_ends_is_one_import(lab, point, end):
    number = 2 * list(POINTS).index(point) + ENDS.index(end) + 1
    with held(lab, POINTS[point]):
        name = drop(lab, number)
        until(lambda: is_awaited(lab, POINTS[point]))
        end_server(lab, end)
    state = "SELECT i.state FROM files f JOIN imports i ON i.file_id = f.id WHERE f.name = %s"
    until(lambda: lab.sql(state, name) == [("loaded",)])
    until(lambda: lab.sql("SELECT count(*) FROM place_files WHERE settled_at IS NULL") == [(0,)])
    assert not (lab.folder / "data" / "landing" / "acme" / name).exists()
    assert lab.sql(state, name) == [("loaded",)]
    until(lambda: lab.workers() == QUEUES)


@pytest.mark.parametrize("end", ENDS, ids=["killed", "terminated"])
@pytest.mark.parametrize("status", [200, 503])
def test_a_parcel_that_leaves_while_the_server_ends_comes_at_least_once_under_one_id(lab, sink, status, end):
    """Their server has taken it, or has not; ours cannot put down which."""
    done = []

    def answer(_received):
        if done:
            return 200
        end_server(lab, end)
        done.append(True)
        return status

    until(lambda: is_at_rest(lab))
    before, sink.answer = len(sink.received), answer
    drop(lab, 15 + status // 100 + 5 * ENDS.index(end))
    until(lambda: done)
    until(lambda: len(sink.received) > before + 1)
    sent = "SELECT id::text, state FROM parcels ORDER BY id DESC LIMIT 1"
    until(lambda: lab.sql(sent)[:1] == [(sink.received[-1].id, "sent")])
    assert len({(one.id, one.body) for one in sink.received[before:]}) == 1
    assert lab.sql("SELECT count(*) FROM parcels") == [(len({one.id for one in sink.taken}),)]
    until(lambda: lab.workers() == QUEUES)
