"""An installation as it is run: `gateway serve` in processes of its own, asked over real sockets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
from prometheus_client.parser import text_string_to_metric_families

from helpers.inbox import ROSTER
from helpers.servers import free_port, until

COMMAND = str(Path(sys.executable).with_name("gateway"))
PASSWORD = "fig-tree-lamp-owl"
QUEUES = {"urgent", "normal", "bulk", "ingest"}


class Installation:
    """A folder with settings, a database and the services over it; both may be stopped, killed and asked."""

    def __init__(self, folder: Path, more: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.services: list[subprocess.Popen[bytes]] = []
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder / "data"),
            "GATEWAY_CONFIG_DIR": str(folder / "configs"),
            "GATEWAY_HTTP_PORT": str(free_port()),
            "GATEWAY_JOB_LEASE_SECONDS": "3",
            "GATEWAY_JOB_SWEEP_SECONDS": "1",
            "GATEWAY_COOKIES": "plain",
            **(more or {}),
        }
        self.url = f"http://127.0.0.1:{self.environment['GATEWAY_HTTP_PORT']}"
        self.database = self.run("db", "url").strip()

    # ------------------------------------------------------------ commands

    def run(self, *words: object, stdin: str | None = None) -> str:
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

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

    def serve(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `gateway serve`; what it writes to stderr is its log, and what it prints a file beside."""
        told = self.folder / f"serve-{len(self.services)}"
        with told.with_suffix(".out").open("wb") as out, told.with_suffix(".log").open("wb") as log:
            service = subprocess.Popen([COMMAND, "serve", *words], env=self.environment, stdout=out, stderr=log)
        self.services.append(service)
        return service

    def printed(self) -> str:
        return "".join(out.read_text() for out in sorted(self.folder.glob("serve-*.out")))

    def said(self) -> str:
        return "".join(log.read_text() for log in sorted(self.folder.glob("serve-*.log")))

    def children(self, service: subprocess.Popen[bytes]) -> dict[str, int]:
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
        running = [service for service in self.services if service.poll() is None]
        for service in running:
            service.terminate()
        assert [service.wait(60) for service in running] == [0] * len(running)

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
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("SET ROLE gateway_system")
            found = connection.execute(query, params)
            return found.fetchall() if found.description else []

    def workers(self) -> set[str]:
        """The queues that somebody works on."""
        return {queue for (queue,) in self.sql(
            "SELECT jsonb_array_elements_text(about -> 'queues') FROM leases WHERE until > clock_timestamp()"
        )}  # fmt: skip

    def server_pid(self) -> int:
        return int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])


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
        until(lambda: installation.is_ready(http), seconds=40)
        until(lambda: installation.workers() == QUEUES, seconds=40)
        yield http
