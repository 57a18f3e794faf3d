"""Reports: what there is, and each of them as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import IO, Annotated, Any, Literal, cast
from uuid import UUID

from litestar import Request, Response, Router, get, post, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIType, Operation, Parameter, Schema
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from gateway.reports import REPORTS, orders
from gateway.reports.filters import Described, described, filters_of
from gateway.reports.report import Report
from gateway.reports.taking import MOST_AT_ONCE, report_named, take_out
from gateway.reports.writers import FORMS
from gateway.web.attachments import attached
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.texts import Text

Form = Annotated[Literal["csv", "xlsx", "json"], QueryParameter(name="format")]

_IN_MEMORY = 4 << 20
_FORMAT = "format"  # a parameter that is no filter
_LIMITS = {
    "maxLength": "max_length",
    "pattern": "pattern",
    "enum": "enum",
    "minimum": "minimum",
    "maximum": "maximum",
}  # of JSON Schema, as the framework has them


class FilterView(Struct, frozen=True):
    """What a report may be narrowed to: a query parameter, and the JSON Schema of its values."""

    name: str
    schema: dict[str, Any]


class ReportView(Struct, frozen=True):
    """One report that can be had; `purpose` says for whom or what, in a sentence."""

    name: str
    title: str
    purpose: str
    columns: list[str]
    filters: list[FilterView]


class NewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which form a report is wanted, and what it is narrowed to."""

    format: Literal["csv", "xlsx", "json"] = "csv"
    filters: dict[str, Text] = {}


class OrderView(Struct, frozen=True, kw_only=True):
    """How far an ordered report is.

    Attributes:
        rows: written so far.
        problem: why there is none.
        file: where to fetch it once it is ready.
    """

    order_id: UUID
    report: str
    format: str
    state: orders.State
    rows: int
    size: int | None
    problem: str | None
    ordered_at: datetime
    expires_at: datetime | None
    file: str | None

    @classmethod
    def of(cls, order: orders.Order) -> OrderView:
        """An order as its owner sees it."""
        return cls(
            order_id=order.id,
            report=order.report,
            format=order.form,
            state=order.state,
            rows=order.rows,
            size=order.size,
            problem=order.problem,
            ordered_at=order.ordered_at,
            expires_at=order.expires_at,
            file=f"/v1/reports/orders/{order.id}/file" if order.state == "ready" else None,
        )


@get("/", sync_to_thread=False, **may("reports.read"))
def list_reports(call: NamedDependency[Call]) -> list[ReportView]:  # noqa: ARG001 - asked for so that somebody is known
    """List the reports."""
    return [
        ReportView(
            name,
            report.title,
            report.purpose,
            list(report.columns),
            [FilterView(one.name, dict(one.schema)) for one in described(report.filters)],
        )
        for name, report in REPORTS.items()
    ]


def _described(name: str) -> type[Operation]:
    """An operation with the filters of a report as parameters of its query."""

    @dataclass
    class Filtered(Operation):
        def __post_init__(self) -> None:
            self.summary = f"Fetch {name}"
            own = [_parameter(one) for one in described(REPORTS[name].filters)]
            self.parameters = [*(self.parameters or []), *own]

    return Filtered


def _parameter(one: Described) -> Parameter:
    limits = {ours: one.schema[theirs] for theirs, ours in _LIMITS.items() if theirs in one.schema}
    kind = OpenAPIFormat(one.schema["format"]) if "format" in one.schema else None
    schema = Schema(type=OpenAPIType(one.schema.get("type", "string")), format=kind, **limits)
    return Parameter(name=one.name, param_in="query", description=one.schema["description"], schema=schema)


def _fetching(name: str, report: Report) -> HTTPRouteHandler:
    """A route for each report, for each has filters of its own."""

    @get(f"/{name}", sync_to_thread=True, operation_class=_described(name), **may(report.permission))
    def get_report(
        call: NamedDependency[Call], state: State, request: Request[Any, Any, State], form: Form = "csv"
    ) -> Stream:
        """Fetch a report about the caller's firm; for a partner, about itself alone.

        Another filter than its own is refused (422 `unknown_filter`). Of more than 50,000 rows: 422 `report_too_long`.
        A workbook takes ten times as long as the other forms: 429 `too_many_at_once` while the caller has one being
        made.
        """
        given = {key: value for key, value in request.query_params.items() if key != _FORMAT}
        asked = filters_of(report.filters, given)  # before anybody waits
        heavy: Bulkhead = state.heavy
        room = heavy.within(name_of(call.who)) if form == "xlsx" else nullcontext()
        with room, ExitStack() as undo, call.acting() as acting:  # which must not stay open for a slow reader
            out = cast("IO[bytes]", undo.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY)))
            take_out(acting, name, asked, form, out, most=MOST_AT_ONCE)
            undo.pop_all()  # it is closed once it has been sent
        return attached(out, f"{name}.{form}", FORMS[form].media_type)

    return get_report


def _ordering(name: str, report: Report) -> HTTPRouteHandler:
    @post(f"/{name}", status_code=202, sync_to_thread=True, **may(report.permission))
    def order_report(call: NamedDependency[Call], data: JSONBody[NewOrder]) -> Response[OrderView]:
        """Order a report that takes long; `Location` says where to look how far it is.

        `filters` are those of the report, as text. It is made within the caller's walls, can be fetched by the caller
        alone for a day, and goes when a person is erased whom it may name.
        """
        asked = filters_of(report.filters, data.filters)
        with call.acting() as acting:
            view = OrderView.of(orders.place(acting, name, asked, data.format))
        return Response(view, status_code=202, headers={"Location": f"/v1/reports/orders/{view.order_id}"})

    return order_report


@route("/{name:str}", http_method=["GET", "POST"], sync_to_thread=False, include_in_schema=False, **may("reports.read"))
def name_none(name: FromPath[str], call: NamedDependency[Call]) -> None:  # noqa: ARG001 - as of `list_reports`
    """Say that there is no such report, and which one was probably meant."""
    report_named(name)


@get("/orders/{order_id:uuid}", sync_to_thread=True, **may("reports.read"))
def get_order(order_id: FromPath[UUID], call: NamedDependency[Call]) -> OrderView:
    """See how far an ordered report is: waiting, running, ready, failed or gone."""
    with call.acting() as acting:
        return OrderView.of(orders.look(acting, order_id))


@get("/orders/{order_id:uuid}/file", sync_to_thread=True, **may("reports.read"))
def get_ordered_report(order_id: FromPath[UUID], call: NamedDependency[Call]) -> Stream:
    """Fetch a report that lies ready; 409 `report_not_ready` before that, 410 `report_gone` after a day."""
    with call.acting() as acting:
        ready = orders.fetch(acting, order_id)
    headers = {"Content-Disposition": f'attachment; filename="{ready.name}"', "Content-Length": str(ready.size)}
    return Stream(_begun(ready.chunks), media_type=ready.media_type, headers=headers)


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, once the first piece is there: what cannot be read is told by a status, not by half an answer."""
    return chain([next(chunks, b"")], chunks)


router = Router(
    "/reports",
    route_handlers=[
        list_reports,
        *(make(name, report) for name, report in REPORTS.items() for make in (_fetching, _ordering)),
        name_none,
        get_order,
        get_ordered_report,
    ],
    tags=["reports"],
)
