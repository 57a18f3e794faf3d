"""Leaves a provider alone for a while where most calls to it fail.

It is kept in memory, by each process for itself: what it learns is worth a minute, and a table would cost every call
two writes. Processes that find out one after the other call a provider that is away some times more.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from datetime import timedelta

from outbound.llm.base import NotNow

WINDOW = timedelta(minutes=2)
REST = timedelta(seconds=60)
LEAST = 5  # calls in the window, of which more than half have failed

_TRIAL = timedelta(seconds=90)  # after which another may try, where nothing was heard of the trial


class Breakers:
    """One for each provider, by where it is reached; threads may share them.

    Args:
        now: seconds, from whenever.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._of: dict[Hashable, _Breaker] = {}

    def enter(self, key: Hashable) -> None:
        """Before a call; of each that is let through, `works` or `fails` is told.

        Raises:
            NotNow: `provider_rests`, and for how long.
        """
        with self._lock:
            left = self._of.setdefault(key, _Breaker()).enter(self._now())
        if left > 0:
            sentence = f"Most calls to this provider failed; it is left alone for another {left:.0f} s."
            raise NotNow("provider_rests", sentence, wait=timedelta(seconds=left))

    def works(self, key: Hashable) -> None:
        """The provider answered, whatever it said."""
        with self._lock:
            self._of.setdefault(key, _Breaker()).works(self._now())

    def fails(self, key: Hashable) -> None:
        """It did not, or with an error of its own."""
        with self._lock:
            self._of.setdefault(key, _Breaker()).fails(self._now())


class _Breaker:
    def __init__(self) -> None:
        self._calls: deque[tuple[float, bool]] = deque()
        self._rests_until: float | None = None

    def enter(self, now: float) -> float:
        """Seconds that it still rests. After a rest one is let through, and the others wait for what becomes of it."""
        if self._rests_until is None:
            return 0
        if now < self._rests_until:
            return self._rests_until - now
        self._rests_until = now + _TRIAL.total_seconds()
        return 0

    def works(self, now: float) -> None:
        if self._rests_until is not None:
            self._calls.clear()
            self._rests_until = None
        self._note(now, failed=False)

    def fails(self, now: float) -> None:
        self._note(now, failed=True)
        failed = sum(each for _, each in self._calls)
        is_most = len(self._calls) >= LEAST and failed * 2 > len(self._calls)
        if is_most or self._rests_until is not None:
            self._rests_until = now + REST.total_seconds()

    def _note(self, now: float, *, failed: bool) -> None:
        self._calls.append((now, failed))
        while self._calls[0][0] < now - WINDOW.total_seconds():
            self._calls.popleft()
