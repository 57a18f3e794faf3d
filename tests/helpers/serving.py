"""An installation as it is run: `gateway serve` in processes of its own, asked over real sockets; empty, or furnished."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from gateway.db.engine import Addresses
from gateway.db.session import Database
from gateway.domain.access import tiers
from gateway.domain.access.permissions import SCOPES
from gateway.jobs.worker import drain
from gateway.office import Actor, Office
from gateway.settings import load
from gateway.wings import KINDS, office_of
from helpers.callers import key_headers, staff_headers
from helpers.clusters import put_cluster
from helpers.commanding import Started, commander
from helpers.inbox import ROSTER, SENDER, Inbox, as_csv, people, person
from helpers.servers import PATIENCE, free_port, until
from outbound.checking import asking as checks

COMMAND = str(Path(sys.executable).with_name("gateway"))
NOBODYS = "0197a3c2-5e10-7c4e-9d2b-4f00000000ff"
MASTER_KEY = base64.b64encode(b"fabricated master key of 32 byte").decode()
PASSWORD = "fig-tree-lamp-owl"
QUEUES = {"urgent", "normal", "bulk", "ingest", "arrivals", "deliveries", "notices", "models"}
WIDE = 1_000_000_000  # requests: so many that no limit is met
TIER = "enterprise"  # of acme: not the one of the examples, so that nobody narrows it
COUNT = 30  # of the people on the roster
ADMIN = Actor("staff", "admin@northgate.example")


Service = Started | subprocess.Popen[bytes]


class Installation:
    """A folder with settings, a database and the services over it; both may be stopped, killed and asked."""

    def __init__(self, folder: Path, more: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.services: list[Service] = []
        self._free: list[psycopg.Connection] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder / "data"),
            "GATEWAY_CONFIG_DIR": str(folder / "configs"),
            "GATEWAY_HTTP_PORT": str(free_port()),
            "GATEWAY_SFTP_PORT": str(free_port()),
            "GATEWAY_JOB_LEASE_SECONDS": "3",
            "GATEWAY_JOB_SWEEP_SECONDS": "1",
            "GATEWAY_COOKIES": "plain",
            **(more or {}),
        }
        self.url = f"http://127.0.0.1:{self.environment['GATEWAY_HTTP_PORT']}"
        self.database = self.environment.get("GATEWAY_SYSTEM_DATABASE_URL") or self.run("db", "url").strip()

    # ------------------------------------------------------------ commands

    def run(self, *words: object, stdin: str | None = None) -> str:
        done = commander().run([*map(str, words)], self.environment, stdin)
        assert done.code == 0, done.told + done.out
        return done.out

    def json(self, *words: object) -> Any:
        return json.loads(self.run(*words, "--json"))

    def add_partners(self, firm: str, *partners: str, roster: str = ROSTER) -> None:
        for partner in partners:
            folder = self.folder / "configs" / partner
            folder.mkdir(parents=True)
            (folder / "partner.yaml").write_text(roster.format(partner=partner, firm=firm))
        self.run("partner", "apply", self.folder / "configs")

    def key(self, partner: str) -> dict[str, str]:
        """Headers of a partner with a new key."""
        made = self.json("key", "add", "--partner", partner)
        return {"Authorization": f"Bearer {made['secret']}"}

    def member(self, firm: str, name: str, role: str = "admin") -> str:
        """The address of somebody new, who may sign in with `PASSWORD`."""
        email = f"{name}@{firm}.example"
        self.run("staff", "add", email, "--firm", firm, "--role", role, "--json")
        self.run("staff", "password", email, "--firm", firm, stdin=f"{PASSWORD}\n")
        return email

    def staff(self, http: httpx.Client, firm: str, name: str, role: str = "admin") -> dict[str, str]:
        """Headers of somebody new, signed in."""
        login = {"email": self.member(firm, name, role), "password": PASSWORD}
        told = http.post("/v1/auth/login", json=login).raise_for_status().json()
        return {"Authorization": f"Bearer {told['access_token']}"}

    # ------------------------------------------------------------ services

    def serve(self, *words: str, anew: bool = False) -> Service:
        """Start `gateway serve`; what it writes to stderr is its log, and what it prints a file beside.

        With `anew`, by the command itself, as people do: it reads the program first.
        """
        told = self.folder / f"serve-{len(self.services)}"
        words = ("serve", *words)
        with told.with_suffix(".out").open("wb") as out, told.with_suffix(".log").open("wb") as log:
            if anew:
                service: Service = subprocess.Popen([COMMAND, *words], env=self.environment, stdout=out, stderr=log)
            else:
                service = commander().start(words, self.environment, out=out.fileno(), told=log.fileno())
        self.services.append(service)
        return service

    def printed(self) -> str:
        return "".join(out.read_text() for out in sorted(self.folder.glob("serve-*.out")))

    def said(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("serve-*.log")))

    def children(self, service: Service) -> dict[str, int]:
        """Process ids by role."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_bytes().decode().split("\0")
            except OSError:  # it has ended since
                continue
            if parent == service.pid and "--role" in words:
                found[words[words.index("--role") + 1]] = int(folder.name)
        return found

    def is_ready(self, http: httpx.Client) -> bool:
        try:
            return http.get("/health/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def end(self) -> None:
        """End the services, and see that they end in peace."""
        self.hang_up()
        running = [service for service in self.services if service.poll() is None]
        for service in running:
            service.terminate()
        assert [service.wait(PATIENCE) for service in running] == [0] * len(running)

    def close(self) -> None:
        """End the services and the database."""
        self.end()
        if "GATEWAY_DATABASE_URL" not in self.environment:
            until(lambda: self.json("db", "stop") == {"state": "stopped"})

    def figure(self, http: httpx.Client, name: str, **labels: str) -> float:
        """One of the API's figures; 0 before it was first counted."""
        families = text_string_to_metric_families(http.get("/metrics").raise_for_status().text)
        samples = (one for family in families for one in family.samples)
        return next((one.value for one in samples if (one.name, one.labels) == (name, labels)), 0.0)

    # ------------------------------------------------------------ database

    def sql(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """What a query finds; nothing while the database is away."""
        try:
            return self.asked(query, *params)
        except psycopg.OperationalError:
            return []

    def asked(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """The connection is kept for the next one who asks: a new one takes longer than most questions."""
        with self._connected() as asking:
            found = asking.execute(query, params)
            return found.fetchall() if found.description else []

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        """The one that is free, unless the server has said that it is over; else a new one."""
        asking = self._free.pop() if self._free else None
        if asking and select.select([asking], [], [], 0)[0]:
            asking.close()
        if asking is None or asking.closed:
            asking = psycopg.connect(self.database, autocommit=True)
            asking.execute("SET ROLE gateway_system")
        try:
            yield asking
        except BaseException:
            asking.close()
            raise
        self._free.append(asking)

    def hang_up(self) -> None:
        while self._free:
            self._free.pop().close()

    def workers(self) -> set[str]:
        """The queues that somebody works on."""
        return {queue for (queue,) in self.sql(
            "SELECT jsonb_array_elements_text(about -> 'queues') FROM leases WHERE until > clock_timestamp()"
        )}  # fmt: skip

    def server_pid(self) -> int:
        return int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])


def over(addresses: Addresses) -> dict[str, str]:
    """What tells an installation to stand on a test's database."""
    return {
        "GATEWAY_DATABASE_URL": addresses.app,
        "GATEWAY_SYSTEM_DATABASE_URL": addresses.system,
        "GATEWAY_OWNER_DATABASE_URL": addresses.owner,
        "GATEWAY_MASTER_KEY": MASTER_KEY,
    }


@contextmanager
def own_folder() -> Iterator[Path]:
    """Below no folder of pytest's: the database of a root user has an account of its own."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-served-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def installed(more: dict[str, str] | None = None) -> Iterator[Installation]:
    """An installation of a test's own, without partners and without services yet."""
    with own_folder() as folder:
        put_cluster(folder / "data")
        made = Installation(folder, more)
        try:
            yield made
        finally:
            made.close()


@contextmanager
def answering(installation: Installation) -> Iterator[httpx.Client]:
    """All services, once the API is ready and every queue has a worker; and a client of the API."""
    installation.serve()
    with httpx.Client(base_url=installation.url, timeout=30) as http:
        until(lambda: installation.is_ready(http))
        until(lambda: installation.workers() == QUEUES)
        yield http


# ---------------------------------------------------------------- furnished


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
    """Serve an installation that holds some of everything, so that ids asked for at random now and then are right.

    Northgate's partner acme has sent a full roster with a bad row, one with a renamed column that was accepted, and
    some that are held; its people have documents, some have cases; there are credentials and walls.
    """
    installation = Installation(folder, over(addresses))
    api = installation.serve("--role", "api")
    installation.serve("--role", "ingest")
    with httpx.Client(base_url=installation.url) as http:
        until(lambda: installation.is_ready(http))
    settings = load(installation.environment)
    database = Database.open(settings)
    try:
        yield _furnish(installation.url, api.pid, office_of(database, settings), tenants)
    finally:
        database.close()
        installation.end()


def _furnish(url: str, pid: int, office: Office, tenants: Any) -> Furnished:
    admin, leaving = (staff_headers(office, tenants.northgate, tenants.staff["admin"]) for _ in range(2))
    one = Furnished(url, admin, leaving, key_headers(office, tenants.northgate, tenants.acme, tuple(SCOPES)), pid)
    with office.acting(tenants.northgate, ADMIN) as acting:
        for tier in (TIER, tiers.CEILING):
            tiers.change(acting, tier, {"minute": WIDE, "day": WIDE})
        tiers.change(acting, tiers.FILES, {"files": WIDE})
    _send_files(Inbox(office, tenants.northgate, "acme"))
    _send_bad_rows(Inbox(office, tenants.northgate, "globex"))
    with httpx.Client(base_url=url, headers=admin, timeout=60) as http:
        _write(http, tenants)
        file = ("roster_20260401.csv", as_csv(people(COUNT)))
        http.post("/v1/files", files={"file": file}, data={"partner": "acme"}).raise_for_status()
        _check(office, tenants, [one["id"] for one in _all(http, "clients", partner="acme")])
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
    for client in clients:
        _made(http, f"clients/{client}/profile", kind="award", facts={"name": "Best Paper"})
    _made(http, "attorneys", email="attorney@northgate.example", licence="NY 4821093")
    for number in range(12):
        _made(http, "links", target=f"https://firm.example/{number}")
    for partner in ("acme", "globex"):
        _made(http, "credentials", partner=partner, name="spare", scopes=["status:read"])


def _check(office: Office, tenants: Any, clients: list[str]) -> None:
    with office.acting(tenants.northgate, SENDER) as acting:
        for client in clients[-6:]:  # nothing is known of those who came later
            checks.ask(acting, UUID(client), ["EB1A", "NIW"])
    drain(office, KINDS, ["models"], timedelta(minutes=1))


def _recommended(http: httpx.Client, client: str) -> list[str]:
    asked = [one["id"] for one in _all(http, f"clients/{client}/eligibility-checks")]
    found = [http.get(f"/v1/eligibility-checks/{one}").raise_for_status().json() for one in asked]
    return [one["id"] for each in found for one in each["recommendations"]]


def _made(http: httpx.Client, kind: str, /, **body: Any) -> None:
    answer = http.post(f"/v1/{kind}", json=body)
    assert answer.status_code == 201, (kind, body, answer.text)


def _all(http: httpx.Client, kind: str, **filters: str) -> list[dict[str, Any]]:
    return http.get(f"/v1/{kind}", params={"limit": 100} | filters).raise_for_status().json()["data"]


def _ids(http: httpx.Client, tenants: Any) -> dict[str, list[Any]]:
    def of(kind: str, name: str = "id") -> list[str]:
        return [one[name] for one in _all(http, kind)]

    imports = _all(http, "imports")
    clients = [one["id"] for one in _all(http, "clients", partner="acme")]
    names = http.get("/v1/partners/acme/feeds/roster/learned-names").raise_for_status().json()
    return {
        "client_id": clients,
        "case_id": of("cases"),
        "document_id": of("documents"),
        "wall_id": of("walls"),
        "attorney_id": [one["id"] for one in http.get("/v1/attorneys").raise_for_status().json()],
        "off_id": [NOBODYS],  # nobody is away
        "credential_id": [one["id"] for one in _all(http, "credentials") if one["name"] == "spare"],
        "import_id": [one["import_id"] for one in imports],
        "order_id": [http.post("/v1/reports/case_status", json={}).raise_for_status().json()["order_id"]],
        "held_id": [one["import_id"] for one in imports if one["state"] == "held"],
        "mended_id": [one["import_id"] for one in _all(http, "imports", partner="globex")],
        "job_id": of("jobs"),
        "file_id": [NOBODYS],  # nothing waits in an outbox, and nothing leaves
        "delivery_id": [NOBODYS],
        "message_id": [NOBODYS],  # nobody is told anything
        "subscription_id": [NOBODYS],
        "dispatch_id": [NOBODYS],
        "notice_id": [NOBODYS],
        "handover_id": [NOBODYS],
        "plan_id": [NOBODYS],
        "name_id": [one["id"] for one in names],
        "staff_id": [str(tenants.staff["viewer"])],
        "ref": ["award.1"],
        "slug": ["acme"],
        "feed": ["roster"],
        "number": [1, 2],
        "other": [1, 2],
        "name": ["import_errors"],
        "tier": ["basic", "standard"],
        "visa": ["EB1A", "NIW", "TN"],
        "check_id": [one["id"] for each in clients for one in _all(http, f"clients/{each}/eligibility-checks")],
        "recommendation_id": [one for each in clients for one in _recommended(http, each)],
        "code": [one["code"] for one in _all(http, "links")],
        "doc_type": ["passport", "visa_foil"],
        "channel": ["email", "sms"],
        "template": ["expiry", "announcement"],
        "form": ["subject", "text", "html", "short"],
        "notification_id": [NOBODYS],  # no channel is told of
        "field": ["notes", "priority", "number", "expires_on"],
        "employee_id": [f"E{number}" for number in range(1, 10)],
        "date_of_birth": ["1980-02-03"],
        "source": [_settings(), _settings() + "contacts: {errors: [new@acme.example]}\n"],
    }
