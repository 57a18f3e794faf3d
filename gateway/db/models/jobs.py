"""Work that waits, runs or is done; what is to be done by the clock; and who holds a lease."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, Json, Stamp, belongs_to_firm

JobState = Literal["waiting", "running", "done", "dead"]
JOB_STATES: tuple[str, ...] = get_args(JobState)


class JobRow(Base):
    """One piece of work in the ledger.

    A job that failed and will be tried again is `waiting`, with attempts and the last error. Ids are UUIDv7, so they
    sort by age.

    Attributes:
        firm_id: None for the platform's own jobs, which no firm sees.
        turn: whose turn it is when jobs are claimed: the firm, or nil for the platform; an index cannot seek by NULL.
        payload: ids and words, never facts: those are read when the job runs.
        key: the same (kind, key, firm) is one job, as long as it is kept.
        lane: jobs of the same lane never run at the same time.
        about: the import or other record that the job is about, for whoever asks how far that is.
        attempts: claims so far; the number by which a claim is told from a later one, so it never goes back.
        claim: a number that grows with every claim of any job: who was served last.
        lease_until: by the wall clock, whatever `gateway_now()` pretends; the worker is taken for dead afterwards.
        progress: what the handler last told, such as {"rows", "position", "size"}.
        trace: the span in which it was made, as W3C traceparent; None where nobody traces.
    """

    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    firm_id: Mapped[UUID | None]
    turn: Mapped[UUID]
    kind: Mapped[str]
    queue: Mapped[str]
    payload: Mapped[Json]
    key: Mapped[str | None]
    lane: Mapped[str | None]
    about: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    not_before: Mapped[Stamp]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int]
    claim: Mapped[int | None] = mapped_column(BigInteger)
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    last_error: Mapped[str | None]
    trace: Mapped[str | None]
    created_at: Mapped[Stamp]
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        belongs_to_firm(),
        Index("jobs_waiting", "queue", "turn", "not_before", "id", postgresql_where=text("state = 'waiting'")),
        Index("jobs_running", "queue", "turn", postgresql_where=text("state = 'running'")),
        Index("jobs_one_in_a_lane", "lane", unique=True, postgresql_where=text("state = 'running'")),
        Index("jobs_served", "queue", "turn", "claim", postgresql_where=text("state <> 'waiting'")),
        Index(
            "jobs_key",
            "kind",
            "key",
            "firm_id",
            unique=True,
            postgresql_where=text("key IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("jobs_about", "about", postgresql_where=text("about IS NOT NULL")),
        Index("jobs_finished", "finished_at", postgresql_where=text("state = 'done'")),
        Index("jobs_dead", "kind", postgresql_where=text("state = 'dead'")),
        Index(None, "firm_id", "id"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'dead')", name="state"),
        CheckConstraint("turn = coalesce(firm_id, '00000000-0000-0000-0000-000000000000')", name="turn"),
        CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
    )


class Schedule(Base):
    """What is to be done by the clock: a job of this kind at every instant of the cron expression in the zone.

    Attributes:
        firm_id: None for the platform's own.
        last_run: the last instant for which a job was made; of a new schedule, when it was made.
    """

    __tablename__ = "schedules"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    firm_id: Mapped[UUID | None]
    name: Mapped[str]
    cron: Mapped[str]
    time_zone: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[Json]
    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    last_run: Mapped[Stamp]

    __table_args__ = (
        belongs_to_firm(),
        UniqueConstraint("firm_id", "name", postgresql_nulls_not_distinct=True),
    )


class Tally(Base):
    """What all processes have counted of something since the installation began; see `gateway.tallies`.

    Attributes:
        metric: one of the list in `gateway.metrics`.
        labels: as Prometheus writes them, such as `partner="acme",state="loaded"`.
        part: of a metric that times: the upper bound of a bucket, counted alone, or `sum`; else empty.
    """

    __tablename__ = "tallies"

    metric: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float]


class Lease(Base):
    """Something that one process has until a moment of the wall clock, unless it asks again before.

    Attributes:
        name: `scheduler` for the one that makes jobs by the clock; `worker` and its name for each one that lives.
        about: what the holder says of itself.
    """

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    about: Mapped[Json]
