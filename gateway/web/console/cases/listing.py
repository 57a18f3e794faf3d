"""The list of cases: those of whoever looks, by deadline, then all of them, the newest first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.domain.access.permissions import ATTORNEY
from gateway.domain.assignment import history
from gateway.domain.assignment.time_off import today_of
from gateway.domain.partners import homes
from gateway.domain.people import cases, naming
from gateway.domain.rules import vocabulary
from gateway.office import Acting
from gateway.web.api.cases import CaseView
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk, Entry
from gateway.web.forms import check_words
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.texts import ByPartner, Search, Word

ENTRY = Entry("Cases", "/cases", "cases.read")
SHOWN = 50
STATUSES = ("open", *cases.OUTCOMES)
_ID = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$"  # empty: as a form says "any"
OfClient = Annotated[str | None, QueryParameter(name="client", pattern=_ID)]
OfAttorney = Annotated[str | None, QueryParameter(name="attorney", pattern=_ID)]
OfType = Annotated[str | None, QueryParameter(name="type", max_length=100, pattern=r"^[^\x00]*$")]


@get("/cases", sync_to_thread=True, **may(ENTRY.permission))
def browse(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    status: Word = None,
    stage: Word = None,
    type_: OfType = None,
    client: OfClient = None,
    attorney: OfAttorney = None,
    partner: ByPartner = None,
    number: Search = None,
    cursor: Cursor = None,
) -> Response[str]:
    """List cases, the newest first; those of whoever looks stand above them, the next deadline first."""
    asked = {"status": status, "stage": stage, "type": type_, "client": client, "attorney": attorney}
    asked |= {"partner": partner, "number": number}
    given = {name: text for name, text in asked.items() if text}
    with call.acting() as acting:
        return _list(acting, desk, given, cursor)


def _list(acting: Acting, desk: Desk, given: Mapping[str, str], cursor: str | None) -> Response[str]:
    found = page_of(cases.look_through(acting, _filter(given), paging(cursor, SHOWN)), CaseView.of, SHOWN)
    is_first = cursor is None and not given
    mine = [CaseView.of(one) for one in cases.mine(acting)] if is_first else []
    following = found.pagination.next_cursor
    client = UUID(given["client"]) if "client" in given else None
    return desk.page(
        acting,
        "cases.html",
        found=found.data,
        mine=mine,
        has_own=is_first and (bool(mine) or desk.call.who.role == ATTORNEY),
        wanted=given,
        client=client,
        people=naming.names_of(acting, [client, *(one.client_id for one in [*mine, *found.data])]),
        attorneys={str(one): who.name for one, who in history.names_of(acting.session).items()},
        partners=sorted(homes.slugs(acting)),
        statuses=STATUSES,
        stages=list(vocabulary("stages").words),
        types=list(vocabulary("case_types").words),
        today=today_of(acting.session),
        following=f"/cases?{urlencode({**given, 'cursor': following})}" if following else None,
    )


def _filter(given: Mapping[str, str]) -> cases.CaseFilter:
    """As the API takes it.

    Raises:
        Unfit: there is no such word.
    """
    check_words("case", status=given.get("status"), stage=given.get("stage"), case_type=given.get("type"))
    ids = {f"{name}_id": UUID(given[name]) for name in ("client", "attorney") if name in given}
    words = {name: given.get(name) for name in ("status", "stage", "partner", "number")}
    return cases.CaseFilter(**words, **ids, case_type=given.get("type"))  # type: ignore[arg-type]  # by their names


HANDLERS = (browse,)
