"""What is done to a person as a whole: identifiers looked at, archived, taken back, erased for good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.people import clients
from gateway.domain.people.erasure import erase
from gateway.errors import Faulty, Outdated
from gateway.web.api.erasures import Erasure
from gateway.web.calls import Call
from gateway.web.console.clients.looking import name_of, person_page
from gateway.web.console.forms import Form, Unfilled, takes_form
from gateway.web.console.page import Desk
from gateway.web.people import ClientDetails
from gateway.web.versions import expected
from gateway.wings import ERASERS

SAID = {
    "archived": "Archived. The records stay, and files go on changing them.",
    "restored": "Taken back.",
    "erased": "Erased. Files that named this person are destroyed; those that wait for a decision wait on Today.",
}


@post("/clients/{client_id:uuid}/identifiers", status_code=200, sync_to_thread=True, **takes_form("clients.read"))
def reveal(
    client_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[str]:
    """Show sensitive identifiers in clear, on a page without an address of its own; who looked is on record."""
    with call.acting() as acting:
        person = ClientDetails.of(clients.view(acting, client_id), acting.cipher)
        found = clients.identifiers(acting, client_id)
        return desk.page(acting, "client_identifiers.html", person=person, name=name_of(person), found=found)


@post("/clients/{client_id:uuid}/archive", sync_to_thread=True, **takes_form("clients.archive"))
def archive(
    client_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Archive a person; somebody who is archived already stays so."""
    try:
        with call.acting() as acting:
            clients.archive(acting, client_id, expected(form.fields.get("version", "")))
    except Outdated as problem:
        with call.acting() as acting:
            if clients.view(acting, client_id).status != "archived":
                return person_page(acting, desk, client_id, status=412, errors={"archive": problem.sentence})
    return desk.on_to(f"/clients/{client_id}", "archived")


@post("/clients/{client_id:uuid}/restore", sync_to_thread=True, **takes_form("clients.archive"))
def restore(
    client_id: FromPath[UUID],
    form: NamedDependency[Form],  # noqa: ARG001 - it is there to be checked
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Take an archived person back."""
    with call.acting() as acting:
        clients.restore(acting, client_id)
    return desk.on_to(f"/clients/{client_id}", "restored")


@post("/clients/{client_id:uuid}/erase", sync_to_thread=True, **takes_form("clients.erase"))
def forget(
    client_id: FromPath[UUID], form: NamedDependency[Form], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Erase a person for good, once the name was typed."""
    try:
        with call.acting() as acting:
            person = ClientDetails.of(clients.view(acting, client_id), acting.cipher)
            reason = _meant(form, person)
            erase(acting, client_id, reason, ERASERS)
    except Faulty as problem:
        with call.acting() as acting:
            return person_page(acting, desk, client_id, status=422, filled=form.fields, errors=problem.faults)
    return desk.on_to(f"/clients/{client_id}", "erased")


def _meant(form: Form, person: ClientDetails) -> str:
    """Why this very person is to be erased.

    Raises:
        Unfilled: without a reason, or with another name.
    """
    reason, name = form.read(Erasure).reason, name_of(person)
    if not person.erased_at and _plain(form.fields.get("typed", "")) != _plain(name):
        raise Unfilled("not_filled_in", "The name is another one.", {"typed": f"Type the name as it is: {name}"})
    return reason


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


HANDLERS = (reveal, archive, restore, forget)
