"""Who can take cases, and by which policy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from gateway.domain.assignment import attorneys, time_off
from helpers.doors.base import Door, UseCase, nothing
from helpers.inbox import SENDER


def lawyer(door: Door) -> str:
    """Of each door another: whoever has become an attorney is one."""
    return f"{'attorney' if door.partner == 'acme' else 'admin'}@northgate.example"


def takes_cases(door: Door) -> str:
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(attorneys.add(acting, lawyer(door), attorneys.Said(licence="NY 1")).attorney.id)


def away(door: Door) -> str:
    one = takes_cases(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        off = time_off.add(acting, one, date(2099, 8, 2), date(2099, 8, 13)).off
        return f"{one}/time-off/{off.id}"


def to_and_fro(change: Callable[[str], Any]) -> None:
    """Both doors belong to one firm: whichever comes first leaves its rule as it was."""
    for rule in ("workload_based", "expertise_first"):
        change(rule)


USE_CASES = {
    "list attorneys": UseCase(
        "attorney list",
        [],
        takes_cases,
        lambda door, _: door.call("GET", "attorneys"),
        lambda door, _: door.call("attorney", "list", "--firm", "northgate"),
    ),
    "show an attorney": UseCase(
        "attorney show",
        [],
        takes_cases,
        lambda door, one: door.call("GET", f"attorneys/{one}"),
        lambda door, one: door.call("attorney", "show", one, "--firm", "northgate"),
    ),
    "add an attorney": UseCase(
        "attorney add",
        ["attorney.add"],
        nothing,
        lambda door, _: door.call("POST", "attorneys", json={"email": lawyer(door), "licence": "NY 1"}),
        lambda door, _: door.call("attorney", "add", lawyer(door), "--licence", "NY 1", "--firm", "northgate"),
    ),
    "change an attorney": UseCase(
        "attorney set",
        ["attorney.change"],
        takes_cases,
        lambda door, one: door.call("PUT", f"attorneys/{one}", json={"availability": {"mon": 8}, "languages": ["es"]}),
        lambda door, one: door.call(
            "attorney", "set", one, "--hours", "mon=8", "--languages", "es", "--firm", "northgate"
        ),
    ),
    "say what an attorney knows": UseCase(
        "attorney expertise",
        ["attorney.expertise"],
        takes_cases,
        lambda door, one: door.call("PUT", f"attorneys/{one}/expertise", json={"levels": {"PERM": 3}}),
        lambda door, one: door.call("attorney", "expertise", one, "PERM=3", "--firm", "northgate"),
    ),
    "an attorney goes away": UseCase(
        "attorney away",
        ["attorney.time_off"],
        takes_cases,
        lambda door, one: door.call(
            "POST", f"attorneys/{one}/time-off", json={"first": "2099-08-02", "last": "2099-08-03"}
        ),
        lambda door, one: door.call(
            "attorney", "away", one, "--from", "2099-08-02", "--to", "2099-08-03", "--firm", "northgate"
        ),
    ),
    "an attorney is back": UseCase(
        "attorney back",
        ["attorney.time_off"],
        away,
        lambda door, one: door.call("DELETE", f"attorneys/{one}"),
        lambda door, one: door.call(
            "attorney", "back", one.partition("/")[0], "--on", "2099-08-04", "--firm", "northgate"
        ),
    ),
    "change the policy": UseCase(
        "assign policy",
        ["assignment_policy.set"] * 2,
        nothing,
        lambda door, _: to_and_fro(lambda rule: door.call("PUT", "assignment-policy", json={"rule": rule})),
        lambda door, _: to_and_fro(
            lambda rule: door.call("assign", "policy", "set", "--rule", rule, "--firm", "northgate")
        ),
    ),
}
