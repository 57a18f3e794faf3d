"""`gateway partner infer` as a person and a script meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.layouts import SAMPLES

from gateway.config import Document
from gateway.wings import PARTNER_YAML

ROOT = Path(__file__).parents[2]
WHO = ["--partner", "globex", "--firm", "northgate"]


@pytest.fixture
def sample(tmp_path) -> Path:
    path = tmp_path / "lohn_20260501.csv"
    path.write_bytes(SAMPLES[path.name])
    return path


@pytest.fixture
def infer(tmp_path):
    """Run it as a process of its own, in an installation that has nothing."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment = clean | {"GATEWAY_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        code = "from gateway.cli import main; main()"
        command = [sys.executable, "-c", code, "partner", "infer", *map(str, words)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)

    return run


def valid(text: str) -> Document:
    return PARTNER_YAML.read(text).document


def test_the_proposal_goes_to_stdout_and_the_doubts_to_stderr(infer, sample):
    done = infer(sample, *WHO)
    assert done.returncode == 0
    assert valid(done.stdout)
    assert "90 of the 90 rows of lohn_20260501.csv load as proposed." in done.stderr
    assert "time_zone: guessed" in done.stderr
    assert "--partner globex --dry-run" in done.stderr


def test_no_database_is_started_and_nothing_is_stored(infer, sample, tmp_path):
    infer(sample, *WHO)
    assert not (tmp_path / "data").exists()


def test_what_is_said_about_the_partner_is_no_doubt(infer, sample):
    done = infer(sample, *WHO, "--name", "Globex: Corporation", "--time-zone", "Europe/Vienna", "--json")
    told = json.loads(done.stdout)
    partner = PARTNER_YAML.read(told["config"]).head
    assert (partner.partner, partner.firm, partner.name) == ("globex", "northgate", "Globex: Corporation")
    assert partner.time_zone == "Europe/Vienna"
    assert not [doubt for doubt in told["unsure"] if doubt.startswith(("name", "time_zone"))]


def test_json_is_one_document_with_config_feed_doubts_and_evidence(infer, sample):
    done = infer(sample, *WHO, "--json")
    told = json.loads(done.stdout)
    assert {"config", "feed", "unsure", "evidence"} <= set(told)
    assert told["feed"] == "lohn"
    assert {"path", "because"} == set(told["evidence"][0])
    assert valid(told["config"])
    assert done.stderr == ""


def test_a_file_is_written_whole_and_never_overwritten_unasked(infer, sample, tmp_path):
    out = tmp_path / "partner_configs" / "globex" / "partner.yaml"
    done = infer(sample, *WHO, "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert valid(out.read_text("utf-8"))
    assert f"partner check {out}" in done.stderr

    out.write_text("mine")
    again = infer(sample, *WHO, "--out", out)
    assert (again.returncode, out.read_text()) == (1, "mine")
    assert "exists already" in again.stderr
    assert infer(sample, *WHO, "--out", out, "--force").returncode == 0
    assert valid(out.read_text("utf-8"))


def test_what_cannot_be_understood_is_refused_without_a_traceback(infer, tmp_path):
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)) * 40)
    done = infer(noise, *WHO, "--json", "--out", tmp_path / "made.yaml")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "not_understood"
    assert "binary data" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "made.yaml").exists()


def test_wrong_usage_is_told_as_such(infer, sample):
    assert infer(sample, "--partner", "globex").returncode == 2
    assert infer("missing.csv", *WHO).returncode == 2
    wrong = infer(sample, "--partner", "Globex Corp", "--firm", "northgate")
    assert (wrong.returncode, "Globex Corp" in wrong.stderr) == (1, True)
