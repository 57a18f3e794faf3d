"""The command `gateway` in processes of its own, without the second and more that each takes to read the program:
`python commanding.py` reads it once, and every command is a child of that process.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any, NamedTuple

from gateway.cli import COMMANDS, main

_MADE = os.O_WRONLY | os.O_CREAT


class Ended(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    told: str  # on stderr


class Commander:
    """The process whose children are commands, one after the other."""

    def __init__(self) -> None:
        self._alone = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, words: Sequence[str], environment: Mapping[str, str], given: str | None = None) -> Ended:
        """Run a command to its end; `given` is what it reads, else it reads what this process would."""
        with tempfile.TemporaryDirectory(prefix="gateway-command-") as folder:
            out, told, read = (Path(folder) / name for name in ("out", "told", "given"))
            read.write_text(given or "")
            code = self._ask([list(words), dict(environment), [str(read), str(out), str(told)]])
            return Ended(code, out.read_text(), told.read_text())

    def _ask(self, wanted: list[Any]) -> int:
        with self._alone:
            asking = _pipe(self._process.stdin)
            asking.write(json.dumps(wanted) + "\n")
            asking.flush()
            return int(_pipe(self._process.stdout).readline())

    def close(self) -> None:
        _pipe(self._process.stdin).close()
        self._process.wait()
        _pipe(self._process.stdout).close()


def _pipe(one: IO[str] | None) -> IO[str]:
    assert one
    return one


@functools.cache
def commander() -> Commander:
    """This process's, until its end."""
    made = Commander()
    atexit.register(made.close)
    return made


def _become(words: list[str], environment: dict[str, str], places: list[str]) -> None:
    """From here on this process is that command, as the shell would have started it."""
    os.environ.clear()
    os.environ.update(environment)
    for number, (place, flags) in enumerate(zip(places, [os.O_RDONLY, _MADE, _MADE], strict=True)):
        opened = os.open(place, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0)
    sys.argv = ["gateway", *words]
    main()


def listen() -> None:
    for line in sys.stdin:
        words, environment, places = json.loads(line)
        import_module(f"gateway.cli.{COMMANDS[words[0]].module}")
        if child := os.fork():
            sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
            sys.stdout.flush()
        else:
            _become(words, environment, places)


if __name__ == "__main__":
    listen()
