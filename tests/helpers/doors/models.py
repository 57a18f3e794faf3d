"""What a firm wants of language models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from helpers.doors.base import UseCase, nothing


def to_and_fro(change: Callable[[int], Any]) -> None:
    """Both doors belong to one firm: whichever comes first leaves its number as it was."""
    for number in (20, 10):
        change(number)


USE_CASES = {
    "see which models are asked": UseCase(
        "models show",
        [],
        nothing,
        lambda door, _: door.call("GET", "models"),
        lambda door, _: door.call("models", "show", "--firm", "northgate"),
    ),
    "say which models are asked": UseCase(
        "models set",
        ["models.set"] * 2,
        nothing,
        lambda door, _: to_and_fro(lambda number: door.call("PUT", "models", json={"checks_per_hour": number})),
        lambda door, _: to_and_fro(
            lambda number: door.call("models", "set", "--set", f"checks_per_hour={number}", "--firm", "northgate")
        ),
    ),
    "have no model see anything": UseCase(
        "models off",
        ["models.set"] * 2,
        nothing,
        lambda door, _: [door.call("PUT", "models", json={"uses_models": one}) for one in (False, True)],
        lambda door, _: [
            door.call("models", "off", "--firm", "northgate"),
            door.call("models", "set", "--set", "uses_models=true", "--firm", "northgate"),
        ],
    ),
    "list which models were asked": UseCase(
        "models history",
        [],
        nothing,
        lambda door, _: door.call("GET", "models/history"),
        lambda door, _: door.call("models", "history", "--firm", "northgate"),
    ),
    "list which models can be asked": UseCase(
        "models providers",
        [],
        nothing,
        lambda door, _: door.call("GET", "models/providers"),
        lambda door, _: door.call("models", "providers", "--firm", "northgate"),
    ),
}
