"""One worker and many partners, some of whose servers answer late or never: the others are looked at all the same.

Nothing here is measured in seconds: the slow ones are slow until the test ends. `POLLED_PARTNERS=200` asks for as many.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest
from helpers.inbox import Inbox
from helpers.listening import listening
from helpers.places import Places, in_bucket, keep_secrets, on_sshd, with_arrivals
from helpers.servers import until
from helpers.sshd import pair
from msgspec import structs

from gateway import buckets, sftp
from gateway.db.session import Database
from gateway.jobs.handling import Handling
from gateway.jobs.worker import Worker, connections_for
from gateway.outward import Limits
from gateway.settings import Settings
from gateway.wings import KINDS, office_of
from ingest.arrivals import polling
from ingest.arrivals import sftp as far

pytestmark = [pytest.mark.journey, pytest.mark.timeout(480)]

PARTNERS = int(os.environ.get("POLLED_PARTNERS", "16"))
SLOW = 10
AS_MANY = 12  # slow ones, as a worker has threads
THREADS = next(one.default for one in structs.fields(Settings) if one.name == "arrivals_workers")
EMPTY = b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"


class Clocked:
    """A job of the clock's."""

    payload, firm_id = None, None


@pytest.fixture
def settings(settings, monkeypatch):
    keep_secrets(settings, ACME_ID="x", ACME_SECRET="y", ACME_KEY=pair()[0])
    monkeypatch.setattr(sftp, "CONNECT_SECONDS", 400.0)
    monkeypatch.setattr(buckets, "_PAGE", Limits(read=400, total=400))
    return structs.replace(settings, allow_private=("127.0.0.0/8",), drain_seconds=0)


def quick(connection, listener):
    listener.head(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(EMPTY), EMPTY))


def silent(_connection, listener):
    listener.release.wait(300)


def drip(connection, listener):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while not listener.release.wait(1):
        connection.sendall(b".")


def mumble(connection, listener):
    """An SSH server that never comes to the end of its greeting."""
    while not listener.release.wait(1):
        connection.sendall(b"-")


class Unheard:
    """An SFTP server as `on_sshd` names it, which is none."""

    host, user, home = "127.0.0.1", "us", "."

    def __init__(self, port: int) -> None:
        self.port, self.host_keys = port, [pair()[1]]


def slow_kinds(mute, slow, odd):
    return [
        in_bucket("acme-out", f"http://127.0.0.1:{mute.port}"),
        on_sshd(Unheard(mute.port)),
        in_bucket("acme-out", f"http://127.0.0.1:{slow.port}"),
        on_sshd(Unheard(odd.port)),
    ]


@pytest.fixture
def worker(addresses, settings):
    """Starts a worker with so many threads."""
    started = []

    def start(threads):
        pools = {"arrivals": threads}
        database = Database(addresses, connections=connections_for(pools))
        one = Worker(office_of(database, settings), KINDS, pools)
        one.start()
        started.append((one, database))

    yield start
    for one, database in started:
        one.stop()
        database.close()


@pytest.fixture
def partners(inbox, tenants, worker, request):
    """The slow ones of every kind, in turn, and the rest quick; the servers of the slow ones."""
    slow_ones = getattr(request, "param", SLOW)
    with listening(quick) as good, listening(silent) as mute, listening(drip) as slow, listening(mumble) as odd:
        kinds = slow_kinds(mute, slow, odd)
        for number in range(PARTNERS):
            quickly = in_bucket("acme-out", f"http://127.0.0.1:{good.port}")
            entry, slug = kinds[number % len(kinds)] if number < slow_ones else quickly, f"partner-{number:03}"
            Inbox(inbox.office, tenants.northgate, slug).apply(with_arrivals(entry, partner=slug))
        yield [mute, slow, odd]


def tick(office):
    polling.due(Handling(office, Clocked()))


def quick_ones_are_looked_at(inbox, slow=SLOW):
    looked = "SELECT count(*) FROM places WHERE looked_at IS NOT NULL"
    until(lambda: inbox.sql(looked) == [(PARTNERS - slow,)], seconds=400)
    assert inbox.sql("SELECT count(*) FROM places WHERE code IS NOT NULL") == [(0,)], "the slow ones still wait"


def test_all_others_are_looked_at_while_slow_partners_wait_for_their_time_out(inbox, office, partners, worker):
    tick(office)
    started = time.perf_counter()
    worker(THREADS)
    quick_ones_are_looked_at(inbox)
    print(f"{PARTNERS} partners, {SLOW} slow: {time.perf_counter() - started:.1f} s")  # noqa: T201 - the figure
    running = "SELECT count(*) FROM jobs WHERE kind = 'arrivals.look' AND state = 'running'"
    until(lambda: inbox.sql(running) == [(SLOW,)])


def test_partners_that_were_slow_before_hold_one_thread_together(inbox, office, partners, worker):
    tick(office)
    inbox.sql("UPDATE jobs SET state = 'done', finished_at = now() WHERE kind = 'arrivals.look'")
    slow = f"partner_id IN (SELECT id FROM partners WHERE slug < 'partner-{SLOW:03}')"
    inbox.sql(f"UPDATE places SET due_at = now() - interval '1 second', failures = CASE WHEN {slow} THEN 1 ELSE 0 END")
    tick(office)
    worker(2)
    quick_ones_are_looked_at(inbox)
    assert sum(one.connections for one in partners) == 1


@pytest.mark.parametrize("partners", [AS_MANY], indirect=True)
def test_as_many_that_were_slow_before_as_there_are_threads_leave_half_of_them_to_others(
    inbox, office, partners, worker
):
    assert AS_MANY == THREADS
    tick(office)
    inbox.sql("UPDATE jobs SET state = 'done', finished_at = now() WHERE kind = 'arrivals.look'")
    slow = f"partner_id IN (SELECT id FROM partners WHERE slug < 'partner-{AS_MANY:03}')"
    before = "now() - interval '1 hour'"  # the slow ones are due first, and so they are claimed first
    inbox.sql(f"UPDATE places SET due_at = {before}, seconds = CASE WHEN {slow} THEN 50 ELSE 0.1 END")
    tick(office)
    inbox.sql(
        "UPDATE jobs SET not_before = now() - interval '1 hour' WHERE state = 'waiting'"
        f" AND about IN (SELECT id FROM places WHERE {slow})"
    )
    started = time.perf_counter()
    worker(THREADS)
    quick_ones_are_looked_at(inbox, AS_MANY)
    print(f"{PARTNERS} partners, {AS_MANY} slow: {time.perf_counter() - started:.1f} s")  # noqa: T201 - the figure
    assert 1 <= sum(one.connections for one in partners) <= THREADS // 2


@pytest.mark.parametrize("number", range(4))
def test_a_slow_partner_is_given_up_at_its_time_out(inbox, settings, monkeypatch, number):
    monkeypatch.setattr(sftp, "CONNECT_SECONDS", 2.0)
    monkeypatch.setattr(buckets, "_PAGE", Limits(read=2, total=2))
    with listening(silent) as mute, listening(drip) as slow, listening(mumble) as odd:
        inbox.apply(with_arrivals(slow_kinds(mute, slow, odd)[number]))
        assert Places(inbox).poll().problem.code in {"answer_timed_out", "ssh_failed"}


def test_a_server_that_drips_once_we_are_in_is_given_up(inbox, settings, sshd, monkeypatch):
    """All that it says until we are let in comes at once; a byte of what it lists comes now and then."""
    monkeypatch.setattr(sftp, "CONNECT_SECONDS", 30.0)
    monkeypatch.setattr(far, "LOOK_SECONDS", 5.0)
    keep_secrets(settings, ACME_KEY=sshd.key)
    for number in range(300):
        (sshd.home / f"a-long-name-so-that-listing-takes-a-while-{number}.txt").touch()
    with listening(lambda connection, listener: dripping(connection, listener, sshd.port)) as between:
        inbox.apply(with_arrivals(on_sshd(sshd, port=between.port)))
        problem = Places(inbox).poll().problem
    assert (problem.code, "is too slow" in problem.sentence) == ("answer_timed_out", True)


def dripping(client, listener, port):
    with socket.create_connection(("127.0.0.1", port)) as server:
        threading.Thread(target=passing_on, args=(client, server), daemon=True).start()
        said = 0
        while piece := server.recv(512 if said < 6_000 else 1):
            client.sendall(piece)
            said += len(piece)
            if said >= 6_000 and listener.release.wait(0.1):
                return


def passing_on(client, server):
    with contextlib.suppress(OSError):
        while piece := client.recv(65_536):
            server.sendall(piece)
