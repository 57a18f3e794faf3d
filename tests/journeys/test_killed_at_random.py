"""Calls and pulls while the API and the worker die at moments that nobody chose: each call once, each person asked about.

`RANDOM_KILLS=30` kills as often, `RANDOM_SEED` the same way again; the points at which a kill hurts are tried one by one
in `test_webhooks_killed` and `test_rest_killed`.
"""

from __future__ import annotations

import json
import os
import random
import threading
from contextlib import suppress

import httpx
import pytest
from helpers.hris import KEY, Hris, serving
from helpers.inbox import Inbox
from helpers.killing import QUICK, kill, killable
from helpers.servers import until
from helpers.webhooks import NEW, post, signed

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]

KILLS = int(os.environ.get("RANDOM_KILLS", "4"))
SEED = int(os.environ.get("RANDOM_SEED", "7"))
LONGEST = 1.0  # seconds from a call that was taken to the next kill
SETTINGS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
  workers:
    file: "workers_*.json"
    format: {type: json, records: data.employees}
    contents: changes
    arrivals:
      - via: rest
        url: URL
        name: "workers_{time}.json"
        auth: {type: key, secret: HRIS_KEY}
        list: {path: /v1/employees, paging: {by: cursor, parameter: cursor, next: meta.next}}
        since: {parameter: updatedSince, field: updatedAt}
        person: {path: "/v1/employees/{id}", record: data.employee}
      - {via: webhook, secret: HOOK, pull: {ids: data.employeeId}}
    client: {key: employee_id, fields: {employee_id: {from: employeeId, required: true}, family_name: {from: last}}}
  leavers:
    file: "leavers_*.json"
    format: {type: json, records: data}
    contents: changes
    arrivals: [{via: webhook, secret: HOOK, name: "leavers_{time}.json"}]
    client: {key: employee_id, fields: {employee_id: {from: id, required: true}, family_name: {from: last}}}
"""


@pytest.fixture
def hris():
    with serving(Hris()) as one:
        yield one


@pytest.fixture
def lab(addresses, office, tenants, tmp_path, hris):
    (tmp_path / "secrets" / "northgate").mkdir(parents=True)
    for name, value in {"HRIS_KEY": KEY, "HOOK": NEW}.items():
        (tmp_path / "secrets" / "northgate" / name).write_text(value)
    with killable(addresses, tmp_path, GATEWAY_ALLOW_PRIVATE="127.0.0.0/8", **QUICK) as made:
        made.inbox = Inbox(office, tenants.northgate, "acme")
        made.inbox.apply(SETTINGS.replace("URL", hris.url))
        yield made


class Caller(threading.Thread):
    """A partner's system: calls until it is answered, under the same id; then it makes the next call."""

    def __init__(self, lab, hris) -> None:
        super().__init__(daemon=True)
        self._lab, self._hris, self.ends = lab, hris, threading.Event()
        self.people = self.files = 0

    def run(self) -> None:
        with httpx.Client(base_url=self._lab.url, timeout=10) as http:
            while not self.ends.is_set():
                person, leaver = f"P{self.people}", f"L{self.files}"
                self._hris.change(person, 50_000)
                notice = json.dumps({"data": [{"employeeId": person}]}).encode()
                self._call(http, notice, f"notice_{self.people}", "/v1/webhooks/acme/workers")
                self.people += 1
                file = json.dumps({"data": [{"id": leaver, "last": f"Name of {leaver}"}]}).encode()
                self._call(http, file, f"file_{self.files}", "/v1/webhooks/acme/leavers")
                self.files += 1

    def _call(self, http: httpx.Client, body: bytes, call_id: str, path: str) -> None:
        """Until somebody has answered it; whoever stops begins nothing new."""
        while True:
            with suppress(httpx.TransportError):
                if post(http, body, signed(body, call_id), path).status_code == 200:
                    return
            threading.Event().wait(0.1)


def test_each_call_is_taken_once_and_each_person_asked_about_whoever_dies(lab, hris):
    chance, inbox = random.Random(SEED), lab.inbox
    running = {role: lab.serve("--role", role) for role in ("api", "worker", "ingest")}
    caller = Caller(lab, hris)
    caller.start()
    for _ in range(KILLS):
        taken = caller.files
        until(lambda taken=taken: caller.files > taken)
        threading.Event().wait(chance.uniform(0, LONGEST))
        role = chance.choice(["api", "worker"])
        kill(running[role])
        running[role] = lab.serve("--role", role)
    caller.ends.set()
    until(lambda: not caller.is_alive())
    print(f"{KILLS} kills, {caller.people} notices, {caller.files} files")  # noqa: T201 - the figure
    until(lambda: inbox.sql("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')") == [(0,)])
    assert inbox.sql("SELECT DISTINCT state FROM imports") == [("loaded",)]
    assert inbox.sql("SELECT count(*) FROM jobs WHERE state = 'dead'") == [(0,)]
    names = {key for (key,) in inbox.sql("SELECT key FROM clients")}
    assert names == {f"P{number}" for number in range(caller.people)} | {f"L{number}" for number in range(caller.files)}
    by_call = "SELECT count(*), count(DISTINCT import_id) FROM webhook_calls WHERE import_id IS NOT NULL"
    assert inbox.sql(by_call) == [(caller.files, caller.files)]
    assert inbox.sql(
        "SELECT count(*) FROM imports i JOIN files f ON f.id = i.file_id WHERE f.name LIKE 'leavers%%'"
    ) == [(caller.files,)]
    assert inbox.sql("SELECT count(*) FROM rest_persons WHERE noticed_at IS NOT NULL") == [(0,)]
