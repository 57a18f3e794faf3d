"""How comparable cases of a firm ended: its own, and those of its past or of others that it brought in, each once.

Comparable are petitions and applications for the same visa that were approved or denied within five years. What the
Department of Labor certifies ahead of a petition is no approval of one; what is pending or withdrawn was not decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Case, Firm, HistoricalCase
from gateway.domain.eligibility.chances import chance
from gateway.domain.eligibility.terms import Chance
from gateway.domain.eligibility.verdicts import years_before
from gateway.domain.rules.criteria import ApprovalRate, Visa, approval_rates, in_force, visa_on
from gateway.domain.rules.dated import on
from gateway.office import Acting

YEARS: Final = 5  # what was decided longer ago says little of today's officers
FIRM: Final = "firm"  # the source of what a firm tells of its own past
APPROVED, DENIED, WITHDRAWN = "approved", "denied", "withdrawn"
_DECIDED = (APPROVED, DENIED)


class Tally(NamedTuple):
    """So many were approved, so many denied."""

    approved: int = 0
    denied: int = 0

    @property
    def n(self) -> int:
        """All that were decided."""
        return self.approved + self.denied


class Outcomes(NamedTuple):
    """How comparable cases of a visa ended.

    Attributes:
        first, last: within which days they were decided.
        own: those of the firm's records.
        imported: those that were brought in, and are not among the records.
        chance: None where no rate of approvals is published.
    """

    visa: Visa
    first: date
    last: date
    own: Tally
    imported: Tally
    chance: Chance | None

    @property
    def together(self) -> Tally:
        """All of them."""
        return Tally(self.own.approved + self.imported.approved, self.own.denied + self.imported.denied)


def chance_of(session: Session, visa: Visa, day: date) -> Chance | None:
    """How likely an approval is, by what was decided up to a day; None where no rate of approvals is published.

    Without a published rate there is nothing to which a few cases could be held: three approvals of three say little.

    Args:
        session: of the firm; walls around whoever asks hold in it.
        visa: of that day.
        day: today, mostly.
    """
    return of_visa(session, visa, day).chance if _rate_of(visa, day) else None


def of_visa(session: Session, visa: Visa, day: date) -> Outcomes:
    """The same, with the cases by which it is so."""
    first, rate = years_before(day, YEARS), _rate_of(visa, day)
    own, imported = _tally(session, _own(visa, first, day)), _tally(session, _imported(visa, first, day))
    found = Outcomes(visa, first, day, own, imported, None)
    return found._replace(chance=chance(*found.together, rate)) if rate else found


def look(acting: Acting, visa: str | None = None, day: date | None = None) -> list[Outcomes]:
    """How comparable cases ended up to a day, today if none is named: of a visa, or of all that have criteria.

    Raises:
        Missing: `visa_unknown`.
    """
    session = acting.session
    until = day or clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())
    visas = [visa_on(visa, until)] if visa else in_force(until)
    return [of_visa(session, one, until) for one in visas]


# ------------------------------------------------------------------------------------------------ what counts


def _rate_of(visa: Visa, day: date) -> ApprovalRate | None:
    return on(approval_rates().get(visa.id.lower(), ()), day)


def _own(visa: Visa, first: date, last: date) -> Select[str]:
    return select(Case.status).where(
        Case.case_type.in_(visa.cases), Case.status.in_(_DECIDED), Case.decided_on.between(first, last)
    )


def _imported(visa: Visa, first: date, last: date) -> Select[str]:
    """Each number once, by what the firm itself says of it, where it does; without what its records tell of."""
    past = HistoricalCase
    known = (_told_by_records(column == past.case_number) for column in (Case.receipt_number, Case.case_number))
    return (
        select(past.outcome)
        .ext(distinct_on(past.case_number))
        .where(past.stage == "petition", past.visa == visa.id, past.outcome.in_(_DECIDED))
        .where(past.decided_on.between(first, last), *(~one for one in known))
        .order_by(past.case_number, (past.source == FIRM).desc(), past.decided_on.desc(), past.source)
    )


def _told_by_records(same: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the records say themselves how and when a case ended; of one that they hold as open, history may."""
    ended = or_(Case.status == WITHDRAWN, and_(Case.status.in_(_DECIDED), Case.decided_on.is_not(None)))
    return select(Case.id).where(same, ended).exists()


def _tally(session: Session, ended: Select[str]) -> Tally:
    found = ended.subquery()
    [outcome] = found.columns
    counted: Mapping[str, int] = dict(session.execute(select(outcome, func.count()).group_by(outcome)).all())
    return Tally(counted.get(APPROVED, 0), counted.get(DENIED, 0))
