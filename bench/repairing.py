"""The row about real-time checks while ten people repair rows in the console: what the slowest of them take."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from threading import Event

from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from pages_firm import ROWS, spoiled_file
from realtime import PACE, call, free_port, installation, running
from visitor import Visitor, serving, visiting

PEOPLE = 10
CALLS = 20_000  # for as long as people come to their second page
_EACH = 1.0  # seconds between two cells of one person, who types without a stop
_BEFORE = 10  # cells that somebody saves before the next page; of the first one fewer, for they began apart
_DOB = 4  # the number of a column that is wrong in each row
_PLACE = re.compile(r'data-place="(\d+)"')


def _checks(lab: Laboratory) -> Samples:
    _, _, key = installation(lab, staffed=True)
    grid = f"/files/{spoiled_file(lab)}/repair"
    port = free_port()
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    with running(serve, port, os.environ | serving(lab, port)):
        head = "POST /v1/eligibility/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Authorization: Bearer {key}\r\n"
        call(port, 500, 0, head)
        with _at_work(port, grid):
            beside = call(port, CALLS, PACE, head)
    yield "check_p99_repair", Sample(beside["p99"], 0.060, 0.0)


@contextmanager
def _at_work(port: int, grid: str) -> Iterator[None]:
    """Ten people, each on pages of their own, from when all have the first one open."""
    done, ready = Event(), [Event() for _ in range(PEOPLE)]
    with ThreadPoolExecutor(PEOPLE) as pool:
        working = [pool.submit(_work, port, grid, number, ready[number], done) for number in range(PEOPLE)]
        try:
            while not all(one.is_set() for one in ready) and not any(one.done() for one in working):
                done.wait(0.05)
            yield
        finally:
            done.set()
        if sum(one.result() for one in working) < PEOPLE:
            raise SystemExit("The bench is broken: nobody saved a cell.")


def _work(port: int, grid: str, number: int, ready: Event, done: Event) -> int:
    """Open a page and save cells of it, one a second, until told to stop; how many they were."""
    saved = 0
    with visiting(port) as one:
        for turn in count():
            places = _opened(one, grid, (turn * PEOPLE + number) * 100 % ROWS)
            ready.set()
            for place in places[: _BEFORE if turn else number + 1]:
                if done.wait(_EACH):
                    return saved
                one.timed_post(f"{grid}/cells", **{f"cell:{place}:{_DOB}": "01/02/1990"})
                saved += 1
    raise AssertionError("people do not stop by themselves")


def _opened(one: Visitor, grid: str, after: int) -> list[str]:
    return _PLACE.findall(one.get(f"{grid}?after={after}").text)


SCENARIOS = (
    Scenario(
        {
            "check_p99_repair": Budget(
                f"99th percentile of a check at {PACE:,} a second while {PEOPLE} people repair rows in the console",
                "60 ms",
                1.0,
            )
        },
        _checks,
        rounds=3,
    ),
)
