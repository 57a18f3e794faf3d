"""Kinds of jobs for tests, their handlers, and a worker process that knows them.

What a job did is an entry in the audit log, written in the job's transaction: doing it twice would show.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import timedelta

from gateway import settings as environment
from gateway.cli.serve import ROLES, Role, run_one, run_worker
from gateway.db.session import driver
from gateway.domain.audit import write
from gateway.errors import Permanent, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind, Kinds
from gateway.jobs.queues import QUEUES
from gateway.logging import configure
from gateway.office import Actor
from gateway.wings import KINDS as OURS

ME = Actor("system", "test")
QUICK = (timedelta(0), timedelta(0))

gates: dict[str, threading.Event] = {}
entered = threading.Semaphore(0)


def work(handling: Handling) -> None:
    """Leave one trace."""
    with handling.transaction() as session:
        _trace(handling, session)


def do_nothing(handling: Handling) -> None:
    """The least that a job can be: its transaction holds nothing but the fence."""
    with handling.transaction():
        pass


def fail_for_now(handling: Handling) -> None:
    with handling.transaction() as session:
        _trace(handling, session)
        raise Transient("busy", "The partner's server is busy.")


def fail_for_good(handling: Handling) -> None:
    raise Permanent("gone", "The partner's server is gone.")


def fail_by_a_bug(handling: Handling) -> None:
    raise ZeroDivisionError("a secret that no person may see")


def wait_at_the_gate(handling: Handling) -> None:
    """Wait until the test opens the gate, in the job's transaction."""
    with handling.transaction() as session:
        _trace(handling, session)
        handling.tell(rows=7)
        entered.release()
        gates[handling.job.payload["gate"]].wait(120)


def until_entered() -> None:
    """Until one more job is at its gate."""
    assert entered.acquire(timeout=60), "no job came to the gate"


def wait_for_a_lock(handling: Handling) -> None:
    """Wait for an advisory lock of the test's, in the job's transaction; a test sees that in pg_locks."""
    with handling.transaction() as session:
        _trace(handling, session)
        driver(session).execute("SELECT pg_advisory_xact_lock(4711)")


def _trace(handling: Handling, session) -> None:
    firm_id = handling.job.firm_id
    write(session, firm_id, ME, handling.job.payload.get("word", "done"))


KINDS = Kinds(
    [
        *OURS.values(),
        *(Kind(f"test.{queue}", queue, work) for queue in QUEUES),
        Kind("test.nothing", "normal", do_nothing),
        Kind("test.transient", "normal", fail_for_now),
        Kind("test.permanent", "normal", fail_for_good),
        Kind("test.bug", "normal", fail_by_a_bug, ladder=QUICK),
        Kind("test.gate", "normal", wait_at_the_gate),
        Kind("test.slow bulk", "bulk", wait_at_the_gate),
        Kind("test.locked", "normal", wait_for_a_lock, ladder=QUICK),
    ]
)


if __name__ == "__main__":  # a worker process: python job_kinds.py QUEUE...
    installation = environment.load()
    configure(installation)
    pools = {queue: int(os.environ.get("THREADS", "2")) for queue in sys.argv[1:]}
    ROLES["test"] = Role(lambda settings, ending, heart: run_worker(settings, pools, KINDS, ending, heart), "")
    run_one("test", installation, lifeline=bool(os.environ.get("LIFELINE")))
