"""Partners' settings, the places from which their files come, and the HRIS systems that are read."""

from __future__ import annotations

from gateway.domain.partners.homes import find_home
from helpers.doors.base import Door, UseCase, connected, held, nothing
from helpers.inbox import ROSTER, SENDER
from ingest.arrivals.rest import control


def learned(door: Door) -> str:
    door.inbox.release({"import_id": held(door)}, {"Last Name": "Surname"})
    [(alias_id,)] = door.inbox.sql(
        "SELECT h.id FROM header_aliases h JOIN feeds f ON f.id = h.feed_id JOIN partners p ON p.id = f.partner_id"
        " WHERE p.slug = %s",
        door.partner,
    )
    return str(alias_id)


def disconnected(door: Door) -> None:
    connected(door)
    home = find_home(door.office, door.partner)
    with door.office.acting(door.firm_id, SENDER) as acting:
        control.disconnect(acting, control.find(door.office, home, "workers"))


def changed_settings(door: Door) -> str:
    return ROSTER.format(partner=door.partner, firm="northgate") + "\n# changed\n"


USE_CASES = {
    "apply settings": UseCase(
        "partner apply",
        ["partner.apply"],
        changed_settings,
        lambda door, source: door.call("POST", f"partners/{door.partner}/configs", json={"source": source}),
        lambda door, source: door.call("partner", "apply", door.file("partner.yaml", source)),
    ),
    "apply the same settings": UseCase(
        "partner apply",
        [],
        lambda door: ROSTER.format(partner=door.partner, firm="northgate"),
        lambda door, source: door.call("POST", f"partners/{door.partner}/configs", json={"source": source}),
        lambda door, source: door.call("partner", "apply", door.file("partner.yaml", source)),
    ),
    "list learned names": UseCase(
        "partner names",
        [],
        learned,
        lambda door, _: door.call("GET", f"partners/{door.partner}/feeds/roster/learned-names"),
        lambda door, _: door.call("partner", "names", door.partner),
    ),
    "forget a learned name": UseCase(
        "partner names",
        ["feed.forget"],
        learned,
        lambda door, one: door.call("DELETE", f"partners/{door.partner}/feeds/roster/learned-names/{one}"),
        lambda door, one: door.call("partner", "names", door.partner, "--forget", one),
    ),
    "look at places": UseCase(
        "arrivals poll",
        [],
        connected,
        lambda door, _: door.call("POST", "arrivals/looks", json={"partner": door.partner}),
        lambda door, _: door.call("arrivals", "poll", "--partner", door.partner),
    ),
    "try places": UseCase(
        "partner ping",
        ["arrival.ping"],
        nothing,
        lambda door, _: door.call("POST", "arrivals/ping", json={"partner": door.partner}),
        lambda door, _: door.call("partner", "ping", door.partner),
    ),
    "list places": UseCase(
        "arrivals status",
        [],
        connected,
        lambda door, _: door.call("GET", f"arrivals?partner={door.partner}"),
        lambda door, _: door.call("arrivals", "status", "--partner", door.partner),
    ),
    "show an HRIS": UseCase(
        "hris status",
        [],
        connected,
        lambda door, _: door.call("GET", f"partners/{door.partner}/feeds/workers/hris"),
        lambda door, _: door.call("hris", "status", "--partner", door.partner, "--feed", "workers"),
    ),
    "list accounts of HRIS systems": UseCase(
        "hris status",
        [],
        connected,
        lambda door, _: door.call("GET", f"hris/accounts?partner={door.partner}"),
        lambda door, _: door.call("hris", "status", "--partner", door.partner),
    ),
    "disconnect an HRIS": UseCase(
        "hris disconnect",
        ["arrival.disconnect"],
        connected,
        lambda door, _: door.call("POST", f"partners/{door.partner}/feeds/workers/hris/disconnections"),
        lambda door, _: door.call("hris", "disconnect", "--partner", door.partner, "--feed", "workers"),
    ),
    "reconnect an HRIS": UseCase(
        "hris reconnect",
        ["arrival.reconnect"],
        disconnected,
        lambda door, _: door.call("POST", f"partners/{door.partner}/feeds/workers/hris/reconnections"),
        lambda door, _: door.call("hris", "reconnect", "--partner", door.partner, "--feed", "workers"),
    ),
}
