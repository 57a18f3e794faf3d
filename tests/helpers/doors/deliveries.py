"""What leaves for partners."""

from __future__ import annotations

from helpers.doing import do_jobs
from helpers.doors.base import Door, UseCase, connected
from helpers.inbox import people


def delivered(door: Door) -> str:
    connected(door)
    door.inbox.drop("roster_20260301.csv", people(1))
    do_jobs(door.office, ["deliveries", "bulk"])
    [(parcel_id,)] = door.inbox.sql(
        "SELECT d.id FROM parcels d JOIN delivery_lines l ON l.id = d.line_id JOIN partners p ON p.id = l.partner_id"
        " WHERE p.slug = %s",
        door.partner,
    )
    return str(parcel_id)


USE_CASES = {
    "list deliveries": UseCase(
        "deliveries list",
        [],
        delivered,
        lambda door, _: door.call("GET", f"deliveries?partner={door.partner}"),
        lambda door, _: door.call("deliveries", "list", "--firm", "northgate", "--partner", door.partner),
    ),
    "list lines of deliveries": UseCase(
        "deliveries lines",
        [],
        delivered,
        lambda door, _: door.call("GET", f"deliveries/lines?partner={door.partner}"),
        lambda door, _: door.call("deliveries", "lines", "--firm", "northgate", "--partner", door.partner),
    ),
    "show a delivery": UseCase(
        "deliveries show",
        [],
        delivered,
        lambda door, one: door.call("GET", f"deliveries/{one}"),
        lambda door, one: door.call("deliveries", "show", one),
    ),
    "replay a delivery": UseCase(
        "deliveries replay",
        ["delivery.replay"],
        delivered,
        lambda door, one: door.call("POST", f"deliveries/{one}/replay"),
        lambda door, one: door.call("deliveries", "replay", one),
    ),
    "resume a delivery": UseCase(
        "deliveries resume",
        ["delivery.resume"],
        delivered,
        lambda door, _: door.call("POST", "deliveries/resume", json={"partner": door.partner, "delivery": "receipts"}),
        lambda door, _: door.call("deliveries", "resume", door.partner, "receipts"),
    ),
    "try out a delivery": UseCase(
        "deliveries ping",
        ["delivery.ping"],
        connected,
        lambda door, _: door.call("POST", "deliveries/ping", json={"partner": door.partner, "delivery": "receipts"}),
        lambda door, _: door.call("deliveries", "ping", door.partner, "receipts"),
    ),
}
