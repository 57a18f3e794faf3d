"""Attorneys as people are shown them: what they can, what they hold, how much is free, and when they are away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from gateway.db.models import TimeOff
from gateway.domain.assignment import attorneys, time_off, workload
from gateway.domain.assignment.attorneys import Found
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.workload import Held
from gateway.office import Acting


class Days(Struct, frozen=True, kw_only=True):
    """A stretch of time off, the first day and the last included."""

    id: UUID
    first: date
    last: date

    @classmethod
    def of(cls, off: TimeOff) -> Days:
        """As it is shown."""
        return cls(id=off.id, first=off.starts_on, last=off.ends_on)


class Workload(Struct, frozen=True, kw_only=True):
    """What is held: active cases, their complexity added up, those due within 30 days, and how many more may come.

    Attributes:
        may_hold: the capacity, part time taken off.
    """

    held: int
    weighted: int
    urgent: int
    may_hold: int
    free: int


class Profile(Struct, frozen=True, kw_only=True):
    """Who takes cases, and how many more.

    Attributes:
        takes_cases: the account is active, its role takes cases, and a licence is on record.
        away: now; null is here.
        next_away: the next time off that has not begun.
        remarks: what is unusual, or keeps cases away.
    """

    id: UUID
    staff_id: UUID
    email: Annotated[str, Meta(examples=["ana@northgate.example"])]
    name: str
    takes_cases: bool
    licence: str | None
    capacity: int
    availability: dict[str, float]
    senior: bool
    languages: list[str]
    certifications: list[str]
    expertise: dict[str, int]
    workload: Workload
    away: Days | None
    next_away: Days | None
    remarks: list[str]


def listing(acting: Acting) -> list[Profile]:
    """All attorneys of the firm, by name."""
    return _shown(acting, attorneys.listing(acting))


def of(acting: Acting, found: Found) -> Profile:
    """One of them."""
    return _shown(acting, [found])[0]


def _shown(acting: Acting, found: Sequence[Found]) -> list[Profile]:
    """Three queries, however many there are."""
    today, ids = time_off.today_of(acting.session), [one.attorney.id for one in found]
    held = workload.held(acting.session, today, ids)
    levels, away = attorneys.expertise(acting, ids), time_off.ahead(acting.session, today, ids)
    return [
        _profile(one, held.get(one.attorney.id, Held()), levels.get(one.attorney.id, {}), away[one.attorney.id], today)
        for one in found
    ]


def _profile(found: Found, held: Held, expertise: dict[str, int], away: Sequence[TimeOff], today: date) -> Profile:
    one = found.attorney
    said = ("id", "staff_id", "licence", "capacity", "availability", "senior", "languages", "certifications")
    return Profile(
        email=found.staff.email,
        name=found.staff.name,
        takes_cases=found.takes_cases,
        expertise=expertise,
        workload=_workload(found, held),
        away=next((Days.of(off) for off in away if off.starts_on <= today), None),
        next_away=next((Days.of(off) for off in away if off.starts_on > today), None),
        remarks=attorneys.remarks(found, held.cases),
        **{name: getattr(one, name) for name in said},
    )


def _workload(found: Found, held: Held) -> Workload:
    most = prorated(found.attorney.capacity, found.attorney.availability)
    return Workload(
        held=held.cases,
        weighted=held.weighted,
        urgent=held.urgent,
        may_hold=most,
        free=max(0, most - held.cases),
    )
