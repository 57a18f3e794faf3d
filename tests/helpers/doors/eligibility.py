"""Which visas people's profiles fit: asked, looked at, tried again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text

from gateway.db.models import EligibilityCheck
from gateway.domain.eligibility import entries
from helpers.doors.base import Door, UseCase, loaded_person
from helpers.doors.reviews import checked
from helpers.inbox import SENDER
from outbound.checking import asking

FIRM = ("--firm", "northgate")


def known(door: Door) -> UUID:
    """A person of whom something is known."""
    one = loaded_person(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        entries.add(acting, one, "award", entries.Said(facts={"name": "Fellow", "scope": "national"}))
    return one


def asked(door: Door) -> tuple[UUID, UUID]:
    """A person, and a check that goes on."""
    one = known(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        return one, asking.ask(acting, one, ["EB1A"]).check.id


def unlucky(door: Door) -> tuple[UUID, UUID]:
    """The same, which was tried once in vain."""
    one, check = asked(door)
    with door.office.db.system() as session:
        tried = "UPDATE jobs SET attempts = 1, last_error = 'No model answered.' WHERE about = :check"
        session.execute(text(tried), {"check": check})
    return one, check


def _ask(door: Door, one: UUID) -> None:
    door.call("POST", f"clients/{one}/eligibility-checks", json={"visas": ["EB1A"]})
    with door.office.db.system() as session:
        made = select(EligibilityCheck.id).where(EligibilityCheck.client_id == one)
        check = session.scalars(made).one()
    door.call("GET", f"eligibility-checks/{check}")


def _retry(door: Door, check: UUID) -> None:
    door.call("POST", f"eligibility-checks/{check}/retry")
    door.call("GET", f"eligibility-checks/{check}")


USE_CASES = {
    "check which visas a profile fits": UseCase(
        "eligibility check",
        ["eligibility.ask", "eligibility.view"],
        known,
        _ask,
        lambda door, one: door.call("eligibility", "check", one, "--visa", "EB1A", *FIRM),
    ),
    "look at a check": UseCase(
        "eligibility show",
        ["eligibility.view"],
        asked,
        lambda door, made: door.call("GET", f"eligibility-checks/{made[1]}"),
        lambda door, made: door.call("eligibility", "show", made[1], *FIRM),
    ),
    "list the checks of a person": UseCase(
        "eligibility list",
        ["eligibility.list"],
        asked,
        lambda door, made: door.call("GET", f"clients/{made[0]}/eligibility-checks"),
        lambda door, made: door.call("eligibility", "list", made[0], *FIRM),
    ),
    "list the checks of the firm that wait for a review": UseCase(
        "eligibility list",
        ["eligibility.list"],
        checked,
        lambda door, _: door.call("GET", "eligibility-checks?to_review=true"),
        lambda door, _: door.call("eligibility", "list", "--to-review", *FIRM),
    ),
    "try a check again": UseCase(
        "eligibility retry",
        ["eligibility.retry", "eligibility.view"],
        unlucky,
        lambda door, made: _retry(door, made[1]),
        lambda door, made: door.call("eligibility", "retry", made[1], *FIRM),
    ),
}
