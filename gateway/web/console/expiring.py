"""What ends up to a day: papers, or people's permission to work; who was told of it; and what staff say to that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from gateway.domain.access import accounts
from gateway.domain.expiry import answers, outlook
from gateway.domain.expiry.outlook import Kind
from gateway.domain.expiry.standing import TOLD_AFTER
from gateway.errors import Conflict, Invalid
from gateway.office import Acting
from gateway.web.api.expiry import Of, Within
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.console.plots.ends import by_period
from gateway.web.console.told import Line, line_of, readable
from gateway.web.pages import Cursor, page_of, paging
from outbound.notify import of_paper

ENTRY = Entry("Expiring", "/expiring", "documents.read")
SHOWN = 50
_TO_DO = "see to it that a newer paper comes, or that the person is taken off if they have left."
SAID = {
    "acknowledged": "Acknowledged. Nobody is told next of it until its next lead time.",
    "acknowledged_last": f"Acknowledged. No reminder of it comes after this one: {_TO_DO}",
    **{
        f"acknowledged_{number}{word}": f"Acknowledged: {number} lines. {told}"
        for number in range(2, SHOWN + 1)
        for word, told in (
            ("", "Nobody is told next of any until its next lead time."),
            ("_last", f"No reminder of any comes after these: {_TO_DO}"),
            ("_some", f"Nobody is told next of any until its next lead time; of some none is left: {_TO_DO}"),
        )
    },
    "snoozed": "Snoozed. It comes again on that day.",
}
NOTHING: Mapping[str, str] = {}
HORIZONS = (30, 60, 90, 180)  # days
Ticked = Annotated[Literal["all"] | None, QueryParameter(name="tick")]  # without a script it takes a page
ByDay = Annotated[str | None, QueryParameter(name="until", max_length=40)]  # read here: a fault belongs to its field
_EACH_DAY = 14  # days ahead of which each is offered to snooze to; then every seventh


class Asked(NamedTuple):
    """What the address asks for; `until` goes before `within`."""

    of: Kind = "papers"
    within: int = 30
    until: str | None = None
    cursor: str | None = None

    def query(self, **other: object) -> str:
        """The same in an address, with something else in it."""
        kept = self._replace(**other)._asdict()  # type: ignore[arg-type]  # of its own fields
        if kept["until"]:
            del kept["within"]
        return urlencode({name: value for name, value in kept.items() if value})


class Later(Struct, frozen=True):
    """Which notice is to come again, and on which day."""

    notice: UUID
    day: date


class Which(Struct, frozen=True):
    """Which notice is meant."""

    notice: UUID


@get("/expiring", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    of: Of = "papers",
    within: Within = 30,
    until: ByDay = None,
    cursor: Cursor = None,
    tick: Ticked = None,
) -> Response[str]:
    """List what ends, by day and person."""
    with call.acting() as acting:
        return _list(acting, desk, Asked(of, within, until or None, cursor), all_ticked=tick == "all")


def _list(
    acting: Acting,
    desk: Desk,
    asked: Asked,
    *,
    chosen: Collection[str] = (),
    all_ticked: bool = False,
    errors: Mapping[str, str] = NOTHING,
    status: int = 200,
) -> Response[str]:
    try:
        last = outlook.last_day(acting, asked.within, _day(asked.until))
    except Invalid as problem:
        asked = Asked(asked.of)
        last = outlook.last_day(acting, asked.within, None)
        errors, status = {"until": problem.sentence}, 422
    found = outlook.look_ahead(acting, asked.of, last, paging(asked.cursor, SHOWN))
    page = page_of(found.found, lambda one: line_of(one, desk.call.who, can_all=desk.may("cases.write")), SHOWN)
    following = page.pagination.next_cursor
    return desk.page(
        acting,
        "expiring.html",
        status=status,
        asked=asked,
        summary=found.summary,
        plot=by_period(found.summary),
        lines=page.data,
        horizons=HORIZONS,
        following=asked.query(cursor=following) if following else None,
        chosen=chosen,
        all_ticked=all_ticked,
        to_do=_TO_DO,
        errors=errors,
    )


def _day(written: str | None) -> date | None:
    """The day that was asked for.

    Raises:
        Invalid: `no_day`.
    """
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Invalid("no_day", "Write the day as year, month and day, such as 2027-03-01.") from None


@post("/expiring/acknowledge", sync_to_thread=True, **takes_form(ENTRY.permission))
def acknowledge_chosen(
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    of: Of = "papers",
    within: Within = 30,
    until: ByDay = None,
    cursor: Cursor = None,
) -> Response[Any]:
    """Say of all that were chosen that somebody has them in hand: of all of them, or of none."""
    asked, chosen = Asked(of, within, until or None, cursor), form.under("notice:")
    try:
        said = _acknowledge(call, chosen)
    except (Conflict, Unfilled) as problem:
        status = 409 if isinstance(problem, Conflict) else 422
        with call.acting() as acting:
            return _list(acting, desk, asked, chosen=chosen, errors={"chosen": problem.sentence}, status=status)
    return desk.on_to(f"/expiring?{asked.query()}", said)


def _acknowledge(call: Call, chosen: Collection[str]) -> str:
    """All of them, or none; the word for what that comes to."""
    if not chosen:
        raise Unfilled("not_filled_in", "Choose at least one line.", {})
    try:
        ids = [UUID(one) for one in chosen]
    except ValueError:
        raise Unfilled("not_filled_in", "This page is not as it was sent; load it again.", {}) from None
    with call.acting() as acting:
        answers.acknowledge(acting, ids, "api")
        return _said(len(ids), answers.last_of(acting, ids))


def _said(number: int, last: int) -> str:
    """The word by which a page says it of so many, after some of which no reminder comes."""
    counted = f"acknowledged_{number}" if 1 < number <= SHOWN else "acknowledged"
    return counted if not last else f"{counted}_last" if last == number else f"{counted}_some"


# ------------------------------------------------------------------------------------------------ one


@get("/expiring/{document_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def look(document_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show one paper: what it means for the person's work, everybody who was told, and what can be answered."""
    with call.acting() as acting:
        return _one(acting, desk, document_id)


def _one(
    acting: Acting, desk: Desk, document_id: UUID, *, errors: Mapping[str, str] = NOTHING, status: int = 200
) -> Response[str]:
    line = line_of(outlook.look_at(acting, document_id), desk.call.who, can_all=desk.may("cases.write"))
    told = of_paper.explain(acting, document_id).sentences if desk.may("notices.read") else []
    return desk.page(
        acting,
        "ending.html",
        status=status,
        line=line,
        days=_snoozes(acting, line),
        because=[readable(one) for one in told],
        errors=errors,
        told_after=TOLD_AFTER,
        to_do=_TO_DO,
    )


def _snoozes(acting: Acting, line: Line) -> list[date]:
    """The days to which it can be snoozed: those before the next lead time comes."""
    last = answers.latest(acting, [line.notice.notice_id]) if line.notice else None
    if last is None:
        return []
    zone = ZoneInfo(accounts.own_firm(acting).time_zone)
    ahead = (last.astimezone(zone).date() - line.today).days
    return [line.today + timedelta(days=one) for one in range(1, ahead) if one <= _EACH_DAY or one % 7 == 0]


@post("/expiring/{document_id:uuid}/acknowledge", sync_to_thread=True, **takes_form(ENTRY.permission))
def acknowledge(
    document_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Say that somebody has it in hand."""
    try:
        with call.acting() as acting:
            notice = form.read(Which).notice
            answers.check_paper(acting, notice, document_id)
            answers.acknowledge(acting, [notice], "api")
            said = _said(1, answers.last_of(acting, [notice]))
    except Conflict as problem:
        return _again(call, desk, document_id, {"answer": problem.sentence}, 409)
    return desk.on_to(f"/expiring/{document_id}", said)


@post("/expiring/{document_id:uuid}/snooze", sync_to_thread=True, **takes_form(ENTRY.permission))
def snooze(
    document_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Have its recipient told again on a day of the firm's."""
    try:
        later = form.read(Later)
        with call.acting() as acting:
            answers.check_paper(acting, later.notice, document_id)
            midnight = datetime.combine(later.day, time(), ZoneInfo(accounts.own_firm(acting).time_zone))
            answers.snooze(acting, [later.notice], midnight, "api")
    except Unfilled as problem:
        return _again(call, desk, document_id, problem.faults, 422)
    except Invalid as problem:
        return _again(call, desk, document_id, {"day": problem.sentence}, 422)
    except Conflict as problem:
        return _again(call, desk, document_id, {"answer": problem.sentence}, 409)
    return desk.on_to(f"/expiring/{document_id}", "snoozed")


def _again(call: Call, desk: Desk, document_id: UUID, errors: Mapping[str, str], status: int) -> Response[str]:
    with call.acting() as acting:
        return _one(acting, desk, document_id, errors=errors, status=status)


HANDLERS = (browse, acknowledge_chosen, look, acknowledge, snooze)
