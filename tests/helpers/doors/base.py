"""What a way in is, what is done through both, and what several tables furnish a partner with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from gateway.office import Office
from helpers.inbox import ROSTER, SENDER, Inbox, people, person
from outbound.notify import service
from outbound.notify.asking import Addressee

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


def loaded_person(door: Door) -> str:
    door.inbox.drop("roster_20260301.csv", people(1))
    [(client_id,)] = door.inbox.sql(
        "SELECT c.id FROM clients c JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s", door.partner
    )
    return str(client_id)


def connected(door: Door) -> None:
    door.inbox.apply(ROSTER.format(partner=door.partner, firm="northgate") + MORE_SETTINGS)


def asked_for(door: Door) -> str:
    to = [Addressee(staff="admin@northgate.example")]
    with door.office.acting(door.firm_id, SENDER) as acting:
        return str(service.send(acting, service.Wanted(to, "announcement", NEWS, channels=["email"])).id)
