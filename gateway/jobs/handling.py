"""What a handler is given: the job, the database, and the means to tell how far it is and to end it safely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from gateway.jobs import ledger
from gateway.jobs.ledger import Job
from gateway.office import Office


class Handling:
    """One attempt at a job.

    A handler runs its own transactions. The one that does what must be done once ends with the fence: `transaction`
    sees to it, or `hold` and `finish` called by hand. A handler that returns without `finish` is done all the same.
    It raises `Transient` where trying again may help and `Permanent` where it cannot.
    """

    def __init__(self, office: Office, job: Job) -> None:
        self.office, self.job = office, job
        self.is_finished = False
        self.progress: dict[str, Any] | None = None

    def tell(self, **progress: object) -> None:
        """Note how far the job is; written at most once a second by another thread, and with the job's end."""
        self.progress = progress

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """The job's one transaction, of its firm or of the system: commits together with the job's end.

        Raises:
            LeaseLost: somebody else has taken over; nothing was committed.
        """
        firm_id = self.job.firm_id
        db = self.office.db
        with db.system() if firm_id is None else db.firm(firm_id) as session:
            yield session
            self.finish(session)

    def hold(self, session: Session) -> None:
        """End a transaction that is not the job's last one: it commits only while the job is still this attempt's."""
        session.flush()
        ledger.hold(session, self.job)

    def finish(self, session: Session) -> None:
        """End the transaction that is the job's last one."""
        session.flush()
        ledger.finish(session, self.job, self.progress)
        self.is_finished = True


Handler = Callable[[Handling], None]
