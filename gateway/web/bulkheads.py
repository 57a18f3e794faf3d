"""How many requests that last may go on at once, so that none of them keeps quick ones waiting.

Handlers share a few threads, and all processes the database's connections: what holds either for long is counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.web.calls import Identity
from gateway.web.problems import RETRY_SECONDS, Rejected

FOLLOWERS_EACH, FOLLOWERS = 8, 64  # of imports, in one process
# of the threads in which requests are served; on the smallest machine a process has six
HEAVY_EACH, HEAVY = 1, 2  # workbooks being made: 50,000 rows take ten seconds
SENDING_EACH, SENDING = 2, 3  # rows being loaded, or waiting until other rows and files of their partner are


class Bulkhead:
    """So many at once: `each` of one caller, `most` of all."""

    def __init__(self, each: int, most: int) -> None:
        self.each, self.most = each, most
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def within(self, caller: str) -> Iterator[None]:
        """Be one of them.

        Raises:
            Rejected: 429 `too_many_at_once` of this caller; 503 `busy`, of all.
        """
        with self._lock:
            self._check(caller)
            self._inside[caller] += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside[caller] -= 1
                self._inside += Counter()  # forgets who has left

    def check(self, caller: str) -> None:
        """Refuse whom `within` would refuse now.

        Raises:
            Rejected: as there.
        """
        with self._lock:
            self._check(caller)

    def _check(self, caller: str) -> None:
        wait = {"Retry-After": str(RETRY_SECONDS)}
        if self._inside[caller] >= self.each:
            sentence = f"You have {self.each} of these going on already; let one come to its end first."
            raise Rejected(429, "too_many_at_once", sentence, headers=wait)
        if self._inside.total() >= self.most:
            raise Rejected(503, "busy", "Too many of these are going on at the moment; try again soon.", headers=wait)


def name_of(who: Identity) -> str:
    """Whose requests count together: all credentials of a partner, all sessions of one member of staff."""
    return str(who.partner_id or who.id)
