"""Eligibility checks as people look at them: how far one is, what came of it, and by what it was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.db.models import EligibilityCheck, JobRow, RecommendationRow
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility.facts import plain, typed
from gateway.domain.eligibility.terms import (
    Chance,
    Cite,
    Claim,
    Entry,
    Finding,
    GateFinding,
    Part,
    Profile,
    Recommendation,
)
from gateway.domain.rules.profile_kinds import profile_kinds
from gateway.errors import NotFound
from gateway.office import Acting

Standing = Literal["pending", "processing", "retrying", "completed", "failed"]

_NOT_DONE = "The check could not be done: {} Ask again, or have it tried again."


class Progress(Struct, frozen=True):
    """How far a check is.

    Attributes:
        state: see `Standing`.
        step: what is being done, in words, while it is processed.
        error_code, error: why it failed, or why it is to be tried again.
        retry_allowed: whether it may be tried again as it is.
        next_try_at: of one that is to be tried again.
    """

    state: Standing
    step: str | None = None
    error_code: str | None = None
    error: str | None = None
    retry_allowed: bool = False
    next_try_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""
        return self.state in {"pending", "processing", "retrying"}


class Seen(NamedTuple):
    """A check with how far it is and what it says; the latter empty until it is completed."""

    check: EligibilityCheck
    progress: Progress
    recommendations: Sequence[RecommendationRow]


def view(acting: Acting, check_id: UUID) -> Seen:
    """A check whole; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such check.
    """
    check = find(acting, check_id)
    told = [Change("eligibility_check", check_id, "seen")]
    audit.record(acting, "eligibility.view", client_id=check.client_id, changes=told)
    return Seen(check, progress_of(acting.session, check), recommendations(acting, check_id))


def find(acting: Acting, check_id: UUID) -> EligibilityCheck:
    """A check, for the gateway's own work.

    Raises:
        NotFound: the firm has no such check.
    """
    found = acting.session.scalar(select(EligibilityCheck).where(EligibilityCheck.id == check_id))
    if found is None:
        raise NotFound("eligibility check", str(check_id))
    return found


def recommendations(acting: Acting, check_id: UUID) -> Sequence[RecommendationRow]:
    """What a check says, by visa in the order in which they were asked for."""
    order = select(EligibilityCheck.visas).where(EligibilityCheck.id == check_id)
    asked = acting.session.scalar(order) or []
    rows = acting.session.scalars(select(RecommendationRow).where(RecommendationRow.check_id == check_id)).all()
    return sorted(rows, key=lambda one: asked.index(one.visa))


# ------------------------------------------------------------------------------------------------ how far it is


def progress_of(session: Session, check: EligibilityCheck) -> Progress:
    """How far a check is: as its row says, and while that is open, as its job does."""
    if check.state == "completed":
        return Progress("completed")
    if check.state == "failed":
        return Progress("failed", error_code=check.error_code, error=check.error)
    job = session.scalar(job_of(check.id))
    return Progress("pending") if job is None else _by_job(job)


def job_of(check_id: UUID) -> Any:  # noqa: ANN401 - a select, whose type says nothing
    """The job that sees to a check."""
    return select(JobRow).where(JobRow.about == check_id).order_by(JobRow.id.desc()).limit(1)


def _by_job(job: JobRow) -> Progress:
    if job.state == "dead":
        return Progress("failed", None, "not_done", _NOT_DONE.format(job.last_error or ""), retry_allowed=True)
    if job.state == "running":
        return Progress("processing", (job.progress or {}).get("step"))
    if job.attempts:
        return Progress("retrying", None, None, job.last_error, retry_allowed=True, next_try_at=job.not_before)
    return Progress("pending")


# ------------------------------------------------------------------------------------------------ as it is stored


def stored(profile: Profile) -> list[dict[str, Any]]:
    """A profile's entries as a check keeps them: days as ISO 8601."""
    return [
        {"ref": one.ref, "kind": one.kind, "facts": plain(one.facts), "backing": one.backing} for one in profile.entries
    ]


def profile_in(as_of: date, kept: Sequence[Mapping[str, Any]]) -> Profile:
    """The profile that a check keeps, as of a day; kinds that there are no more are left out."""
    known = [one for one in kept if one["kind"] in profile_kinds()]
    return Profile(as_of=as_of, entries=[_entry(one) for one in known])


def claims_in(kept: Sequence[Mapping[str, Any]], profile: Profile) -> list[Claim]:
    """The claims that a check keeps, with days as the profile has them."""
    return [Claim(**{**one, "cites": [_meant(each, profile) for each in _cites(one)]}) for one in kept]


def recommendation_in(row: RecommendationRow) -> Recommendation:
    """What a row says; days that are cited stand as ISO 8601."""
    told = row.told
    made: dict[str, Any] = {
        "parts": [Part(**one) for one in told["parts"]],
        "gates": [GateFinding(**{**one, "cites": _cites(one)}) for one in told["gates"]],
        "findings": [Finding(**{**one, "cites": _cites(one)}) for one in told["findings"]],
        "chance": Chance(**told["chance"]) if told["chance"] else None,
        "timeline_months": tuple(told["timeline_months"]),
        "law_as_of": date.fromisoformat(told["law_as_of"]),
    }
    return Recommendation(**{**told, **made})


def _entry(kept: Mapping[str, Any]) -> Entry:
    facts = typed(kept["kind"], kept["facts"])
    return Entry(ref=kept["ref"], kind=kept["kind"], facts=facts, backing=kept["backing"])


def _cites(kept: Mapping[str, Any]) -> list[Cite]:
    return [Cite(**one) for one in kept["cites"]]


def _meant(cite: Cite, profile: Profile) -> Cite:
    entry = profile.find(cite.ref)
    held = entry.facts.get(cite.field) if entry else None
    return replace(cite, value=held) if isinstance(held, date) and held.isoformat() == cite.value else cite
