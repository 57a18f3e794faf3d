"""The row about the start of a command: reading the program, telling its help, and ending."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from laboratory import Laboratory
from measuring import Budget, Sample, Samples, Scenario

TIMES = 3  # in a round, of which the quickest counts: the machine may be at something else
COMMAND = [str(Path(sys.executable).with_name("gateway")), "firm", "--help"]
NOTHING = [sys.executable, "-c", "pass"]


def _round(_lab: Laboratory) -> Samples:
    pairs = [(_cpu(COMMAND), _cpu(NOTHING)) for _ in range(TIMES)]
    ours, floor = (min(times) for times in zip(*pairs, strict=True))
    yield "start", Sample(ours, floor, 0.0)


def _cpu(command: list[str]) -> float:
    """Seconds of the processor that a process takes from its start to its end."""
    before = _childrens()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return _childrens() - before


def _childrens() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


SCENARIOS = [
    Scenario(
        {"start": Budget("a command that tells its help (processor)", "the interpreter alone", 80)},
        _round,
        rounds=3,
    ),
]
