"""Short links."""

from __future__ import annotations

from gateway.domain.links import links
from helpers.doors.base import Door, UseCase, nothing
from helpers.inbox import SENDER

PAGE = "https://firm.example/intake"


def shortened(door: Door) -> str:
    with door.office.acting(door.firm_id, SENDER) as acting:
        return links.shorten(acting, PAGE, alias=f"shown-{door.partner}").code


USE_CASES = {
    "make a short link": UseCase(
        "links create",
        ["link.create"],
        nothing,
        lambda door, _: door.call("POST", "links", json={"target": PAGE, "alias": f"intake-{door.partner}"}),
        lambda door, _: door.call("links", "create", PAGE, "--firm", "northgate", "--alias", f"intake-{door.partner}"),
    ),
    "list short links": UseCase(
        "links list",
        [],
        shortened,
        lambda door, _: door.call("GET", "links"),
        lambda door, _: door.call("links", "list", "--firm", "northgate"),
    ),
    "show a short link": UseCase(
        "links show",
        [],
        shortened,
        lambda door, code: [door.call("GET", f"links/{code}"), door.call("GET", f"links/{code}/analytics")],
        lambda door, code: door.call("links", "show", code, "--firm", "northgate"),
    ),
    "disable a short link": UseCase(
        "links disable",
        ["link.disable"],
        shortened,
        lambda door, code: door.call("POST", f"links/{code}/disable"),
        lambda door, code: door.call("links", "disable", code, "--firm", "northgate"),
    ),
}
