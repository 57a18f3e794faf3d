"""A served installation that holds some of everything, so that whoever asks for ids at random now and then is right.

Northgate's partner acme has sent a full roster with a bad row, one with a renamed column that was accepted, and one that
is held; its people have documents, some have cases; there are credentials, walls, and jobs that no worker takes up.
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
from callers import key_headers, staff_headers
from desk import COLUMNS, ROSTER, Desk, as_csv, people, person
from servers import free_port, until

from gateway.db.engine import Addresses
from gateway.db.session import Database
from gateway.domain import tiers
from gateway.domain.audit import Actor
from gateway.domain.permissions import SCOPES
from gateway.settings import load
from gateway.storage import Store
from ingest.office import Office

COMMAND = str(Path(sys.executable).with_name("gateway"))
MASTER_KEY = base64.b64encode(b"fabricated master key of 32 byte").decode()
WIDE = 1_000_000_000  # requests: so many that no limit is met
COUNT = 30  # of the people on the roster
ADMIN = Actor("staff", "admin@northgate.example")


@dataclass
class Furnished:
    """An installation that is being served.

    Attributes:
        url: where.
        admin: headers of Northgate's admin.
        leaving: headers of the same admin in another session, which may end.
        acme: headers of its partner, by a key with every scope.
        ids: what there is, by the name of the parameter or field that asks for it.
    """

    url: str
    admin: dict[str, str]
    leaving: dict[str, str]
    acme: dict[str, str]
    ids: dict[str, list[Any]] = field(default_factory=dict)


@contextmanager
def furnished(addresses: Addresses, cast: Any, folder: Path) -> Iterator[Furnished]:
    """Serve the cast's installation by a process of its own, role api; `folder` holds its state and its log."""
    environment = _environment(addresses, folder)
    with _served(environment, folder / "serve.log") as url:
        settings = load(environment)
        database = Database.open(settings)
        try:
            yield _furnish(url, Office(database, Store.of(settings), settings), cast)
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
def _served(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{environment['GATEWAY_HTTP_PORT']}"
    with log.open("wb") as told:
        service = subprocess.Popen([COMMAND, "serve", "--role", "api"], env=environment, stdout=told, stderr=told)
    try:
        until(lambda: _ready(url), 60)
        yield url
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


def _furnish(url: str, office: Office, cast: Any) -> Furnished:
    admin, leaving = (staff_headers(office, cast.northgate, cast.staff["admin"]) for _ in range(2))
    one = Furnished(url, admin, leaving, key_headers(office.db, cast.northgate, cast.acme, tuple(SCOPES)))
    with office.db.firm(cast.northgate) as session:
        for tier in ("standard", tiers.CEILING):
            tiers.change(session, cast.northgate, tier, {"minute": WIDE, "day": WIDE}, ADMIN)
    _send_files(Desk(office, cast.northgate, "acme"))
    with httpx.Client(base_url=url, headers=admin, timeout=60) as http:
        _write(http, cast)
        _queue(url, one.acme)
        one.ids = _ids(http, cast)
    return one


def _send_files(desk: Desk) -> None:
    desk.apply(ROSTER.format(partner="acme", firm="northgate"))
    desk.apply(ROSTER.format(partner="acme", firm="northgate") + "\ncontacts: {errors: [hris@acme.example]}\n")
    rows = [*people(COUNT, passport="FX12345", passport_expiry="05/31/2030"), person(COUNT + 1, dob="soon")]
    assert desk.drop("roster_20260301.csv", rows)["state"] == "loaded_with_errors"
    renamed = as_csv(people(COUNT, salary="51000")).replace(b"Last Name", b"Surname")
    held = desk.drop("roster_20260302.csv", renamed)
    assert held["state"] == "held", held
    assert desk.release(held, {"Last Name": "Surname"})["state"] == "released"
    for day in range(3, 13):
        assert desk.drop(f"roster_202603{day:02}.csv", people(2))["state"] == "held"


def _write(http: httpx.Client, cast: Any) -> None:
    clients = [one["id"] for one in _all(http, "clients")]
    for number, client in enumerate(clients[:12]):
        _made(http, "cases", case_number=f"C-{number}", client_id=client, case_type="H1B_EXT", priority="high")
        _made(http, "documents", client_id=client, doc_type="ead", number=f"EAD{number}", expires_on="2027-05-31")
        _made(http, "walls", staff_id=str(cast.staff["viewer"]), client_id=client, reason="Acted for the other side")
        _made(http, "clients", partner="acme", employee_id=f"E{900 + number}", notes="Met at the fair")
    for partner in ("acme", "globex"):
        _made(http, "credentials", partner=partner, name="spare", scopes=["status:read"])


def _queue(url: str, headers: dict[str, str]) -> None:
    """Files of which nothing becomes, for there is no worker."""
    for day in range(1, 4):
        file = (f"roster_202604{day:02}.csv", as_csv(people(COUNT), COLUMNS))
        httpx.post(f"{url}/v1/files", files={"file": file}, headers=headers, timeout=60).raise_for_status()


def _made(http: httpx.Client, kind: str, **body: Any) -> None:
    answer = http.post(f"/v1/{kind}", json=body)
    assert answer.status_code == 201, (kind, body, answer.text)


def _all(http: httpx.Client, kind: str) -> list[dict[str, Any]]:
    return http.get(f"/v1/{kind}", params={"limit": 100}).raise_for_status().json()["data"]


def _ids(http: httpx.Client, cast: Any) -> dict[str, list[Any]]:
    def of(kind: str, name: str = "id") -> list[str]:
        return [one[name] for one in _all(http, kind)]

    held = [one["import_id"] for one in _all(http, "imports") if one["state"] == "held"]
    names = http.get("/v1/partners/acme/feeds/roster/learned-names").raise_for_status().json()
    return {
        "client_id": of("clients"),
        "case_id": of("cases"),
        "document_id": of("documents"),
        "wall_id": of("walls"),
        "credential_id": [one["id"] for one in _all(http, "credentials") if one["name"] == "spare"],
        "import_id": of("imports", "import_id"),
        "held_id": held,
        "job_id": of("jobs"),
        "name_id": [one["id"] for one in names],
        "staff_id": [str(cast.staff["viewer"])],
    }
