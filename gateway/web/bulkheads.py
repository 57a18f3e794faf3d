"""How many requests that last may go on at once, so that none of them keeps quick ones waiting.

Handlers share a few threads, and all processes the database's connections: what holds either for long is counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from litestar.connection import ASGIConnection

from gateway.web.calls import Identity
from gateway.web.problems import RETRY_SECONDS, Rejected

DONE = "done"  # in the state of a request: an ExitStack, closed once it has been answered

FOLLOWERS_EACH, FOLLOWERS = 8, 64  # of imports, in one process
BELLS_EACH, BELLS = 4, 1_000  # streams of bells in one process; they hold a connection each and no thread
# of the threads in which requests are served; on the smallest machine a process has six
HEAVY_EACH, HEAVY = 1, 2  # workbooks being made: 50,000 rows take ten seconds
LEAFING_EACH, LEAFING = 2, 3  # files read for one of their lines: the last of 50,000 takes a second
SENDING_EACH, SENDING = 2, 3  # rows being loaded, or waiting until other rows and files of their partner are
# requests with a large body, from before it is read: up to 256 MB lie on the disk for each, or 24 in memory
READING_EACH, READING = 4, 32
# a password takes a hash of 19 MiB and some 30 ms of a core; of those at their usual places, and of all
# others, so many are looked at at once, the rest waits its turn
SIGNING_IN = 2
SIGN_INS_EACH, SIGN_INS = 20, 200  # of an address, and of either kind, waiting included: the last one waits for seconds
STORING = 3  # files being stored, in threads of their own: the others wait their turn and hold no thread


class Bulkhead:
    """So many at once: `each` of one caller, `most` of all."""

    def __init__(self, each: int, most: int) -> None:
        self.each, self.most = each, most
        self._inside: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def inside(self) -> int:
        """How many there are now."""
        return self._inside.total()

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


def join_readers(connection: ASGIConnection[Any, Any, Any, Any], who: Identity) -> None:
    """Count a request with a large body until it is answered.

    Raises:
        Rejected: see `Bulkhead.within`.
    """
    readers: Bulkhead = connection.app.state.readers
    done: ExitStack = connection.scope["state"][DONE]
    done.enter_context(readers.within(name_of(who)))


def name_of(who: Identity) -> str:
    """Whose requests count together: all credentials of a partner, all sessions of one member of staff."""
    return str(who.partner_id or who.id)
