"""Who did what: the audit log, narrowed by person, record, actor, action and days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.domain import audit
from gateway.domain.access import accounts
from gateway.domain.partners import homes
from gateway.office import Acting
from gateway.web.api.audit import Entry as Shown
from gateway.web.calls import Call, may
from gateway.web.console import recalled
from gateway.web.console.admin.parts import page
from gateway.web.console.page import Desk, Entry
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.texts import NO_NUL

ENTRY = Entry("Audit", "/audit", "audit.read", beneath="/admin")
SAID: Mapping[str, str] = {}
SHOWN = 50
_FILTERS = ("person", "record", "actor", "action", "from", "to")
_NO_ID = "This is no id: it looks like 0197a3c2-5e10-7c4e-9d2b-4f00000000c1, and stands in a record's address."
_NO_DAY = "Give a day such as 2026-05-01."

Asked = Annotated[str | None, QueryParameter(max_length=200, pattern=NO_NUL)]
First = Annotated[str | None, QueryParameter(name="from", max_length=200, pattern=NO_NUL)]


@get("/audit", sync_to_thread=True, **may(ENTRY.permission))
def look(
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
    person: Asked = None,
    record: Asked = None,
    actor: Asked = None,
    action: Asked = None,
    first: First = None,
    to: Asked = None,
    cursor: Cursor = None,
) -> Response[str]:
    """Show entries, the newest first; that somebody looked is an entry of its own."""
    given = dict(zip(_FILTERS, (person, record, actor, action, first, to), strict=True))
    asked = {name: text.strip() for name, text in given.items() if text and text.strip()}
    with call.acting() as acting:
        errors: dict[str, str] = {}
        wanted = _wanted(asked, ZoneInfo(accounts.own_firm(acting).time_zone), errors)
        if errors:
            return _page(acting, desk, asked, status=422, errors=errors)
        found = page_of(audit.look_through(acting, wanted, paging(cursor, SHOWN)), Shown.of, SHOWN)
        after = found.pagination.next_cursor
        following = f"/audit?{urlencode(asked | {'cursor': after})}" if after else None
        entries = recalled.told(found.data)
        named = recalled.names(acting, entries, desk.may)
        return _page(acting, desk, asked, entries=entries, named=named, following=following)


def _page(acting: Acting, desk: Desk, asked: Mapping[str, str], **told: Any) -> Response[str]:  # noqa: ANN401 - a template's
    return page(
        acting,
        desk,
        "audit.html",
        **{"entries": [], "named": {}, "following": None, "errors": {}} | told,
        asked={name: asked.get(name, "") for name in _FILTERS},
        is_narrowed=bool(asked),
        staff={str(one.id): one for one in accounts.everybody(acting)},
        partners=sorted(homes.slugs(acting)),
        actions=_by_thing(),
    )


def _wanted(asked: Mapping[str, str], zone: ZoneInfo, errors: dict[str, str]) -> audit.EntryFilter:
    """What is asked for; what cannot be read is named in `errors`. Days are the firm's, the last one included."""
    until = _day(asked, "to", errors)
    return audit.EntryFilter(
        person=_id(asked, "person", errors),
        record=_id(asked, "record", errors),
        actor=asked.get("actor"),
        action=asked.get("action"),
        from_=_midnight(_day(asked, "from", errors), zone),
        to=_midnight(until and until + timedelta(days=1), zone),
    )


def _id(asked: Mapping[str, str], name: str, errors: dict[str, str]) -> UUID | None:
    try:
        return UUID(asked[name]) if name in asked else None
    except ValueError:
        errors[name] = _NO_ID
        return None


def _day(asked: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    try:
        found = date.fromisoformat(asked[name]) if name in asked else None
    except ValueError:
        found = date.min
    if found and not date(1970, 1, 1) <= found <= date(9000, 1, 1):
        errors[name] = _NO_DAY
        return None
    return found


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _by_thing() -> Mapping[str, Sequence[str]]:
    """Every action, by what it is done to."""
    found: dict[str, list[str]] = defaultdict(list)
    for one in audit.ACTIONS:
        found[one.partition(".")[0]].append(one)
    return found


HANDLERS = (look,)
