"""Runs jobs: pools of threads that claim from the ledger, woken by the broker or by the sweep.

The threads are ours and not Dramatiq's: its worker threads acknowledge a message when the work is done, and wait for
the broker to come back if it went away meanwhile. Here a message only wakes a pool, and work goes on without a broker.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from time import perf_counter
from typing import Literal
from uuid import uuid4

from gateway.errors import Permanent, Problem, Transient
from gateway.jobs import broker, leases, ledger
from gateway.jobs.broker.nudging import Nudger
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, Kinds
from gateway.jobs.ledger import Job, LeaseLost
from gateway.jobs.queues import Queue
from gateway.logging import about, get_logger
from gateway.metrics import JOBS
from gateway.office import Office
from gateway.tracing import span

_PULSE_SECONDS = 1.0  # between renewals of leases, and notes of progress
_TRANSPORT_MS = 2_000  # how long Dramatiq waits for its threads of one sort, of two
_PARTING_SECONDS = 5.0  # how long an ending process waits for the broker

log = get_logger(__name__)


def connections_for(pools: Mapping[Queue, int]) -> int:
    """The most connections of each role that such a process needs: two for each job, and three of our own."""
    return 2 * sum(pools.values()) + 3


class Worker:
    """The pools of one process, and the threads that keep its leases and look for what no message told."""

    def __init__(self, office: Office, kinds: Kinds, pools: Mapping[Queue, int]) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._office, self._kinds = office, kinds
        self._db, self._settings = office.db, office.settings
        self._lease = timedelta(seconds=self._settings.job_lease_seconds)
        self._stopping = threading.Event()
        self._running = _Running()
        self._pools: dict[str, _Pool] = {
            queue: _Pool(Claims(office.db, queue, self.name, self._lease), threads, self._prepare(queue), self._work)
            for queue, threads in pools.items()
        }
        regular = [(_PULSE_SECONDS, self._pulse), (self._settings.job_sweep_seconds, self._sweep)]
        self._threads = [threading.Thread(target=self._every, args=one, daemon=True) for one in regular]

    def start(self) -> None:
        """Work from now on, until `stop`."""
        self._nudger = Nudger(self._settings, self._db.addresses)
        self._db.tell = self._nudger.nudge  # jobs may add jobs
        self._pulse()
        for pool in self._pools.values():
            pool.start()
        for thread in self._threads:
            thread.start()
        self._broker = broker.make_broker(self._settings, self._db.addresses)
        self._transport = broker.listen(self._broker, list(self._pools), self._wake)

    def stop(self) -> bool:
        """Claim no more, let jobs end for a while, give back the rest; whether all ended.

        Whoever gets False should leave the process at once: what was given back may run elsewhere already, and cannot
        commit here.
        """
        deadline = perf_counter() + self._settings.drain_seconds
        for pool in self._pools.values():
            pool.stop()
        hanging_up = threading.Thread(target=self._hang_up, daemon=True)
        hanging_up.start()
        drained = all(pool.join(deadline) for pool in self._pools.values())
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._take_leave()
        self._nudger.close()
        hanging_up.join(_PARTING_SECONDS)
        return drained

    def is_whole(self) -> bool:
        """Whether all its threads are there; what they wait for is no matter."""
        return all(thread.is_alive() for thread in self._threads) and all(
            pool.is_whole() for pool in self._pools.values()
        )

    def _hang_up(self) -> None:
        """Leave the broker, in a thread of its own: one that has fallen silent takes minutes, or fails."""
        try:
            self._transport.stop(timeout=_TRANSPORT_MS)
            self._broker.close()
        except Exception as error:  # noqa: BLE001 - each client has its own, and nothing is owed to a broker
            log.warning("did not part from the broker in peace", error=str(error) or repr(error))

    def _take_leave(self) -> None:
        try:
            with self._db.system() as session:
                ledger.give_back(session, [handling.job for handling in self._running.all()])
                leases.give_up(session, self.name)
        except Problem as problem:  # the database is away: leases run out, and others take over
            log.warning("cannot give back jobs", why=problem.sentence)

    def _wake(self, queue: str) -> None:
        if queue in self._pools:
            self._pools[queue].wake()

    def _every(self, seconds: float, work: Callable[[], None]) -> None:
        is_away = False
        while not self._stopping.wait(seconds):
            try:
                work()
                is_away = False
            except Problem as problem:  # the database is away: leases wait, and so does everybody who might take over
                if not is_away:
                    log.warning("cannot reach the ledger", why=problem.sentence)
                is_away = True
            except Exception:
                log.exception("cannot keep the ledger")

    def _pulse(self) -> None:
        with self._db.system() as session:
            held = self._running.all()
            if held:
                ledger.keep(session, [(one.job, one.progress) for one in held], self._lease)
            about = {"queues": list(self._pools), "running": len(held)}
            leases.announce(session, self.name, about)

    def _sweep(self) -> None:
        with self._db.system() as session:
            ledger.reclaim(session)
        for pool in self._pools.values():
            pool.wake()

    def _prepare(self, queue: str) -> Callable[[], None]:
        """What loads all that jobs of a queue need; where it fails, the first of them will say why."""
        needed = [kind.prepare for kind in self._kinds.values() if kind.queue == queue and kind.prepare]

        def prepare() -> None:
            for one in needed:
                try:
                    one(self._office)
                except Exception:
                    log.exception("cannot prepare for jobs", queue=queue)

        return prepare

    def _work(self, job: Job) -> None:
        handling = Handling(self._office, job)
        with self._running.entered(handling):
            _handle(handling, self._kinds.get(job.kind))


AttemptEnd = Literal["done", "failed", "dead", "lost"]  # `failed` is tried again, `lost` was taken over


def drain(office: Office, kinds: Kinds, queues: Iterable[Queue], lease: timedelta) -> None:
    """Do the jobs that may run now, in this thread, until none may: for whoever has no worker beside them.

    Args:
        office: of the installation.
        kinds: that may be met.
        queues: in this order.
        lease: longer than a job takes, for nothing renews it.
    """
    for queue in queues:
        claims = Claims(office.db, queue, f"{socket.gethostname()}:{os.getpid()}", lease)
        while (job := claims.next()) is not None:
            _handle(Handling(office, job), kinds.get(job.kind))


def _handle(handling: Handling, kind: Kind | None) -> None:
    """Run one attempt, under its ids in the log, and on record."""
    job, begun = handling.job, perf_counter()
    ids = {"job_id": str(job.id), "import_id": job.payload.get("import_id")}
    with about(**ids), span(f"job {job.kind}", made_by=job.trace, attempt=job.attempts, **ids) as told:
        outcome = _attempt(handling, kind)
        told.tell(outcome=outcome, failed=None if outcome == "done" else outcome)
        seconds = perf_counter() - begun
        JOBS.observe(seconds, job.kind, outcome)
        log.info("job ended", kind=job.kind, outcome=outcome, attempt=job.attempts, seconds=round(seconds, 3))


def _attempt(handling: Handling, kind: Kind | None) -> AttemptEnd:
    """Run one attempt to its end in the ledger, whatever comes of it."""
    job, db = handling.job, handling.office.db
    try:
        _known(kind, job).handler(handling)
        if not handling.is_finished:
            with db.system() as session:
                ledger.finish(session, job, handling.progress)
    except LeaseLost as lost:
        log.warning("job was taken over", kind=job.kind, why=lost.sentence)
        return "lost"
    except Exception as error:  # noqa: BLE001 - the edge: whatever it is, the job must know
        return _note_failure(handling, kind, error)
    return "done"


def _known(kind: Kind | None, job: Job) -> Kind:
    """The kind of a job.

    Raises:
        Permanent: `unknown_kind`.
    """
    if kind is None:
        raise Permanent(
            "unknown_kind",
            f"This version knows no job of the kind {job.kind!r}. Retry it when a version that does is installed.",
        )
    return kind


def _note_failure(handling: Handling, kind: Kind | None, error: Exception) -> AttemptEnd:
    job = handling.job
    sentence = error.sentence if isinstance(error, Problem) else "Internal error"
    told = {"kind": job.kind, "attempt": job.attempts}
    if isinstance(error, Problem):
        log.warning("job failed", why=sentence, **told)
    else:
        log.error("job failed", exc_info=error, **told)
    hopeless = isinstance(error, Problem) and not isinstance(error, Transient)
    wait = None if kind is None or hopeless else kind.wait_after(job)
    try:
        with handling.office.db.system() as session:
            ended = ledger.fail(session, job, sentence, wait=wait)
    except LeaseLost as lost:
        log.warning("job was taken over", why=lost.sentence, **told)
        return "lost"
    except Problem as problem:  # its lease runs out, and it is claimed again
        log.warning("cannot note that a job failed", why=problem.sentence, **told)
        return "failed"
    return "dead" if ended == "dead" else "failed"


# ---------------------------------------------------------------- threads


class _Pool:
    """The threads of one queue. Each drains the ledger, and wakes a colleague for every job that it finds.

    The first one prepares for them before anybody claims: a job that is claimed is not kept waiting.
    """

    def __init__(self, claims: Claims, threads: int, prepare: Callable[[], None], work: Callable[[Job], None]) -> None:
        self._claims, self._prepare, self._work = claims, prepare, work
        self._preparing, self._is_prepared = threading.Lock(), False
        self._changed = threading.Condition()
        self._is_wanted = self._is_stopping = False
        self._threads = [threading.Thread(target=self._run, name="job", daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self.wake()

    def wake(self) -> None:
        """Let one more thread look; if all are busy, the first that is done."""
        with self._changed:
            self._is_wanted = True
            self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()

    def is_whole(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def join(self, deadline: float) -> bool:
        for thread in self._threads:
            thread.join(max(0.0, deadline - perf_counter()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        with self._preparing:
            if not self._is_prepared:
                self._prepare()
            self._is_prepared = True
        while self._is_called():
            try:
                self._drain()
            except Problem as problem:  # the sweep tries again
                log.warning("cannot claim jobs", why=problem.sentence)
            except Exception:
                log.exception("cannot claim jobs")

    def _is_called(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._is_wanted or self._is_stopping)
            self._is_wanted = False
            return not self._is_stopping

    def _drain(self) -> None:
        while not self._is_stopping and (job := self._claims.next()):
            self.wake()
            self._work(job)


class _Running:
    """What this process is at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handlings: dict[str, Handling] = {}

    @contextmanager
    def entered(self, handling: Handling) -> Iterator[None]:
        with self._lock:
            self._handlings[handling.job.worker] = handling
        try:
            yield
        finally:
            with self._lock:
                del self._handlings[handling.job.worker]

    def all(self) -> list[Handling]:
        with self._lock:
            return list(self._handlings.values())
