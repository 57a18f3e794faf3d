"""The words of messages."""

from __future__ import annotations

from helpers.doors.base import Door, UseCase, asked_for, nothing
from helpers.inbox import SENDER
from outbound.notify.templates import firm as firm_texts


def firms_own_text(door: Door) -> None:
    with door.office.acting(door.firm_id, SENDER) as acting:
        firm_texts.change(acting, "expiry", "subject", "A firm's own")


def two_texts(door: Door) -> int:
    with door.office.acting(door.firm_id, SENDER) as acting:
        first = firm_texts.change(acting, "expiry", "subject", f"First, of {door.partner}").version
        firm_texts.change(acting, "expiry", "subject", "Second")
        return first


def dispatched(door: Door) -> str:
    asked = asked_for(door)
    [(dispatch_id,)] = door.inbox.sql("SELECT id FROM dispatches WHERE notification_id = %s", asked)
    return str(dispatch_id)


USE_CASES = {
    "list texts": UseCase(
        "templates list",
        [],
        nothing,
        lambda door, _: door.call("GET", "templates"),
        lambda door, _: door.call("templates", "list", "--firm", "northgate"),
    ),
    "show a text": UseCase(
        "templates show",
        [],
        nothing,
        lambda door, _: door.call("GET", "templates/expiry/text"),
        lambda door, _: door.call("templates", "show", "expiry", "text", "--firm", "northgate"),
    ),
    "list versions of a text": UseCase(
        "templates show",
        [],
        firms_own_text,
        lambda door, _: door.call("GET", "templates/expiry/subject/versions"),
        lambda door, _: door.call("templates", "show", "expiry", "subject", "--firm", "northgate", "--versions"),
    ),
    "change a text": UseCase(
        "templates set",
        ["template.set"],
        nothing,
        lambda door, _: door.call("PUT", "templates/digest/text", json={"source": "A text"}),
        lambda door, _: door.call(
            "templates", "set", "digest", "text", "--firm", "northgate", "--file", door.file("text", "Another text")
        ),
    ),
    "go back to a text": UseCase(
        "templates set",
        ["template.set"],
        two_texts,
        lambda door, one: door.call("POST", f"templates/expiry/subject/versions/{one}/activations"),
        lambda door, one: door.call(
            "templates", "set", "expiry", "subject", "--firm", "northgate", "--version", str(one)
        ),
    ),
    "take the house's text again": UseCase(
        "templates reset",
        ["template.set", "template.reset"],
        nothing,
        lambda door, _: (firms_own_text(door), door.call("DELETE", "templates/expiry/subject")),
        lambda door, _: (
            firms_own_text(door),
            door.call("templates", "reset", "expiry", "subject", "--firm", "northgate"),
        ),
    ),
    "try a text": UseCase(
        "templates preview",
        [],
        nothing,
        lambda door, _: door.call("POST", "templates/expiry/subject/preview", json={"source": "{{ firm }}"}),
        lambda door, _: door.call(
            "templates", "preview", "expiry", "subject", "--firm", "northgate", "--file", door.file("t", "{{ firm }}")
        ),
    ),
    "try the text in force on a dispatch": UseCase(
        "templates preview",
        ["template.preview"],
        dispatched,
        lambda door, one: door.call("POST", "templates/announcement/html/preview", json={"dispatch_id": one}),
        lambda door, one: door.call(
            "templates", "preview", "announcement", "html", "--firm", "northgate", "--dispatch", one
        ),
    ),
}
