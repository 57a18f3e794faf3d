"""The row about what time tells: nobody learns from it whether a person is unknown or has another birth date."""

from __future__ import annotations

import os
import random
import socket
import sys
from bisect import bisect_right
from math import sqrt
from time import perf_counter

from callers import ask
from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario
from realtime import free_port, installation, running

CALLS = 10_000  # of each kind
_ONE_IN_A_HUNDRED = 1.628  # Kolmogorov's distribution at 0.99


def _alike(lab: Laboratory) -> Samples:
    """The greatest distance between the two distributions of times, and the one that chance alone exceeds in 1 of 100.

    Two-sample Kolmogorov-Smirnov: c(a) * sqrt((n + m) / (n * m)) with n = m. One caller, the kinds in random order, so
    that whatever else the machine does meets both.
    """
    _, _, key = installation(lab)
    port = free_port()
    serve = [sys.executable, "-c", "from gateway.cli import main; main()", "serve", "--role", "api"]
    ours = {
        "GATEWAY_DATA_DIR": str(lab.server.data_dir),
        "GATEWAY_HTTP_PORT": str(port),
        "GATEWAY_LOG_LEVEL": "warning",
    }
    head = (
        "POST /v1/eligibility/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {key}\r\n"
    )
    with running(serve, port, os.environ | ours), socket.create_connection(("127.0.0.1", port)) as connection:
        _times(connection, head, calls=500)
        unknown, wrong = _times(connection, head, calls=CALLS)
    yield "check_alike", Sample(_distance(unknown, wrong), _ONE_IN_A_HUNDRED * sqrt(2 / CALLS), 0.0)


def _times(connection: socket.socket, head: str, calls: int) -> tuple[list[float], list[float]]:
    """Sorted seconds of both kinds."""
    taken: tuple[list[float], list[float]] = ([], [])
    kinds = [0, 1] * calls
    random.Random(7).shuffle(kinds)
    for number, kind in enumerate(kinds):
        body = _BODIES[kind].format(number % 1_000)
        begun = perf_counter()
        code = ask(connection, head, body)
        taken[kind].append(perf_counter() - begun)
        if code != "404":
            raise SystemExit(f"The bench is broken: a check was answered {code}.")
    return sorted(taken[0]), sorted(taken[1])


_BODIES = (
    '{{"employee_id": "X{:07}", "date_of_birth": "1990-02-03"}}',
    '{{"employee_id": "E{:07}", "date_of_birth": "1990-02-04"}}',
)


def _distance(first: list[float], second: list[float]) -> float:
    here = sorted({*first, *second})
    return max(abs(bisect_right(first, at) / len(first) - bisect_right(second, at) / len(second)) for at in here)


SCENARIOS = [
    Scenario(
        {
            "check_alike": Budget(
                f"{CALLS:,} checks of unknown people and {CALLS:,} with a wrong birth date: how far their times differ"
                " (0 to 1)",
                "what chance exceeds once in a hundred",
                1.0,
            )
        },
        _alike,
        rounds=1,
    )
]
