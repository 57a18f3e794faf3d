"""How a child of `gateway serve` comes to be: as a copy of its parent, which has read the program, or by reading it.

To read it takes a processor more than a second, seven times over; copies share what was read, and its memory. A process
is copied on Linux only, where libraries stand it, and only while it has a single thread: whatever lock another thread
held at that moment would be held in the copy for ever.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, Protocol

_ENDING = (signal.SIGTERM, signal.SIGINT)
_STARTED, _FINISHED = 47, 48  # of /proc/PID/stat, counted from 0: where in memory the words of the command lie


class Process(Protocol):
    """What the supervisor asks of a child, copied or not: what `subprocess.Popen` offers."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, once it has ended; the number of the signal that ended it, negative."""

    def wait(self, timeout: float | None = None) -> int:
        """The same, after so many seconds at most: else `subprocess.TimeoutExpired`."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


class Ends(NamedTuple):
    """File descriptors of a child that starts.

    Attributes:
        lifeline: its stdin, which ends with its parent.
        beats: where it says that it lives.
        parents: those that are its parent's alone; a copy that kept them open would keep its siblings alive.
    """

    lifeline: int
    beats: int
    parents: Collection[int]


class Program(NamedTuple):
    """What a child does, said in two ways.

    Attributes:
        be: called in a copy, with the name of the role and where to beat.
        text: the same in Python, for an interpreter that takes `serve --role NAME --lifeline --beats-to NUMBER`.
    """

    be: Callable[[str, int], None]
    text: str


def start(name: str, program: Program, ends: Ends) -> Process:
    """Start a role."""
    return _copied(name, program, ends) if _can_be_copied() else _read_anew(name, program, ends)


def _read_anew(name: str, program: Program, ends: Ends) -> Process:
    words = [*_words(name), "--lifeline", "--beats-to", str(ends.beats)]
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-P", "-c", program.text, *words], stdin=ends.lifeline, pass_fds=[ends.beats]
    )


def _can_be_copied() -> bool:
    if sys.platform != "linux":
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
        return len([*Path("/proc/self/task").iterdir()]) == 1
    except OSError:  # an old kernel, or one that tells nothing of its processes
        return False


def _copied(name: str, program: Program, ends: Ends) -> Process:
    """No signal comes in between: it would be taken by what the parent does about it, and the copy would go on."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    usual = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    pid = os.fork()
    if pid == 0:
        _settle_in(name, ends)
        signal.pthread_sigmask(signal.SIG_SETMASK, usual)
        program.be(name, os.dup(ends.beats))  # what the parent does on its way out of here closes the other
        raise SystemExit(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, usual)
    return _Copy(pid)


def _settle_in(name: str, ends: Ends) -> None:
    for number in ends.parents:
        os.close(number)
    os.dup2(ends.lifeline, 0)
    os.close(ends.lifeline)
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)  # until the role knows what to do about it
    with contextlib.suppress(OSError):  # a list of processes is for people to read; nothing depends on it
        _show(["gateway", *_words(name)])


def _words(name: str) -> list[str]:
    return ["serve", "--role", name]


def _show(words: list[str]) -> None:
    """Have the list of processes name this one by these words, if there is room where those of its parent stood."""
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    begin, end = int(stat[_STARTED - 2]), int(stat[_FINISHED - 2])
    told = "\0".join(words).encode() + b"\0"
    if len(told) <= end - begin:
        with Path("/proc/self/mem").open("r+b", buffering=0) as memory:
            memory.seek(begin)
            memory.write(told.ljust(end - begin, b"\0"))


class _Copy:
    """A child that this process has forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if ended else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._look(timeout)
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def _look(self, timeout: float | None) -> None:
        ended = os.pidfd_open(self.pid)
        try:
            if not select.select([ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("gateway", timeout or 0.0)
        finally:
            os.close(ended)

    def terminate(self) -> None:
        self._tell(signal.SIGTERM)

    def kill(self) -> None:
        self._tell(signal.SIGKILL)

    def _tell(self, number: int) -> None:
        """Until somebody has waited for it, its number is nobody else's."""
        if self.poll() is None:
            os.kill(self.pid, number)
