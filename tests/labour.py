"""Kinds of jobs for tests, their handlers, and a worker process that knows them.

What a job did is an entry in the audit log, written in the job's transaction: doing it twice would show.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import timedelta

from gateway import settings as environment
from gateway.cli.serve import ROLES, Role, _run_one, _run_worker
from gateway.db.session import driver
from gateway.domain.audit import Actor, record
from gateway.errors import Permanent, Transient
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import KINDS, QUEUES, Kind
from gateway.logging import configure

ME = Actor("system", "test")
QUICK = (timedelta(0), timedelta(0))

TEST_KINDS = {
    **{f"test.{queue}": Kind(queue, "labour:work") for queue in QUEUES},
    "test.nothing": Kind("normal", "labour:do_nothing"),
    "test.transient": Kind("normal", "labour:fail_for_now"),
    "test.permanent": Kind("normal", "labour:fail_for_good"),
    "test.bug": Kind("normal", "labour:fail_by_a_bug", ladder=QUICK),
    "test.gate": Kind("normal", "labour:wait_at_the_gate"),
    "test.slow bulk": Kind("bulk", "labour:wait_at_the_gate"),
    "test.locked": Kind("normal", "labour:wait_for_a_lock", ladder=QUICK),
}

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
        gates[handling.job.payload["gate"]].wait(30)


def wait_for_a_lock(handling: Handling) -> None:
    """Wait for an advisory lock of the test's, in the job's transaction; a test sees that in pg_locks."""
    with handling.transaction() as session:
        _trace(handling, session)
        driver(session).execute("SELECT pg_advisory_xact_lock(4711)")


def _trace(handling: Handling, session) -> None:
    firm_id = handling.job.firm_id
    record(session, firm_id, ME, handling.job.payload.get("word", "done"))


if __name__ == "__main__":  # a worker process: python labour.py QUEUE...
    KINDS.update(TEST_KINDS)
    sys.modules["labour"] = sys.modules["__main__"]
    installation = environment.load()
    configure(installation)
    pools = {queue: int(os.environ.get("THREADS", "2")) for queue in sys.argv[1:]}
    ROLES["test"] = Role(lambda settings, ending: _run_worker(settings, pools, ending), "")
    _run_one("test", installation, lifeline=bool(os.environ.get("LIFELINE")))
