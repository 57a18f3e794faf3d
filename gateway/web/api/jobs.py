"""The work that waits, runs or is dead, for a firm's admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.db.models import JobRow
from gateway.db.models.jobs import JobState
from gateway.domain.upkeep import jobs
from gateway.domain.upkeep.queues import PATIENCE
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.wings import KINDS

State = Annotated[JobState | None, QueryParameter(name="state", description="In this state only.")]
Kind = Annotated[str | None, QueryParameter(max_length=100, pattern=r"^[^\x00]*$", description="Such as ingest.run.")]

Late = Annotated[
    bool, QueryParameter(name="late", description="Those alone that wait for a worker, or run, for too long.")
]


class JobView(Struct, frozen=True, kw_only=True):
    """One job; `about` is what it works on, such as an import."""

    id: UUID
    kind: str
    queue: str
    state: str
    about: UUID | None
    attempts: int
    max_attempts: int
    not_before: datetime
    last_error: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: JobRow) -> JobView:
        """A job as admins see it."""
        return cls(**{name: getattr(job, name) for name in cls.__struct_fields__})


class QueueView(Struct, frozen=True, kw_only=True):
    """How the firm's jobs of a queue stand; `late` of them wait or run for longer than `patience_seconds`.

    `waiting` are those that a worker could take, the first of them since `oldest_at`.
    """

    queue: str
    waiting: int
    oldest_at: datetime | None
    running: int
    late: int
    dead: int
    patience_seconds: int

    @classmethod
    def of(cls, one: jobs.QueueStanding) -> QueueView:
        """A queue as admins see it."""
        return cls(
            queue=one.queue,
            waiting=one.waiting,
            oldest_at=one.oldest,
            running=one.running,
            late=one.late,
            dead=one.dead,
            patience_seconds=int(PATIENCE[one.queue].total_seconds()),
        )


@get("/", sync_to_thread=True, **may("jobs.read"))
def list_jobs(
    call: NamedDependency[Call],
    wanted: State = None,
    kind: Kind = None,
    late: Late = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[JobView]:
    """List the firm's jobs, the newest first."""
    with call.acting() as acting:
        found = jobs.listed(acting, jobs.JobFilter(wanted, kind, late), paging(cursor, limit))
        return page_of(found, JobView.of, limit)


@get("/queues", sync_to_thread=True, **may("jobs.read"))
def list_queues(call: NamedDependency[Call]) -> list[QueueView]:
    """Tell how the firm's jobs stand, queue by queue."""
    with call.acting() as acting:
        return [QueueView.of(one) for one in jobs.standing(acting)]


@get("/{job_id:uuid}", sync_to_thread=True, **may("jobs.read"))
def get_job(job_id: FromPath[UUID], call: NamedDependency[Call]) -> JobView:
    """Show one job, and what its last attempt stumbled over."""
    with call.acting() as acting:
        return JobView.of(jobs.show(acting, job_id))


@post("/{job_id:uuid}/retry", sync_to_thread=True, status_code=200, **may("jobs.retry"))
def retry_job(job_id: FromPath[UUID], call: NamedDependency[Call]) -> JobView:
    """Let a dead job wait for a worker again."""
    with call.acting() as acting:
        return JobView.of(jobs.retry(acting, KINDS, job_id))


router = Router("/jobs", route_handlers=[list_jobs, list_queues, get_job, retry_job], tags=["jobs"])
