"""The SFTP endpoint is killed between every two steps of an arrival: the sender sends again, and it arrives once.

The endpoint runs in a process of its own that stands still at a named step, and says so.
"""

from __future__ import annotations

import hashlib
import signal
from contextlib import contextmanager

import paramiko
import pytest
from helpers.breaking import HERE
from helpers.commanding import commander
from helpers.endpoint import Served
from helpers.endpoint_standing import AFTER, BEFORE, NOWHERE
from helpers.inbox import as_csv, people
from helpers.killing import PROGRAMS, environment_of
from helpers.servers import PATIENCE, free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

NAME = "roster_20260301.csv"
ROSTER = as_csv(people(400))
TEMPORARY = f"{NAME}.part"


@pytest.fixture
def environment(settings):
    return environment_of(settings, GATEWAY_SFTP_PORT=str(free_port()), GATEWAY_LOG_LEVEL="error")


@pytest.fixture
def endpoint(environment, office, tmp_path):
    """Runs it until it is killed or ends: whoever asks gets the process and a way to it."""

    @contextmanager
    def run(point=NOWHERE):
        with commander().follow([point], environment, PROGRAMS / "endpoint_standing.py") as process:
            try:
                said, _, port = process.stdout.readline().strip().partition(" ")
                assert said == "port"
                yield process, Served(office, int(port), tmp_path)
            finally:
                process.kill()

    return run


@pytest.fixture
def key(office, tenants, tmp_path):
    return Served(office, 0, tmp_path).key_for(tenants.northgate, tenants.acme)


def send(client, name, content, *, closed=True):
    """As clients do it that write without waiting: what is answered, if anything is, is not heard."""
    message = client._request(paramiko.sftp.CMD_OPEN, f"inbox/{name}".encode(), 2 | 8 | 16, paramiko.SFTPAttributes())
    handle = message[1].get_binary()
    for at in range(0, len(content), 8_192):
        piece = content[at : at + 8_192]
        client._async_request(type(None), paramiko.sftp.CMD_WRITE, handle, paramiko.sftp.int64(at), piece)
    if closed:
        client._async_request(type(None), paramiko.sftp.CMD_CLOSE, handle)


def arrived(inbox):
    return inbox.sql("SELECT f.name, f.sha256 FROM imports i JOIN files f ON f.id = i.file_id ORDER BY i.id")


ONCE = [(NAME, hashlib.sha256(ROSTER).hexdigest())]


@pytest.mark.parametrize("point", [*BEFORE, *AFTER])
def test_an_endpoint_that_is_killed_takes_what_is_sent_again_once(inbox, endpoint, key, point):
    with endpoint(point) as (process, there), there.paramiko("acme", key=key) as client:
        send(client, NAME, ROSTER)
        assert process.stdout.readline() == HERE
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    assert len(arrived(inbox)) == (point in AFTER)
    with endpoint() as (_, there), there.paramiko("acme", key=key) as client:
        with client.open(f"inbox/{NAME}", "w") as out:
            out.write(ROSTER)
        assert client.listdir("inbox") == []
    assert arrived(inbox) == ONCE


@pytest.mark.parametrize("point", ["amid the bytes", *AFTER])
def test_whoever_resumes_after_a_kill_has_it_arrive_once(inbox, endpoint, key, point, tmp_path):
    path = tmp_path / NAME
    path.write_bytes(ROSTER)
    with endpoint(point) as (process, there), there.paramiko("acme", key=key) as client:
        send(client, NAME, ROSTER)
        assert process.stdout.readline() == HERE
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    with endpoint() as (_, there):
        done = there.sftp("acme", key, f"reput {path} inbox/{NAME}\nls inbox\n")
        left = done.stdout.split("ls inbox\n")[-1] if done.returncode == 0 else done.stderr
    assert arrived(inbox) == ONCE, left


def test_a_file_that_waits_for_its_final_name_outlasts_a_kill(inbox, endpoint, key):
    with endpoint() as (process, there), there.paramiko("acme", key=key) as client:
        with client.open(f"inbox/{TEMPORARY}", "w") as out:
            out.write(ROSTER)
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    with endpoint() as (_, there), there.paramiko("acme", key=key) as client:
        client.rename(f"inbox/{TEMPORARY}", f"inbox/{NAME}")
    assert arrived(inbox) == ONCE


def test_other_bytes_under_the_name_of_what_was_not_answered_are_another_arrival(inbox, endpoint, key):
    with endpoint(list(AFTER)[-1]) as (process, there), there.paramiko("acme", key=key) as client:
        send(client, NAME, ROSTER)
        assert process.stdout.readline() == HERE
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
    with endpoint() as (_, there), there.paramiko("acme", key=key) as client:
        for content in (b"other", ROSTER, ROSTER):
            with client.open(f"inbox/{NAME}", "w") as out:
                out.write(content)
    other = (NAME, hashlib.sha256(b"other").hexdigest())
    assert arrived(inbox) == [
        ONCE[0],
        other,
        ONCE[0],
    ]  # the repeat of what was not answered is that; then it is answered
