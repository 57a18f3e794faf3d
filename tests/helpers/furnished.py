"""A served installation that holds some of everything, so that whoever asks for ids at random now and then is right.

Northgate's partner acme has sent a full roster with a bad row, one with a renamed column that was accepted, and some
that are held; its people have documents, some have cases; there are credentials and walls. The API and a worker that
loads files run as processes of their own.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.db.engine import Addresses
from gateway.db.session import Database
from gateway.domain.access import tiers
from gateway.domain.access.permissions import SCOPES
from gateway.office import Actor, Office
from gateway.settings import load
from gateway.wings import office_of
from helpers.callers import key_headers, staff_headers
from helpers.inbox import ROSTER, Inbox, as_csv, people, person
from helpers.servers import free_port, until

COMMAND = str(Path(sys.executable).with_name("gateway"))
MASTER_KEY = base64.b64encode(b"fabricated master key of 32 byte").decode()
WIDE = 1_000_000_000  # requests: so many that no limit is met
TIER = "enterprise"  # of acme: not the one of the examples, so that nobody narrows it
COUNT = 30  # of the people on the roster
ADMIN = Actor("staff", "admin@northgate.example")


@dataclass
class Furnished:
    """An installation that is being served.

    Attributes:
        url: where.
        admin: headers of Northgate's admin.
        leaving: headers of the same admin in another session, which may end.
        pid: of the process that answers.
        acme: headers of its partner, by a key with every scope.
        ids: what there is, by the name of the parameter or field that asks for it.
    """

    url: str
    admin: dict[str, str]
    leaving: dict[str, str]
    acme: dict[str, str]
    pid: int
    ids: dict[str, list[Any]] = field(default_factory=dict)


@contextmanager
def furnished(addresses: Addresses, tenants: Any, folder: Path) -> Iterator[Furnished]:
    """Serve the tenants's installation; `folder` holds its state and its logs."""
    environment = _environment(addresses, folder)
    url = f"http://127.0.0.1:{environment['GATEWAY_HTTP_PORT']}"
    with _role("api", environment, folder) as pid, _role("ingest", environment, folder):
        until(lambda: _ready(url), 60)
        settings = load(environment)
        database = Database.open(settings)
        try:
            yield _furnish(url, pid, office_of(database, settings), tenants)
        finally:
            database.close()


def _environment(addresses: Addresses, folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | {
        "GATEWAY_DATA_DIR": str(folder / "data"),
        "GATEWAY_CONFIG_DIR": str(folder / "configs"),
        "GATEWAY_DATABASE_URL": addresses.app,
        "GATEWAY_SYSTEM_DATABASE_URL": addresses.system,
        "GATEWAY_OWNER_DATABASE_URL": addresses.owner,
        "GATEWAY_MASTER_KEY": MASTER_KEY,
        "GATEWAY_HTTP_PORT": str(free_port()),
        "GATEWAY_COOKIES": "plain",
    }


@contextmanager
def _role(role: str, environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    log = folder / f"{role}.log"
    with log.open("wb") as told:
        service = subprocess.Popen([COMMAND, "serve", "--role", role], env=environment, stdout=told, stderr=told)
    try:
        yield service.pid
    finally:
        service.terminate()
        status = service.wait(60)
    assert status == 0, log.read_text()[-2_000:]


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


# ------------------------------------------------------------------------------------------------ furnishing


def _furnish(url: str, pid: int, office: Office, tenants: Any) -> Furnished:
    admin, leaving = (staff_headers(office, tenants.northgate, tenants.staff["admin"]) for _ in range(2))
    one = Furnished(url, admin, leaving, key_headers(office.db, tenants.northgate, tenants.acme, tuple(SCOPES)), pid)
    with office.db.firm(tenants.northgate) as session:
        for tier in (TIER, tiers.CEILING):
            tiers.change(session, tenants.northgate, tier, {"minute": WIDE, "day": WIDE}, ADMIN)
        tiers.change(session, tenants.northgate, tiers.FILES, {"files": WIDE}, ADMIN)
    _send_files(Inbox(office, tenants.northgate, "acme"))
    _send_bad_rows(Inbox(office, tenants.northgate, "globex"))
    with httpx.Client(base_url=url, headers=admin, timeout=60) as http:
        _write(http, tenants)
        file = ("roster_20260401.csv", as_csv(people(COUNT)))
        http.post("/v1/files", files={"file": file}, data={"partner": "acme"}).raise_for_status()
        one.ids = _ids(http, tenants)
    return one


def _send_files(inbox: Inbox) -> None:
    inbox.apply(_settings())
    inbox.apply(_settings() + "contacts: {errors: [hris@acme.example]}\n")
    rows = [*people(COUNT, passport="FX12345", passport_expiry="05/31/2030"), person(COUNT + 1, dob="soon")]
    assert inbox.drop("roster_20260301.csv", rows)["state"] == "loaded_with_errors"
    renamed = as_csv(people(COUNT, salary="51000")).replace(b"Last Name", b"Surname")
    held = inbox.drop("roster_20260302.csv", renamed)
    assert held["state"] == "held", held
    assert inbox.release(held, {"Last Name": "Surname"})["state"] == "released"
    for day in range(3, 13):
        assert inbox.drop(f"roster_202603{day:02}.csv", people(2))["state"] == "held"


def _send_bad_rows(inbox: Inbox) -> None:
    """Of a partner whose people nobody erases, for their files go with them."""
    inbox.apply(ROSTER.format(partner="globex", firm="northgate"))
    assert inbox.drop("roster_20260301.csv", [*people(3), person(4, dob="soon")])["state"] == "loaded_with_errors"


def _settings() -> str:
    return ROSTER.format(partner="acme", firm="northgate") + f"\nrate_tier: {TIER}\n"


def _write(http: httpx.Client, tenants: Any) -> None:
    clients = [one["id"] for one in _all(http, "clients", partner="acme")]
    for number, client in enumerate(clients[:12]):
        _made(http, "cases", case_number=f"C-{number}", client_id=client, case_type="H1B_EXT", priority="high")
        _made(http, "documents", client_id=client, doc_type="ead", number=f"EAD{number}", expires_on="2027-05-31")
        _made(http, "walls", staff_id=str(tenants.staff["viewer"]), client_id=client, reason="Acted for the other side")
        _made(http, "clients", partner="acme", employee_id=f"E{900 + number}", notes="Met at the fair")
    for partner in ("acme", "globex"):
        _made(http, "credentials", partner=partner, name="spare", scopes=["status:read"])


def _made(http: httpx.Client, kind: str, **body: Any) -> None:
    answer = http.post(f"/v1/{kind}", json=body)
    assert answer.status_code == 201, (kind, body, answer.text)


def _all(http: httpx.Client, kind: str, **filters: str) -> list[dict[str, Any]]:
    return http.get(f"/v1/{kind}", params={"limit": 100} | filters).raise_for_status().json()["data"]


def _ids(http: httpx.Client, tenants: Any) -> dict[str, list[Any]]:
    def of(kind: str, name: str = "id") -> list[str]:
        return [one[name] for one in _all(http, kind)]

    imports = _all(http, "imports")
    names = http.get("/v1/partners/acme/feeds/roster/learned-names").raise_for_status().json()
    return {
        "client_id": [one["id"] for one in _all(http, "clients", partner="acme")],
        "case_id": of("cases"),
        "document_id": of("documents"),
        "wall_id": of("walls"),
        "credential_id": [one["id"] for one in _all(http, "credentials") if one["name"] == "spare"],
        "import_id": [one["import_id"] for one in imports],
        "held_id": [one["import_id"] for one in imports if one["state"] == "held"],
        "mended_id": [one["import_id"] for one in _all(http, "imports", partner="globex")],
        "job_id": of("jobs"),
        "name_id": [one["id"] for one in names],
        "staff_id": [str(tenants.staff["viewer"])],
        "slug": ["acme"],
        "feed": ["roster"],
        "number": [1, 2],
        "other": [1, 2],
        "name": ["import_errors"],
        "tier": ["basic", "standard"],
        "field": ["notes", "priority", "number", "expires_on"],
        "employee_id": [f"E{number}" for number in range(1, 10)],
        "date_of_birth": ["1980-02-03"],
        "source": [_settings(), _settings() + "contacts: {errors: [new@acme.example]}\n"],
    }
