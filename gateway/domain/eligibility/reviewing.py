"""What attorneys say of recommendations: accepted, edited or rejected; and the one way by which any may ever leave.

Texts can be edited. Scores and chances cannot, for they are computed: whoever doubts one changes what is known, and
asks anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, get_args
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Select, select

from gateway.db.models import Client, RecommendationRow, Review
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility import checks
from gateway.domain.eligibility.edits import NOTHING, Edits, differing, faults_in, tidied
from gateway.domain.eligibility.terms import Recommendation
from gateway.domain.people import changes, records
from gateway.domain.people.changes import Expected, by_hand
from gateway.errors import Faulty, NotFound
from gateway.office import Acting

Verdict = Literal["accepted", "edited", "rejected"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LONGEST_REASON: Final = 4_000

_ERASED = "This person was erased; nothing can be said of them any more."


class Said(Struct, frozen=True, kw_only=True):
    """What an attorney says of a recommendation; only accepting needs no reason, and only an edit has edits."""

    verdict: Verdict
    reason: str | None = None
    edits: Edits = NOTHING


class Cleared(Struct, frozen=True, kw_only=True):
    """A recommendation as it may leave: as an attorney accepted it, or with that attorney's words in place of ours.

    Attributes:
        edited: which fields have the attorney's words.
        by, at: who cleared it, and when.
    """

    recommendation_id: UUID
    recommendation: Recommendation
    edited: Sequence[str]
    by: str
    at: datetime


def review(acting: Acting, recommendation_id: UUID, said: Said, expected: Expected = None) -> Review:
    """Say what one holds of a recommendation; what was said before is kept, and counts no more.

    Raises:
        NotFound: the firm has no such recommendation.
        Conflict: `client_erased`.
        Faulty: `review_wrong`, with every field that cannot be so.
        Outdated: somebody else was faster.
        Busy: `import_running`.
    """
    with by_hand(acting.session):
        row = _take(acting, recommendation_id, expected)
        edits = differing(tidied(said.edits), checks.recommendation_in(row))
        reason = " ".join((said.reason or "").split()) or None
        _check(said, reason, edits)
        made = _added(acting, row, said.verdict, reason, edits)
        before, row.review = row.review, said.verdict
        row.version += 1
        told = {"visa": row.visa, "review": said.verdict} | ({"edited": [*edits]} if edits else {})
        change = Change("recommendation", row.id, said.verdict, old={"review": before}, new=told)
        audit.record(acting, "eligibility.review", client_id=row.client_id, changes=[change])
    return made


def history(acting: Acting, recommendation_id: UUID) -> Sequence[Review]:
    """All that was said of a recommendation, the newest first; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such recommendation.
    """
    row = _find(acting, recommendation_id)
    told = Change("recommendation", row.id, "seen")
    audit.record(acting, "eligibility.view", client_id=row.client_id, changes=[told])
    return acting.session.scalars(_reviews_of([row.id]).order_by(Review.number.desc())).all()


def cleared(acting: Acting, check_id: UUID) -> list[Cleared]:
    """What of a check may leave for a client or a partner: what an attorney accepted or edited, and nothing else.

    Whatever takes a recommendation out of the firm takes it from here. What was said at the machine counts against a
    recommendation, and never for it: whoever runs the gateway is no attorney of the firm.

    Raises:
        NotFound: the firm has no such check.
    """
    checks.find(acting, check_id)
    rows = checks.recommendations(acting, check_id)
    said = last_words(acting, [one.id for one in rows])
    stood_by = ((row, said[row.id]) for row in rows if row.id in said and row.review == said[row.id].verdict)
    return [_cleared(row, one) for row, one in stood_by if one.by_kind == "staff" and one.verdict != "rejected"]


def last_words(acting: Acting, recommendations: Sequence[UUID]) -> Mapping[UUID, Review]:
    """The review that counts of each recommendation that has one."""
    found = acting.session.scalars(_reviews_of(recommendations).order_by(Review.number))
    return {one.recommendation_id: one for one in found}


def as_edited(told: Recommendation, edits: Mapping[str, Any]) -> Recommendation:
    """A recommendation with an attorney's words in place of ours; what may not be edited stays as computed."""
    known = {name: value for name, value in edits.items() if name in Edits.__struct_fields__}
    if "timeline_months" in known:
        known["timeline_months"] = tuple(known["timeline_months"])
    return replace(told, **known)


# ------------------------------------------------------------------------------------------------ helpers


def _reviews_of(recommendations: Sequence[UUID]) -> Select[Review]:
    return select(Review).where(Review.recommendation_id.in_(recommendations))


def _find(acting: Acting, recommendation_id: UUID) -> RecommendationRow:
    found = acting.session.scalar(select(RecommendationRow).where(RecommendationRow.id == recommendation_id))
    if found is None:
        raise NotFound("recommendation", str(recommendation_id))
    return found


def _take(acting: Acting, recommendation_id: UUID, expected: Expected) -> RecommendationRow:
    """Whoever says something of a recommendation holds its person, and then the recommendation."""
    records.take(acting, Client, _find(acting, recommendation_id).client_id, None, _ERASED)
    one = select(RecommendationRow).where(RecommendationRow.id == recommendation_id).with_for_update()
    row = acting.session.scalar(one.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("recommendation", str(recommendation_id))
    changes.check_expected(expected, row.version)
    return row


def _check(said: Said, reason: str | None, edits: Mapping[str, Any]) -> None:
    faults = dict(faults_in(said.edits))
    if said.verdict not in VERDICTS:
        faults["verdict"] = f"It is one of {', '.join(VERDICTS)}."
    elif said.verdict != "accepted" and reason is None:
        faults["reason"] = f"Say why it is {said.verdict}."
    if reason and (len(reason) > LONGEST_REASON or "\0" in reason):
        faults["reason"] = f"A text of at most {LONGEST_REASON} characters is needed."
    if said.verdict == "edited" and not edits and not faults:
        faults["edits"] = "Say what is to be read instead; this is how it reads already."
    elif said.verdict != "edited" and said.edits != NOTHING:
        faults["edits"] = "Only a recommendation that is edited has edits."
    if faults:
        told = "; ".join(f"{field}: {sentence}" for field, sentence in faults.items())
        raise Faulty("review_wrong", f"The review cannot be so. {told}", faults)


def _added(
    acting: Acting, row: RecommendationRow, verdict: Verdict, reason: str | None, edits: Mapping[str, Any]
) -> Review:
    last = last_words(acting, [row.id]).get(row.id)
    made = Review(
        firm_id=acting.firm_id,
        recommendation_id=row.id,
        client_id=row.client_id,
        number=last.number + 1 if last else 1,
        verdict=verdict,
        reason=reason,
        edits=dict(edits),
        by_kind=acting.actor.kind,
        by=acting.actor.name,
    )
    acting.session.add(made)
    acting.session.flush()
    return made


def _cleared(row: RecommendationRow, said: Review) -> Cleared:
    """Without what a model doubts, which is for the attorney."""
    told = replace(as_edited(checks.recommendation_in(row), said.edits), doubts=())
    return Cleared(recommendation_id=row.id, recommendation=told, edited=sorted(said.edits), by=said.by, at=said.at)
