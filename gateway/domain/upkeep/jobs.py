"""Jobs as people see them: listed, found by the beginning of an id, and retried."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.ids import the_one
from gateway.db.models import Firm, JobRow
from gateway.db.models.jobs import JobState
from gateway.db.paging import Found, Paging, newest
from gateway.domain.access.accounts import find_firm
from gateway.domain.audit import Change, record
from gateway.domain.upkeep.queues import PATIENCE
from gateway.errors import NotFound
from gateway.jobs import kinds
from gateway.jobs.kinds import Kinds
from gateway.jobs.queues import Queue
from gateway.office import Acting, Actor, Office


class JobFilter(NamedTuple):
    """Which jobs somebody asks for; what is None does not matter.

    Attributes:
        late: those alone that wait for a worker, or run, for longer than their queue's patience.
    """

    state: JobState | None = None
    kind: str | None = None
    late: bool = False


class QueueStanding(NamedTuple):
    """How a firm's jobs of a queue stand.

    Attributes:
        waiting: for a worker; what is for later, such as a next attempt, is not among them.
        oldest: since when the first of them waits.
        late: those that wait or run for longer than the queue's patience.
    """

    queue: Queue
    waiting: int
    oldest: datetime | None
    running: int
    late: int
    dead: int


class JobAccount(NamedTuple):
    """A job, and the slug of the firm whose it is; None for the platform's own."""

    job: JobRow
    firm: str | None


def listed(acting: Acting, wanted: JobFilter, paging: Paging) -> Found[JobRow]:
    """The firm's jobs, the newest first."""
    query = _of(wanted).where(JobRow.firm_id == acting.firm_id)
    return newest(acting.session, query, (JobRow.created_at, JobRow.id), paging)


def show(acting: Acting, job_id: UUID) -> JobRow:
    """One job of the firm.

    Raises:
        NotFound: the firm has no such job.
    """
    job = acting.session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.firm_id == acting.firm_id))
    if job is None:
        raise NotFound("job", str(job_id))
    return job


def standing(acting: Acting) -> list[QueueStanding]:
    """How the firm's jobs stand, queue by queue."""
    due = and_(JobRow.state == "waiting", JobRow.not_before <= clock.now())
    running, dead = JobRow.state == "running", JobRow.state == "dead"
    counted = (
        select(
            JobRow.queue,
            func.count().filter(due),
            func.min(JobRow.not_before).filter(due),
            func.count().filter(running),
            func.count().filter(_late()),
            func.count().filter(dead),
        )
        .where(JobRow.firm_id == acting.firm_id, or_(due, running, dead))  # by the indexes of just these
        .group_by(JobRow.queue)
    )
    found = {row[0]: QueueStanding(cast("Queue", row[0]), *row[1:]) for row in acting.session.execute(counted)}
    return [found.get(queue, QueueStanding(queue, 0, None, 0, 0, 0)) for queue in PATIENCE]


def retry(acting: Acting, known: Kinds, job_id: UUID) -> JobRow:
    """Let a dead job of the firm, or one that waits for its next attempt, run now.

    Raises:
        NotFound: the firm has no such job.
        Conflict: `not_retryable`, it is running or done.
    """
    job = show(acting, job_id)
    kinds.retry(acting.session, known, job_id)
    record(acting, "job.retry", changes=[Change("job", job_id, "retried")])
    acting.session.refresh(job)
    return job


# ------------------------------------------------------------------------------------------------ of every firm


def newest_anywhere(office: Office, wanted: JobFilter, limit: int, *, firm: str | None = None) -> list[JobAccount]:
    """The newest jobs of all firms and of the platform, or of one firm.

    Raises:
        NotFound: there is no such firm.
    """
    query = _of(wanted).order_by(JobRow.id.desc()).limit(limit)
    if firm:
        query = query.where(JobRow.firm_id == find_firm(office, firm).id)
    with office.db.system() as session:
        return [_told(session, job) for job in session.scalars(query)]


def find_anywhere(office: Office, wanted: str) -> JobAccount:
    """A job by its id or the unique beginning of one, whichever firm's it is.

    Raises:
        NotFound: there is none.
        Invalid: `ambiguous`.
    """
    with office.db.system() as session:
        job, _ = the_one(session, select(JobRow), JobRow.id, wanted, "job")
        return _told(session, job)


def retry_anywhere(office: Office, known: Kinds, found: JobAccount, actor: Actor) -> JobAccount:
    """See `retry`; of the platform's own jobs there is no entry, for the audit log is the firms'.

    Raises:
        Conflict: `not_retryable`.
    """
    job = found.job
    if job.firm_id is not None:
        with office.acting(job.firm_id, actor) as acting:
            return JobAccount(retry(acting, known, job.id), found.firm)
    with office.db.system() as session:
        kinds.retry(session, known, job.id)
        return JobAccount(session.get_one(JobRow, job.id), None)


# ------------------------------------------------------------------------------------------------ helpers


def _of(wanted: JobFilter) -> Select[JobRow]:
    found = select(JobRow)
    found = found.where(JobRow.state == wanted.state) if wanted.state else found
    found = found.where(_late()) if wanted.late else found
    return found.where(JobRow.kind == wanted.kind) if wanted.kind else found


def _late() -> ColumnElement[bool]:
    now = clock.now()
    return or_(
        *(
            and_(
                JobRow.queue == queue,
                or_(
                    and_(JobRow.state == "waiting", JobRow.not_before < now - patience),
                    and_(JobRow.state == "running", JobRow.started_at < now - patience),
                ),
            )
            for queue, patience in PATIENCE.items()
        )
    )


def _told(session: Session, job: JobRow) -> JobAccount:
    firm = session.get_one(Firm, job.firm_id).slug if job.firm_id else None
    return JobAccount(job, firm)
