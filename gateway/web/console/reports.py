"""Reports: what there is, each with its filters and first rows, as a file at once, or ordered where it takes long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from gateway import clock
from gateway.domain.access import accounts
from gateway.domain.partners import homes
from gateway.errors import Invalid
from gateway.office import Acting
from gateway.reports import REPORTS, Filters, orders
from gateway.reports.filters import described, filters_of
from gateway.reports.report import USUAL, Report
from gateway.reports.taking import MOST_DRAWN, Looked, looked_into, report_named
from gateway.web.api.reports import OrderView
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form, takes_form
from gateway.web.console.page import Desk, Entry
from gateway.web.console.plots.reported import Picture, picture

ENTRY = Entry("Reports", "/reports", USUAL)
SAID = {"ordered": "Ordered. It is being made; this page says when it is there."}
SHOWN = 100
NOTHING = Looked((), None)
_FORMS = ("csv", "xlsx", "json")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_LAST = frozenset({"until"})  # filters that end a period: of a day, its end is meant


class Field(NamedTuple):
    """One filter as the page asks for it.

    Attributes:
        kind: of the input: `text`, `date`, `number`; `choice` has `words`.
        value: what was asked for, as it was written.
    """

    name: str
    hint: str
    kind: str
    words: Sequence[str]
    value: str


class Ordered(Struct, frozen=True):
    """In which form a report is wanted."""

    format: Annotated[str, Meta(pattern="^(csv|xlsx|json)$")] = "csv"


@get("/reports", sync_to_thread=True, **may(ENTRY.permission))
def browse(call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """List the reports that somebody may take out."""
    with call.acting() as acting:
        mine = {name: report for name, report in REPORTS.items() if desk.may(report.permission)}
        return desk.page(acting, "reports.html", reports=mine)


@get("/reports/{name:str}", sync_to_thread=True, **may(ENTRY.permission))
def look(
    name: FromPath[str], call: NamedDependency[Call], desk: NamedDependency[Desk], request: Request[Any, Any, State]
) -> Response[str]:
    """Show the first rows of a report, narrowed to what was asked for; that they were looked at is on record."""
    report = report_named(name)
    given = {key: text.strip() for key, text in request.query_params.items() if text.strip()}
    with call.acting() as acting:
        try:
            asked = _asked(acting, report, given)
            found = looked_into(acting, name, asked, SHOWN + 1)
        except Invalid as problem:
            return _page(acting, desk, name, given, status=422, errors=_errors(report, problem))
        return _page(acting, desk, name, given, found=found, exact=_exact(acting, report, given))


@post("/reports/{name:str}", sync_to_thread=True, **takes_form(ENTRY.permission))
def order(
    name: FromPath[str], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Have a report made that takes long."""
    report, given = report_named(name), form.under("filter:")
    wanted = form.read(Ordered)
    with call.acting() as acting:
        try:
            made = orders.place(acting, name, _asked(acting, report, given), wanted.format)
        except Invalid as problem:
            return _page(acting, desk, name, given, status=422, errors=_errors(report, problem))
    return desk.on_to(f"/reports/orders/{made.id}", "ordered")


@get("/reports/orders/{order_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def follow(order_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Say how far an ordered report is, and where it lies."""
    with call.acting() as acting:
        made = OrderView.of(orders.look(acting, order_id))
        return desk.page(acting, "report_order.html", order=made, title=REPORTS[made.report].title)


# ------------------------------------------------------------------------------------------------ what is asked for


def _asked(acting: Acting, report: Report, given: Mapping[str, str]) -> Filters:
    return filters_of(report.filters, _exact(acting, report, given))


def _exact(acting: Acting, report: Report, given: Mapping[str, str]) -> Mapping[str, str]:
    """The same as the API has it: a day is the firm's, from its beginning, or to its end."""
    zone = ZoneInfo(accounts.own_firm(acting).time_zone)
    instants = {one.name for one in described(report.filters) if one.schema.get("format") == "date-time"}
    return {
        name: _instant(text, zone, name in _LAST) if name in instants and _DAY.fullmatch(text) else text
        for name, text in given.items()
    }


def _instant(text: str, zone: ZoneInfo, is_last: bool) -> str:
    try:
        day = date.fromisoformat(text) + timedelta(days=is_last)
        return datetime.combine(day, time(), zone).isoformat()
    except (ValueError, OverflowError):
        return text  # which the filter refuses in its own words


def _errors(report: Report, problem: Invalid) -> Mapping[str, str]:
    """At which filter a sentence stands; of what is of none, at the button."""
    name, _, rest = problem.sentence.partition(": ")
    known = {one.name for one in described(report.filters)}
    return {name: rest} if name in known else {"show": problem.sentence}


def _fields(acting: Acting, report: Report, given: Mapping[str, str]) -> list[Field]:
    found = []
    for one in described(report.filters):
        words = sorted(homes.slugs(acting)) if one.name == "partner" else one.words
        found.append(
            Field(
                one.name,
                str(one.schema.get("description", "")),
                _kind(one.schema, words),
                words,
                given.get(one.name, ""),
            )
        )
    return found


def _kind(schema: Mapping[str, Any], words: Sequence[str]) -> str:
    if words:
        return "choice"
    if schema.get("format") in {"date", "date-time"}:
        return "date"
    return "number" if schema.get("type") == "integer" else "text"


def _page(
    acting: Acting,
    desk: Desk,
    name: str,
    given: Mapping[str, str],
    *,
    found: Looked = NOTHING,
    exact: Mapping[str, str] | None = None,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    report = REPORTS[name]
    files = {form: f"/v1/reports/{name}?{urlencode({'format': form, **(exact or {})})}" for form in _FORMS}
    return desk.page(
        acting,
        "report.html",
        status=status,
        name=name,
        report=report,
        fields=_fields(acting, report, given),
        given=given,
        now=clock.now(),
        rows=found.rows[:SHOWN],
        is_cut=len(found.rows) > SHOWN,
        picture=_picture(acting, report, found),
        most_drawn=MOST_DRAWN if report.plot and found.rows and found.cells is None else None,
        files={} if errors else files,
        errors=errors or {},
    )


def _picture(acting: Acting, report: Report, found: Looked) -> Picture | None:
    """What the report says is to be drawn of all its rows, where they are not too many."""
    if report.plot is None or found.cells is None:
        return None
    zone = accounts.own_firm(acting).time_zone
    return picture(report.plot, found.cells, zone, clock.day_in(zone, clock.now()))


HANDLERS = (browse, look, order, follow)
