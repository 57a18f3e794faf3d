"""A supervisor of its own process, over roles that live, are busy for a while, or hang once.

`python hanging.py FOLDER ROLE...`; each child writes its process id into the folder, at the end of a file of its role.
Where WITH_THREADS is set, the supervisor has a thread more, and its children are no copies of it.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path
from time import perf_counter

from gateway.cli.serve import ROLES, Role, run_one
from gateway.cli.starting import Program
from gateway.cli.supervising import Supervisor
from gateway.logging import configure
from gateway.settings import load

FOLDER = "HANGING_FOLDER"
HANG_SECONDS = 4
BUSY_SECONDS = 2
HELD = ctypes.PyDLL(None).sleep  # keeps the interpreter's lock while it sleeps, as a match of `re` does


def started(name):
    """The process ids that a role has had."""
    file = Path(os.environ[FOLDER]) / name
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def _live(name, ending):
    with (Path(os.environ[FOLDER]) / name).open("a") as file:
        file.write(f"{os.getpid()}\n")
    while name == "hangs" and len(started(name)) == 1:
        HELD(600)  # a signal ends one sleep, and then comes the next
    while name == "is busy" and not ending.wait(0.1):
        HELD(BUSY_SECONDS)
    ending.wait()


def _stands(name, heart, ending):
    """All its threads run, but what it is there for stops moving, the first time."""
    since, is_again = perf_counter(), started(name)
    heart.needs(lambda: is_again or perf_counter() - since < HANG_SECONDS)
    _live(name, ending)


def be(name, pipe):
    ROLES["lives"] = ROLES["is busy"] = ROLES["hangs"] = Role(lambda _, ending, __: _live(name, ending), "")
    ROLES["stands"] = Role(lambda _, ending, heart: _stands(name, heart, ending), "")
    run_one(name, load(), lifeline=True, pipe=pipe)


def main():
    be(sys.argv[sys.argv.index("--role") + 1], int(sys.argv[sys.argv.index("--beats-to") + 1]))


if __name__ == "__main__":
    configure(load())
    os.environ[FOLDER] = sys.argv[1]
    if os.environ.get("WITH_THREADS"):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    supervisor = Supervisor(sys.argv[2:], 0, HANG_SECONDS, Program(be, "from hanging import main; main()"))
    for role in sys.argv[2:]:
        supervisor.start(role)
    supervisor.watch(threading.Event(), lambda: None)
