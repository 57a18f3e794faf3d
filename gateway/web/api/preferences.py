"""How people of the firm want to be told: by which channel how often, when not, and how much a day."""

from __future__ import annotations

from datetime import time
from typing import Annotated
from uuid import UUID

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from gateway.domain.preferences import budgets, paces, quiet
from gateway.domain.preferences.overview import Overview, overview
from gateway.web.calls import Call, may
from gateway.web.texts import DocumentType, Name

Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\\n)", examples=["20:00"])]
Channel = Annotated[Name, Meta(description=f"One of {', '.join(budgets.channels())}.", examples=["email"])]
Pace = Annotated[Name, Meta(description="One of immediate, daily, weekly, off.", examples=["daily"])]
Recipients = Annotated[Name, Meta(description="One of staff, client, contact.", examples=["client"])]
WorkingDay = Annotated[int, Meta(ge=1, le=7)]


class WishChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often to be told by a channel; a pace of null goes by what is less particular again."""

    channel: Channel
    doc_type: DocumentType | None = None
    pace: Pace | None


class NewHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quiet time by the clock on the wall, over midnight if need be; working days as ISO numbers, Monday is 1."""

    begins: Clock
    ends: Clock
    working_days: Annotated[list[WorkingDay], Meta(min_length=1, max_length=7, examples=[[1, 2, 3, 4, 5]])]


class HoursChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours to keep; null goes by the firm's, or the usual, again."""

    quiet_hours: NewHours | None


class BudgetChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Messages a day to one recipient; null is no limit, and `follow_rule` takes the rule's number again."""

    channel: Channel
    kind: Recipients
    a_day: Annotated[int, Meta(ge=1, le=budgets.MOST)] | None = None
    follow_rule: bool = False


@get("/", sync_to_thread=True, **may("preferences.read"))
def get_preferences(call: NamedDependency[Call]) -> Overview:
    """Show what you are told how often, and when not; the firm's wishes; and how much a day anybody is sent."""
    with call.acting() as acting:
        return overview(acting, call.who.id)


@put("/own", sync_to_thread=True, **may("preferences.write"))
def change_own_preference(call: NamedDependency[Call], data: JSONBody[WishChange]) -> Overview:
    """Say how often you want to be told by a channel, of papers of a type or of all."""
    return _wished(call, call.who.id, data)


@put("/firm", sync_to_thread=True, **may("preferences.manage"))
def change_firm_preference(call: NamedDependency[Call], data: JSONBody[WishChange]) -> Overview:
    """Say how often all of the staff are told who have no wish of their own."""
    return _wished(call, None, data)


@put("/own/quiet-hours", sync_to_thread=True, **may("preferences.write"))
def change_own_hours(call: NamedDependency[Call], data: JSONBody[HoursChange]) -> Overview:
    """Say when you are not to be told, by the clock where you are."""
    return _kept_quiet(call, call.who.id, data.quiet_hours)


@put("/firm/quiet-hours", sync_to_thread=True, **may("preferences.manage"))
def change_firm_hours(call: NamedDependency[Call], data: JSONBody[HoursChange]) -> Overview:
    """Say when the firm's clients are not to be told, nor staff without hours of their own, each where they are."""
    return _kept_quiet(call, None, data.quiet_hours)


@put("/firm/budgets", sync_to_thread=True, **may("preferences.manage"))
def change_budget(call: NamedDependency[Call], data: JSONBody[BudgetChange]) -> Overview:
    """Say how many messages a day a channel may send one recipient; what is over waits for the next day."""
    with call.acting() as acting:
        budgets.change(acting, data.channel, data.kind, data.a_day, follow_rule=data.follow_rule)
        return overview(acting, call.who.id)


def _wished(call: Call, staff_id: UUID | None, data: WishChange) -> Overview:
    with call.acting() as acting:
        paces.change(acting, staff_id, data.channel, data.doc_type, data.pace)
        return overview(acting, call.who.id)


def _kept_quiet(call: Call, staff_id: UUID | None, new: NewHours | None) -> Overview:
    with call.acting() as acting:
        quiet.change(acting, staff_id, None if new is None else hours_of(new))
        return overview(acting, call.who.id)


def hours_of(new: NewHours) -> quiet.Hours:
    """Hours as they are kept."""
    begins, ends = map(time.fromisoformat, (new.begins, new.ends))
    return quiet.Hours(begins, ends, frozenset(new.working_days))


router = Router(
    "/preferences",
    route_handlers=[
        get_preferences,
        change_own_preference,
        change_firm_preference,
        change_own_hours,
        change_firm_hours,
        change_budget,
    ],
    tags=["preferences"],
)
