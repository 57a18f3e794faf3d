"""What people are told."""

from __future__ import annotations

import json

from sqlalchemy import select

from gateway.db.models import Dispatch, Notification, Staff
from helpers.doors.base import NEWS, Door, UseCase, asked_for, nothing


def to_be_told(door: Door, state: str = "waiting") -> str:
    with door.office.db.firm(door.inbox.firm_id) as session:
        told = Notification(firm_id=door.inbox.firm_id, kind="test", template="test", created_by="system")
        session.add(told)
        session.flush()
        staff_id = session.scalars(select(Staff.id).where(Staff.role == "admin")).one()
        one = Dispatch(firm_id=told.firm_id, notification_id=told.id, staff_id=staff_id, channel="email", state=state)
        session.add(one)
        session.flush()
        return str(one.id)


USE_CASES = {
    "send a notification": UseCase(
        "notice send",
        ["notification.send"],
        nothing,
        lambda door, _: door.call(
            "POST",
            "notifications",
            json={"recipients": [{"staff": "admin@northgate.example"}], "template": "announcement", "data": NEWS},
        ),
        lambda door, _: door.call(
            "notice",
            "send",
            "--firm",
            "northgate",
            "--template",
            "announcement",
            "--data",
            json.dumps(NEWS),
            "--to",
            "staff:admin@northgate.example",
        ),
    ),
    "show a notification": UseCase(
        "notice status",
        ["notification.view"],
        asked_for,
        lambda door, one: door.call("GET", f"notifications/{one}"),
        lambda door, one: door.call("notice", "status", one),
    ),
    "call off a notification": UseCase(
        "notice call-off",
        ["notification.cancel"],
        asked_for,
        lambda door, one: door.call("POST", f"notifications/{one}/cancel"),
        lambda door, one: door.call("notice", "call-off", one),
    ),
    "list what people are told": UseCase(
        "notice list",
        [],
        to_be_told,
        lambda door, _: door.call("GET", "notices?state=waiting"),
        lambda door, _: door.call("notice", "list", "--firm", "northgate", "--state", "waiting"),
    ),
    "show a notice": UseCase(
        "notice show",
        [],
        to_be_told,
        lambda door, one: door.call("GET", f"notices/{one}"),
        lambda door, one: door.call("notice", "show", one),
    ),
    "explain a notice": UseCase(
        "notice explain",
        [],
        to_be_told,
        lambda door, one: door.call("GET", f"notices/{one}/explain"),
        lambda door, one: door.call("notice", "explain", one),
    ),
    "let a notice leave again": UseCase(
        "notice retry",
        ["notice.retry"],
        lambda door: to_be_told(door, "dead"),
        lambda door, one: door.call("POST", f"notices/{one}/retry"),
        lambda door, one: door.call("notice", "retry", one),
    ),
    "release a notice": UseCase(
        "notice release",
        ["notice.release"],
        lambda door: to_be_told(door, "held"),
        lambda door, one: door.call("POST", f"notices/{one}/release"),
        lambda door, one: door.call("notice", "release", one),
    ),
    "cancel a notice": UseCase(
        "notice cancel",
        ["notice.cancel"],
        to_be_told,
        lambda door, one: door.call("POST", f"notices/{one}/cancel"),
        lambda door, one: door.call("notice", "cancel", one),
    ),
}
