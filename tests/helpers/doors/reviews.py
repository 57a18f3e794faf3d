"""What attorneys do with a check that is completed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from gateway.db.models import RecommendationRow
from helpers.checks import completed
from helpers.doors.base import Door, UseCase, loaded_person
from helpers.inbox import SENDER

AT = ("--firm", "northgate")


def checked(door: Door) -> str:
    """A check that is completed."""
    one = loaded_person(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(completed(acting, UUID(one), ["EB1A"]))


def recommended(door: Door) -> str:
    """What a check says of a visa."""
    check = checked(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        found = select(RecommendationRow.id).where(RecommendationRow.check_id == UUID(check))
        return str(acting.session.scalars(found).one())


def twice(door: Door) -> tuple[str, str]:
    """Two checks of one person."""
    one = UUID(loaded_person(door))
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(completed(acting, one, ["EB1A"])), str(completed(acting, one, ["EB1A"]))


USE_CASES = {
    "review a recommendation": UseCase(
        "eligibility review",
        ["eligibility.review"],
        recommended,
        lambda door, one: door.call(
            "POST", f"eligibility-recommendations/{one}/reviews", json={"verdict": "rejected", "reason": "No."}
        ),
        lambda door, one: door.call("eligibility", "review", one, "rejected", "--reason", "No.", *AT),
    ),
    "see what was said of a recommendation": UseCase(
        "eligibility reviews",
        ["eligibility.view"],
        recommended,
        lambda door, one: door.call("GET", f"eligibility-recommendations/{one}/reviews"),
        lambda door, one: door.call("eligibility", "reviews", one, *AT),
    ),
    "compare two checks": UseCase(
        "eligibility compare",
        ["eligibility.compare"],
        twice,
        lambda door, made: door.call("GET", f"eligibility-checks/{made[0]}/comparison?with={made[1]}"),
        lambda door, made: door.call("eligibility", "compare", *made, *AT),
    ),
    "read the memo of a check": UseCase(
        "eligibility memo",
        ["eligibility.memo"],
        checked,
        lambda door, one: door.call("GET", f"eligibility-checks/{one}/memo"),
        lambda door, one: door.call("eligibility", "memo", one, *AT),
    ),
}
