"""Reports: what there is, and each of them as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from typing import IO, Annotated, Any, Literal, cast

from litestar import Request, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Operation, Parameter, Schema
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from gateway.reports import REPORTS, Filters
from gateway.reports.filters import described, filters_of
from gateway.reports.taking import MOST_AT_ONCE, report_named, take_out
from gateway.reports.writers import FORMS
from gateway.web.attachments import attached
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may

Form = Annotated[Literal["csv", "xlsx", "json"], QueryParameter(name="format")]

_IN_MEMORY = 4 << 20
_FORMAT = "format"  # a parameter that is no filter
_LIMITS = {"maxLength": "max_length", "pattern": "pattern", "enum": "enum"}  # of JSON Schema, as the framework has them


class FilterView(Struct, frozen=True):
    """What a report may be narrowed to: a query parameter, and the JSON Schema of its values."""

    name: str
    schema: dict[str, Any]


class ReportView(Struct, frozen=True):
    """One report that can be had."""

    name: str
    title: str
    columns: list[str]
    filters: list[FilterView]


@dataclass
class _Filtered(Operation):
    """The filters of all reports as query parameters, for they depend on the report that is asked for."""

    def __post_init__(self) -> None:
        takers: dict[str, list[str]] = {}
        schemas: dict[str, Mapping[str, Any]] = {}
        for name, report in REPORTS.items():
            for one in described(report.filters):
                takers.setdefault(one.name, []).append(name)
                schemas.setdefault(one.name, one.schema)
        own = [_parameter(name, schema, takers[name]) for name, schema in schemas.items()]
        self.parameters = [*(self.parameters or []), *own]


def _parameter(name: str, schema: Mapping[str, Any], takers: list[str]) -> Parameter:
    limits = {ours: schema[theirs] for theirs, ours in _LIMITS.items() if theirs in schema}
    kind = OpenAPIFormat(schema["format"]) if "format" in schema else None
    told = "" if len(takers) == len(REPORTS) else f" Of {', '.join(takers)}."
    return Parameter(
        name=name,
        param_in="query",
        description=f"{schema['description']}{told}",
        schema=Schema(type=OpenAPIType.STRING, format=kind, **limits),
    )


@get("/", sync_to_thread=False, **may("reports.read"))
def list_reports(call: NamedDependency[Call]) -> list[ReportView]:  # noqa: ARG001 - asked for so that somebody is known
    """List the reports."""
    return [
        ReportView(
            name,
            report.title,
            list(report.columns),
            [FilterView(one.name, dict(one.schema)) for one in described(report.filters)],
        )
        for name, report in REPORTS.items()
    ]


@get("/{name:str}", sync_to_thread=True, operation_class=_Filtered, **may("reports.read"))
def get_report(
    name: FromPath[str],
    call: NamedDependency[Call],
    state: State,
    request: Request[Any, Any, State],
    form: Form = "csv",
) -> Stream:
    """Fetch a report about the caller's firm; for a partner, about itself alone.

    Each report has filters of its own; another one is refused (422 `unknown_filter`). Of more than 50,000 rows: 422
    `report_too_long`. A workbook takes ten times as long as the other forms: 429 `too_many_at_once` while the caller
    has one being made.
    """
    asked = _filters(name, request)  # before anybody waits
    heavy: Bulkhead = state.heavy
    room = heavy.within(name_of(call.who)) if form == "xlsx" else nullcontext()
    with room, ExitStack() as undo, call.acting() as acting:  # which must not stay open for a slow reader
        out = cast("IO[bytes]", undo.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY)))
        take_out(acting, name, asked, form, out, most=MOST_AT_ONCE)
        undo.pop_all()  # it is closed once it has been sent
    return attached(out, f"{name}.{form}", FORMS[form].media_type)


def _filters(name: str, request: Request[Any, Any, State]) -> Filters:
    given = {key: value for key, value in request.query_params.items() if key != _FORMAT}
    return filters_of(report_named(name).filters, given)


router = Router("/reports", route_handlers=[list_reports, get_report], tags=["reports"])
