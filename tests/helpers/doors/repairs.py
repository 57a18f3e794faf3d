"""Links to rejected rows, for the partner's people."""

from __future__ import annotations

from helpers.doors.base import Door, UseCase, nothing, problems
from helpers.inbox import ROSTER

CONTACTS = "contacts: {errors: [errors@partner.example]}\n"


def known(door: Door) -> str:
    """An import with rejected rows of a partner whose people are known."""
    door.inbox.apply(ROSTER.format(partner=door.partner, firm="northgate") + CONTACTS)
    return problems(door)


def linked(door: Door) -> tuple[str, str]:
    """Such an import, and a link to its rows."""
    import_id = known(door)
    if door.partner == "acme":
        door.call("POST", f"imports/{import_id}/repair/links")
    else:
        door.call("repair", "send-link", import_id)
    [(found,)] = door.inbox.sql("SELECT id FROM repair_links WHERE import_id = %s", import_id)
    return import_id, str(found)


USE_CASES = {
    "list links to rows": UseCase(
        "repair links",
        [],
        known,
        lambda door, one: door.call("GET", f"imports/{one}/repair/links"),
        lambda door, one: door.call("repair", "links", one),
    ),
    "send a link to rows": UseCase(
        "repair send-link",
        ["repair_link.make"],
        known,
        lambda door, one: door.call("POST", f"imports/{one}/repair/links"),
        lambda door, one: door.call("repair", "send-link", one),
    ),
    "switch links off and on": UseCase(
        "repair switch-links",
        ["repair_link.switch"] * 2,
        nothing,
        lambda door, _: [door.call("PUT", "repair-links", json={"on": on}) for on in (False, True)],
        lambda door, _: [door.call("repair", "switch-links", "--firm", "northgate", on) for on in ("--off", "--on")],
    ),
    "withdraw a link to rows": UseCase(
        "repair revoke-link",
        ["repair_link.revoke"],
        linked,
        lambda door, one: door.call("DELETE", f"imports/{one[0]}/repair/links/{one[1]}"),
        lambda door, one: door.call("repair", "revoke-link", *one),
    ),
}
