"""How people are told, and whether at all."""

from __future__ import annotations

from helpers.doors.base import Door, UseCase, loaded_person


def opted_out(door: Door) -> str:
    client_id = loaded_person(door)
    stop = "INSERT INTO opt_outs (firm_id, channel, client_id, how, by) VALUES (%s, 'sms', %s, 'stop_word', 'client')"
    door.inbox.sql(stop, door.firm_id, client_id)
    return client_id


def wished_before(door: Door) -> None:
    """Both doors belong to one firm, and to its admin: whichever comes first meets what the other one will."""
    admin = "(SELECT id FROM staff WHERE email = 'admin@northgate.example')"
    for row in (
        f"notice_preferences (firm_id, staff_id, channel, pace) VALUES (%s, {admin}, 'email', 'daily')",
        "notice_preferences (firm_id, doc_type, channel, pace) VALUES (%s, 'i94', 'sms', 'off')",
        f"quiet_hours (firm_id, staff_id, begins, ends, working_days) VALUES (%s, {admin}, '19:00', '7:30', '{{1,2,3,4,5}}')",
        "notice_budgets (firm_id, channel, kind, a_day) VALUES (%s, 'sms', 'client', 2)",
    ):
        door.inbox.sql(f"INSERT INTO {row} ON CONFLICT DO NOTHING", door.firm_id)


USE_CASES = {
    "look at preferences": UseCase(
        "notice preferences",
        [],
        wished_before,
        lambda door, _: door.call("GET", "preferences"),
        lambda door, _: door.call("notice", "preferences", "--firm", "northgate", "--staff", "admin@northgate.example"),
    ),
    "change a preference": UseCase(
        "notice preferences",
        ["preferences.set"],
        wished_before,
        lambda door, _: door.call("PUT", "preferences/own", json={"channel": "email", "pace": "daily"}),
        lambda door, _: door.call(
            "notice",
            "preferences",
            "--firm",
            "northgate",
            "--staff",
            "admin@northgate.example",
            "--channel",
            "email",
            "--pace",
            "daily",
        ),
    ),
    "change a firm's preference": UseCase(
        "notice preferences",
        ["preferences.set"],
        wished_before,
        lambda door, _: door.call("PUT", "preferences/firm", json={"channel": "sms", "doc_type": "i94", "pace": "off"}),
        lambda door, _: door.call(
            "notice", "preferences", "--firm", "northgate", "--channel", "sms", "--type", "i94", "--pace", "off"
        ),
    ),
    "change one's own quiet hours": UseCase(
        "notice quiet",
        ["quiet_hours.set"],
        wished_before,
        lambda door, _: door.call(
            "PUT",
            "preferences/own/quiet-hours",
            json={"quiet_hours": {"begins": "19:00", "ends": "07:30", "working_days": [1, 2, 3, 4, 5]}},
        ),
        lambda door, _: door.call(
            "notice", "quiet", "--firm", "northgate", "--staff", "admin@northgate.example", "--hours", "19:00-07:30"
        ),
    ),
    "change a firm's quiet hours": UseCase(
        "notice quiet",
        ["quiet_hours.set"],
        wished_before,
        lambda door, _: door.call("PUT", "preferences/firm/quiet-hours", json={"quiet_hours": None}),
        lambda door, _: door.call("notice", "quiet", "--firm", "northgate", "--unset"),
    ),
    "change a budget": UseCase(
        "notice budget",
        ["budget.set"],
        wished_before,
        lambda door, _: door.call(
            "PUT", "preferences/firm/budgets", json={"channel": "sms", "kind": "client", "a_day": 2}
        ),
        lambda door, _: door.call(
            "notice", "budget", "--firm", "northgate", "--channel", "sms", "--kind", "client", "--a-day", "2"
        ),
    ),
    "opt a client out": UseCase(
        "notice opt-out",
        ["opt_out.add"],
        loaded_person,
        lambda door, one: door.call("PUT", f"clients/{one}/opt-outs/sms"),
        lambda door, one: door.call("notice", "opt-out", one, "--firm", "northgate", "--channel", "sms"),
    ),
    "let a client be told again": UseCase(
        "notice opt-out",
        ["opt_out.end"],
        opted_out,
        lambda door, one: door.call("DELETE", f"clients/{one}/opt-outs/sms"),
        lambda door, one: door.call("notice", "opt-out", one, "--firm", "northgate", "--channel", "sms", "--end"),
    ),
}
