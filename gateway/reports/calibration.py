"""What was recommended against what was decided: whether higher scores and chances ended better, band by band."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Annotated, Any, NamedTuple

from sqlalchemy import Date, Select, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gateway.db.models import Case, EligibilityCheck, Firm, Partner, RecommendationRow
from gateway.domain.rules.criteria import VISAS, visas
from gateway.reports.filters import Filters, Word, words_of
from gateway.reports.plot import Pairs
from gateway.reports.report import Report, Rows

_BAND = 10  # per cent
_MOST = 100
_DECIMALS = 4


class CalibrationFilters(Filters, frozen=True, kw_only=True):
    """Of which decided cases."""

    visa: Annotated[Word, words_of(VISAS, "Of this visa only.")] | None = None


class _Said(NamedTuple):
    """What was said of a case ahead of its decision, in per cent, and whether it was approved."""

    percent: float
    was_approved: bool


def _rows(session: Session, filters: CalibrationFilters) -> Rows:
    found = session.execute(_decided(filters)).all()
    scores = [_Said(float(score), status == "approved") for score, _, status in found if score is not None]
    chances = [_Said(_MOST * chance, status == "approved") for _, chance, status in found if chance is not None]
    for measure, said in (("score", scores), ("probability", chances)):
        yield _row(measure, 0, _MOST, said)
        for first in range(0, _MOST, _BAND):
            yield _row(measure, first, first + _BAND, [one for one in said if _band_of(one) == first])


def _band_of(one: _Said) -> int:
    """Where its band begins; a hundred is of the last one."""
    return min(int(one.percent // _BAND) * _BAND, _MOST - _BAND)


def _row(measure: str, first: int, last: int, said: Sequence[_Said]) -> Sequence[object]:
    approved = sum(one.was_approved for one in said)
    counts = (measure, first, last, len(said), approved, len(said) - approved)
    if not said:
        return (*counts, None, None, None)
    predicted = fmean(one.percent / _MOST for one in said)
    brier = fmean((one.percent / _MOST - one.was_approved) ** 2 for one in said)
    return (*counts, *(round(figure, _DECIMALS) for figure in (approved / len(said), predicted, brier)))


def _decided(filters: CalibrationFilters) -> Select[*tuple[Any, ...]]:
    """Each decided case of a person, with the last that was recommended for its visa before the day of the decision."""
    row, check = RecommendationRow, EligibilityCheck
    known = cast(func.timezone(select(Firm.time_zone).scalar_subquery(), check.ended_at), Date)
    found = (
        select(row.score, row.told["chance"]["probability"].as_float(), Case.status)
        .ext(distinct_on(Case.id, row.visa))
        .join(check, check.id == row.check_id)
        .join(Case, Case.client_id == row.client_id)
        .join(Partner, Partner.id == Case.partner_id)
        .where(check.state == "completed", tuple_(row.visa, Case.case_type).in_(_pairs()))
        .where(Case.status.in_(("approved", "denied")), known < Case.decided_on)
        .order_by(Case.id, row.visa, check.ended_at.desc(), check.id.desc())
    )
    found = found.where(Partner.slug == filters.partner) if filters.partner else found
    return found.where(row.visa == filters.visa) if filters.visa else found


def _pairs() -> list[tuple[str, str]]:
    """Visas, each with every type of case that it becomes, or ever became."""
    versions = [one for rules in visas().values() for one in rules]
    return list(dict.fromkeys((one.id, kind) for one in versions for kind in one.cases))


REPORT = Report(
    title="What was recommended against what was decided",
    purpose="Whether chances that were told came true: by band, how many were approved.",
    columns=tuple("measure from to n approved denied share predicted brier".split()),
    filters=CalibrationFilters,
    query=_rows,
    permission="documents.read",
    plot=Pairs(
        title="Chances that were told, and what was decided",
        of="case",
        x=("from", "to"),
        y=("predicted", "share"),
        n="n",
        became="approved",
        only=("measure", "probability"),
    ),
)
