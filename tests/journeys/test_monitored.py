"""The figures of a served installation: those of all its processes, and all that docs/monitoring asks for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from desk import as_csv, people, person
from prometheus_client.parser import text_string_to_metric_families
from served import serving, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

FOLDER = Path(__file__).parents[2] / "docs" / "monitoring"


@pytest.fixture(scope="module")
def served():
    with serving({}) as one:
        yield one


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
    found = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 0, found.stderr


def test_the_api_tells_what_workers_the_scheduler_and_commands_have_counted(served):
    key = served.key("globex")
    file = ("roster.csv", as_csv([*people(3), person(4, dob="soon")]))
    served.http.post("/v1/files", headers=key, files={"file": file}).raise_for_status()
    path = served.folder / "roster_20260301.csv"
    path.write_bytes(as_csv(people(5)))
    served.run("ingest", str(path), "--partner", "acme")
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
