"""Papers that end, and whoever is told of it."""

from __future__ import annotations

from datetime import timedelta

from gateway import clock
from helpers.doors.base import Door, UseCase, loaded_person
from helpers.inbox import person


def set_before(door: Door) -> None:
    """Both doors belong to one firm: whichever comes first meets what the other one will."""
    days = "INSERT INTO lead_policies (firm_id, doc_type, days) VALUES (%s, 'i94', '{90,30}') ON CONFLICT DO NOTHING"
    door.inbox.sql(days, door.firm_id)


def ending(door: Door) -> None:
    """A paper of somebody of the partner's ends within the year, and no other's."""
    ends = clock.now().date() + timedelta(days=40)
    door.inbox.drop("roster_20260301.csv", [person(1, i94_expiry=f"{ends:%m/%d/%Y}")])
    door.inbox.sql(
        "UPDATE documents SET status = 'void' WHERE client_id NOT IN"
        " (SELECT c.id FROM clients c JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s) RETURNING id",
        door.partner,
    )


def paper_of(door: Door) -> str:
    """A paper of somebody of the partner's."""
    [(document_id,)] = door.inbox.sql(
        "SELECT d.id FROM notices n JOIN documents d ON d.id = n.document_id WHERE n.id = %s", told_of(door)
    )
    return str(document_id)


def told_of(door: Door) -> str:
    """Somebody of the firm has been told that a paper of the partner's ends."""
    ends = clock.now().date() + timedelta(days=40)
    door.inbox.drop("roster_20260301.csv", [person(1, i94_expiry=f"{ends:%m/%d/%Y}")])
    [(notice_id,)] = door.inbox.sql(
        "INSERT INTO notices (firm_id, client_id, document_id, expires_on, lead, days_left, role, staff_id, channel,"
        " due_on, state) SELECT d.firm_id, d.client_id, d.id, d.expires_on, 60, 40, 'admin', s.id, 'email',"
        " gateway_now()::date, 'told' FROM documents d JOIN staff s ON s.firm_id = d.firm_id AND s.role = 'admin'"
        " JOIN clients c ON c.id = d.client_id JOIN partners p ON p.id = c.partner_id AND p.slug = %s RETURNING id",
        door.partner,
    )
    return str(notice_id)


def soon() -> str:
    return f"{clock.now() + timedelta(days=3):%Y-%m-%d}T12:00:00Z"


def escalated_before(door: Door) -> None:
    """Both doors belong to one firm: whichever comes first meets what the other one will."""
    own = "INSERT INTO escalation_policies (firm_id, chain, at_least, days) VALUES (%s, '{attorney,admin}', '{10}', '{2}')"
    door.inbox.sql(f"{own} ON CONFLICT DO NOTHING", door.firm_id)


def supervised_before(door: Door) -> None:
    above = "UPDATE staff SET supervisor_id = %s WHERE email = 'paralegal@northgate.example'"
    door.inbox.sql(above, door.inbox.sql("SELECT id FROM staff WHERE email = 'attorney@northgate.example'")[0][0])


USE_CASES = {
    "list papers that end": UseCase(
        "expiry due",
        ["document.list"],
        ending,
        lambda door, _: door.call("GET", "expiry/due?within=365"),
        lambda door, _: door.call("expiry", "due", "--firm", "northgate", "--within", "365"),
    ),
    "explain who is told of a paper": UseCase(
        "expiry explain",
        ["document.view"],
        paper_of,
        lambda door, one: door.call("GET", f"documents/{one}/notices/explain"),
        lambda door, one: door.call("expiry", "explain", one),
    ),
    "tell until when somebody may work": UseCase(
        "expiry authorization",
        ["client.authorization"],
        loaded_person,
        lambda door, one: door.call("GET", f"clients/{one}/work-authorization?on=2026-12-01"),
        lambda door, one: door.call("expiry", "authorization", one, "--firm", "northgate", "--on", "2026-12-01"),
    ),
    "set lead times": UseCase(
        "expiry leads",
        ["leads.set"],
        set_before,
        lambda door, _: door.call("PUT", "expiry/lead-times/i94", json={"days": [90, 30]}),
        lambda door, _: door.call("expiry", "leads", "--firm", "northgate", "--type", "i94", "--days", "90,30"),
    ),
    "list notices": UseCase(
        "expiry answers",
        ["notice.list"],
        told_of,
        lambda door, _: door.call("GET", "expiry/notices"),
        lambda door, _: door.call("expiry", "answers", "--firm", "northgate"),
    ),
    "acknowledge a notice": UseCase(
        "expiry acknowledge",
        ["notice.acknowledge"],
        told_of,
        lambda door, one: door.call("POST", f"expiry/notices/{one}/acknowledge"),
        lambda door, one: door.call("expiry", "acknowledge", one, "--firm", "northgate"),
    ),
    "snooze a notice": UseCase(
        "expiry snooze",
        ["notice.snooze"],
        told_of,
        lambda door, one: door.call("POST", f"expiry/notices/{one}/snooze", json={"until": soon()}),
        lambda door, one: door.call("expiry", "snooze", one, "--firm", "northgate", "--until", soon()),
    ),
    "set an escalation": UseCase(
        "expiry escalation",
        ["escalation.set"],
        escalated_before,
        lambda door, _: door.call("PUT", "expiry/escalation", json={"chain": ["attorney", "admin"]}),
        lambda door, _: door.call("expiry", "escalation", "--firm", "northgate", "--chain", "attorney,admin"),
    ),
    "set a supervisor": UseCase(
        "expiry supervisors",
        ["staff.supervise"],
        supervised_before,
        lambda door, _: door.call(
            "PUT", "expiry/supervisors", json={"of": "paralegal@northgate.example", "by": "attorney@northgate.example"}
        ),
        lambda door, _: door.call(
            "expiry",
            "supervisors",
            "--firm",
            "northgate",
            "--of",
            "paralegal@northgate.example",
            "--by",
            "attorney@northgate.example",
        ),
    ),
}
