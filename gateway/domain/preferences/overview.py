"""What holds for somebody of the staff, as they are shown it: own wishes and the firm's, hours, zone and budgets."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select

from gateway.db.models import Firm, Staff
from gateway.domain.preferences import budgets, paces, quiet
from gateway.domain.preferences.paces import Preference, find_member
from gateway.domain.preferences.quiet import USUAL, Hours
from gateway.domain.preferences.whom import zone_of
from gateway.office import Acting


class Wish(Struct, frozen=True, kw_only=True):
    """How often by a channel; `type` null is for all papers that have no line of their own."""

    channel: str
    type: str | None
    pace: str


class Shown(Struct, frozen=True, kw_only=True):
    """Quiet hours that hold; `of` says whose they are: `own`, `firm`, or `usual`."""

    begins: str
    ends: str
    working_days: list[int]
    of: str


class Budget(Struct, frozen=True, kw_only=True):
    """So many messages a day to one recipient; null is no limit. `own` is the firm's number, else the rule's."""

    channel: str
    kind: str
    a_day: int | None
    own: bool


class Overview(Struct, frozen=True, kw_only=True):
    """All that the gate goes by for one of the staff, or for the firm."""

    own: list[Wish]
    firm: list[Wish]
    quiet_hours: Shown
    time_zone: str
    budgets: list[Budget]


def overview(acting: Acting, staff_id: UUID | None) -> Overview:
    """What holds for a member of staff; None is whoever has nothing of their own.

    Raises:
        NotFound: the firm has no such member of staff.
    """
    find_member(acting, staff_id)
    zone = select(Staff.time_zone).where(Staff.id == staff_id)
    firm_zone = acting.session.scalars(select(Firm.time_zone)).one()
    return Overview(
        own=[] if staff_id is None else _wishes(paces.wishes(acting, staff_id)),
        firm=_wishes(paces.wishes(acting, None)),
        quiet_hours=_hours(acting, staff_id),
        time_zone=zone_of(acting.session.scalar(zone), firm_zone).key,
        budgets=[Budget(**one._asdict()) for one in budgets.allowances(acting.session).values()],
    )


def _wishes(found: Sequence[Preference]) -> list[Wish]:
    return [Wish(channel=one.channel, type=one.doc_type, pace=one.pace) for one in found]


def _hours(acting: Acting, staff_id: UUID | None) -> Shown:
    found = quiet.hours(acting.session, [] if staff_id is None else [staff_id])
    if staff_id in found and staff_id is not None:
        return _shown(found[staff_id], "own")
    return _shown(found[None], "usual" if found[None] is USUAL else "firm")


def _shown(hours: Hours, of: str) -> Shown:
    return Shown(
        begins=f"{hours.begins:%H:%M}", ends=f"{hours.ends:%H:%M}", working_days=sorted(hours.working_days), of=of
    )
