"""What attorneys do with a check that is completed: they review it, hold it against another one, read its memo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import MediaType, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct, to_builtins

from gateway.db.models import Review
from gateway.domain.eligibility import comparisons, memos, reviewing
from gateway.domain.eligibility.comparing import Law, VisaMove
from gateway.domain.eligibility.comparisons import Compared
from gateway.domain.eligibility.differences import EntryMove
from gateway.domain.eligibility.edits import FARTHEST, LONGEST, MOST, Edits
from gateway.domain.eligibility.reviewing import LONGEST_REASON, Said, Verdict
from gateway.domain.eligibility.terms import NOTICE
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.memo import page
from gateway.web.texts import NO_NUL
from gateway.web.versions import IfMatch, expected, tag

Line = Annotated[str, Meta(min_length=1, max_length=LONGEST, pattern=NO_NUL)]
Lines = Annotated[list[Line], Meta(max_length=MOST)]
Month = Annotated[int, Meta(ge=0, le=FARTHEST)]
Months = Annotated[
    list[Month], Meta(min_length=2, max_length=2, description="Shortest and longest.", examples=[[3, 20]])
]
Reason = Annotated[str, Meta(max_length=LONGEST_REASON, pattern=NO_NUL, examples=["The letters are not independent."])]
With = Annotated[
    UUID | None, QueryParameter(name="with", description="Another check of the person; the one before, if left out.")
]


class EditsBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be read instead; what is left out stays. Scores and chances are computed, and cannot be edited."""

    summary: Line | None = None
    strengths: Lines | None = None
    weaknesses: Lines | None = None
    missing: Lines | None = None
    documents: Lines | None = None
    timeline_months: Months | None = None

    @property
    def edits(self) -> Edits:
        """As the use case takes them."""
        told = to_builtins(self)
        months = self.timeline_months
        return Edits(**{**told, "timeline_months": (months[0], months[1]) if months else None})


class NewReview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one holds of a recommendation; an edit and a rejection need a reason."""

    verdict: Verdict
    reason: Reason | None = None
    edits: EditsBody | None = None

    @property
    def said(self) -> Said:
        """As the use case takes it."""
        return Said(verdict=self.verdict, reason=self.reason, edits=(self.edits or EditsBody()).edits)


class ReviewView(Struct, frozen=True, kw_only=True):
    """What somebody said of a recommendation; the one of the highest number counts."""

    id: UUID
    recommendation_id: UUID
    number: int
    verdict: Verdict
    reason: str | None
    edits: Mapping[str, object]
    by: str
    at: datetime

    @classmethod
    def of(cls, said: Review) -> ReviewView:
        """A review as staff see it."""
        return cls(**{name: getattr(said, name) for name in cls.__struct_fields__})


class ComparisonView(Struct, frozen=True, kw_only=True):
    """Two checks of a person, the earlier one first: what is known differently, and how and why each score moved.

    What is unknown on a side is null, and never 0.
    """

    client_id: UUID
    earlier: UUID
    later: UUID
    law: Law
    profile: Sequence[EntryMove]
    visas: Sequence[VisaMove]
    notice: str = NOTICE

    @classmethod
    def of(cls, found: Compared) -> ComparisonView:
        """All that lies between them."""
        told = found.comparison
        return cls(
            client_id=found.earlier.client_id,
            earlier=found.earlier.id,
            later=found.later.id,
            law=told.law,
            profile=told.profile,
            visas=told.visas,
        )


@post("/", sync_to_thread=True, **may("eligibility.review"))
def add_review(
    recommendation_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[NewReview], if_match: IfMatch = None
) -> Response[ReviewView]:
    """Accept, edit or reject a recommendation; nothing leaves for a client or a partner before.

    422 `review_wrong` names every field that cannot be so.
    """
    with call.acting() as acting:
        return added(acting, call, recommendation_id, data, if_match)


def added(acting: Acting, call: Call, recommendation_id: UUID, data: NewReview, if_match: str | None) -> Response[Any]:
    """What is answered to whoever reviews, once however often it is sent under its key.

    Raises:
        Problem: see `reviewing.review`, `once`.
    """
    return once(acting, call, data, lambda: _added(acting, recommendation_id, data, if_match))


@get("/", sync_to_thread=True, **may("checks.read"))
def list_reviews(recommendation_id: FromPath[UUID], call: NamedDependency[Call]) -> list[ReviewView]:
    """List what was said of a recommendation, the newest first; that it was looked at is on record."""
    with call.acting() as acting:
        return [ReviewView.of(one) for one in reviewing.history(acting, recommendation_id)]


@get("/{check_id:uuid}/comparison", sync_to_thread=True, **may("checks.read"))
def compare_checks(check_id: FromPath[UUID], call: NamedDependency[Call], other: With = None) -> ComparisonView:
    """Hold a check against another one of the same person; that it was done is on record."""
    with call.acting() as acting:
        return ComparisonView.of(comparisons.of_checks(acting, check_id, other))


@get("/{check_id:uuid}/memo", media_type=MediaType.HTML, sync_to_thread=True, **may("checks.read"))
def get_memo(check_id: FromPath[UUID], call: NamedDependency[Call]) -> Response[str]:
    """Show the memo of a check as a page to be read and printed; that it was looked at is on record."""
    with call.acting() as acting:
        made = page(memos.of_check(acting, check_id))
    return Response(made.html, media_type=MediaType.HTML, headers={"Content-Security-Policy": made.policy})


def _added(acting: Acting, recommendation_id: UUID, data: NewReview, if_match: str | None) -> Response[ReviewView]:
    made = reviewing.review(acting, recommendation_id, data.said, expected(if_match))
    at = f"/v1/eligibility-recommendations/{recommendation_id}/reviews"
    return Response(ReviewView.of(made), headers={"Location": at, **tag(made.number + 1)})


router = Router(
    "/eligibility-recommendations/{recommendation_id:uuid}/reviews",
    route_handlers=[add_review, list_reviews],
    tags=["eligibility"],
)
of_checks = Router("/eligibility-checks", route_handlers=[compare_checks, get_memo], tags=["eligibility"])
