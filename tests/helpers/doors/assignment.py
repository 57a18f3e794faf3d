"""Who has a case, what waits for somebody, and how cases pass on."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from gateway import clock
from gateway.db.models import Attorney, Staff
from gateway.domain.assignment import moving, plans
from gateway.domain.partners.homes import find_home
from helpers.attorneys import Lawyers
from helpers.doors.base import Door, UseCase, nothing
from helpers.inbox import SENDER


def lawyers(door: Door) -> Lawyers:
    return Lawyers(door.office, door.firm_id, find_home(door.office, door.partner).partner_id)


def held_case(door: Door, days: int = 90) -> tuple[str, str]:
    """A case of an attorney's, due in so many days; and a colleague of theirs."""
    firm = lawyers(door)
    has, other = (firm.hire(f"{name}.{door.partner}") for name in ("ana", "ben"))
    due_on = clock.now().date() + timedelta(days=days)
    return str(firm.open(attorney_id=has, deadline_on=due_on)[0]), str(other)


def moved_case(door: Door) -> str:
    case_id, other = held_case(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        moving.move(acting, UUID(case_id), other, "By mistake.")
    return case_id


def proposed_case(door: Door) -> str:
    case_id, other = held_case(door, days=3)
    with door.office.acting(door.firm_id, SENDER) as acting:
        made = moving.move(acting, UUID(case_id), other, "Is ill.").handover
        assert made is not None
        if door.partner == "acme":  # where the admin calls, who may speak for nobody else
            receiver = acting.session.get_one(Attorney, (door.firm_id, UUID(other)))
            receiver.staff_id = acting.session.scalars(select(Staff.id).where(Staff.role == "admin")).one()
        return str(made.id)


def attorney_with_deadlines(door: Door) -> str:
    held_case(door, days=20)
    return f"ana.{door.partner}@northgate.example"


def planned(door: Door) -> str:
    days = [clock.now().date() + timedelta(days=number) for number in (15, 25)]
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(plans.propose(acting, attorney_with_deadlines(door), *days).id)


def waiting_case(door: Door) -> None:
    lawyers(door).open()
    lawyers(door).work()


def in_days(days: int) -> str:
    return str(clock.now().date() + timedelta(days=days))


USE_CASES = {
    "explain who has a case": UseCase(
        "assign explain",
        ["case.view", "case.view"],
        lambda door: held_case(door)[0],
        lambda door, one: [door.call("GET", f"cases/{one}/{what}") for what in ("assignments", "candidates")],
        lambda door, one: door.call("assign", "explain", one, "--firm", "northgate"),
    ),
    "list cases that wait": UseCase(
        "assign queue",
        ["case.list"],
        waiting_case,
        lambda door, _: door.call("GET", "unassigned-cases?limit=1"),
        lambda door, _: door.call("assign", "queue", "--firm", "northgate", "--limit", "1"),
    ),
    "let old cases wait": UseCase(
        "assign backlog",
        ["case.queue"],
        nothing,
        lambda door, _: door.call("POST", "unassigned-cases/fill"),
        lambda door, _: door.call("assign", "backlog", "--firm", "northgate"),
    ),
    "move a case": UseCase(
        "assign move",
        ["case.move"],
        held_case,
        lambda door, one: door.call(
            "POST", f"cases/{one[0]}/reassignments", json={"attorney": one[1], "reason": "Knows them."}
        ),
        lambda door, one: door.call(
            "assign", "move", one[0], "--to", one[1], "--reason", "Knows them.", "--firm", "northgate"
        ),
    ),
    "take a move back": UseCase(
        "assign undo",
        ["case.move"],
        moved_case,
        lambda door, one: door.call("POST", f"cases/{one}/reassignments/undo"),
        lambda door, one: door.call("assign", "undo", one, "--firm", "northgate"),
    ),
    "accept a case": UseCase(
        "assign accept",
        ["case.move", "handover.accept"],
        proposed_case,
        lambda door, one: door.call("POST", f"handovers/{one}/accept"),
        lambda door, one: door.call("assign", "accept", one, "--firm", "northgate"),
    ),
    "decline a case": UseCase(
        "assign decline",
        ["handover.decline"],
        proposed_case,
        lambda door, one: door.call("POST", f"handovers/{one}/decline"),
        lambda door, one: door.call("assign", "decline", one, "--firm", "northgate"),
    ),
    "plan an absence": UseCase(
        "assign plan",
        ["handover.propose"],
        attorney_with_deadlines,
        lambda door, one: door.call(
            "POST", "handover-plans", json={"attorney": one, "first": in_days(15), "last": in_days(25)}
        ),
        lambda door, one: door.call(
            "assign", "plan", one, "--from", in_days(15), "--to", in_days(25), "--firm", "northgate"
        ),
    ),
    "carry out a plan": UseCase(
        "assign plan",
        ["case.move"],
        planned,
        lambda door, one: door.call("POST", f"handover-plans/{one}/execute"),
        lambda door, one: door.call("assign", "plan", "--do", one, "--firm", "northgate"),
    ),
    "replay assignments under another rule": UseCase(
        "assign simulate",
        [],
        lambda _: in_days(-1),
        lambda door, day: door.call("GET", f"assignment-simulations?rule=round_robin&from={day}"),
        lambda door, day: door.call(
            "assign", "simulate", "--rule", "round_robin", "--from", day, "--firm", "northgate"
        ),
    ),
}
