"""Clients themselves."""

from __future__ import annotations

from helpers.doors.base import UseCase, loaded_person

USE_CASES = {
    "erase a person": UseCase(
        "client erase",
        ["client.erase"],
        loaded_person,
        lambda door, one: door.call("POST", f"clients/{one}/erasure", json={"reason": "Asked for"}),
        lambda door, one: door.call("client", "erase", one, "--firm", "northgate", "--reason", "Asked for", "--yes"),
    ),
}
