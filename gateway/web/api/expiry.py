"""Papers that end soon: how far ahead a firm is told, what its staff say to that, who is told next if they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from gateway.domain.expiry import answers, due, escalation, leads, outlook
from gateway.domain.expiry import asked as asking
from gateway.domain.expiry.answers import Answered
from gateway.domain.expiry.asked import Asked
from gateway.domain.expiry.due import Due
from gateway.domain.expiry.outlook import Ending, Kind, OutlookSummary
from gateway.domain.rules.dated import Member as Role
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.pages import Cursor, Limit, Pagination, page_of, paging
from gateway.web.texts import ByClient, Text

Within = Annotated[int, QueryParameter(ge=0, le=leads.LONGEST, description="So many days from today.")]
Until = Annotated[date | None, QueryParameter(description="Up to this day, in place of so many days.")]
Of = Annotated[Kind, QueryParameter(name="of", description="Papers that end, or people whose permission to work does.")]
Lately = Annotated[int, QueryParameter(ge=0, le=400, description="So many days up to today.")]
Everything = Annotated[bool, QueryParameter(description="What was acknowledged, or is over, as well.")]
Ahead = Annotated[int, Meta(ge=1, le=leads.LONGEST)]


class DuePapers(Struct, frozen=True):
    """The first to end first."""

    data: list[Due]


class OutlookView(Struct, frozen=True, kw_only=True):
    """The first to end first; `weeks` and the numbers are of all of it, within the caller's walls."""

    summary: OutlookSummary
    data: list[Ending]
    pagination: Pagination

    @classmethod
    def of(cls, found: outlook.Outlook, limit: int) -> OutlookView:
        """A page as its caller sees it."""
        page = page_of(found.found, lambda one: one, limit)
        return cls(summary=found.summary, data=page.data, pagination=page.pagination)


class LeadTimesView(Struct, frozen=True, kw_only=True):
    """How many days before the end of papers of a type people are told; `own`, or as the rule has them."""

    type: str
    days: Sequence[int]
    own: bool


class LeadTimesChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Lead times to set, in days; null follows the rule again."""

    days: Annotated[list[Ahead], Meta(min_length=1, max_length=50, examples=[[180, 90, 30, 7]])] | None


class Notices(Struct, frozen=True):
    """The newest first."""

    data: list[Asked]


class Snooze(Struct, frozen=True, forbid_unknown_fields=True):
    """When to tell the recipient again, with its offset; cut to the next lead time."""

    until: Annotated[datetime, Meta(tz=True, examples=["2026-12-01T09:00:00-05:00"])]


class Band(Struct, frozen=True, forbid_unknown_fields=True):
    """So many days an answer is waited for, while at least so many days are left."""

    at_least: Annotated[int, Meta(ge=-30, le=leads.LONGEST, examples=[31])]
    days: Annotated[int, Meta(ge=1, le=escalation.LONGEST, examples=[5])]


class EscalationView(Struct, frozen=True, kw_only=True):
    """Who is told next when nobody answers; `own`, or as the rule has it."""

    chain: Sequence[str]
    waits: list[Band]
    own: bool


class EscalationChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to set; what is left out stays as it is, and null for both follows the rule again."""

    chain: Annotated[list[Role], Meta(min_length=1, max_length=9, examples=[["attorney", "admin"]])] | None = None
    waits: Annotated[list[Band], Meta(min_length=1, max_length=20)] | None = None


class Supervision(Struct, frozen=True, forbid_unknown_fields=True):
    """Of a member of staff, by address, and by whom; null is nobody, and the admins stand in."""

    of: Text
    by: Text | None


@get("/due", sync_to_thread=True, **may("documents.read"))
def list_due(call: NamedDependency[Call], within: Within = 30, client: ByClient = None) -> DuePapers:
    """List the papers that end within so many days, or ended within the last 30, of people who are looked after."""
    with call.acting() as acting:
        return DuePapers(due.within(acting, within, None if client is None else [client]))


@get("/outlook", sync_to_thread=True, **may("documents.read"))
def show_outlook(
    call: NamedDependency[Call],
    of: Of = "papers",
    within: Within = 30,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> OutlookView:
    """Show what ends up to a day, by day and person: what that means for their work, who was told, what was answered.

    `of=papers`: current papers that end by then, or ended within the last 30 days. `of=work`: each person whose
    permission to work ends by then, or has ended, with the paper that ends it. Of people who are looked after.
    """
    with call.acting() as acting:
        last = outlook.last_day(acting, within, until)
        return OutlookView.of(outlook.look_ahead(acting, of, last, paging(cursor, limit)), limit)


@get("/outlook/{document_id:uuid}", sync_to_thread=True, **may("documents.read"))
def show_ending(document_id: FromPath[UUID], call: NamedDependency[Call]) -> Ending:
    """Show the same of one current paper, whenever it ends."""
    with call.acting() as acting:
        return outlook.look_at(acting, document_id)


@get("/lead-times", sync_to_thread=True, **may("documents.read"))
def list_lead_times(call: NamedDependency[Call]) -> list[LeadTimesView]:
    """List for each type of paper how many days before its end people of the firm are told."""
    with call.acting() as acting:
        return [_view(word, *found) for word, found in leads.of_firm(acting).items()]


@put("/lead-times/{doc_type:str}", sync_to_thread=True, **may("leads.manage"))
def change_lead_times(
    doc_type: FromPath[str], data: JSONBody[LeadTimesChange], call: NamedDependency[Call]
) -> LeadTimesView:
    """Set a type's lead times for the firm, from the next sweep on."""
    with call.acting() as acting:
        leads.change(acting, doc_type, data.days)
        return _view(doc_type, *leads.of_firm(acting)[doc_type])


@get("/notices", sync_to_thread=True, **may("documents.read"))
def list_notices(call: NamedDependency[Call], days: Lately = 14, everything: Everything = False) -> Notices:
    """List what staff were told within so many days and nobody has acknowledged, with who snoozed it."""
    with call.acting() as acting:
        return Notices(asking.asked(acting, days, everything=everything))


@post("/notices/{notice_id:uuid}/acknowledge", status_code=200, sync_to_thread=True, **may("documents.read"))
def acknowledge_notice(notice_id: FromPath[UUID], call: NamedDependency[Call]) -> Answered:
    """Say that somebody has it in hand: nobody is told next of this paper until its next lead time, if one is left."""
    with call.acting() as acting:
        return answers.acknowledge(acting, [notice_id], "api")[0]


@post("/notices/{notice_id:uuid}/snooze", status_code=200, sync_to_thread=True, **may("documents.read"))
def snooze_notice(notice_id: FromPath[UUID], data: JSONBody[Snooze], call: NamedDependency[Call]) -> Answered:
    """Tell the recipient again, or not before, at an instant; at the next lead time at the latest."""
    with call.acting() as acting:
        return answers.snooze(acting, [notice_id], data.until, "api")[0]


@get("/escalation", sync_to_thread=True, **may("documents.read"))
def show_escalation(call: NamedDependency[Call]) -> EscalationView:
    """Show who is told next when nobody answers, and after how many days."""
    with call.acting() as acting:
        return _escalation(acting)


@put("/escalation", sync_to_thread=True, **may("leads.manage"))
def change_escalation(data: JSONBody[EscalationChange], call: NamedDependency[Call]) -> EscalationView:
    """Set who is told next, from the next sweep on."""
    waits = None if data.waits is None else {one.at_least: one.days for one in data.waits}
    with call.acting() as acting:
        escalation.change(acting, data.chain, waits)
        return _escalation(acting)


@get("/supervisors", sync_to_thread=True, **may("staff.manage"))
def list_supervisors(call: NamedDependency[Call]) -> Mapping[str, str | None]:
    """List for each member of staff who supervises them, by address."""
    with call.acting() as acting:
        return escalation.supervisors(acting)


@put("/supervisors", sync_to_thread=True, **may("staff.manage"))
def change_supervisor(data: JSONBody[Supervision], call: NamedDependency[Call]) -> Mapping[str, str | None]:
    """Set who answers for a member of staff that does not answer."""
    with call.acting() as acting:
        escalation.supervise(acting, data.of, data.by)
        return escalation.supervisors(acting)


def _escalation(acting: Acting) -> EscalationView:
    found = escalation.of_firm(acting)
    return EscalationView(chain=found.chain, waits=[Band(*one) for one in found.waits.items()], own=found.own)


def _view(doc_type: str, days: Sequence[int], own: bool) -> LeadTimesView:
    return LeadTimesView(type=doc_type, days=days, own=own)


router = Router(
    "/expiry",
    route_handlers=[
        list_due,
        show_outlook,
        show_ending,
        list_lead_times,
        change_lead_times,
        list_notices,
        acknowledge_notice,
        snooze_notice,
        show_escalation,
        change_escalation,
        list_supervisors,
        change_supervisor,
    ],
    tags=["expiry"],
)
