"""Checks that somebody reviews, as a firm keeps them: made, spoken of by others, and looked up."""

from __future__ import annotations

from uuid import UUID

from gateway.domain.eligibility import checks, reviewing
from gateway.domain.eligibility.reviewing import Said, Verdict
from helpers.checked import Checked
from helpers.checks import completed


def made(firm: Checked, whom: UUID, *visas: str, **more: object) -> tuple[UUID, dict[str, UUID]]:
    """A check, and its recommendations by visa; of EB-1A alone where none is named."""
    with firm.acting() as acting:
        check = completed(acting, whom, visas or ("EB1A",), **more)
        return check, {one.visa: one.id for one in checks.recommendations(acting, check)}


def score(firm: Checked, check: UUID, visa: str = "EB1A") -> str:
    """As pages write it."""
    with firm.acting() as acting:
        return next(f"{one.score:g}" for one in checks.recommendations(acting, check) if one.visa == visa)


def reviews(firm: Checked, recommendation: UUID) -> list[tuple[str, str | None, object]]:
    """The newest first."""
    with firm.acting() as acting:
        return [(one.verdict, one.reason, one.edits) for one in reviewing.history(acting, recommendation)]


def meanwhile(firm: Checked, recommendation: UUID, verdict: Verdict = "accepted", reason: str | None = None) -> None:
    """Somebody else says something of it."""
    with firm.acting() as acting:
        reviewing.review(acting, recommendation, Said(verdict=verdict, reason=reason))
