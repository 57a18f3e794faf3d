"""The command `gateway`, and programs of helpers/, in processes of their own, without the second and more that each takes
to read the program: `python commanding.py` reads it once, and every process is a copy of that one.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple, NoReturn, Self

from gateway.cli import COMMANDS, main

_MOST = 1_000_000  # bytes of what is asked
_NUMBER = 4  # bytes


class Ended(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    told: str  # on stderr


class Started:
    """A process that was started for us: what tests ask of `subprocess.Popen`.

    Attributes:
        pid: its number.
        returncode: once we have seen that it ended.
        stdout: what it writes, where it was to be read meanwhile.
    """

    stdout: IO[str] | None = None

    def __init__(self, told: int, kept: list[int]) -> None:
        self._told, self._kept = told, kept
        self.pid = self._number()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._seen(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._seen(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("gateway", timeout or 0.0)
        return code

    def communicate(self, *, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to stdout and stderr, where that is kept for us, once it has ended."""
        self.wait(timeout)
        if self._kept:
            self._said = [_all_of(one) for one in self._kept]
            self._kept = []
        return self._said[0], self._said[1]

    def __del__(self) -> None:
        for one in self._kept:
            os.close(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.stdout:
            self.stdout.close()
        self.wait()

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _seen(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            looking = select.poll()
            looking.register(self._told)
            if looking.poll(None if seconds is None else seconds * 1000):
                self.returncode = self._number()
                os.close(self._told)
        return self.returncode

    def _number(self) -> int:
        found = os.read(self._told, _NUMBER)
        assert found, "the process that starts others has died"
        return int.from_bytes(found, signed=True)


class Commander:
    """The process of which others are copies."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            words = [sys.executable, "-P", __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(words, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def run(self, words: Sequence[str], environment: Mapping[str, str], given: str | None = None) -> Ended:
        """Run a command to its end; `given` is what it reads."""
        started = self.start(words, environment, given=given or "")
        out, told = started.communicate()
        return Ended(started.wait(), out, told)

    def start(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        *,
        given: str = "",
        out: int | None = None,
        told: int | None = None,
        program: Path | None = None,
    ) -> Started:
        """Start a command.

        Args:
            words: what stands behind its name.
            environment: its own.
            given: what it reads.
            out: the file descriptor that is its stdout; else that is kept for `communicate`.
            told: the same of its stderr.
            program: a file of Python to run instead of the command.
        """
        kept = [_kept(), _kept()]
        seen, tells = os.pipe()
        asked = json.dumps([str(program or ""), list(words), dict(environment)]).encode()
        with tempfile.TemporaryFile("w+") as read:
            read.write(given)
            read.seek(0)
            streams = [kept[0] if out is None else out, kept[1] if told is None else told]
            socket.send_fds(self._ours, [asked], [read.fileno(), *streams, tells])
        os.close(tells)
        return Started(seen, kept)

    def follow(self, words: Sequence[str], environment: Mapping[str, str], program: Path) -> Started:
        """Start a program whose `stdout` is read while it runs."""
        reading, writing = os.pipe()
        started = self.start(words, environment, out=writing, program=program)
        os.close(writing)
        started.stdout = os.fdopen(reading)
        return started

    def close(self) -> None:
        self._ours.close()
        self._process.wait()


def _kept() -> int:
    """A file that goes with whoever has it open."""
    number, path = tempfile.mkstemp()
    Path(path).unlink()
    return number


def _all_of(number: int) -> str:
    os.lseek(number, 0, os.SEEK_SET)
    with os.fdopen(number) as file:
        return file.read()


@functools.cache
def commander() -> Commander:
    """This process's, until its end."""
    made = Commander()
    atexit.register(made.close)
    return made


# ---------------------------------------------------------------- in the process of which others are copies


def listen(asked: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # of those who see a process through, nobody wants to know
    while True:
        message, places, _, _ = socket.recv_fds(asked, _MOST, 4)
        if not message:
            return
        program, words, environment = json.loads(message)
        _read("serve" if program else words[0])
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _see_through(program, words, environment, places)
        for place in places:
            os.close(place)


def _read(command: str) -> None:
    """What this command needs; what is read is no waste, and looked through by no copy."""
    before = len(sys.modules)
    found = import_module(f"gateway.cli.{COMMANDS[command].module}")
    for role in found.ROLES.values() if command == "serve" else []:
        import_module(role.reads or "gateway")
    if len(sys.modules) != before:
        gc.collect()
        gc.freeze()


def _see_through(program: str, words: list[str], environment: dict[str, str], places: list[int]) -> None:
    *streams, tells = places
    pid = os.fork()
    if pid == 0:
        os.close(tells)
        _become(program, words, environment, streams)
    for place in streams:
        os.close(place)
    os.write(tells, pid.to_bytes(_NUMBER, signed=True))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(tells, code.to_bytes(_NUMBER, signed=True))
    os._exit(0)


def _become(program: str, words: list[str], environment: dict[str, str], streams: list[int]) -> NoReturn:
    """From here on this process is that command, as the shell would have started it."""
    os.environ.clear()
    os.environ.update(environment)
    for number, place in enumerate(streams):
        os.dup2(place, number)
        os.close(place)
    sys.stdin = os.fdopen(0)
    sys.argv = [program or "gateway", *words]
    if not program:
        main()
    sys.path[:0] = environment.get("PYTHONPATH", "").split(os.pathsep)
    runpy.run_path(program, run_name="__main__")
    raise SystemExit(0)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as place_of_asking:
        listen(place_of_asking)
