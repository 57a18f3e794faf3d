"""What can be done through the API and at the command line: a table for each room, and all of them together."""

from __future__ import annotations

from helpers.doors import (
    access,
    assignment,
    attorneys,
    deliveries,
    eligibility,
    expiry,
    imports,
    jobs,
    links,
    models,
    notices,
    outcomes,
    partners,
    people,
    preferences,
    profiles,
    repairs,
    reports,
    reviews,
    templates,
)
from helpers.doors.base import UseCase

ROOMS = (
    imports,
    repairs,
    reports,
    jobs,
    access,
    partners,
    expiry,
    deliveries,
    links,
    templates,
    notices,
    preferences,
    people,
    attorneys,
    assignment,
    profiles,
    models,
    eligibility,
    outcomes,
    reviews,
)


def use_cases() -> dict[str, UseCase]:
    """All of them by name, which none shares with another."""
    found: dict[str, UseCase] = {}
    for room in ROOMS:
        twice = found.keys() & room.USE_CASES.keys()
        assert not twice, f"{room.__name__} names again: {', '.join(twice)}"
        found |= room.USE_CASES
    return found
