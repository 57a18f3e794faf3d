"""A value is corrected by hand, which pins it, and the pin taken out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.people import clients
from gateway.domain.people.fields import FIELDS, Field
from gateway.errors import Faulty, NotFound, Outdated
from gateway.office import Acting
from gateway.values import dates
from gateway.values.base import BadValue
from gateway.web.calls import Call, may
from gateway.web.console.clients.looking import name_of, person_page
from gateway.web.console.clients.sources import label, sources_of, value_of
from gateway.web.console.forms import Form, Unfilled, taken, takes_form
from gateway.web.console.page import Desk
from gateway.web.forms import stored
from gateway.web.people import ClientDetails, ClientFields
from gateway.web.texts import Name
from gateway.web.versions import expected

SAID = {
    "corrected": "Written, and pinned: files leave this value alone until the pin is taken out.",
    "unpinned": "The pin is out. The next file that says something else changes the value.",
}
_FASTER = "Somebody changed this person since you looked. Compare both values; pressing again writes yours."
_FORMS = {
    "date": (
        "Write the day as year-month-day, such as 2026-05-01, or with the month’s name, such as May 1, 2026;"
        " 05/04/2026 could be two days."
    ),
    "number": "Write a number such as 98500.50, without separators.",
    "integer": "Write a whole number; a year has four digits.",
}
_shown_day = dates.day(["%b %d, %Y", "%B %d, %Y"])  # no month in digits, which could be a day
_TOO_LONG = "It is too long, or holds what cannot be stored."


@get("/clients/{client_id:uuid}/values/{field:str}", sync_to_thread=True, **may("clients.write"))
def ask(
    client_id: FromPath[UUID], field: FromPath[Name], call: NamedDependency[Call], desk: NamedDependency[Desk]
) -> Response[str]:
    """Ask what a value should be."""
    with call.acting() as acting:
        return _asked(acting, desk, client_id, field)


@post("/clients/{client_id:uuid}/values/{field:str}", sync_to_thread=True, **takes_form("clients.write"))
def correct(
    client_id: FromPath[UUID],
    field: FromPath[Name],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Write a value by hand; where somebody was faster, both are shown, and it is asked again."""
    text = form.fields.get(field, "")
    try:
        values = _read(field, text)
        with call.acting() as acting:
            clients.change(acting, client_id, values, expected(form.fields.get("version", "")))
    except Faulty as problem:
        with call.acting() as acting:
            return _asked(acting, desk, client_id, field, text, errors=problem.faults)
    except Outdated:
        with call.acting() as acting:
            if not _stands(acting, client_id, values):
                return _asked(acting, desk, client_id, field, text, errors={field: _FASTER})
    return desk.on_to(f"/clients/{client_id}", "corrected")


@post("/clients/{client_id:uuid}/values/{field:str}/unpin", sync_to_thread=True, **takes_form("clients.write"))
def unpin(
    client_id: FromPath[UUID],
    field: FromPath[Name],
    form: NamedDependency[Form],
    call: NamedDependency[Call],
    desk: NamedDependency[Desk],
) -> Response[Any]:
    """Let files change a value again; a pin that is out already is out."""
    try:
        with call.acting() as acting:
            clients.unpin(acting, client_id, field, expected(form.fields.get("version", "")))
    except (NotFound, Outdated) as problem:
        with call.acting() as acting:
            if field in clients.view(acting, client_id).pins:
                return person_page(acting, desk, client_id, status=412, errors={f"value-{field}": problem.sentence})
    return desk.on_to(f"/clients/{client_id}", "unpinned")


def _read(name: str, text: str) -> dict[str, object]:
    """A value as it is stored; an empty text clears it.

    Raises:
        Faulty: it cannot be so.
    """
    holds = _field(name).holds
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    value: Any = (lines or None) if holds == "words" else (text.strip() or None)
    if holds == "date" and value:
        value = _iso(value)
    try:
        body = taken({name: value}, ClientFields, strict=holds != "integer")
    except Faulty as problem:
        raise Unfilled(problem.code, problem.sentence, {name: _FORMS.get(holds, _TOO_LONG)}) from problem
    return stored("client", body)


def _iso(text: str) -> str:
    """A day as pages show it, in ISO 8601; any other text as it stands, for its field to judge."""
    try:
        return _shown_day(text).isoformat()
    except BadValue:
        return text


def _field(name: str) -> Field:
    if name not in ClientFields.__struct_fields__:
        raise NotFound("field of a client", name)
    return FIELDS["client"][name]


def _stands(acting: Acting, client_id: UUID, values: Mapping[str, object]) -> bool:
    """Whether what was to be written stands there already, as after pressing twice."""
    client = clients.view(acting, client_id)
    return all(name in client.pins and getattr(client, name) == value for name, value in values.items())


def _asked(
    acting: Acting,
    desk: Desk,
    client_id: UUID,
    name: str,
    written: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    field = _field(name)
    client = clients.view(acting, client_id)
    person = ClientDetails.of(client, acting.cipher)
    is_late = (errors or {}).get(name) == _FASTER
    return desk.page(
        acting,
        "client_value.html",
        status=412 if is_late else 422 if errors else 200,
        person=person,
        name=name_of(person),
        field=field,
        label=label(name),
        value=value_of(person, name, sources_of(acting, client_id)),
        choices=sorted(field.choices or ()),
        written=written,
        is_late=is_late,
        errors=errors or {},
    )


HANDLERS = (ask, correct, unpin)
