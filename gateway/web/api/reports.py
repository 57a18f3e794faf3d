"""Reports: what there is, and each of them as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from typing import IO, Annotated, Literal, cast

from litestar import Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.models import Partner
from gateway.domain.audit import Change, write
from gateway.errors import NotFound
from gateway.reports import REPORTS, Filters
from gateway.reports.writers import FORMS
from gateway.web.bulkheads import Bulkhead, name_of
from gateway.web.calls import Call, may
from gateway.web.instants import Instant, instant_of
from gateway.web.problems import Rejected
from gateway.web.scoping import of_caller

Form = Annotated[Literal["csv", "xlsx", "json"], QueryParameter(name="format")]
PartnerName = Annotated[
    str | None, QueryParameter(max_length=63, pattern=r"^[^\x00]*$", description="About this partner only.")
]
Since = Annotated[Instant | None, QueryParameter(description="What arrived at this instant or later.")]

_IN_MEMORY = 4 << 20
_CHUNK = 1 << 16


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
    if name not in REPORTS:
        hint = nearest(name, REPORTS)
        raise Rejected(404, "not_found", f"There is no report {name!r}." + (f" Did you mean {hint!r}?" if hint else ""))
    arrived = instant_of(since, "since")
    heavy: Bulkhead = state.heavy
    room = heavy.within(name_of(call.who)) if form == "xlsx" else nullcontext()
    with room, ExitStack() as undo, call.firm() as session:  # which must not stay open for a slow reader
        slug = _partner(session, call, partner)
        change = Change("report", name, "read", new={"partner": slug})
        write(session, call.who.firm_id, call.actor, "report.read", changes=[change])
        out = cast("IO[bytes]", undo.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY)))
        FORMS[form].write(REPORTS[name], REPORTS[name].query(session, Filters(slug, arrived)), out)
        undo.pop_all()  # it is closed once it has been sent
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Stream(_sent(out), media_type=FORMS[form].media_type, headers=headers)


def _partner(session: Session, call: Call, slug: str | None) -> str | None:
    """The partner that it is about; None for all of the firm's.

    Raises:
        NotFound: there is no such partner in the caller's sight.
    """
    if slug is None and not call.who.is_partner:
        return None
    wanted = of_caller(call, select(Partner.slug), Partner.id)
    found = session.scalar(wanted.where(Partner.slug == slug) if slug else wanted)
    if found is None:
        raise NotFound("partner", slug or call.who.name)
    return found


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(_CHUNK):
            yield chunk


router = Router("/reports", route_handlers=[list_reports, get_report], tags=["reports"])
