"""A served installation seen from outside: its figures, its log, its traces; and what docs/monitoring asks of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from helpers.inbox import as_csv, people, person
from helpers.otel_collector import collecting
from helpers.servers import PATIENCE, free_port, until
from helpers.serving import COMMAND, answering, installed
from prometheus_client.parser import text_string_to_metric_families

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

FOLDER = Path(__file__).parents[2] / "docs" / "monitoring"
JSON = {"GATEWAY_LOG_FORMAT": "json"}
ALWAYS = {"time", "level", "event", "role", "pid", "logger"}
REQUEST_ID = "upload-of-a-test"
PHASES = ["read and stage", "match, judge and guard", "write"]


@pytest.fixture(scope="module")
def collector():
    with collecting() as one:
        yield one


@pytest.fixture(scope="module")
def served(collector):
    """Where globex has sent a file with a bad row over the API, and a command took one of acme."""
    with installed(JSON | {"GATEWAY_OTLP_ENDPOINT": collector.url}) as one:
        one.add_partners("northgate", "acme", "globex")
        with answering(one) as one.http:
            one.import_id = sent(one)
            path = one.folder / "roster_20260301.csv"
            path.write_bytes(as_csv(people(5)))
            one.run("ingest", path, "--partner", "acme")
            until(lambda: any(line["event"] == "job ended" and "import_id" in line for line in logged(one)))
            yield one
        one.end()
        assert lines(one.said()), "to the last line"


def sent(one):
    """The import of globex's file."""
    rows = [*people(3), person(4, dob="31/31/1980")]
    rows[0]["Last Name"] = "Zelenka"
    headers = one.key("globex") | {"X-Request-ID": REQUEST_ID}
    answer = one.http.post("/v1/files", headers=headers, files={"file": ("roster zelenka.csv", as_csv(rows))})
    return answer.raise_for_status().json()["imports"][0]["import_id"]


# ---------------------------------------------------------------- figures


def scrape(served):
    """Value by name and labels, as Prometheus would write them."""
    found = {}
    for family in text_string_to_metric_families(served.http.get("/metrics").raise_for_status().text):
        for one in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}"] = one.value
    return found


def asked():
    """Every name in an expression of the alerts or the board that could be a figure of ours."""
    rules = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
    panels = json.loads((FOLDER / "board.json").read_text())["panels"]
    texts = [rule["expr"] for rule in rules] + [target["expr"] for panel in panels for target in panel["targets"]]
    return {name for text in texts for name in re.findall(r"\b(?:gateway|process)_\w+", text)}


def test_whatever_alerts_and_board_ask_for_is_told(served):
    text = served.http.get("/metrics").text
    told = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        told |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"} if kind == "histogram" else {name}
    assert len(asked()) > 15
    assert asked() <= told


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine (apt-get install prometheus)")
def test_promtool_reads_the_figures(served):
    text = served.http.get("/metrics").text
    words = ["promtool", "check", "metrics"]
    found = subprocess.run(words, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert found.returncode == 0, found.stderr


def test_the_api_tells_what_workers_the_scheduler_and_commands_have_counted(served):
    expected = {
        'gateway_imports_total{partner="globex",state="loaded_with_errors"}': 1,  # by the process `ingest`
        'gateway_import_rows_total{outcome="rejected",partner="globex"}': 1,
        'gateway_job_seconds_count{kind="ingest.run",outcome="done"}': 1,
        'gateway_imports_total{partner="acme",state="loaded"}': 1,  # by the command
        'gateway_import_rows_total{outcome="created",partner="acme"}': 5,
        'gateway_request_seconds_count{method="POST",route="/v1/files",status="202"}': 1,
        "gateway_scheduler_leaders{}": 1,
        'gateway_workers{queue="urgent"}': 1,
        'gateway_workers{queue="ingest"}': 1,
        "gateway_receipts_missing{}": 0,
    }
    until(lambda: expected.items() <= scrape(served).items())
    sweep = 'gateway_job_seconds_count{kind="ingest.sweep",outcome="done"}'
    until(lambda: scrape(served).get(sweep, 0) >= 1, seconds=75)  # made by the scheduler each minute
    assert 'gateway_job_nudges_total{outcome="sent"}' in scrape(served)


# ---------------------------------------------------------------- the log


def lines(text):
    told = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]  # the last may be half written
    assert all(one.keys() >= ALWAYS for one in told), told
    return told


def logged(served):
    return lines(served.said())


def test_every_line_parses_and_an_import_is_followed_from_its_upload_to_its_end(served):
    followed = [one for one in logged(served) if one.get("import_id") == served.import_id]
    assert [one["event"] for one in followed] == ["file received", "import ended", "job ended"]
    received, ended, done = followed
    assert (received["role"], received["request_id"]) == ("api", REQUEST_ID)
    assert (ended["role"], ended["state"], ended["rows"]) == ("ingest", "loaded_with_errors", 4)
    assert ended["job_id"] == done["job_id"]
    assert (done["kind"], done["outcome"], done["pid"]) == ("ingest.run", "done", ended["pid"])
    assert ended["pid"] != received["pid"]
    request = next(one for one in logged(served) if one.get("request_id") == REQUEST_ID and one["event"] == "request")
    assert (request["path"], request["status"]) == ("/v1/files", 202)
    assert "zelenka" not in served.said().lower()


def test_a_service_that_cannot_start_says_so_in_a_line_of_json(tmp_path):
    nowhere = {"GATEWAY_DATABASE_URL": f"postgresql://x@127.0.0.1:{free_port()}/x"}
    words = [COMMAND, "serve", "--role", "worker"]
    environment = os.environ | JSON | nowhere | {"GATEWAY_DATA_DIR": str(tmp_path)}
    ended = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
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
    ended = subprocess.run(words, env=os.environ | JSON, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    warned, thread, process = lines(ended.stderr)
    assert (warned["level"], warned["logger"]) == ("warning", "py.warnings")
    assert "this will change" in warned["event"]
    assert "IndexError" in thread["exception"]
    assert "KeyError: 'nothing'" in process["exception"]
    assert {thread["level"], process["level"]} == {"error"}


# ---------------------------------------------------------------- traces


def test_an_upload_is_one_trace_from_the_request_to_the_receipts_and_names_no_person_and_no_file(served, collector):
    served.http.get("/v1/zelenka")
    until(lambda: {"job ingest.run", "POST /v1/files", "GET unknown"} <= {one.name for one in collector.spans})
    request = collector.one("POST /v1/files")
    [job] = [one for one in collector.spans if one.name == "job ingest.run"]
    taken, receipts = collector.one("import"), collector.one("receipts")
    assert (request.role, job.role) == ("api", "ingest")
    assert {one.trace for one in (job, taken, receipts)} == {request.trace}
    assert (job.parent, taken.parent, receipts.parent) == (request.id, job.id, job.id)
    assert [collector.one(name).parent for name in PHASES] == [taken.id] * 3
    assert (request.attributes["gateway.status"], request.attributes["gateway.request_id"]) == (202, REQUEST_ID)
    assert (job.attributes["gateway.import_id"], job.attributes["gateway.outcome"]) == (served.import_id, "done")
    assert taken.attributes["gateway.partner"] == "globex"
    assert collector.one(PHASES[1]).attributes["gateway.rejected"] == 1
    assert not any("zelenka" in one.whole.lower() or "31/31/1980" in one.whole for one in collector.spans)


# ---------------------------------------------------------------- last: what it had not sent yet goes with it


def test_the_death_of_a_service_is_a_line_as_well(served):
    done = next(one for one in logged(served) if one["event"] == "job ended" and one["role"] == "ingest")
    os.kill(done["pid"], signal.SIGKILL)
    died = until(lambda: [one for one in logged(served) if one["role"] == "serve" and one["level"] == "warning"])
    assert died[0]["service"] == "ingest"
