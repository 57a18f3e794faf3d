"""What staff know of people for eligibility checks beyond the records, what was asked and became of it, and
how other cases ended.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, Index, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gateway.db.models.base import Base, FirmScoped, Json, Stamp, belongs_to_firm, ours, personal, points_at

EntryEnd = Literal["changed", "withdrawn"]
ENTRY_ENDS: tuple[str, ...] = get_args(EntryEnd)
CheckState = Literal["open", "completed", "failed"]
CHECK_STATES: tuple[CheckState, ...] = get_args(CheckState)
DecisionStage = Literal["petition", "labor_condition", "labor_certification"]
DECISION_STAGES: tuple[str, ...] = get_args(DecisionStage)
PastOutcome = Literal["approved", "denied", "withdrawn", "pending"]
PAST_OUTCOMES: tuple[str, ...] = get_args(PastOutcome)


class ProfileEntry(FirmScoped, Base):
    """A version of something that is known of a person. Added to, never changed, but that `until` and `ended` are set.

    Attributes:
        kind: as in `gateway/domain/rules/profile_kinds.yaml`.
        number: its place among the person's entries of the kind, which no other ever has: with it, `award.2`.
        version: 1, 2, ... of the entry.
        facts: by field of the kind; days as ISO 8601.
        backing: `asserted`, `documented` or `corroborated`.
        document_id: the paper that shows it.
        proof: where a paper lies that is no document of ours, or who confirms it.
        until: when it was changed or withdrawn; None while it holds.
    """

    __tablename__ = "profile_entries"

    client_id: Mapped[UUID] = ours()
    kind: Mapped[str] = ours()
    number: Mapped[int] = ours()
    version: Mapped[int] = ours()
    facts: Mapped[Json] = personal(blank={})
    backing: Mapped[str] = ours()
    document_id: Mapped[UUID | None] = ours()
    proof: Mapped[str | None] = personal()
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()
    until: Mapped[datetime | None] = ours(DateTime(timezone=True))
    ended: Mapped[str | None] = ours()

    __table_args__ = (
        points_at("clients", "client_id"),
        points_at("documents", "document_id"),
        Index(
            "profile_entries_current",
            "firm_id",
            "client_id",
            "kind",
            "number",
            unique=True,
            postgresql_where=text("until IS NULL"),
        ),
        Index(None, "firm_id", "client_id", "kind", "number", "version", unique=True),
        CheckConstraint("backing IN ('asserted', 'documented', 'corroborated')", name="backing"),
        CheckConstraint("ended IN ('changed', 'withdrawn')", name="ended"),
    )


class EligibilityCheck(FirmScoped, Base):
    """What was asked about a person, and what became of it; the recommendations stand in rows of their own.

    Attributes:
        visas: of which it was asked, by their ids.
        tier: `interactive`, somebody waits for it; `batch`, nobody does.
        as_of: the day for which it speaks, by which ages and times left are counted.
        profile: what was known of the person when it was asked, as `gateway.domain.eligibility.checks` has it.
        digest: of the profile; rules: of the criteria that held.
        key: of all that an answer depends on: checks of one key have the same answer.
        policy_version: of what the firm wants of models.
        state: `open` until there is an answer or never will be; how far an open one is, its job tells.
        heard: a provider's answer as it came, before it was looked at.
        claims: those that hold, by which it was scored; dropped: those that do not, each with its code.
        provider, model, prompt: whose the claims are.
        problems: why those that were asked before did not answer.
        is_degraded: models should have answered, and rules did.
        cached_from: the check whose claims these are.
        error_code, error: why it failed, for a person.
    """

    __tablename__ = "eligibility_checks"

    client_id: Mapped[UUID] = ours()
    visas: Mapped[list[str]] = ours(ARRAY(Text))
    tier: Mapped[str] = ours()
    as_of: Mapped[date] = ours()
    profile: Mapped[list[dict[str, Any]]] = personal(JSONB, blank=[])
    digest: Mapped[str] = personal(blank="erased")
    rules: Mapped[str] = ours()
    key: Mapped[str] = personal(blank="erased")
    policy_version: Mapped[int] = ours()
    state: Mapped[str] = ours(server_default="open")
    heard: Mapped[dict[str, Any] | None] = personal(JSONB)
    claims: Mapped[list[dict[str, Any]] | None] = personal(JSONB)
    dropped: Mapped[list[dict[str, Any]] | None] = personal(JSONB)
    provider: Mapped[str | None] = ours()
    model: Mapped[str | None] = ours()
    prompt: Mapped[str | None] = ours()
    problems: Mapped[list[str]] = ours(ARRAY(Text), server_default=text("'{}'"))
    is_degraded: Mapped[bool] = ours(server_default=text("false"))
    cached_from: Mapped[UUID | None] = ours()
    error_code: Mapped[str | None] = ours()
    error: Mapped[str | None] = ours()
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    asked_at: Mapped[Stamp] = ours()
    ended_at: Mapped[datetime | None] = ours(DateTime(timezone=True))

    __table_args__ = (
        points_at("clients", "client_id"),
        points_at("eligibility_checks", "cached_from"),
        Index("eligibility_checks_of_client", "firm_id", "client_id", "asked_at"),
        Index("eligibility_checks_of_asker", "firm_id", "by", "asked_at"),
        Index("eligibility_checks_open", "firm_id", "asked_at", postgresql_where=text("state = 'open'")),
        CheckConstraint("state IN ('open', 'completed', 'failed')", name="state"),
        CheckConstraint("tier IN ('interactive', 'batch')", name="tier"),
    )


class RecommendationRow(FirmScoped, Base):
    """What a check says of one visa, and whether an attorney stands by it.

    Attributes:
        score: 0 to 100; None where it cannot be determined.
        told: whole; shape: `gateway.domain.eligibility.terms.Recommendation`.
        review: what the last review said; `proposed` until there is one.
        version: grows with each review.
    """

    __tablename__ = "recommendations"

    check_id: Mapped[UUID] = ours()
    client_id: Mapped[UUID] = ours()
    visa: Mapped[str] = ours()
    score: Mapped[Decimal | None] = personal(Numeric(4, 1))
    told: Mapped[Json] = personal(blank={})
    review: Mapped[str] = ours(server_default="proposed")
    version: Mapped[int] = ours(server_default=text("1"))

    __table_args__ = (
        points_at("eligibility_checks", "check_id"),
        points_at("clients", "client_id"),
        Index(None, "firm_id", "check_id", "visa", unique=True),
        CheckConstraint("review IN ('proposed', 'accepted', 'edited', 'rejected')", name="review"),
    )


class Review(FirmScoped, Base):
    """What an attorney said of a recommendation. Added to, never changed; the last one counts.

    Attributes:
        number: 1, 2, ... of the recommendation.
        edits: what is to be read instead, by field of the recommendation.
    """

    __tablename__ = "reviews"

    recommendation_id: Mapped[UUID] = ours()
    client_id: Mapped[UUID] = ours()
    number: Mapped[int] = ours()
    verdict: Mapped[str] = ours()
    reason: Mapped[str | None] = personal()
    edits: Mapped[Json] = personal(blank={})
    by_kind: Mapped[str] = ours()
    by: Mapped[str] = ours()
    at: Mapped[Stamp] = ours()

    __table_args__ = (
        points_at("recommendations", "recommendation_id"),
        points_at("clients", "client_id"),
        Index(None, "firm_id", "recommendation_id", "number", unique=True),
        CheckConstraint("verdict IN ('accepted', 'edited', 'rejected')", name="verdict"),
    )


class ModelCall(FirmScoped, Base):
    """One call of a check to a provider, on record before it leaves; or why there was none.

    Attributes:
        number: 1, 2, ... of the check. A call of which nobody knows what became is made again under its number.
        sends: how often it left.
        prompt: version of its words; None of rules.
        mends: what the model was told was wrong with its answer before, in our words; None where it was told nothing.
        tokens_in, tokens_out, cost: what it took, in dollars; until it has ended, what it may take at most. No cost
            where nobody knows the price.
        outcome: `begun`, or how it ended: `outbound.llm.asking.Outcome`; `lost`, nobody will ever know.
        code: of the problem, where there was one.
    """

    __tablename__ = "llm_calls"

    check_id: Mapped[UUID]
    number: Mapped[int]
    sends: Mapped[int] = mapped_column(server_default=text("1"))
    provider: Mapped[str]
    model: Mapped[str]
    prompt: Mapped[str | None]
    is_repair: Mapped[bool] = mapped_column(server_default=text("false"))
    mends: Mapped[str | None]
    tokens_in: Mapped[int] = mapped_column(server_default=text("0"))
    tokens_out: Mapped[int] = mapped_column(server_default=text("0"))
    cost: Mapped[Decimal | None] = mapped_column(Numeric(12, 6))
    took_ms: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(server_default="begun")
    code: Mapped[str | None]
    at: Mapped[Stamp]

    __table_args__ = (
        points_at("eligibility_checks", "check_id"),
        Index(None, "firm_id", "check_id", "number", unique=True),
        Index(None, "firm_id", "at"),
    )


class HistoricalCase(FirmScoped, Base):
    """How a case ended that is none of the records: of the firm's past, or as somebody published it.

    Attributes:
        source: `firm`, or the name of the publication; with the case number it is what the row is known by.
        case_number: of the source; a receipt number as our records keep it.
        stage: what was decided on: a petition or application, or what the Department of Labor certifies ahead of one.
        visa: ours, by its id; None where the source does not tell which of them it was, or it was of none alone.
        fiscal_year: of the federal government, in which it was decided, unless the source says another.
    """

    __tablename__ = "historical_cases"

    source: Mapped[str] = ours()
    case_number: Mapped[str] = personal()
    stage: Mapped[str] = ours()
    visa: Mapped[str | None] = ours()
    outcome: Mapped[str] = ours()
    received_on: Mapped[date | None] = ours()
    decided_on: Mapped[date | None] = ours()
    soc_code: Mapped[str | None] = ours()
    fiscal_year: Mapped[int | None] = ours()
    imported_at: Mapped[Stamp] = ours()

    __table_args__ = (
        belongs_to_firm(),
        UniqueConstraint("firm_id", "source", "case_number"),
        Index(
            "historical_cases_decided",
            "firm_id",
            "visa",
            "decided_on",
            postgresql_where=text("stage = 'petition' AND outcome IN ('approved', 'denied')"),
        ),
        CheckConstraint("stage IN ('petition', 'labor_condition', 'labor_certification')", name="stage"),
        CheckConstraint("outcome IN ('approved', 'denied', 'withdrawn', 'pending')", name="outcome"),
        CheckConstraint("stage <> 'petition' OR visa IS NOT NULL", name="visa"),
    )
