"""Who can take cases: attorneys, what they know, what they hold, and when they are away."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from gateway.domain.assignment import attorneys, profiles, time_off
from gateway.domain.assignment.attorneys import LICENCE, MOST, Said
from gateway.domain.assignment.policies import MOST_WORDS
from gateway.domain.assignment.profiles import Days, Profile
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.idempotency import once
from gateway.web.texts import NO_NUL, CaseType, Day, Email, Name

Hours = Annotated[float, Meta(ge=0, le=24, examples=[8])]
Licence = Annotated[str, Meta(max_length=LICENCE, pattern=NO_NUL, examples=["NY 4821093"])]
Capacity = Annotated[int, Meta(ge=0, le=MOST, description="Active cases at full time; 15 to 25 are usual.")]
Languages = Annotated[list[Name], Meta(max_length=MOST_WORDS, examples=[["es", "zh"]])]
Words = Annotated[list[Name], Meta(max_length=MOST_WORDS, examples=[["eb5"]])]
Level = Annotated[int, Meta(ge=1, le=5, description="1, has seen some, to 5, teaches it.")]
Levels = Annotated[dict[CaseType, Level], Meta(max_length=200, examples=[{"H1B_EXT": 4, "PERM": 2}])]


class Week(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of work by day; a day that is not named has none, and no day at all is full time."""

    mon: Hours | UnsetType = UNSET
    tue: Hours | UnsetType = UNSET
    wed: Hours | UnsetType = UNSET
    thu: Hours | UnsetType = UNSET
    fri: Hours | UnsetType = UNSET
    sat: Hours | UnsetType = UNSET
    sun: Hours | UnsetType = UNSET


class AttorneyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of an attorney; what is not named stays as it is.

    A licence of null takes it away. Languages are ISO 639-1, or English names; certifications words of the firm's.
    """

    licence: Licence | UnsetType | None = UNSET
    capacity: Capacity | UnsetType = UNSET
    availability: Week | UnsetType = UNSET
    senior: bool | UnsetType = UNSET
    languages: Languages | UnsetType = UNSET
    certifications: Words | UnsetType = UNSET

    @property
    def said(self) -> Said:
        """As the use case takes it."""
        named = ((name, getattr(self, name)) for name in Said.__struct_fields__)
        told: dict[str, Any] = {name: value for name, value in named if value is not UNSET}
        if isinstance(self.availability, Week):
            hours = structs.asdict(self.availability).items()
            told["availability"] = {day: one for day, one in hours if one is not UNSET}
        return Said(**told)


class NewAttorney(AttorneyChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of staff who is to hold cases, by e-mail address."""

    email: Annotated[Email, Meta(examples=["ana@northgate.example"])]


class ExpertiseChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is declared, by type of case; what is not named is declared no more."""

    levels: Levels


class NewTimeOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first and the last day on which somebody is away."""

    first: Annotated[Day, Meta(examples=["2027-08-02"])]
    last: Annotated[Day, Meta(examples=["2027-08-13"])]


class TimeOffAdded(Struct, frozen=True, kw_only=True):
    """Time off as it stands now; so many other stretches that touched it have become part of it."""

    id: UUID
    first: date
    last: date
    merged: int


@get("/", sync_to_thread=True, **may("attorneys.read"))
def list_attorneys(call: NamedDependency[Call]) -> list[Profile]:
    """List the firm's attorneys by name, with what they hold and how many more they may take."""
    with call.acting() as acting:
        return profiles.listing(acting)


@post("/", sync_to_thread=True, **may("attorneys.manage"))
def add_attorney(call: NamedDependency[Call], data: JSONBody[NewAttorney]) -> Response[Profile]:
    """Let a member of staff hold cases."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: added(acting, data))


@get("/{attorney_id:uuid}", sync_to_thread=True, **may("attorneys.read"))
def get_attorney(attorney_id: FromPath[UUID], call: NamedDependency[Call]) -> Profile:
    """Show one."""
    with call.acting() as acting:
        return profiles.of(acting, attorneys.find(acting, attorney_id))


@put("/{attorney_id:uuid}", sync_to_thread=True, **may("attorneys.manage"))
def change_attorney(
    attorney_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[AttorneyChange]
) -> Profile:
    """Change what is said of one. Cases that are held stay, even where fewer may be held now."""
    with call.acting() as acting:
        return profiles.of(acting, attorneys.change(acting, attorney_id, data.said))


@put("/{attorney_id:uuid}/expertise", sync_to_thread=True, **may("attorneys.manage"))
def set_expertise(attorney_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[ExpertiseChange]) -> Profile:
    """Say what one knows, by type of case."""
    with call.acting() as acting:
        return profiles.of(acting, attorneys.set_expertise(acting, attorney_id, data.levels))


@get("/{attorney_id:uuid}/time-off", sync_to_thread=True, **may("attorneys.read"))
def list_time_off(attorney_id: FromPath[UUID], call: NamedDependency[Call]) -> list[Days]:
    """List when one is away, the latest first, what is over included."""
    with call.acting() as acting:
        return [Days.of(one) for one in time_off.listing(acting, attorney_id)]


@post("/{attorney_id:uuid}/time-off", sync_to_thread=True, **may("time_off.write"))
def add_time_off(
    attorney_id: FromPath[UUID], call: NamedDependency[Call], data: JSONBody[NewTimeOff]
) -> Response[TimeOffAdded]:
    """Note that one is away; attorneys may for themselves. No case is given to whoever is away; those held stay."""
    with call.acting() as acting:
        return once(acting, call, data, lambda: noted(acting, attorney_id, data))


@delete("/{attorney_id:uuid}/time-off/{off_id:uuid}", sync_to_thread=True, **may("time_off.write"))
def remove_time_off(attorney_id: FromPath[UUID], off_id: FromPath[UUID], call: NamedDependency[Call]) -> None:
    """Take back what is to come; what has begun ends yesterday."""
    with call.acting() as acting:
        time_off.remove(acting, attorney_id, off_id)


def added(acting: Acting, data: NewAttorney) -> Response[Profile]:
    """Somebody who holds cases from now on."""
    shown = profiles.of(acting, attorneys.add(acting, data.email, data.said))
    return Response(shown, headers={"Location": f"/v1/attorneys/{shown.id}"})


def noted(acting: Acting, attorney_id: UUID, data: NewTimeOff) -> Response[TimeOffAdded]:
    """That somebody is away, as it stands now."""
    off, merged = time_off.add(acting, attorney_id, data.first, data.last)
    return Response(TimeOffAdded(id=off.id, first=off.starts_on, last=off.ends_on, merged=merged))


router = Router(
    "/attorneys",
    route_handlers=[
        list_attorneys,
        add_attorney,
        get_attorney,
        change_attorney,
        set_expertise,
        list_time_off,
        add_time_off,
        remove_time_off,
    ],
    tags=["assignment"],
)
