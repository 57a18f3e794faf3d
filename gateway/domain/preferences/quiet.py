"""Quiet hours and working days: the firm's, a member of staff's own, and by whose clock they go."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import time
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.db.models import QuietHours
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.preferences.paces import find_member
from gateway.errors import Invalid
from gateway.office import Acting

WEEK = range(1, 8)  # ISO: Monday is 1


class Hours(NamedTuple):
    """When not to be told, by somebody's own clock; equal ends are no quiet time.

    Attributes:
        begins, ends: may go over midnight.
        working_days: ISO numbers, Monday is 1; at least one.
    """

    begins: time = time(20)
    ends: time = time(8)
    working_days: frozenset[int] = frozenset({1, 2, 3, 4, 5})


USUAL = Hours()


def hours(session: Session, staff: Collection[UUID]) -> Mapping[UUID | None, Hours]:
    """Of the session's firm (None), and of these members of staff who have hours of their own, in one query."""
    rows = session.scalars(select(QuietHours).where(or_(QuietHours.staff_id.is_(None), QuietHours.staff_id.in_(staff))))
    found = {one.staff_id: _hours(one) for one in rows}
    return {None: USUAL} | found


def change(acting: Acting, staff_id: UUID | None, new: Hours | None) -> None:
    """Give a member of staff hours of their own, or the firm (None); None to follow the firm's, or the usual, again.

    Raises:
        Invalid: `preferences_wrong`, with what is wrong.
        NotFound: the firm has no such member of staff.
    """
    find_member(acting, staff_id)
    if new is not None:
        _refuse_wrong(new)
    mine = QuietHours.staff_id.is_not_distinct_from(staff_id)
    before = acting.session.scalar(select(QuietHours).where(mine))
    old = _told(_hours(before)) if before else None
    if new is None:
        acting.session.execute(delete(QuietHours).where(mine))
    else:
        values = {"begins": new.begins, "ends": new.ends, "working_days": sorted(new.working_days)}
        row = insert(QuietHours).values(firm_id=acting.firm_id, staff_id=staff_id, **values)
        kept = row.on_conflict_do_update(constraint="quiet_hours_key", set_=values)
        acting.session.execute(kept)
    told = Change("quiet_hours", staff_id or acting.firm_id, "updated", old=old, new=_told(new) if new else None)
    audit.record(acting, "quiet_hours.set", changes=[told])


def _refuse_wrong(new: Hours) -> None:
    if not new.working_days or not new.working_days <= set(WEEK):
        raise Invalid("preferences_wrong", "Give at least one working day, from 1 (Monday) to 7 (Sunday).")
    for one in (new.begins, new.ends):
        if one.tzinfo is not None or one.second or one.microsecond:
            raise Invalid("preferences_wrong", "Give hours and minutes by the clock on the wall, such as 20:00.")


def _hours(row: QuietHours) -> Hours:
    return Hours(row.begins, row.ends, frozenset(row.working_days))


def _told(one: Hours) -> dict[str, object]:
    return {"begins": f"{one.begins:%H:%M}", "ends": f"{one.ends:%H:%M}", "working_days": sorted(one.working_days)}
