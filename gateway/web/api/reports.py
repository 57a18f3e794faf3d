"""Reports: what there is, and each of them as a file."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, nullcontext
from typing import IO, Annotated, Literal, cast

from litestar import Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from gateway.reports import REPORTS, Filters
from gateway.reports.taking import report_named, take_out
from gateway.reports.writers import FORMS
from gateway.web.attachments import attached
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.instants import Instant, instant_of

Form = Annotated[Literal["csv", "xlsx", "json"], QueryParameter(name="format")]
PartnerName = Annotated[
    str | None, QueryParameter(max_length=63, pattern=r"^[^\x00]*$", description="About this partner only.")
]
Since = Annotated[Instant | None, QueryParameter(description="What arrived at this instant or later.")]

_IN_MEMORY = 4 << 20


class ReportView(Struct, frozen=True):
    """One report that can be had."""

    name: str
    title: str
    columns: list[str]


@get("/", sync_to_thread=False, **may("reports.read"))
def list_reports(call: NamedDependency[Call]) -> list[ReportView]:  # noqa: ARG001 - asked for so that somebody is known
    """List the reports."""
    return [ReportView(name, report.title, list(report.columns)) for name, report in REPORTS.items()]


@get("/{name:str}", sync_to_thread=True, **may("reports.read"))
def get_report(
    name: FromPath[str],
    call: NamedDependency[Call],
    state: State,
    form: Form = "csv",
    partner: PartnerName = None,
    since: Since = None,
) -> Stream:
    """Fetch a report about the caller's firm; for a partner, about itself alone.

    A workbook takes ten times as long as the other forms: 429 `too_many_at_once` while the caller has one being made.
    """
    report_named(name)  # before anybody waits
    asked = Filters(partner, instant_of(since, "since"))
    heavy: Bulkhead = state.heavy
    room = heavy.within(name_of(call.who)) if form == "xlsx" else nullcontext()
    with room, ExitStack() as undo, call.acting() as acting:  # which must not stay open for a slow reader
        out = cast("IO[bytes]", undo.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY)))
        take_out(acting, name, asked, form, out)
        undo.pop_all()  # it is closed once it has been sent
    return attached(out, f"{name}.{form}", FORMS[form].media_type)


router = Router("/reports", route_handlers=[list_reports, get_report], tags=["reports"])
