"""How comparable cases ended."""

from __future__ import annotations

from helpers.doors.base import UseCase, nothing

USE_CASES = {
    "see how comparable cases ended": UseCase(
        "eligibility outcomes",
        [],
        nothing,
        lambda door, _: door.call("GET", "eligibility/outcomes?visa=EB1A"),
        lambda door, _: door.call("eligibility", "outcomes", "EB1A", "--firm", "northgate"),
    ),
}
