"""Sends wakes from a thread of its own, so that no request waits for a broker."""

from __future__ import annotations

import threading
from time import perf_counter

import dramatiq

from gateway.db.engine import Addresses
from gateway.jobs.broker import make_broker, message, queue_name
from gateway.logging import get_logger
from gateway.metrics import NUDGES
from gateway.settings import Settings

_PAUSES = (0.5, 1.0, 2.0, 5.0)  # seconds between attempts while the broker is away; the sweep finds the jobs meanwhile

log = get_logger(__name__)


class Nudger:
    """Wakes the workers of a queue; `nudge` only takes a note and never fails.

    Wakes for the same queue that nobody has sent yet are one. While the broker is away the last of each queue waits,
    and is sent when it is back.
    """

    def __init__(self, settings: Settings, addresses: Addresses) -> None:
        self._settings, self._addresses = settings, addresses
        self._owed: set[str] = set()
        self._changed = threading.Condition()
        self._is_sending = self._is_closed = False
        self._thread: threading.Thread | None = None

    def nudge(self, queue: str) -> None:
        """Wake this queue's workers soon."""
        with self._changed:
            self._owed.add(queue)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nudger", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, seconds: float = 1.0) -> None:
        """Send what is owed if the broker takes it in time, and end."""
        deadline = perf_counter() + seconds
        with self._changed:
            if self._thread is None:
                return
            self._changed.wait_for(lambda: not self._owed and not self._is_sending, timeout=seconds)
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(max(0.0, deadline - perf_counter()))

    def _run(self) -> None:
        broker = make_broker(self._settings, self._addresses)
        failures = 0
        while queues := self._taken():
            try:
                for queue in sorted(queues):
                    self._send(broker, queue)
                    queues.discard(queue)
            except Exception as error:  # noqa: BLE001 - each client has its own, and all mean the same
                self._return(queues, error, first=failures == 0)
                self._pause(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
            else:
                failures = 0
        broker.close()

    def _send(self, broker: dramatiq.Broker, queue: str) -> None:
        broker.declare_queue(queue_name(queue))
        broker.enqueue(message(queue))
        NUDGES.add("sent")

    def _taken(self) -> set[str]:
        """What is owed, once something is; nothing when closed."""
        with self._changed:
            self._is_sending = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._owed or self._is_closed)
            taken, self._owed = self._owed, set()
            self._is_sending = bool(taken)
            return taken

    def _return(self, queues: set[str], error: Exception, *, first: bool) -> None:
        NUDGES.add("failed", by=len(queues))
        if first:
            log.warning("the broker does not answer; jobs are found by the sweep", error=str(error) or repr(error))
        with self._changed:
            if not self._is_closed:
                self._owed |= queues

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, timeout=seconds)
