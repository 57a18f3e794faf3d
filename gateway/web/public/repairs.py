"""The page of a link to rejected rows: who asks, for which file, until when; only its press opens the rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import HttpMethod, Request, Response, post, route
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.links import repairs
from gateway.domain.links.repairs import MOST_OPENINGS, PATH, Found
from gateway.office import Office
from gateway.web.auth import visits
from gateway.web.auth.crossing import refuse_foreign
from gateway.web.calls import OPEN
from gateway.web.console.page import seen
from gateway.web.console.visiting import HERE, SENT_CODES, sent_page
from gateway.web.public.pages import Form, Page, answer
from gateway.web.public.strangers import Strangers
from ingest.repairs import rows

_NONE = Page(
    title="There is no such link",
    lines=["Nothing is at this address. Look whether it was copied whole; nothing has changed."],
)
_ASKED = "The firm has been asked for a new link. It comes by e-mail, to the same address."
_WHY = {
    "revoked": "The firm has withdrawn it.",
    "replaced": "A newer link to the same rows was sent since; use that one.",
}
_LOOKING: dict[str, Any] = {"http_method": [HttpMethod.GET, HttpMethod.HEAD], "include_in_schema": False, **OPEN}


@route(f"{PATH}{{token:str}}", sync_to_thread=True, **_LOOKING)
def look(request: Request[Any, Any, State], token: FromPath[str], office: NamedDependency[Office]) -> Response[Any]:
    """Say what the link is for; nothing changes, for scanners of mail open it too."""
    found = _found(request, office, token)
    if found is None:
        return answer(_NONE, 404)
    return answer(*(_offer(office, found, token) if found.is_open else _over(found, token)))


@post(f"{PATH}{{token:str}}", status_code=303, sync_to_thread=True, include_in_schema=False, **OPEN)
def open_(request: Request[Any, Any, State], token: FromPath[str], office: NamedDependency[Office]) -> Response[Any]:
    """Let the browser in that pressed the button."""
    refuse_foreign(request)
    found = _found(request, office, token)
    if found is None:
        return answer(_NONE, 404)
    if not found.is_open or found.openings >= MOST_OPENINGS:
        return answer(*_over(found, token))
    with office.acting(found.firm_id, found.actor) as acting:
        rows.brief(acting, found.import_id)  # nobody spends an opening on rows that are gone
        opening = repairs.open_(acting, found.link_id)
    return seen(HERE, [visits.cookie_of(office.settings, opening)])


@post(f"{PATH}{{token:str}}/new", status_code=200, sync_to_thread=True, include_in_schema=False, **OPEN)
def ask(request: Request[Any, Any, State], token: FromPath[str], office: NamedDependency[Office]) -> Response[Any]:
    """Ask the firm for another link, where this one came too late."""
    refuse_foreign(request)
    found = _found(request, office, token)
    if found is None:
        return answer(_NONE, 404)
    if not _may_ask(found):
        return answer(*(_offer(office, found, token) if found.is_open else _over(found, token)))
    with office.acting(found.firm_id, found.actor) as acting:
        repairs.ask_again(acting, found.link_id)
    return answer(Page(title="The firm knows", lines=[_ASKED]))


def _found(request: Request[Any, Any, State], office: Office, token: str) -> Found | None:
    """The link in whose address this stands; a visitor's cookie is no address."""
    strangers: Strangers = request.app.state.strangers
    strangers.check(request)
    found = repairs.find(office, token)
    if found is None or found.visit_id is not None:
        strangers.missed(request)
        return None
    return found


def _may_ask(found: Found) -> bool:
    if found.ended_code is None:
        return not found.is_open or found.openings >= MOST_OPENINGS
    return found.ended_code == "revoked"


# ------------------------------------------------------------------------------------------------ in words


def _offer(office: Office, found: Found, token: str) -> tuple[Page, int]:
    if found.openings >= MOST_OPENINGS:
        return _over(found, token)
    with office.acting(found.firm_id, found.actor) as acting:
        file = rows.brief(acting, found.import_id)
    if not file.left:
        told = f"All rows of the file {file.file} that had to be put right were sent again."
        return Page(title="No row is left", lines=[told, "Nothing more is needed of you here."]), 200
    is_one, sent = file.left == 1, file.rejected - file.left
    number, it = _rows(file.left), "it" if is_one else "them"
    lines = [
        f"{found.firm} could not take {_rows(file.rejected)} of the file {file.file}, and asks you to put {it} right."
        if not sent
        else f"Of the file {file.file}, {found.firm} could not take {_rows(file.rejected)}: {sent:,} "
        f"{'was' if sent == 1 else 'were'} put right since and sent, {file.left:,} {'is' if is_one else 'are'} left.",
        f"You can do so here until {_day(found.expires_at, found)}, without an account.",
        f"You see {'this row' if is_one else 'these rows'} alone, and nothing is sent before you press Send.",
    ]
    form = Form(action=f"{PATH}{token}", button=f"Repair {number}")
    return Page(title=f"Repair {number}", lines=lines, form=form, after=_UNTOUCHED), 200


def _rows(number: int) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'}"


_UNTOUCHED = "If this is not for you, close this page: nothing changes until the button is pressed."


def _over(found: Found, token: str) -> tuple[Page, int]:
    """Why a link leads nowhere any more, and what there is to do."""
    if found.ended_code in SENT_CODES:
        return sent_page(found), 200
    if found.ended_code == "replaced":
        return Page(title="This link has ended", lines=[_WHY["replaced"], "Nothing has changed."]), 410
    why = _why(found)
    if found.asked_at is not None:
        return Page(title="This link has ended", lines=[why, _ASKED]), 410
    form = Form(action=f"{PATH}{token}/new", button="Ask the firm for a new one") if _may_ask(found) else None
    return Page(title="This link has ended", lines=[why], form=form), 410


def _why(found: Found) -> str:
    if found.ended_code == "revoked":
        return _WHY["revoked"]
    return (
        f"It was opened {MOST_OPENINGS} times, which is as often as it may be."
        if found.is_open
        else f"It could be used until {_day(found.expires_at, found)}."
    )


def _day(at: datetime, found: Found) -> str:
    day = at.astimezone(ZoneInfo(found.time_zone))
    return f"{day.day} {day:%B %Y}"


HANDLERS = (look, open_, ask)
