"""The sign of life of a child of `gateway serve`: a byte a second to its supervisor, while all that matters moves.

A thread of its own sends it. While code in C holds the interpreter's lock, no thread runs, and this one falls silent
with all others; what else must move is a sign that a role gives. The database is none: whoever waits for it is alive.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Sign = Callable[[], bool]
"""Whether something moves still; asked once a second."""

_BEAT_SECONDS = 1.0
_START_SECONDS = 30.0  # for Python to read the program, on a machine that is busy
_MOST_DOUBLINGS = 5  # of that: a quarter of an hour is more than any machine needs on which the gateway can work


class Heart:
    """Beats from now on, until the process ends or nobody listens.

    Args:
        pipe: the file descriptor that the supervisor listens at; None where there is no supervisor.
        ending: once it is set, what was told to end may come to rest in its own order, and is no sign any more.
    """

    def __init__(self, pipe: int | None, ending: threading.Event) -> None:
        self._ending = ending
        self._signs: list[Sign] = []
        if pipe is not None:
            os.set_inheritable(pipe, False)  # noqa: FBT003 - the name of the function says it
            os.set_blocking(pipe, False)
            threading.Thread(target=self._run, args=[pipe], name="heart", daemon=True).start()

    def needs(self, sign: Sign) -> None:
        """Beat only while this moves, too."""
        self._signs.append(sign)

    def _run(self, pipe: int) -> None:
        pause = threading.Event()
        while not pause.wait(_BEAT_SECONDS):
            if not (self._ending.is_set() or all(sign() for sign in self._signs)):
                continue
            try:
                os.write(pipe, b".")
            except BlockingIOError:  # the supervisor was stopped for hours, and finds enough when it wakes
                continue
            except BrokenPipeError:  # it is gone
                return


class Listener:
    """The supervisor's end of one child's pipe, for one process after the other.

    Attributes:
        silent: seconds since the last beat during which somebody listened; below zero, it may still be starting.
        ours: the file descriptor of the present pipe at which we listen.
    """

    ours: int

    silent = 0.0
    _unheard = 0  # processes in a row that never came to their first beat

    @contextmanager
    def lent(self) -> Iterator[int]:
        """A new pipe; the end for the child, to be handed over within.

        Whoever ended before its first beat may have been slow alone. Its successor has twice as long: all would be
        ended for ever on a machine that is too busy to start them in time, and keep it busy by starting.
        """
        self.ours, theirs = os.pipe()
        os.set_blocking(self.ours, False)
        self.silent = -_START_SECONDS * 2 ** min(self._unheard, _MOST_DOUBLINGS)
        self._unheard += 1
        try:
            yield theirs
        finally:
            os.close(theirs)

    def listen(self, seconds: float) -> None:
        """Take what has come, or count so many more seconds of silence."""
        try:
            has_come = bool(os.read(self.ours, 65_536))
        except BlockingIOError:
            has_come = False
        if has_come:
            self.silent, self._unheard = 0.0, 0
        else:
            self.silent += seconds

    def close(self) -> None:
        """The child has ended."""
        os.close(self.ours)
