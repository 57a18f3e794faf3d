"""One person: what runs and ends first, each value with its source, and the history of all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway import clock
from gateway.db.paging import Paging
from gateway.domain.access import accounts
from gateway.domain.eligibility import docket
from gateway.domain.expiry.authorization import Authorization
from gateway.domain.expiry.looking import look_up
from gateway.domain.people import clients, histories, walls
from gateway.office import Acting
from gateway.web.api.histories import Act
from gateway.web.calls import Call, may
from gateway.web.console.clients import sources
from gateway.web.console.clients.browsing import ENTRY, partners
from gateway.web.console.clients.runs import SOON, case_called, in_days, names_of, running
from gateway.web.console.clients.sources import groups_of, sources_of
from gateway.web.console.eligibility.lines import CheckLine, line_of
from gateway.web.console.page import Desk
from gateway.web.console.told import readable
from gateway.web.pages import Cursor, page_of, paging
from gateway.web.people import ClientDetails

NOTHING: Mapping[str, str] = {}
SHOWN, CHECKS = 50, 3


@get("/clients/{client_id:uuid}", sync_to_thread=True, **may(ENTRY.permission))
def look(client_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Show a person; that it was looked at is on record."""
    with call.acting() as acting:
        return person_page(acting, desk, client_id)


def person_page(
    acting: Acting,
    desk: Desk,
    client_id: UUID,
    *,
    status: int = 200,
    filled: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
) -> Response[str]:
    """The page of a person, with what was filled in on it and cannot be taken."""
    person = ClientDetails.of(clients.view(acting, client_id), acting.cipher)
    partner = partners(acting).get(person.partner_id, "")
    common: dict[str, Any] = {"person": person, "name": name_of(person), "partner": partner}
    if person.erased_at:
        return desk.page(acting, "client_erased.html", status=status, **common)
    known = sources_of(acting, client_id)
    today = clock.day_in(accounts.own_firm(acting).time_zone, clock.now())
    runs = running(acting, desk, client_id, today, known.files)
    return desk.page(
        acting,
        "client.html",
        status=status,
        **common,
        permitted=_permitted(acting, desk, client_id),
        runs=runs,
        spans=runs.spans(today),
        is_reminded=_is_reminded(person, today),
        today=today,
        readable=readable,
        in_days=in_days,
        case_called=case_called,
        soon=SOON,
        checks=_checks(acting, desk, client_id),
        groups=groups_of(person, known),
        shows_lines=_shows_lines(acting, person),
        filled=filled,
        errors=errors,
    )


def name_of(person: ClientDetails) -> str:
    """What a person is called; by the partner's key where no name is known, and what is left of erased ones."""
    if person.erased_at:
        return "an erased person"
    parts = (person.given_name, person.middle_name, person.family_name)
    return " ".join(one for one in parts if one) or person.employee_id or "a person without a name"


def _is_reminded(person: ClientDetails, today: date) -> bool:
    """Whether anybody is told of the person's papers, so that each has a page that says who was."""
    is_here = person.termination_date is None or person.termination_date >= today
    return person.status == "active" and person.enrollment_status == "active" and is_here


def _permitted(acting: Acting, desk: Desk, client_id: UUID) -> tuple[date, Authorization] | None:
    return look_up(acting, client_id) if desk.may("documents.read") else None


def _shows_lines(acting: Acting, person: ClientDetails) -> bool:
    """Whether no wall keeps whoever asks from the lines of the partner's files, where others are named too."""
    return not walls.screens(acting.session, person.partner_id)


def _checks(acting: Acting, desk: Desk, client_id: UUID) -> Sequence[CheckLine]:
    """The newest, as far as whoever asks may see them; that they were seen is on record."""
    if not desk.may("checks.read"):
        return ()
    found = docket.listed(acting, docket.CheckFilter(client_id), Paging(CHECKS))
    return [line_of(one) for one in found.rows]


@get("/clients/{client_id:uuid}/history", sync_to_thread=True, **may(ENTRY.permission))
def look_back(
    client_id: FromPath[UUID], call: NamedDependency[Call], desk: NamedDependency[Desk], cursor: Cursor = None
) -> Response[str]:
    """Show what changed of a person, its cases and papers, the newest first."""
    with call.acting() as acting:
        person = ClientDetails.of(clients.view(acting, client_id), acting.cipher)
        found = histories.look_through(acting, client_id, paging(cursor, SHOWN))
        page = page_of(found.entries, lambda one: Act.of(one, found.files), SHOWN)
        return desk.page(
            acting,
            "client_history.html",
            person=person,
            name=name_of(person),
            acts=page.data,
            names=names_of(acting, desk, client_id),
            place=sources.place,
            line_of=sources.line_of,
            shows_lines=_shows_lines(acting, person),
            label=sources.label,
            following=page.pagination.next_cursor,
            is_first=cursor is None,
        )


HANDLERS = (look, look_back)
