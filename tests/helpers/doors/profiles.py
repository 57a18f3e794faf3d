"""What is known of people for eligibility checks."""

from __future__ import annotations

from gateway.domain.eligibility import entries
from helpers.doors.base import Door, UseCase, loaded_person
from helpers.inbox import SENDER

FACTS = {"name": "Best Paper", "scope": "national"}
WORDS = ("name=Best Paper", "scope=national", "--firm", "northgate")


def awarded(door: Door) -> tuple[str, str]:
    """A person, and an entry."""
    one = loaded_person(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        made = entries.add(acting, one, "award", entries.Said(facts={"name": "Fellow"}))
    return str(one), f"award.{made.number}"


USE_CASES = {
    "see what is known of a person": UseCase(
        "profile show",
        ["profile.view"],
        loaded_person,
        lambda door, one: door.call("GET", f"clients/{one}/profile"),
        lambda door, one: door.call("profile", "show", one, "--firm", "northgate"),
    ),
    "see what is missing of a person": UseCase(
        "profile missing",
        ["profile.view"],
        loaded_person,
        lambda door, one: door.call("GET", f"clients/{one}/profile/completeness"),
        lambda door, one: door.call("profile", "missing", one, "--firm", "northgate"),
    ),
    "note what is known of a person": UseCase(
        "profile add",
        ["profile.add"],
        loaded_person,
        lambda door, one: door.call("POST", f"clients/{one}/profile", json={"kind": "award", "facts": FACTS}),
        lambda door, one: door.call("profile", "add", one, "award", *WORDS),
    ),
    "say something else of a person": UseCase(
        "profile change",
        ["profile.change"],
        awarded,
        lambda door, made: door.call("PUT", f"clients/{made[0]}/profile/{made[1]}", json={"facts": FACTS}),
        lambda door, made: door.call("profile", "change", *made, *WORDS),
    ),
    "withdraw what was known of a person": UseCase(
        "profile withdraw",
        ["profile.withdraw"],
        awarded,
        lambda door, made: door.call("DELETE", f"clients/{made[0]}/profile/{made[1]}"),
        lambda door, made: door.call("profile", "withdraw", *made, "--firm", "northgate"),
    ),
    "see what was known of a person": UseCase(
        "profile history",
        ["profile.view"],
        awarded,
        lambda door, made: door.call("GET", f"clients/{made[0]}/profile/{made[1]}/history"),
        lambda door, made: door.call("profile", "history", *made, "--firm", "northgate"),
    ),
}
