"""Keeps child processes alive, one a role, whether they end or hang, and ends them together."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Collection
from time import perf_counter

from gateway.cli.beating import Listener
from gateway.cli.starting import Ends, Process, Program, start
from gateway.logging import get_logger

_LOOK_SECONDS = 0.2  # between looks at the children: any of them may end, and nothing waits for several
_CARE_SECONDS = 2.0
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before a child that keeps dying is started again
_STEADY_SECONDS = 30.0  # a child that lived so long has the shortest pause again
_GRACE_SECONDS = 10.0  # for a child to end beyond the time that its jobs get; for one that hangs, to end at all
_MOST_COUNTED = 1.0  # seconds between two looks that count as silence: we slept for the others, and so may they have

log = get_logger(__name__)


class Supervisor:
    """The children of `gateway serve`.

    Args:
        names: their roles.
        drain_seconds: how long their jobs may go on when they must end.
        hang_seconds: how long one may be silent; then it is taken to hang, ended and started again.
        program: what they do.
    """

    def __init__(self, names: list[str], drain_seconds: int, hang_seconds: int, program: Program) -> None:
        self._children = {name: _Child(name, hang_seconds, program, self._held) for name in names}
        self._patience = drain_seconds + _GRACE_SECONDS

    def start(self, name: str) -> int:
        """Start a role; its process id."""
        return self._children[name].start()

    def _held(self) -> list[int]:
        """Our ends of all pipes to children."""
        return [number for child in self._children.values() for number in child.held()]

    def watch(self, ending: threading.Event, look_after: Callable[[], None]) -> None:
        """Start again what dies, until told to end; then end all of them, and wait for it.

        Args:
            ending: set when told.
            look_after: called every now and then, for what all of them stand on.
        """
        due, looked = 0.0, perf_counter()
        while not ending.wait(_LOOK_SECONDS):
            if perf_counter() >= due:
                look_after()
                due = perf_counter() + _CARE_SECONDS
            passed, looked = perf_counter() - looked, perf_counter()
            for child in self._children.values():
                child.look(min(passed, _MOST_COUNTED))
        for child in self._children.values():
            child.ask_to_end()
        deadline = perf_counter() + self._patience
        for child in self._children.values():
            child.see_end(deadline)


class _Child:
    """One role, and the process that it is at the moment."""

    def __init__(self, name: str, hang_seconds: int, program: Program, all_held: Callable[[], Collection[int]]) -> None:
        self._name, self._hang_seconds, self._program, self._all_held = name, hang_seconds, program, all_held
        self._process: Process | None = None
        self._listener = Listener()
        self._lifeline: int | None = None
        self._is_given_up = False
        self._failures = 0
        self._started = self._due = 0.0

    def start(self) -> int:
        """The other end of its stdin is ours alone: when we are gone, however that came about, the child sees it."""
        self._started, self._is_given_up = perf_counter(), False
        stdin, self._lifeline = os.pipe()
        with self._listener.lent() as beats:
            self._process = start(self._name, self._program, Ends(stdin, beats, self._all_held()))
        os.close(stdin)
        return self._process.pid

    def held(self) -> list[int]:
        """Our ends of its pipes, while there are any."""
        return [] if self._lifeline is None else [self._lifeline, self._listener.ours]

    def look(self, passed: float) -> None:
        """Start it again if it has died and its pause is over; end it if it hangs.

        Args:
            passed: seconds since the last look.
        """
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                self._end_if_silent(self._process, passed)
                return
            self._note_death(code)
        if perf_counter() >= self._due:
            self.start()

    def _end_if_silent(self, process: Process, passed: float) -> None:
        """What it was at is taken over by others, as if it had died."""
        self._listener.listen(passed)
        silent = self._listener.silent
        if silent > self._hang_seconds + _GRACE_SECONDS:
            log.error("a service that hangs does not end and is killed", service=self._name, silent=round(silent))
            process.kill()
            process.wait()
        elif silent > self._hang_seconds and not self._is_given_up:
            log.error("a service hangs and is ended", service=self._name, silent=round(silent))
            process.terminate()
            self._is_given_up = True

    def ask_to_end(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def see_end(self, deadline: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - perf_counter()))
        except subprocess.TimeoutExpired:
            log.warning("a service did not end in time and is killed", service=self._name)
            self._process.kill()
            self._process.wait()

    def _note_death(self, code: int) -> None:
        self._process = None
        self._listener.close()
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        lived = perf_counter() - self._started
        self._failures = 0 if lived > _STEADY_SECONDS else self._failures + 1
        pause = _PAUSES[min(self._failures, len(_PAUSES) - 1)] if self._failures else 0.0
        self._due = perf_counter() + pause
        log.warning("a service has ended and is started again", service=self._name, code=code, pause=pause)
