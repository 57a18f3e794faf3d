"""The work that waits, runs or is dead, for a firm's admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct
from sqlalchemy import select

from gateway.db.models import JobRow
from gateway.db.models.jobs import JobState
from gateway.domain.audit import Change, write
from gateway.errors import NotFound
from gateway.jobs import kinds
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Page, page
from gateway.wings import KINDS

State = Annotated[JobState | None, QueryParameter(name="state", description="In this state only.")]
Kind = Annotated[str | None, QueryParameter(max_length=100, pattern=r"^[^\x00]*$", description="Such as ingest.run.")]


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


@get("/", sync_to_thread=True, **may("jobs.read"))
def list_jobs(
    call: NamedDependency[Call],
    wanted: State = None,
    kind: Kind = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[JobView]:
    """List the firm's jobs, the newest first."""
    found = select(JobRow).where(JobRow.firm_id == call.who.firm_id)
    found = found.where(JobRow.state == wanted) if wanted else found
    found = found.where(JobRow.kind == kind) if kind else found
    with call.firm() as session:
        return page(session, found, (JobRow.created_at, JobRow.id), JobView.of, cursor=cursor, limit=limit)


@post("/{job_id:uuid}/retry", sync_to_thread=True, status_code=200, **may("jobs.retry"))
def retry_job(job_id: FromPath[UUID], call: NamedDependency[Call]) -> JobView:
    """Let a dead job wait for a worker again."""
    with call.firm() as session:
        job = session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.firm_id == call.who.firm_id))
        if job is None:
            raise NotFound("job", str(job_id))
        kinds.retry(session, KINDS, job_id)
        write(session, call.who.firm_id, call.actor, "job.retry", changes=[Change("job", job_id, "retried")])
        session.refresh(job)
        return JobView.of(job)


router = Router("/jobs", route_handlers=[list_jobs, retry_job], tags=["jobs"])
