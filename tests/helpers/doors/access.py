"""Keys of partners, and passwords of staff."""

from __future__ import annotations

from gateway.db.models import Staff
from gateway.domain.access import accounts
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


def colleague(door: Door) -> Staff:
    """Somebody who works at the firm, one a door."""
    with door.office.acting(door.firm_id, SENDER) as acting:
        return accounts.add_staff(acting, f"{door.partner}@northgate.example", name="x", role="paralegal")


def leaver(door: Door) -> Staff:
    one = colleague(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        accounts.deactivate_staff(acting, accounts.member(acting, one.id))
    return one


AT = ("--firm", "northgate")
USE_CASES = {
    "let somebody in": UseCase(
        "staff add",
        ["staff.add", "staff.password"],
        nothing,
        lambda door, _: door.call(
            "POST", "staff", json={"email": f"new-{door.partner}@n.example", "name": "x", "role": "viewer"}
        ),
        lambda door, _: door.call("staff", "add", f"new-{door.partner}@n.example", *AT, "--role", "viewer"),
    ),
    "list the staff": UseCase(
        "staff list",
        [],
        nothing,
        lambda door, _: door.call("GET", "staff"),
        lambda door, _: door.call("staff", "list", *AT),
    ),
    "give somebody a role": UseCase(
        "staff role",
        ["staff.role"],
        colleague,
        lambda door, one: door.call("PUT", f"staff/{one.id}/role", json={"role": "attorney"}),
        lambda door, one: door.call("staff", "role", one.email, "attorney", *AT),
    ),
    "let somebody in no more": UseCase(
        "staff deactivate",
        ["staff.deactivate"],
        colleague,
        lambda door, one: door.call("POST", f"staff/{one.id}/deactivations"),
        lambda door, one: door.call("staff", "deactivate", one.email, *AT),
    ),
    "let somebody in again": UseCase(
        "staff reactivate",
        ["staff.reactivate"],
        leaver,
        lambda door, one: door.call("POST", f"staff/{one.id}/reactivations"),
        lambda door, one: door.call("staff", "reactivate", one.email, *AT),
    ),
    "sign somebody out": UseCase(
        "staff sign-out",
        ["session.end_all"],
        colleague,
        lambda door, one: door.call("DELETE", f"staff/{one.id}/sessions"),
        lambda door, one: door.call("staff", "sign-out", one.email, *AT),
    ),
    "make somebody a password": UseCase(
        "staff password",
        ["staff.password"],
        colleague,
        lambda door, one: door.call("POST", f"staff/{one.id}/passwords"),
        lambda door, one: door.call("staff", "password", one.email, *AT, "--make"),
    ),
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
