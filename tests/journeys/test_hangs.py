"""A service that hangs is started again while the others live; one that is busy, or was stopped with all, is left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from helpers import hanging
from helpers.hanging import BUSY_SECONDS, HANG_SECONDS, started
from helpers.servers import free_port, is_alive, until
from helpers.serving import QUEUES, installed

from gateway.web.server import Server

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

HERE = Path(hanging.__file__).parent


class Supervised:
    """A process that supervises, in a session of its own so that all of it can be stopped at once."""

    def __init__(self, folder, *roles):
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, hanging.__file__, str(folder), *roles],
                env=os.environ | {"PYTHONPATH": str(HERE)},
                stderr=log,
                start_new_session=True,
            )

    def said(self):
        return self._log.read_text()


@pytest.fixture
def supervise(tmp_path, monkeypatch):
    monkeypatch.setenv(hanging.FOLDER, str(tmp_path))
    made = []

    def start(*roles):
        made.append(Supervised(tmp_path, *roles))
        until(lambda: all(started(role) for role in roles))
        return made[-1]

    yield start
    for one in made:
        os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()


def test_a_child_that_holds_the_lock_of_the_interpreter_is_killed_and_started_again_while_others_live(supervise):
    one = supervise("lives", "hangs")
    until(lambda: len(started("hangs")) == 2, seconds=90)
    until(lambda: "does not end and is killed" in one.said())
    assert "a service hangs and is ended" in one.said()
    assert "a service has ended and is started again" in one.said()
    assert len(started("lives")) == 1
    time.sleep(HANG_SECONDS + 2)  # the new one is well
    assert len(started("hangs")) == 2


def test_a_child_whose_heart_beats_but_whose_task_stands_still_is_asked_to_end_and_started_again(supervise):
    one = supervise("lives", "stands")
    until(lambda: len(started("stands")) == 2)
    assert "a service hangs and is ended" in one.said()
    assert "is killed" not in one.said()
    assert len(started("lives")) == 1


def test_a_child_that_is_only_busy_for_longer_than_a_beat_is_left_alone(supervise):
    one = supervise("lives", "is busy")
    time.sleep(2 * HANG_SECONDS + BUSY_SECONDS)
    assert (len(started("is busy")), len(started("lives"))) == (1, 1)
    assert "hangs" not in one.said()


@pytest.mark.parametrize("stopped", ["the supervisor", "all"])
def test_a_supervisor_that_was_stopped_kills_nobody_when_it_wakes(supervise, stopped):
    one = supervise("lives")
    tell = os.kill if stopped == "the supervisor" else os.killpg
    time.sleep(3.5)  # beats have come, and the last of them was heard
    tell(one.process.pid, signal.SIGSTOP)
    time.sleep(2 * HANG_SECONDS)
    os.kill(one.process.pid, signal.SIGCONT)
    time.sleep(0.5)  # whoever else was stopped wakes later
    tell(one.process.pid, signal.SIGCONT)
    time.sleep(HANG_SECONDS + 2)
    assert len(started("lives")) == 1
    assert "hangs" not in one.said()


def words_of(role):
    [pid] = started(role)
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each child reads the program itself")
def test_children_are_copies_of_their_supervisor_and_the_list_of_processes_names_them(supervise):
    supervise("lives", "stands")
    assert [words_of(role) for role in ("lives", "stands")] == [
        ["gateway", "serve", "--role", role] for role in ("lives", "stands")
    ]


def test_a_child_of_a_supervisor_that_has_threads_reads_the_program_itself(supervise, monkeypatch):
    monkeypatch.setenv("WITH_THREADS", "yes")
    one = supervise("lives")
    assert "-c" in words_of("lives")
    one.process.kill()
    until(lambda: not is_alive(started("lives")[0]))


def test_every_service_of_the_gateway_shows_that_it_lives_and_an_api_that_stands_still_is_started_again():
    with installed({"GATEWAY_HANG_SECONDS": "5"}) as lab:
        service = lab.serve()
        with httpx.Client(base_url=lab.url, timeout=30) as http:
            until(lambda: lab.is_ready(http) and lab.workers() == QUEUES)
            before = lab.children(service)
            time.sleep(10)
            assert lab.children(service) == before
            os.kill(before["api"], signal.SIGSTOP)
            until(lambda: lab.children(service).get("api") not in {None, before["api"]})
            until(lambda: lab.is_ready(http))
        now = lab.children(service)
        assert {name: pid for name, pid in now.items() if name != "api"} == {
            name: pid for name, pid in before.items() if name != "api"
        }
        assert "a service hangs and is ended" in lab.said()
        assert "service=api" in lab.said()


async def nothing(scope, receive, send):
    """An application that has no answers."""


async def is_moving(server, seconds=10.0):
    deadline = time.perf_counter() + seconds
    while not server.has_turned() and time.perf_counter() < deadline:  # noqa: ASYNC110 - it is asked, and tells nobody
        await asyncio.sleep(0.1)
    return time.perf_counter() < deadline


async def stand_and_go_on():
    server = Server(uvicorn.Config(nothing, port=free_port(), lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve())
    try:
        assert await is_moving(server)
        assert await is_moving(server), "again and again"
        gate, loop = threading.Event(), asyncio.get_running_loop()
        held = [loop.run_in_executor(None, gate.wait) for _ in range(64)]  # more than there are threads
        server.has_turned()
        assert not await is_moving(server, 3)
        gate.set()
        await asyncio.gather(*held)
        assert await is_moving(server)
        server.has_turned()
        time.sleep(3)  # noqa: ASYNC251 - the loop stands still
        assert not server.has_turned()
        assert await is_moving(server)
    finally:
        server.should_exit = True
        await serving


def test_an_api_moves_only_while_its_loop_goes_round_and_a_handler_finds_a_thread():
    asyncio.run(stand_and_go_on())
