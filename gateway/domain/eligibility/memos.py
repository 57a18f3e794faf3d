"""Gathers the memo of a check: who it is about, what was said, who reviewed it, and where its entries come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from gateway.db.models import (
    Case,
    Client,
    EligibilityCheck,
    Firm,
    Partner,
    ProfileEntry,
    RecommendationRow,
    Review,
    Staff,
)
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility import checks, memo
from gateway.domain.eligibility.entries import Ref
from gateway.domain.eligibility.memo import Head, Memo, Rejected, Reviewed, Section, Source
from gateway.domain.eligibility.reviewing import last_words
from gateway.domain.people import records
from gateway.errors import Conflict
from gateway.office import Acting


def of_check(acting: Acting, check_id: UUID) -> Memo:
    """The memo of a check that is completed; that it was looked at is on record.

    Raises:
        NotFound: the firm has no such check.
        Conflict: `check_not_completed`.
    """
    check = checks.find(acting, check_id)
    if check.state != "completed":
        raise Conflict("check_not_completed", f"This check is {check.state}; there is a memo once it is completed.")
    told = Change("eligibility_check", check.id, "memo")
    audit.record(acting, "eligibility.memo", client_id=check.client_id, changes=[told])
    return _memo(acting, check)


def _memo(acting: Acting, check: EligibilityCheck) -> Memo:
    desk = _Desk(acting)
    rows = checks.recommendations(acting, check.id)
    said = last_words(acting, [one.id for one in rows])
    known = checks.profile_in(check.as_of, check.profile)
    shown = [one for one in rows if one.review != "rejected"]
    cited_by = memo.citing(checks.recommendation_in(one) for one in shown)
    return Memo(
        head=desk.head(check),
        sections=[desk.section(one, said.get(one.id)) for one in shown],
        rejected=[desk.rejected(one, said[one.id]) for one in rows if one.review == "rejected"],
        entries=memo.appendix(known, cited_by, desk.sources(check)),
        uncited=[one.ref for one in known.entries if one.ref not in cited_by],
    )


class _Desk:
    """Somebody at work, with the firm's clock and the names of its staff."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._firm = acting.session.scalars(select(Firm)).one()
        self._names = dict(acting.session.execute(select(Staff.email, Staff.name)).all())

    def head(self, check: EligibilityCheck) -> Head:
        client = records.find(self._acting, Client, check.client_id)
        session = self._acting.session
        partner = session.scalar(select(Partner.name).where(Partner.id == client.partner_id))
        cases = select(Case.case_number).where(Case.client_id == client.id).order_by(Case.created_at, Case.id)
        names = [client.given_name, client.middle_name, client.family_name]
        who = " ".join(one for one in names if one) or client.key
        of = ", ".join(one for one in (client.employee_id, partner) if one)
        return Head(
            firm=self._firm.name,
            person=f"{who} ({of})",
            matters=[one for one in session.scalars(cases) if one],
            check_id=str(check.id),
            as_of=check.as_of,
            asked=f"by {self._who(check.by)} on {self._when(check.asked_at)}",
            answered=self._when(check.ended_at or check.asked_at),
            strengths_by=strengths_by(check),
            remarks=list(remarks(check)),
            digests=(check.digest, check.rules),
        )

    def section(self, row: RecommendationRow, said: Review | None) -> Section:
        review, edits = (self._reviewed(said), said.edits) if said else (None, {})
        return memo.section(row.id, checks.recommendation_in(row), review, edits)

    def rejected(self, row: RecommendationRow, said: Review) -> Rejected:
        score = None if row.score is None else float(row.score)
        return Rejected(visa=row.visa, name=memo.name_of(row.visa), score=score, review=self._reviewed(said))

    def sources(self, check: EligibilityCheck) -> Mapping[str, Source]:
        """Of the entries as they stood when the check was asked for."""
        at = check.asked_at
        held = select(ProfileEntry).where(
            ProfileEntry.client_id == check.client_id,
            ProfileEntry.at <= at,
            or_(ProfileEntry.until.is_(None), ProfileEntry.until > at),
        )
        return {str(Ref(one.kind, one.number)): self._source(one) for one in self._acting.session.scalars(held)}

    def _source(self, row: ProfileEntry) -> Source:
        noted = f"noted by {self._who(row.by)} on {self._when(row.at)}, version {row.version}"
        document = f"document {row.document_id}" if row.document_id else ""
        proof = "; ".join(one for one in (document, row.proof) if one)
        return Source(noted=noted, proof=proof, is_past=row.until is not None)

    def _reviewed(self, said: Review) -> Reviewed:
        return Reviewed(verdict=said.verdict, by=self._who(said.by), at=self._when(said.at), reason=said.reason)

    def _who(self, name: str) -> str:
        known = self._names.get(name)
        return f"{known} ({name})" if known and known != name else name

    def _when(self, instant: datetime) -> str:
        at = instant.astimezone(ZoneInfo(self._firm.time_zone))
        return f"{at:%B} {at.day}, {at.year}, {at:%H:%M} ({self._firm.time_zone})"


def strengths_by(check: EligibilityCheck) -> str:
    """Whose the strengths are, in words."""
    if check.provider in (None, "rules"):
        return "the rules alone, without a language model"
    asked = f"{check.provider}, {check.model} (words of version {check.prompt})"
    return f"the rules, and {asked}, which can add to what they find and take nothing from it"


def remarks(check: EligibilityCheck) -> Iterable[str]:
    """Sentences on how a check was answered, such as that a model did not."""
    if check.is_degraded:
        yield "A language model was to be asked as well and did not answer; the rules alone propose the strengths."
    if check.cached_from:
        yield f"The strengths are those of the check {check.cached_from}, of which all was the same."
    if check.dropped:
        yield f"{_counted(check.dropped)} not hold against the profile, and counted for nothing."


def _counted(dropped: Sequence[object]) -> str:
    return "One claim that was proposed did" if len(dropped) == 1 else f"{len(dropped)} claims that were proposed did"
