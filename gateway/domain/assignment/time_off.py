"""When attorneys are away: days from the first to the last, never two stretches where one would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import Firm, Staff, TimeOff
from gateway.domain import audit
from gateway.domain.access.permissions import holds
from gateway.domain.assignment.attorneys import Found, find
from gateway.domain.assignment.queueing import look_again
from gateway.domain.audit import Change
from gateway.errors import Conflict, Forbidden, Invalid, NotFound
from gateway.office import Acting

LONGEST = 1_100  # days; three years and a little
_DAY = timedelta(days=1)


class Added(NamedTuple):
    """Time off as it stands now; so many others were merged into it. What lay within another changes nothing."""

    off: TimeOff
    merged: int


def today_of(session: Session) -> date:
    """The day at the firm."""
    return clock.day_in(session.scalars(select(Firm.time_zone)).one(), clock.now())


def ahead(session: Session, today: date, attorney_ids: Collection[UUID]) -> defaultdict[UUID, list[TimeOff]]:
    """Time off of these attorneys that is not over, the next first."""
    wanted = select(TimeOff).where(TimeOff.attorney_id.in_(attorney_ids), TimeOff.ends_on >= today)
    found = defaultdict(list)
    for one in session.scalars(wanted.order_by(TimeOff.starts_on)):
        found[one.attorney_id].append(one)
    return found


def listing(acting: Acting, whom: str | UUID) -> Sequence[TimeOff]:
    """All time off of an attorney, what is over included, the latest first.

    Raises:
        NotFound: the firm has no such attorney.
    """
    attorney_id = find(acting, whom).attorney.id
    wanted = select(TimeOff).where(TimeOff.attorney_id == attorney_id)
    return acting.session.scalars(wanted.order_by(TimeOff.starts_on.desc())).all()


def add(acting: Acting, whom: str | UUID, first: date, last: date) -> Added:
    """Note that an attorney is away, the first day and the last included; stretches that touch become one.

    Cases that are held stay where they are.

    Raises:
        NotFound: the firm has no such attorney.
        Forbidden: `not_yours`.
        Invalid: `time_off_wrong`, with what is wrong.
    """
    found = _own(acting, whom)
    _check(first, last, today_of(acting.session))
    near = select(TimeOff).where(
        TimeOff.attorney_id == found.attorney.id,
        TimeOff.starts_on <= clock.days_later(last, 1),
        TimeOff.ends_on >= clock.days_later(first, -1),
    )
    touching = acting.session.scalars(near.order_by(TimeOff.starts_on)).all()
    if within := next((one for one in touching if one.starts_on <= first and last <= one.ends_on), None):
        return Added(within, 0)
    first, last = min([first, *(one.starts_on for one in touching)]), max([last, *(one.ends_on for one in touching)])
    for one in touching:
        acting.session.delete(one)
    off = TimeOff(firm_id=acting.firm_id, attorney_id=found.attorney.id, starts_on=first, ends_on=last)
    acting.session.add(off)
    acting.session.flush()
    _note(acting, found, old=[_told(one) for one in touching], new=[_told(off)])
    return Added(off, len(touching))


def remove(acting: Acting, whom: str | UUID, off_id: UUID) -> None:
    """Take back time off that is to come; what has begun ends yesterday, and has been.

    Raises:
        NotFound: the firm has no such attorney, or the attorney no such time off.
        Forbidden: `not_yours`.
        Conflict: `time_off_over`.
    """
    found = _own(acting, whom)
    off = acting.session.scalar(select(TimeOff).where(TimeOff.id == off_id, TimeOff.attorney_id == found.attorney.id))
    if off is None:
        raise NotFound("time off", str(off_id))
    _end(acting, found, off)


def back(acting: Acting, whom: str | UUID, on: date | None = None) -> None:
    """Have an attorney back who is away today, or would be on a day: see `remove`.

    Raises:
        NotFound: the firm has no such attorney.
        Forbidden: `not_yours`.
        Conflict: `not_away`; `time_off_over`.
    """
    found, day = _own(acting, whom), on or today_of(acting.session)
    mine = TimeOff.attorney_id == found.attorney.id
    off = acting.session.scalar(select(TimeOff).where(mine, TimeOff.starts_on <= day, TimeOff.ends_on >= day))
    if off is None:
        raise Conflict("not_away", f"{found.staff.email} is not away on {day}.")
    _end(acting, found, off)


# ------------------------------------------------------------------------------------------------ rules


def _own(acting: Acting, whom: str | UUID) -> Found:
    """The attorney, held for change; admins may for everybody, attorneys for themselves."""
    found = find(acting, whom, for_change=True)
    if acting.actor.kind == "system" or found.staff.id == acting.actor.id:
        return found
    role = acting.session.scalar(select(Staff.role).where(Staff.id == acting.actor.id, Staff.active))
    if role is None or not holds("attorneys.manage", role=role, scopes=frozenset()):
        raise Forbidden("not_yours", "This is for the attorney to say, or for an admin.")
    return found


def _check(first: date, last: date, today: date) -> None:
    if last < first:
        raise Invalid("time_off_wrong", f"It ends on {last}, before it begins on {first}.")
    if last < today:
        raise Invalid("time_off_wrong", f"It is over: today is {today}.")
    if (last - first).days >= LONGEST:
        raise Invalid("time_off_wrong", f"At most {LONGEST} days at a time; close the account of whoever has left.")


def _end(acting: Acting, found: Found, off: TimeOff) -> None:
    today = today_of(acting.session)
    if off.ends_on < today:
        raise Conflict("time_off_over", f"That was over on {off.ends_on}; nothing is to be taken back.")
    old = _told(off)
    if off.starts_on < today:
        off.ends_on = today - _DAY
        new = [_told(off)]
    else:
        acting.session.delete(off)
        new = []
    acting.session.flush()
    _note(acting, found, old=[old], new=new)


def _told(off: TimeOff) -> list[str]:
    return [f"{off.starts_on}", f"{off.ends_on}"]


def _note(acting: Acting, found: Found, *, old: list[list[str]], new: list[list[str]]) -> None:
    told = Change("attorney", found.attorney.id, "updated", old={"time_off": old}, new={"time_off": new})
    audit.record(acting, "attorney.time_off", changes=[told])
    look_again(acting.session, acting.firm_id)
