"""Eligibility checks: asked for, followed, and read once they are completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import ServerSentEvent
from msgspec import Meta, Struct

from gateway.db.models import EligibilityCheck, RecommendationRow
from gateway.db.models.eligibility import CheckState
from gateway.domain.eligibility import checks, docket
from gateway.domain.eligibility.checks import Progress, Seen
from gateway.domain.eligibility.docket import Brief, Line
from gateway.domain.eligibility.terms import NOTICE
from gateway.domain.rules.criteria import VISAS
from gateway.office import Acting
from gateway.web.auth import may_still
from gateway.web.calls import Call, may
from gateway.web.following import Following
from gateway.web.idempotency import once
from gateway.web.pages import Cursor, Limit, Page, page_of, paging
from gateway.web.texts import NO_NUL, ByClient, Name
from outbound.checking import asking
from outbound.checking.asking import Asked, Tier

OfVisa = Annotated[str | None, QueryParameter(max_length=100, pattern=NO_NUL, description="That speak of this visa.")]
InState = Annotated[CheckState | None, QueryParameter(name="state", description="How far they are.")]
ToReview = Annotated[bool, QueryParameter(description="Only those that wait for an attorney's word.")]
Visas = Annotated[
    list[Name], Meta(max_length=len(VISAS), description="By their ids; all, if left out.", examples=[["EB1A", "O1A"]])
]


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked. `interactive` goes before whatever the firm has waiting as `batch`."""

    visas: Visas = []
    tier: Tier = "interactive"


class Accepted(Struct, frozen=True, kw_only=True):
    """A check that goes on, and where to ask how far it is; `completed` at once where it was asked the same lately."""

    check_id: UUID
    state: Annotated[str, Meta(examples=["pending"])]
    status_url: str
    estimated_completion_seconds: int

    @classmethod
    def of(cls, asked: Asked) -> Accepted:
        """What became of the question."""
        state = "completed" if asked.check.state == "completed" else "pending"
        at = f"/v1/eligibility-checks/{asked.check.id}"
        return cls(check_id=asked.check.id, state=state, status_url=at, estimated_completion_seconds=asked.seconds)


class CheckSummary(Struct, frozen=True, kw_only=True):
    """A check in a line."""

    id: UUID
    client_id: UUID
    visas: Sequence[str]
    tier: str
    state: Annotated[str, Meta(description="open, completed or failed; the check itself tells more.")]
    as_of: date
    cached: bool
    degraded: bool
    asked_by: str
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, check: EligibilityCheck) -> CheckSummary:
        """One of a list."""
        kept = {name: getattr(check, name) for name in _KEPT}
        cached, degraded = check.cached_from is not None, check.is_degraded
        return cls(**kept, cached=cached, degraded=degraded, asked_by=check.by)


_KEPT = ("id", "client_id", "visas", "tier", "state", "as_of", "asked_at", "ended_at")


class VisaLine(Struct, frozen=True, kw_only=True):
    """What a check says of a visa, in a word."""

    visa: Annotated[str, Meta(examples=["EB1A"])]
    eligibility_score: Annotated[float | None, Meta(description="0 to 100; null: it cannot be determined.")]
    review: Annotated[str, Meta(examples=["proposed"])]
    waits: Annotated[bool, Meta(description="For an attorney's word; not once a newer check speaks of the visa.")]

    @classmethod
    def of(cls, brief: Brief) -> VisaLine:
        """One of a check's."""
        return cls(visa=brief.visa, eligibility_score=brief.score, review=brief.review, waits=brief.waits)


class CheckLine(CheckSummary, frozen=True, kw_only=True):
    """A check with what it came to; nothing while it is open."""

    says: Sequence[VisaLine]

    @classmethod
    def told(cls, line: Line) -> CheckLine:
        """One of the firm's."""
        summary = CheckSummary.of(line.check)
        kept = {name: getattr(summary, name) for name in CheckSummary.__struct_fields__}
        return cls(**kept, says=[VisaLine.of(one) for one in line.says])


class Said(Struct, frozen=True, kw_only=True):
    """What a check says of a visa. Its review says whether an attorney stands by it; before, it is a proposal."""

    id: UUID
    visa: str
    eligibility_score: Annotated[float | None, Meta(description="0 to 100; null: it cannot be determined.")]
    review: Annotated[str, Meta(examples=["proposed"])]
    version: int
    recommendation: Annotated[
        Mapping[str, object], Meta(description="Gates, findings, parts: see docs/eligibility.md.")
    ]

    @classmethod
    def of(cls, row: RecommendationRow) -> Said:
        """One recommendation."""
        return cls(
            id=row.id,
            visa=row.visa,
            eligibility_score=None if row.score is None else float(row.score),
            review=row.review,
            version=row.version,
            recommendation=row.told,
        )


class CheckView(CheckSummary, frozen=True, kw_only=True):
    """A check whole.

    `pending`, `processing` with the step that is being taken, `retrying`, `completed`, or `failed` with an
    `error_message` for a person. `dropped` are claims that did not hold: what they cite is not in the profile.
    """

    status: Annotated[str, Meta(examples=["completed"])]
    step: str | None
    error_code: str | None
    error_message: str | None
    retry_allowed: bool
    next_try_at: datetime | None
    provider: Annotated[str | None, Meta(examples=["rules"])]
    model: str | None
    prompt_version: str | None
    problems: Sequence[str]
    dropped: Annotated[int, Meta(description="Claims that did not hold.")]
    cached_from: UUID | None
    recommendations: Sequence[Said]
    notice: str = NOTICE

    @classmethod
    def seen(cls, seen: Seen) -> CheckView:
        """A check that somebody looks at."""
        check, how = seen.check, seen.progress
        line = CheckSummary.of(check)
        return cls(
            **{name: getattr(line, name) for name in CheckSummary.__struct_fields__},
            status=how.state,
            step=how.step,
            error_code=how.error_code,
            error_message=how.error,
            retry_allowed=how.retry_allowed,
            next_try_at=how.next_try_at,
            provider=check.provider,
            model=check.model,
            prompt_version=check.prompt,
            problems=check.problems,
            dropped=len(check.dropped or ()),
            cached_from=check.cached_from,
            recommendations=[Said.of(one) for one in seen.recommendations],
        )


@post("/", sync_to_thread=True, status_code=202, **may("checks.ask"))
def ask_for_check(client_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[Wanted]) -> Response[Accepted]:
    """Ask which visas a person's profile fits; the answer follows at `status_url`.

    400 `incomplete_profile` names in `missing_fields` what would help, where nothing can be said of any of the visas.
    429 `too_many_checks` for whoever asks more often in an hour than the firm allows.
    """
    with call.acting() as acting:
        return asked(acting, call, client_id, data)


def asked(acting: Acting, call: Call, client_id: UUID, data: Wanted) -> Response[Any]:
    """What is answered to whoever asks, once however often it is sent under its key.

    Raises:
        Problem: see `asking.ask`, `once`.
    """
    return once(acting, call, data, lambda: _asked(acting, client_id, data))


def _asked(acting: Acting, client_id: UUID, data: Wanted) -> Response[Accepted]:
    told = Accepted.of(asking.ask(acting, client_id, data.visas, data.tier))
    return Response(told, status_code=202, headers={"Location": told.status_url})


@get("/", sync_to_thread=True, **may("checks.read"))
def list_checks(
    client_id: FromPath[UUID], call: NamedDependency[Call], cursor: Cursor = None, limit: Limit = 20
) -> Page[CheckLine]:
    """List the checks of a person, the newest first, with what each came to."""
    with call.acting() as acting:
        found = docket.listed(acting, docket.CheckFilter(client_id), paging(cursor, limit))
        return page_of(found, CheckLine.told, limit)


@get("/", sync_to_thread=True, **may("checks.read"))
def list_firm_checks(
    call: NamedDependency[Call],
    client: ByClient = None,
    visa: OfVisa = None,
    standing: InState = None,
    to_review: ToReview = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[CheckLine]:
    """List the checks of the firm, the newest first, with what each came to.

    One waits for a review while it gives a visa a score of which no attorney has said anything, and no newer check of
    the person speaks of that visa.
    """
    wanted = docket.CheckFilter(client, visa, standing, to_review)
    with call.acting() as acting:
        return page_of(docket.listed(acting, wanted, paging(cursor, limit)), CheckLine.told, limit)


@get("/{check_id:uuid}", sync_to_thread=True, **may("checks.read"))
def get_check(check_id: FromPath[UUID], call: NamedDependency[Call]) -> CheckView:
    """Show how far a check is, and what it says once it is completed; that it was looked at is on record."""
    with call.acting() as acting:
        return CheckView.seen(checks.view(acting, check_id))


@get("/{check_id:uuid}/events", sync_to_thread=True, media_type="text/event-stream", **may("checks.read"))
def follow_check(
    check_id: FromPath[UUID], request: Request[Any, Any, State], call: NamedDependency[Call], state: State
) -> ServerSentEvent:
    """Follow a check until its end: an event `progress` whenever it has come further, `end` with its state.

    The event `closed` ends it within seconds when the session or account has ended. 429 `too_many_at_once` for whoever
    follows eight already.
    """
    with call.acting() as acting:
        checks.find(acting, check_id)
    following: Following = state.following
    look = partial(_progress, check_id)
    return ServerSentEvent(following.events(call, look, partial(may_still, request, call.who)))


def _progress(check_id: UUID, acting: Acting) -> Progress:
    return checks.progress_of(acting.session, checks.find(acting, check_id))


@post("/{check_id:uuid}/retry", sync_to_thread=True, status_code=202, **may("checks.ask"))
def retry_check(check_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Have a check tried again now that came to nothing, or waits for its next try; 409 `not_retryable` otherwise."""
    with call.acting() as acting:
        asking.retry(acting, check_id)


of_client = Router(
    "/clients/{client_id:uuid}/eligibility-checks", route_handlers=[ask_for_check, list_checks], tags=["eligibility"]
)
router = Router(
    "/eligibility-checks", route_handlers=[list_firm_checks, get_check, follow_check, retry_check], tags=["eligibility"]
)
