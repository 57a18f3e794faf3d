"""Finds the two checks that somebody wants to see side by side."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, tuple_

from gateway.db.models import EligibilityCheck
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility import checks
from gateway.domain.eligibility.comparing import Comparison, Side, compare
from gateway.errors import Conflict, Invalid
from gateway.office import Acting


class Compared(NamedTuple):
    """Two checks of one person, the earlier one first, and all that lies between them."""

    earlier: EligibilityCheck
    later: EligibilityCheck
    comparison: Comparison


def of_checks(acting: Acting, one_id: UUID, other_id: UUID | None = None) -> Compared:
    """What lies between two checks, whichever is named first; that they were looked at is on record.

    Args:
        acting: who looks.
        one_id: a check.
        other_id: another one of the person; the one before it, if left out.

    Raises:
        NotFound: the firm has no such check.
        Invalid: `checks_of_two_people`.
        Conflict: `check_not_completed`; `first_check`, there is none before it.
    """
    one = checks.find(acting, one_id)
    found = [one, _before(acting, one) if other_id is None else checks.find(acting, other_id)]
    earlier, later = sorted(found, key=lambda one: (one.asked_at, one.id))
    if earlier.client_id != later.client_id:
        raise Invalid("checks_of_two_people", "These checks are of two people; two of one person can be compared.")
    for one in found:
        if one.state != "completed":
            raise Conflict("check_not_completed", f"The check {one.id} is {one.state}; it has to be completed.")
    told = [Change("eligibility_check", one.id, "compared") for one in (earlier, later)]
    audit.record(acting, "eligibility.compare", client_id=earlier.client_id, changes=told)
    return Compared(earlier, later, compare(_side(acting, earlier), _side(acting, later)))


def _before(acting: Acting, check: EligibilityCheck) -> EligibilityCheck:
    before = select(EligibilityCheck).where(
        EligibilityCheck.client_id == check.client_id,
        EligibilityCheck.state == "completed",
        tuple_(EligibilityCheck.asked_at, EligibilityCheck.id) < tuple_(check.asked_at, check.id),
    )
    newest = before.order_by(EligibilityCheck.asked_at.desc(), EligibilityCheck.id.desc()).limit(1)
    found = acting.session.scalar(newest)
    if found is None:
        raise Conflict("first_check", "No check of this person was completed before this one.")
    return found


def _side(acting: Acting, check: EligibilityCheck) -> Side:
    told = {one.visa: checks.recommendation_in(one) for one in checks.recommendations(acting, check.id)}
    return Side(profile=checks.profile_in(check.as_of, check.profile), told=told, rules=check.rules)
