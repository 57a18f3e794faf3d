"""What a served installation logs as JSON: every line parses, and an import can be followed through the processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from desk import as_csv, people, person
from served import COMMAND, Served, serving, until
from servers import free_port

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

JSON = {"GATEWAY_LOG_FORMAT": "json"}
ALWAYS = {"time", "level", "event", "role", "pid", "logger"}


def lines(text: str) -> list[dict]:
    told = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]  # the last may be half written
    assert all(one.keys() >= ALWAYS for one in told), told
    return told


def test_every_line_parses_and_an_import_is_followed_from_its_upload_to_its_end():
    with serving(JSON) as served:
        key = served.key("acme")
        file = ("roster Zelenka.csv", as_csv([*people(3), person(4, dob="soon")]))
        made = served.http.post("/v1/files", headers=key | {"X-Request-ID": "upload-of-a-test"}, files={"file": file})
        import_id = made.raise_for_status().json()["imports"][0]["import_id"]
        until(lambda: any(one["event"] == "job ended" for one in lines(served.log.read_text())))
        worker = next(one for one in lines(served.log.read_text()) if one["event"] == "job ended")
        os.kill(worker["pid"], signal.SIGKILL)
        until(lambda: "is started again" in served.log.read_text())
    told = lines(served.said)
    assert {"api", "ingest", "serve"} <= {one["role"] for one in told}
    followed = [one for one in told if one.get("import_id") == import_id]
    assert [one["event"] for one in followed] == ["file received", "import ended", "job ended"]
    received, ended, done = followed
    assert (received["role"], received["request_id"]) == ("api", "upload-of-a-test")
    assert (ended["role"], ended["state"], ended["rows"]) == ("ingest", "loaded_with_errors", 4)
    assert ended["job_id"] == done["job_id"]
    assert (done["kind"], done["outcome"], done["pid"]) == ("ingest.run", "done", ended["pid"])
    assert ended["pid"] != received["pid"]
    asked = next(one for one in told if one.get("request_id") == "upload-of-a-test" and one["event"] == "request")
    assert (asked["path"], asked["status"]) == ("/v1/files", 202)
    assert "Zelenka" not in served.said


def test_a_service_that_cannot_start_says_so_in_a_line_of_json(tmp_path):
    environment = Served(
        tmp_path, JSON | {"GATEWAY_DATABASE_URL": f"postgresql://x@127.0.0.1:{free_port()}/x"}
    ).environment
    words = [COMMAND, "serve", "--role", "worker"]
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    [line] = lines(ended.stderr)
    assert (line["event"], line["role"], line["code"]) == ("cannot serve", "worker", "database_unavailable")


SURPRISING = """
import threading, warnings
from gateway.logging import configure, log_surprises
from gateway.settings import load

configure(load(), "worker")
log_surprises()
warnings.warn("this will change")
thread = threading.Thread(target=lambda: [][1])
thread.start()
thread.join()
{}["nothing"]
"""


def test_warnings_and_what_ends_a_thread_or_the_process_are_lines_of_json_too():
    words = [sys.executable, "-W", "always", "-c", SURPRISING]
    ended = subprocess.run(words, env=os.environ | JSON, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    warned, thread, process = lines(ended.stderr)
    assert (warned["level"], warned["logger"]) == ("warning", "py.warnings")
    assert "this will change" in warned["event"]
    assert "IndexError" in thread["exception"]
    assert "KeyError: 'nothing'" in process["exception"]
    assert {thread["level"], process["level"]} == {"error"}
