"""`gateway serve` as it is run: an installation of its own, two firms, their partners, and who calls it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from desk import ROSTER
from servers import free_port

COMMAND = str(Path(sys.executable).with_name("gateway"))
PASSWORD = "fig-tree-lamp-owl"


class Served:
    """`gateway serve` over an installation of its own, with two firms and their partners."""

    def __init__(self, folder: Path, more: dict[str, str]) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = kept | {
            "GATEWAY_DATA_DIR": str(folder / "data"),
            "GATEWAY_CONFIG_DIR": str(folder / "configs"),
            "GATEWAY_HTTP_PORT": str(free_port()),
            "GATEWAY_JOB_SWEEP_SECONDS": "1",
            "GATEWAY_COOKIES": "plain",
            **more,
        }
        self.log = folder / "serve.log"
        self.url = f"http://127.0.0.1:{self.environment['GATEWAY_HTTP_PORT']}"

    def run(self, *words: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            [COMMAND, *words],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def prepare(self) -> None:
        for firm, partners in (("northgate", ("acme", "globex")), ("harbor", ("initech", "umbrella"))):
            for partner in partners:
                configs = self.folder / "configs" / partner
                configs.mkdir(parents=True)
                (configs / "partner.yaml").write_text(ROSTER.format(partner=partner, firm=firm))
        self.run("partner", "apply", str(self.folder / "configs"))

    def key(self, partner: str) -> dict[str, str]:
        made = json.loads(self.run("key", "add", "--partner", partner, "--json"))
        return {"Authorization": f"Bearer {made['secret']}"}

    def staff(self, http: httpx.Client, firm: str, name: str, as_role: str = "admin") -> dict[str, str]:
        email = f"{name}@{firm}.example"
        self.run("staff", "add", email, "--firm", firm, "--role", as_role, "--json")
        self.run("staff", "password", email, "--firm", firm, stdin=f"{PASSWORD}\n")
        told = http.post("/v1/auth/login", json={"email": email, "password": PASSWORD}).raise_for_status().json()
        return {"Authorization": f"Bearer {told['access_token']}"}


def until(look, seconds=30):
    for _ in range(seconds * 20):
        if found := look():
            return found
        threading.Event().wait(0.05)  # other processes do it; nothing tells us when
    raise AssertionError("it did not come about")


def ready(http: httpx.Client) -> bool:
    try:
        return http.get("/health/ready").status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def serving(more: dict[str, str]) -> Iterator[Served]:
    """All roles of a prepared installation; `http` asks the API.

    What they wrote to stderr is in the file `log` meanwhile, and in `said` afterwards.
    """
    folder = Path(tempfile.mkdtemp(prefix="gateway-served-"))
    one = Served(folder, more)
    one.run("db", "url")
    one.prepare()
    try:
        with (folder / "serve.out").open("wb") as out, one.log.open("wb") as log:
            service = subprocess.Popen([COMMAND, "serve"], env=one.environment, stdout=out, stderr=log)
            try:
                with httpx.Client(base_url=one.url, timeout=30) as one.http:
                    until(lambda: ready(one.http))
                    yield one
            finally:
                service.send_signal(signal.SIGTERM)
                ended = service.wait(60)
        assert ended == 0
        one.said = one.log.read_text()
    finally:
        one.run("db", "stop")
        shutil.rmtree(folder)
