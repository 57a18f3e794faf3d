"""What can be done through the API and at the command line leaves the same entries in the audit log through both.

The API acts on acme, the command on globex, which are furnished alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import rich_click as click
from helpers.callers import PASSWORD, asking, staff_headers
from helpers.doing import do_jobs
from helpers.inbox import ROSTER, SENDER, Inbox, as_csv, people, person
from sqlalchemy import select, update

from gateway import clock
from gateway.cli import COMMANDS, cli
from gateway.db.models import AuditEntry, Dispatch, JobRow, Notification, Staff
from gateway.domain.assignment import attorneys, time_off
from gateway.domain.links import links
from gateway.domain.partners.homes import find_home
from gateway.office import Office
from gateway.reports import REPORTS
from ingest.arrival import Asked
from ingest.arrivals.rest import control
from ingest.reception import receive
from ingest.running import finish
from outbound.notify import service
from outbound.notify.asking import Addressee
from outbound.notify.templates import firm as firm_texts

ROOT = Path(__file__).parents[2]
PAGE = "https://firm.example/intake"
MORE_SETTINGS = """
  workers:
    file: "workers_*.json"
    format: {type: json, records: data}
    contents: changes
    arrivals:
      - {via: drop}
      - via: rest
        url: https://hris.example
        name: "workers_{time}.json"
        auth: {type: key, secret: HRIS_KEY}
        list: {path: /people, paging: {by: page, parameter: page}}
        since: {parameter: since, field: updatedAt}
    client: {key: employee_id, fields: {employee_id: {from: id, required: true}}}
deliveries:
  receipts: {report: import_receipt, trigger: after_import, carrier: {via: download}}
"""
NEWS = {"title": "Closed on Friday", "paragraphs": ["We are back on Monday."]}
NEW_NAME = b"EMP_ID,Surname,Passport,I94 Expiry\nE1,Name1,,\n"


@dataclass
class Door:
    """One way in, and the partner that it is tried on."""

    office: Office
    firm_id: UUID
    partner: str
    folder: Path
    call: Callable[..., Any]  # of the API: method, path, and more; at the command line: the words

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.office, self.firm_id, self.partner)

    def file(self, name: str, content: bytes | str) -> Path:
        path = self.folder / self.partner / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


class UseCase(NamedTuple):
    """One thing to be done: through the API, at the command line, and the entries that it leaves.

    Attributes:
        ready: furnishes a partner; what it returns is what is acted on.
    """

    command: str
    acts: list[str]
    ready: Callable[[Door], Any]
    by_api: Callable[[Door, Any], Any]
    by_command: Callable[[Door, Any], Any]


def nothing(_door: Door) -> None:
    """There is nothing to furnish."""


def problems(door: Door) -> str:
    told = door.inbox.drop("roster_20260301.csv", [person(1, dob="=1+1"), *people(9)[1:]])
    return str(told["import_id"])


def held(door: Door) -> str:
    return str(door.inbox.drop("roster_20260301.csv", NEW_NAME)["import_id"])


def released_and_run(door: Door, import_id: str) -> None:
    """The API leaves the run to a worker, with which the feed learns the name; the command runs it."""
    door.call("POST", f"imports/{import_id}/release", json={"accept": {"Last Name": "Surname"}})
    finish(door.office, find_home(door.office, door.partner), UUID(import_id))


def learned(door: Door) -> str:
    door.inbox.release({"import_id": held(door)}, {"Last Name": "Surname"})
    [(alias_id,)] = door.inbox.sql(
        "SELECT h.id FROM header_aliases h JOIN feeds f ON f.id = h.feed_id JOIN partners p ON p.id = f.partner_id"
        " WHERE p.slug = %s",
        door.partner,
    )
    return str(alias_id)


def dead_job(door: Door) -> str:
    home = find_home(door.office, door.partner)
    import_id = receive(
        door.office, home, "roster.csv", [as_csv(people(1))], via="test", by=SENDER, asked=Asked(), queued=True
    )
    with door.office.db.system() as session:
        dying = update(JobRow).where(JobRow.about == import_id).values(state="dead", attempts=5)
        return str(session.scalars(dying.returning(JobRow.id)).one())


def key(door: Door) -> str:
    home = find_home(door.office, door.partner)
    from gateway.domain.access.credentials import add_key

    with door.office.acting(door.firm_id, SENDER) as acting:
        made = add_key(acting, home.partner_id, name="nightly", scopes=["files:write"], expires_at=None)
        return str(made.credential.id)


def loaded_person(door: Door) -> str:
    door.inbox.drop("roster_20260301.csv", people(1))
    [(client_id,)] = door.inbox.sql(
        "SELECT c.id FROM clients c JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s", door.partner
    )
    return str(client_id)


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


def connected(door: Door) -> None:
    door.inbox.apply(ROSTER.format(partner=door.partner, firm="northgate") + MORE_SETTINGS)


def delivered(door: Door) -> str:
    connected(door)
    door.inbox.drop("roster_20260301.csv", people(1))
    do_jobs(door.office, ["deliveries", "bulk"])
    [(parcel_id,)] = door.inbox.sql(
        "SELECT d.id FROM parcels d JOIN delivery_lines l ON l.id = d.line_id JOIN partners p ON p.id = l.partner_id"
        " WHERE p.slug = %s",
        door.partner,
    )
    return str(parcel_id)


def shortened(door: Door) -> str:
    with door.office.acting(door.firm_id, SENDER) as acting:
        return links.shorten(acting, PAGE, alias=f"shown-{door.partner}").code


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


def disconnected(door: Door) -> None:
    connected(door)
    home = find_home(door.office, door.partner)
    with door.office.acting(door.firm_id, SENDER) as acting:
        control.disconnect(acting, control.find(door.office, home, "workers"))


def changed_settings(door: Door) -> str:
    return ROSTER.format(partner=door.partner, firm="northgate") + "\n# changed\n"


def firms_own_text(door: Door) -> None:
    with door.office.acting(door.firm_id, SENDER) as acting:
        firm_texts.change(acting, "expiry", "subject", "A firm's own")


def two_texts(door: Door) -> int:
    with door.office.acting(door.firm_id, SENDER) as acting:
        first = firm_texts.change(acting, "expiry", "subject", f"First, of {door.partner}").version
        firm_texts.change(acting, "expiry", "subject", "Second")
        return first


def asked_for(door: Door) -> str:
    to = [Addressee(staff="admin@northgate.example")]
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(service.send(acting, service.Wanted(to, "announcement", NEWS, channels=["email"])).id)


def dispatched(door: Door) -> str:
    asked = asked_for(door)
    [(dispatch_id,)] = door.inbox.sql("SELECT id FROM dispatches WHERE notification_id = %s", asked)
    return str(dispatch_id)


def lawyer(door: Door) -> str:
    """Of each door another: whoever has become an attorney is one."""
    return f"{'attorney' if door.partner == 'acme' else 'admin'}@northgate.example"


def takes_cases(door: Door) -> str:
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(attorneys.add(acting, lawyer(door), attorneys.Said(licence="NY 1")).attorney.id)


def away(door: Door) -> str:
    one = takes_cases(door)
    with door.office.acting(door.firm_id, SENDER) as acting:
        off = time_off.add(acting, one, date(2099, 8, 2), date(2099, 8, 13)).off
        return f"{one}/time-off/{off.id}"


def to_and_fro(change: Callable[[str], Any]) -> None:
    """Both doors belong to one firm: whichever comes first leaves its rule as it was."""
    for rule in ("workload_based", "expertise_first"):
        change(rule)


def errors(form: str) -> UseCase:
    return UseCase(
        "import errors",
        ["import.errors"],
        problems,
        lambda door, one: door.call("GET", f"imports/{one}/errors?format={form}"),
        lambda door, one: door.call("import", "errors", one, "--format", form, "--out", door.file("out", b"")),
    )


USE_CASES = {
    "list imports": UseCase(
        "import list",
        [],
        problems,
        lambda door, _: door.call("GET", f"imports?partner={door.partner}"),
        lambda door, _: door.call("import", "list", "--partner", door.partner),
    ),
    "show an import": UseCase(
        "import show",
        ["import.view"],
        problems,
        lambda door, one: door.call("GET", f"imports/{one}"),
        lambda door, one: door.call("import", "show", one),
    ),
    "show an import without problems": UseCase(
        "import show",
        [],
        lambda door: door.inbox.drop("roster_20260301.csv", people(3))["import_id"],
        lambda door, one: door.call("GET", f"imports/{one}"),
        lambda door, one: door.call("import", "show", one),
    ),
    "errors as csv": errors("csv"),
    "errors as xlsx": errors("xlsx"),
    "errors as json": errors("json"),
    "release": UseCase(
        "import release",
        ["import.release", "feed.learn"],
        held,
        released_and_run,
        lambda door, one: door.call("import", "release", one, "--accept", "Last Name=Surname"),
    ),
    "refuse": UseCase(
        "import refuse",
        ["import.refuse"],
        held,
        lambda door, one: door.call("POST", f"imports/{one}/refuse", json={"reason": "by mistake"}),
        lambda door, one: door.call("import", "refuse", one, "--reason", "by mistake"),
    ),
    "send a file": UseCase(
        "ingest",
        ["import.receive"],
        nothing,
        lambda door, _: door.call(
            "POST", "files", data={"partner": door.partner}, files={"file": ("roster.csv", as_csv(people(2)))}
        ),
        lambda door, _: door.call("ingest", door.file("roster.csv", as_csv(people(2))), "--partner", door.partner),
    ),
    **{
        f"report {name}": UseCase(
            f"report {name}",
            ["report.read"],
            nothing,
            lambda door, _, name=name: door.call("GET", f"reports/{name}"),
            lambda door, _, name=name: door.call("report", name, "--firm", "northgate"),
        )
        for name in REPORTS
    },
    "report about a partner": UseCase(
        "report import_errors",
        ["report.read"],
        problems,
        lambda door, _: door.call("GET", f"reports/import_errors?format=json&partner={door.partner}"),
        lambda door, _: door.call(
            "report", "import_errors", "--firm", "northgate", "--format", "json", "--partner", door.partner
        ),
    ),
    "list attorneys": UseCase(
        "attorney list",
        [],
        takes_cases,
        lambda door, _: door.call("GET", "attorneys"),
        lambda door, _: door.call("attorney", "list", "--firm", "northgate"),
    ),
    "show an attorney": UseCase(
        "attorney show",
        [],
        takes_cases,
        lambda door, one: door.call("GET", f"attorneys/{one}"),
        lambda door, one: door.call("attorney", "show", one, "--firm", "northgate"),
    ),
    "add an attorney": UseCase(
        "attorney add",
        ["attorney.add"],
        nothing,
        lambda door, _: door.call("POST", "attorneys", json={"email": lawyer(door), "licence": "NY 1"}),
        lambda door, _: door.call("attorney", "add", lawyer(door), "--licence", "NY 1", "--firm", "northgate"),
    ),
    "change an attorney": UseCase(
        "attorney set",
        ["attorney.change"],
        takes_cases,
        lambda door, one: door.call("PUT", f"attorneys/{one}", json={"availability": {"mon": 8}, "languages": ["es"]}),
        lambda door, one: door.call(
            "attorney", "set", one, "--hours", "mon=8", "--languages", "es", "--firm", "northgate"
        ),
    ),
    "say what an attorney knows": UseCase(
        "attorney expertise",
        ["attorney.expertise"],
        takes_cases,
        lambda door, one: door.call("PUT", f"attorneys/{one}/expertise", json={"levels": {"PERM": 3}}),
        lambda door, one: door.call("attorney", "expertise", one, "PERM=3", "--firm", "northgate"),
    ),
    "an attorney goes away": UseCase(
        "attorney away",
        ["attorney.time_off"],
        takes_cases,
        lambda door, one: door.call(
            "POST", f"attorneys/{one}/time-off", json={"first": "2099-08-02", "last": "2099-08-03"}
        ),
        lambda door, one: door.call(
            "attorney", "away", one, "--from", "2099-08-02", "--to", "2099-08-03", "--firm", "northgate"
        ),
    ),
    "an attorney is back": UseCase(
        "attorney back",
        ["attorney.time_off"],
        away,
        lambda door, one: door.call("DELETE", f"attorneys/{one}"),
        lambda door, one: door.call(
            "attorney", "back", one.partition("/")[0], "--on", "2099-08-04", "--firm", "northgate"
        ),
    ),
    "change the policy": UseCase(
        "assign policy",
        ["assignment_policy.set"] * 2,
        nothing,
        lambda door, _: to_and_fro(lambda rule: door.call("PUT", "assignment-policy", json={"rule": rule})),
        lambda door, _: to_and_fro(
            lambda rule: door.call("assign", "policy", "set", "--rule", rule, "--firm", "northgate")
        ),
    ),
    "list jobs": UseCase(
        "job list",
        [],
        dead_job,
        lambda door, _: door.call("GET", "jobs?state=dead"),
        lambda door, _: door.call("job", "list", "--state", "dead"),
    ),
    "retry a job": UseCase(
        "job retry",
        ["job.retry"],
        dead_job,
        lambda door, one: door.call("POST", f"jobs/{one}/retry"),
        lambda door, one: door.call("job", "retry", one),
    ),
    "add a key": UseCase(
        "key add",
        ["credential.add"],
        nothing,
        lambda door, _: door.call(
            "POST", "credentials", json={"partner": door.partner, "name": "x", "scopes": ["files:write"]}
        ),
        lambda door, _: door.call("key", "add", "--partner", door.partner, "--name", "x", "--scope", "files:write"),
    ),
    "list keys": UseCase(
        "key list",
        [],
        key,
        lambda door, _: door.call("GET", f"credentials?partner={door.partner}"),
        lambda door, _: door.call("key", "list", "--partner", door.partner),
    ),
    "revoke a key": UseCase(
        "key revoke",
        ["credential.revoke"],
        key,
        lambda door, one: door.call("DELETE", f"credentials/{one}"),
        lambda door, one: door.call("key", "revoke", one),
    ),
    "apply settings": UseCase(
        "partner apply",
        ["partner.apply"],
        changed_settings,
        lambda door, source: door.call("POST", f"partners/{door.partner}/configs", json={"source": source}),
        lambda door, source: door.call("partner", "apply", door.file("partner.yaml", source)),
    ),
    "apply the same settings": UseCase(
        "partner apply",
        [],
        lambda door: ROSTER.format(partner=door.partner, firm="northgate"),
        lambda door, source: door.call("POST", f"partners/{door.partner}/configs", json={"source": source}),
        lambda door, source: door.call("partner", "apply", door.file("partner.yaml", source)),
    ),
    "list learned names": UseCase(
        "partner names",
        [],
        learned,
        lambda door, _: door.call("GET", f"partners/{door.partner}/feeds/roster/learned-names"),
        lambda door, _: door.call("partner", "names", door.partner),
    ),
    "forget a learned name": UseCase(
        "partner names",
        ["feed.forget"],
        learned,
        lambda door, one: door.call("DELETE", f"partners/{door.partner}/feeds/roster/learned-names/{one}"),
        lambda door, one: door.call("partner", "names", door.partner, "--forget", one),
    ),
    "look at places": UseCase(
        "arrivals poll",
        [],
        connected,
        lambda door, _: door.call("POST", "arrivals/looks", json={"partner": door.partner}),
        lambda door, _: door.call("arrivals", "poll", "--partner", door.partner),
    ),
    "try places": UseCase(
        "partner ping",
        ["arrival.ping"],
        nothing,
        lambda door, _: door.call("POST", "arrivals/ping", json={"partner": door.partner}),
        lambda door, _: door.call("partner", "ping", door.partner),
    ),
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
    "list places": UseCase(
        "arrivals status",
        [],
        connected,
        lambda door, _: door.call("GET", f"arrivals?partner={door.partner}"),
        lambda door, _: door.call("arrivals", "status", "--partner", door.partner),
    ),
    "show an HRIS": UseCase(
        "hris status",
        [],
        connected,
        lambda door, _: door.call("GET", f"partners/{door.partner}/feeds/workers/hris"),
        lambda door, _: door.call("hris", "status", "--partner", door.partner, "--feed", "workers"),
    ),
    "list accounts of HRIS systems": UseCase(
        "hris status",
        [],
        connected,
        lambda door, _: door.call("GET", f"hris/accounts?partner={door.partner}"),
        lambda door, _: door.call("hris", "status", "--partner", door.partner),
    ),
    "disconnect an HRIS": UseCase(
        "hris disconnect",
        ["arrival.disconnect"],
        connected,
        lambda door, _: door.call("POST", f"partners/{door.partner}/feeds/workers/hris/disconnections"),
        lambda door, _: door.call("hris", "disconnect", "--partner", door.partner, "--feed", "workers"),
    ),
    "reconnect an HRIS": UseCase(
        "hris reconnect",
        ["arrival.reconnect"],
        disconnected,
        lambda door, _: door.call("POST", f"partners/{door.partner}/feeds/workers/hris/reconnections"),
        lambda door, _: door.call("hris", "reconnect", "--partner", door.partner, "--feed", "workers"),
    ),
    "list deliveries": UseCase(
        "deliveries list",
        [],
        delivered,
        lambda door, _: door.call("GET", f"deliveries?partner={door.partner}"),
        lambda door, _: door.call("deliveries", "list", "--firm", "northgate", "--partner", door.partner),
    ),
    "list lines of deliveries": UseCase(
        "deliveries lines",
        [],
        delivered,
        lambda door, _: door.call("GET", f"deliveries/lines?partner={door.partner}"),
        lambda door, _: door.call("deliveries", "lines", "--firm", "northgate", "--partner", door.partner),
    ),
    "show a delivery": UseCase(
        "deliveries show",
        [],
        delivered,
        lambda door, one: door.call("GET", f"deliveries/{one}"),
        lambda door, one: door.call("deliveries", "show", one),
    ),
    "replay a delivery": UseCase(
        "deliveries replay",
        ["delivery.replay"],
        delivered,
        lambda door, one: door.call("POST", f"deliveries/{one}/replay"),
        lambda door, one: door.call("deliveries", "replay", one),
    ),
    "resume a delivery": UseCase(
        "deliveries resume",
        ["delivery.resume"],
        delivered,
        lambda door, _: door.call("POST", "deliveries/resume", json={"partner": door.partner, "delivery": "receipts"}),
        lambda door, _: door.call("deliveries", "resume", door.partner, "receipts"),
    ),
    "try out a delivery": UseCase(
        "deliveries ping",
        ["delivery.ping"],
        connected,
        lambda door, _: door.call("POST", "deliveries/ping", json={"partner": door.partner, "delivery": "receipts"}),
        lambda door, _: door.call("deliveries", "ping", door.partner, "receipts"),
    ),
    "make a short link": UseCase(
        "links create",
        ["link.create"],
        nothing,
        lambda door, _: door.call("POST", "links", json={"target": PAGE, "alias": f"intake-{door.partner}"}),
        lambda door, _: door.call("links", "create", PAGE, "--firm", "northgate", "--alias", f"intake-{door.partner}"),
    ),
    "list short links": UseCase(
        "links list",
        [],
        shortened,
        lambda door, _: door.call("GET", "links"),
        lambda door, _: door.call("links", "list", "--firm", "northgate"),
    ),
    "show a short link": UseCase(
        "links show",
        [],
        shortened,
        lambda door, code: [door.call("GET", f"links/{code}"), door.call("GET", f"links/{code}/analytics")],
        lambda door, code: door.call("links", "show", code, "--firm", "northgate"),
    ),
    "disable a short link": UseCase(
        "links disable",
        ["link.disable"],
        shortened,
        lambda door, code: door.call("POST", f"links/{code}/disable"),
        lambda door, code: door.call("links", "disable", code, "--firm", "northgate"),
    ),
    "list texts": UseCase(
        "templates list",
        [],
        nothing,
        lambda door, _: door.call("GET", "templates"),
        lambda door, _: door.call("templates", "list", "--firm", "northgate"),
    ),
    "show a text": UseCase(
        "templates show",
        [],
        nothing,
        lambda door, _: door.call("GET", "templates/expiry/text"),
        lambda door, _: door.call("templates", "show", "expiry", "text", "--firm", "northgate"),
    ),
    "list versions of a text": UseCase(
        "templates show",
        [],
        firms_own_text,
        lambda door, _: door.call("GET", "templates/expiry/subject/versions"),
        lambda door, _: door.call("templates", "show", "expiry", "subject", "--firm", "northgate", "--versions"),
    ),
    "change a text": UseCase(
        "templates set",
        ["template.set"],
        nothing,
        lambda door, _: door.call("PUT", "templates/digest/text", json={"source": "A text"}),
        lambda door, _: door.call(
            "templates", "set", "digest", "text", "--firm", "northgate", "--file", door.file("text", "Another text")
        ),
    ),
    "go back to a text": UseCase(
        "templates set",
        ["template.set"],
        two_texts,
        lambda door, one: door.call("POST", f"templates/expiry/subject/versions/{one}/activations"),
        lambda door, one: door.call(
            "templates", "set", "expiry", "subject", "--firm", "northgate", "--version", str(one)
        ),
    ),
    "take the house's text again": UseCase(
        "templates reset",
        ["template.set", "template.reset"],
        nothing,
        lambda door, _: (firms_own_text(door), door.call("DELETE", "templates/expiry/subject")),
        lambda door, _: (
            firms_own_text(door),
            door.call("templates", "reset", "expiry", "subject", "--firm", "northgate"),
        ),
    ),
    "try a text": UseCase(
        "templates preview",
        [],
        nothing,
        lambda door, _: door.call("POST", "templates/expiry/subject/preview", json={"source": "{{ firm }}"}),
        lambda door, _: door.call(
            "templates", "preview", "expiry", "subject", "--firm", "northgate", "--file", door.file("t", "{{ firm }}")
        ),
    ),
    "try the text in force on a dispatch": UseCase(
        "templates preview",
        ["template.preview"],
        dispatched,
        lambda door, one: door.call("POST", "templates/announcement/html/preview", json={"dispatch_id": one}),
        lambda door, one: door.call(
            "templates", "preview", "announcement", "html", "--firm", "northgate", "--dispatch", one
        ),
    ),
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
    "erase a person": UseCase(
        "client erase",
        ["client.erase"],
        loaded_person,
        lambda door, one: door.call("POST", f"clients/{one}/erasure", json={"reason": "Asked for"}),
        lambda door, one: door.call("client", "erase", one, "--firm", "northgate", "--reason", "Asked for", "--yes"),
    ),
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
    "change a password": UseCase(
        "staff password",
        ["staff.password"],
        nothing,
        lambda door, _: door.call("PUT", "me/password", json={"current": PASSWORD, "new": "owl-lamp-tree-fig"}),
        lambda door, _: door.call("staff", "password", "viewer@northgate.example", "--firm", "northgate", "--make"),
    ),
}

# what has no route of the API beside it: the machine's own affairs, and what only an operator does
AT_THE_MACHINE = set(
    "demo,serve,doctor,db url,db run,db migrate,db stop,firm add,staff add,staff deactivate,key rotate-signing,"
    "partner check,partner infer,partner test,partner schema,webhook send,job dead,job show,"
    "notice ping,expiry sweep,expiry plan,rules list,rules show,rules affected".split(",")
)


@pytest.fixture
def api(settings, office, tenants, tmp_path) -> Iterator[Door]:
    headers = staff_headers(office, tenants.northgate, tenants.staff["admin"])
    with asking(settings) as http:

        def call(method: str, path: str, **more: Any) -> None:
            answer = http.request(method, f"/v1/{path}", headers=headers, **more)
            assert answer.status_code < 300, answer.text

        yield furnished(Door(office, tenants.northgate, "acme", tmp_path, call))


@pytest.fixture
def command(gateway, office, tenants, tmp_path) -> Door:
    def call(*words: object) -> None:
        result = gateway(*words)
        assert result.exit_code == 0, result.output

    return furnished(Door(office, tenants.northgate, "globex", tmp_path, call))


def furnished(door: Door) -> Door:
    door.inbox.apply(ROSTER.format(partner=door.partner, firm="northgate"))
    return door


@pytest.mark.parametrize("name", USE_CASES)
def test_both_doors_leave_the_same_entries(api, command, name):
    one = USE_CASES[name]
    on_api, on_command = one.ready(api), one.ready(command)
    through_api = entries(api, lambda: one.by_api(api, on_api))
    at_command = entries(command, lambda: one.by_command(command, on_command))
    assert [told["action"] for told in through_api] == one.acts
    assert at_command == through_api


def test_every_command_is_held_against_the_api_or_has_none_beside_it():
    tried = {one.command for one in USE_CASES.values()}
    assert not tried & AT_THE_MACHINE
    assert set(commands()) == tried | AT_THE_MACHINE


def commands() -> Iterator[str]:
    """Every command that does something, in words."""
    with click.Context(cli) as context:
        for name in COMMANDS:
            _, command, _ = cli.resolve_command(context, [name])
            if isinstance(command, click.Group):
                yield from (f"{name} {below}" for below in command.commands)
            else:
                yield name


def entries(door: Door, act: Callable[[], Any]) -> list[dict[str, Any]]:
    """What people and commands put on record meanwhile; who they are, when and from where left out.

    Ids and the partner's name stand there as which of them it is, from the first that is named on.
    """
    before = set(recorded(door))
    act()
    after = recorded(door)
    told = [after[entry_id] for entry_id in sorted(set(after) - before)]
    text = json.dumps(told, default=str)
    named = re.sub(r"gwk_\w+", "KEY", text).replace(f'"{door.partner}"', '"PARTNER"').replace('"cli"', '"VIA"')
    named = named.replace('"api"', '"VIA"').replace(f"-{door.partner}", "-PARTNER")
    for number, one in enumerate(dict.fromkeys(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", named))):
        named = named.replace(one, f"ID {number}")
    return json.loads(named)


def recorded(door: Door) -> dict[UUID, dict[str, Any]]:
    told = ("action", "client_id", "case_id", "import_id", "changes")
    with door.office.db.firm(door.firm_id) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.actor_kind != "import"))
        return {one.id: {name: getattr(one, name) for name in told} for one in found}
