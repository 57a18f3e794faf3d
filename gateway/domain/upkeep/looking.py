"""The checks of an installation for people at a page: one look at a time, and nobody waits for one that hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway import clock
from gateway.domain.access.accounts import firm_ids
from gateway.domain.upkeep.checks import Check
from gateway.errors import Conflict
from gateway.logging import get_logger
from gateway.office import Office

log = get_logger(__name__)

WAITS = 3.0  # seconds for which whoever asks waits for the rest
FRESH = timedelta(seconds=10)  # for which what was found is told again


class Look(NamedTuple):
    """What was found.

    Attributes:
        began_at: when the look began.
        checks: so far, in their order.
        is_over: whether these are all.
    """

    began_at: datetime
    checks: Sequence[Check]
    is_over: bool


class Examiner:
    """Looks at the installation in a thread of its own: a disk or a server that hangs holds up that one alone.

    Args:
        examine: gives the checks one by one.
        waits: seconds for which `look` waits.
    """

    def __init__(self, examine: Callable[[], Iterator[Check]], waits: float = WAITS) -> None:
        self._examine = examine
        self._waits = waits
        self._lock = threading.Lock()
        self._now: _Running | None = None

    def look(self) -> Look:
        """What is found by a look that runs, or has lately run; else by a new one."""
        with self._lock:
            now = self._now
            if now is None or (now.over.is_set() and clock.now() - now.began_at > FRESH):
                now = self._now = _Running(self._examine)
        now.over.wait(self._waits)
        is_over = now.over.is_set()
        return Look(now.began_at, tuple(now.checks), is_over)


class _Running:
    """One look; it ends with the process where it does not end before."""

    def __init__(self, examine: Callable[[], Iterator[Check]]) -> None:
        self.began_at = clock.now()
        self.checks: list[Check] = []
        self.over = threading.Event()
        threading.Thread(target=self._run, args=(examine,), name="examiner", daemon=True).start()

    def _run(self, examine: Callable[[], Iterator[Check]]) -> None:
        try:
            for one in examine():
                self.checks.append(one)
        except Exception:
            log.exception("a check stumbled")
            advice = "The log says over what. gateway doctor tells the same at the machine."
            self.checks.append(Check("doctor", "problem", "It stumbled, and looked no further.", advice))
        finally:
            self.over.set()


def refuse_shared(office: Office) -> None:
    """The checks speak of all firms of an installation, so they are told to a firm that has it for itself.

    Raises:
        Conflict: `installation_shared`.
    """
    if len(firm_ids(office)) > 1:
        raise Conflict(
            "installation_shared",
            "Several firms share this installation, and its checks speak of all of them. Whoever looks after the"
            " machine reads them by gateway doctor.",
        )
