"""A inbox at which a test drops files for a partner and reads what became of them."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from gateway.db.session import driver
from gateway.domain.partners import versions
from gateway.domain.partners.homes import find_home
from gateway.office import Actor, Office
from gateway.wings import PARTNER_YAML
from ingest import receipts
from ingest.account import account_of
from ingest.arrival import Asked
from ingest.holds import refuse, release
from ingest.reception import receive
from ingest.running import dry_run, finish

ME = Actor("staff", "paralegal@northgate.example", origin="test")
SENDER = Actor("system", "test")

ROSTER = """
partner: {partner}
firm: {firm}
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  roster:
    file: "roster*.csv"
    format: {{type: csv}}
    contents: full
    absent: close
    as_of: {{file_name: "roster_%Y%m%d.csv"}}
    client:
      key: employee_id
      fields:
        employee_id:   {{from: EMP_ID, required: true, pattern: "^E[0-9]+$"}}
        family_name:   {{from: Last Name, required: true}}
        date_of_birth: {{from: DOB, type: date, formats: ["%m/%d/%Y"]}}
        annual_salary: {{from: Salary, type: money}}
        ssn:           {{from: SSN, type: ssn}}
    documents:
      - type: passport
        when: {{column: Passport, not_blank: true}}
        fields:
          number:     {{from: Passport}}
          expires_on: {{from: Passport Expiry, type: date, formats: ["%m/%d/%Y"]}}
      - type: i94
        when: {{column: I94 Expiry, not_blank: true}}
        fields:
          expires_on: {{from: I94 Expiry, type: date, formats: ["%m/%d/%Y"], tokens: {{"D/S": duration_of_status}}}}
"""
COLUMNS = ["EMP_ID", "Last Name", "DOB", "Salary", "SSN", "Passport", "Passport Expiry", "I94 Expiry"]


def person(number: int, **more: str) -> dict[str, str]:
    """One row about one person; further columns by their names in lower case."""
    row = {"EMP_ID": f"E{number}", "Last Name": f"Name{number}", "DOB": "02/03/1980", "Salary": "50000"}
    named = {name.lower().replace(" ", "_"): name for name in COLUMNS}
    return row | {named[key]: value for key, value in more.items()}


def people(count: int, *, without: range | tuple[int, ...] = (), **more: str) -> list[dict[str, str]]:
    return [person(number, **more) for number in range(1, count + 1) if number not in without]


def as_csv(rows: list[dict[str, str]], columns: list[str] = COLUMNS) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


@dataclass
class Inbox:
    """One partner of one firm, and the way its files take."""

    office: Office
    firm_id: UUID
    slug: str

    def apply(self, source: str | Path) -> None:
        settings = PARTNER_YAML.read(source)
        with self.office.acting(self.firm_id, ME) as acting:
            versions.apply(acting, settings)

    def drop(self, name: str, content: bytes | list[dict[str, str]], **asked: Any) -> dict[str, Any]:
        [told] = self.drop_all(name, content, **asked)
        return told

    def drop_all(self, name: str, content: bytes | list[dict[str, str]], **asked: Any) -> list[dict[str, Any]]:
        """What became of each file in an archive."""
        home = find_home(self.office, self.slug)
        raw = content if isinstance(content, bytes) else as_csv(content)
        import_id = receive(self.office, home, name, iter([raw]), via="test", by=SENDER, asked=Asked(**asked))
        finish(self.office, home, import_id)
        told = self.account(import_id)
        for one in told["files"]:
            finish(self.office, home, UUID(one["import_id"]))
        return [self.account(one["import_id"]) for one in told["files"]] or [told]

    def account(self, import_id: UUID | str) -> dict[str, Any]:
        home, import_id = find_home(self.office, self.slug), UUID(str(import_id))
        with self.office.db.firm(self.firm_id) as session:
            return account_of(session, import_id, receipts.folder_of(self.office.settings, home, import_id))

    def rehearse(self, name: str, content: bytes | list[dict[str, str]], **asked: Any) -> Any:
        home = find_home(self.office, self.slug)
        raw = content if isinstance(content, bytes) else as_csv(content)
        source = Pretended(name, raw)
        return dry_run(self.office, home, source, source.sha256, Asked(**asked))

    def release(self, told: dict[str, Any], accepted: dict[str, str] | None = None) -> dict[str, Any]:
        home, import_id = find_home(self.office, self.slug), UUID(told["import_id"])
        with self.office.acting(self.firm_id, ME) as acting:
            release(acting, import_id, accepted)
        finish(self.office, home, import_id)
        return self.account(import_id)

    def refuse(self, told: dict[str, Any], reason: str) -> dict[str, Any]:
        refuse(self.office, self.firm_id, ME, UUID(told["import_id"]), reason)
        return self.account(told["import_id"])

    def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        with self.office.db.firm(self.firm_id) as session:
            found = driver(session).execute(query, params)
            return found.fetchall() if found.description else []

    def clients(self, columns: str = "employee_id, annual_salary") -> dict[str, Any]:
        rows = self.sql(f"SELECT {columns} FROM clients ORDER BY employee_id")
        return {row[0]: row[1] if len(row) == 2 else row[1:] for row in rows}

    def open_clients(self) -> set[str]:
        return {row[0] for row in self.sql("SELECT employee_id FROM clients WHERE enrollment_status = 'active'")}


@dataclass
class Pretended:
    """A file that a dry run reads without storing it."""

    name: str
    raw: bytes

    @property
    def size(self) -> int:
        return len(self.raw)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    def chunks(self):
        return iter([self.raw])


def counts(told: dict[str, Any]) -> dict[str, int]:
    """The row counts that are not zero."""
    return {name: number for name, number in told["rows"].items() if number}
