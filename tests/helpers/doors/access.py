"""Keys of partners, and passwords of staff."""

from __future__ import annotations

from gateway.domain.partners.homes import find_home
from helpers.callers import PASSWORD
from helpers.doors.base import Door, UseCase, nothing
from helpers.inbox import SENDER


def key(door: Door) -> str:
    home = find_home(door.office, door.partner)
    from gateway.domain.access.credentials import add_key

    with door.office.acting(door.firm_id, SENDER) as acting:
        made = add_key(acting, home.partner_id, name="nightly", scopes=["files:write"], expires_at=None)
        return str(made.credential.id)


USE_CASES = {
    "add a key": UseCase(
        "key add",
        ["credential.add"],
        nothing,
        lambda door, _: door.call(
            "POST", "credentials", json={"partner": door.partner, "name": "x", "scopes": ["files:write"]}
        ),
        lambda door, _: door.call("key", "add", "--partner", door.partner, "--name", "x", "--scope", "files:write"),
    ),
    "list keys": UseCase(
        "key list",
        [],
        key,
        lambda door, _: door.call("GET", f"credentials?partner={door.partner}"),
        lambda door, _: door.call("key", "list", "--partner", door.partner),
    ),
    "revoke a key": UseCase(
        "key revoke",
        ["credential.revoke"],
        key,
        lambda door, one: door.call("DELETE", f"credentials/{one}"),
        lambda door, one: door.call("key", "revoke", one),
    ),
    "change a password": UseCase(
        "staff password",
        ["staff.password"],
        nothing,
        lambda door, _: door.call("PUT", "me/password", json={"current": PASSWORD, "new": "owl-lamp-tree-fig"}),
        lambda door, _: door.call("staff", "password", "viewer@northgate.example", "--firm", "northgate", "--make"),
    ),
}
