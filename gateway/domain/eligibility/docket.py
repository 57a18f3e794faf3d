"""The checks of a firm, the newest first, each with what it came to; and those that wait for an attorney's word.

A check waits for as long as it gives some visa a score of which no attorney has said anything, and no newer check of
the person speaks of that visa. What cannot be determined waits for nobody: there is nothing to stand by.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, any_, exists, func, literal, select, tuple_
from sqlalchemy.orm import aliased

from gateway import clock
from gateway.db.models import Client, EligibilityCheck, RecommendationRow
from gateway.db.models.eligibility import CheckState
from gateway.db.paging import Found, Paging, newest
from gateway.domain import audit
from gateway.domain.people import records
from gateway.domain.rules.criteria import visa_on
from gateway.office import Acting


class CheckFilter(NamedTuple):
    """Which checks somebody wants; None is any, and `visa` an id of the criteria."""

    client_id: UUID | None = None
    visa: str | None = None
    state: CheckState | None = None
    to_review: bool = False


class Brief(NamedTuple):
    """What a check says of a visa, in a word; no score where it cannot be determined."""

    visa: str
    score: float | None
    review: str
    waits: bool


class Line(NamedTuple):
    """A check, and what it says of each visa, in the order in which they were asked for; nothing while it is open."""

    check: EligibilityCheck
    says: Sequence[Brief]


def listed(acting: Acting, wanted: CheckFilter, paging: Paging) -> Found[Line]:
    """Some checks of the firm, the newest first; that they were seen is on record.

    Raises:
        NotFound: the firm has no such client.
        Missing: `visa_unknown`, with the nearest one.
    """
    found = newest(acting.session, _query(acting, wanted), (EligibilityCheck.asked_at, EligibilityCheck.id), paging)
    says = _says(acting, [one.id for one in found.rows])
    lines = [Line(one, _ordered(one, says.get(one.id, ()))) for one in found.rows]
    people = dict.fromkeys([*([wanted.client_id] if wanted.client_id else []), *(one.client_id for one in found.rows)])
    shown = [("client", one) for one in people] + [("eligibility_check", one.id) for one in found.rows]
    audit.seen(acting, "eligibility.list", shown)
    return Found(lines, found.following, found.total)


def waiting(acting: Acting) -> tuple[int, datetime | None]:
    """How many checks wait for a review, and since when the oldest of them was completed."""
    ended = select(func.count(), func.min(EligibilityCheck.ended_at)).where(_waits())
    number, since = acting.session.execute(ended).one()
    return number, since


def _query(acting: Acting, wanted: CheckFilter) -> Select[EligibilityCheck]:
    query = select(EligibilityCheck)
    if wanted.client_id is not None:
        records.find(acting, Client, wanted.client_id)
        query = query.where(EligibilityCheck.client_id == wanted.client_id)
    if wanted.visa is not None:
        visa = visa_on(wanted.visa, clock.now().date())
        query = query.where(literal(visa.id) == any_(EligibilityCheck.visas))
    if wanted.state is not None:
        query = query.where(EligibilityCheck.state == wanted.state)
    return query.where(_waits()) if wanted.to_review else query


def _waits() -> ColumnElement[bool]:
    """Of a check."""
    theirs = RecommendationRow.check_id == EligibilityCheck.id
    return exists().where(theirs, *_unsaid(RecommendationRow, EligibilityCheck))


def _unsaid(row: type[RecommendationRow], check: type[EligibilityCheck]) -> tuple[ColumnElement[bool], ...]:
    """What makes a recommendation of a check wait."""
    newer, its = _others()
    superseded = exists().where(
        newer.client_id == check.client_id,
        tuple_(newer.asked_at, newer.id) > tuple_(check.asked_at, check.id),
        its.check_id == newer.id,
        its.visa == row.visa,
    )
    return row.review == "proposed", row.score.is_not(None), ~superseded.correlate(row, check)


@cache
def _others() -> tuple[type[EligibilityCheck], type[RecommendationRow]]:
    return aliased(EligibilityCheck), aliased(RecommendationRow)


def _says(acting: Acting, check_ids: Collection[UUID]) -> Mapping[UUID, list[Brief]]:
    """By check, without what the recommendations tell at length."""
    if not check_ids:
        return {}
    check, row = EligibilityCheck, RecommendationRow
    parts = (row.check_id, row.visa, row.score, row.review, and_(*_unsaid(row, check)))
    asked = select(*parts).join(check, check.id == row.check_id).where(row.check_id.in_(check_ids))
    found: dict[UUID, list[Brief]] = {}
    for check_id, visa, score, review, waits in acting.session.execute(asked):
        brief = Brief(visa, None if score is None else float(score), review, waits)
        found.setdefault(check_id, []).append(brief)
    return found


def _ordered(check: EligibilityCheck, says: Sequence[Brief]) -> list[Brief]:
    return sorted(says, key=lambda one: check.visas.index(one.visa))
