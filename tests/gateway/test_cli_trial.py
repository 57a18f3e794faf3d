"""`gateway partner test`: what it says of samples, and that nothing of it stays."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.inbox import as_csv, people, person

from gateway.cli import cli

EXPECTED = """
samples:
  - file: roster_20260301.csv
    state: loaded
    rows: {read: 9, created: 9}
    records: {clients: {created: 9}}
"""
FOUND = """\
  - file: roster_20260301.csv
    state: loaded_with_errors
    rows: {read: 9, created: 8, rejected: 1}
    records: {clients: {created: 8}}
    problems:
      - {row: 2, column: DOB, code: bad_date}
"""


@pytest.fixture
def temporary(monkeypatch):
    """The folder in which the throwaway database lives; not below pytest's, which other accounts cannot pass."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-tests-"))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def configs(tmp_path, roster):
    """Four partners: one as agreed, one not, one whose settings are wrong, and one without samples."""
    root = tmp_path / "partner_configs"
    for slug, rows in [("acme", people(9)), ("globex", [person(1, dob="x"), *people(9)[1:]])]:
        (root / slug / "samples").mkdir(parents=True)
        (root / slug / "partner.yaml").write_text(roster.replace("partner: acme", f"partner: {slug}"))
        (root / slug / "expected.yaml").write_text(EXPECTED)
        (root / slug / "samples" / "roster_20260301.csv").write_bytes(as_csv(rows))
    shutil.copytree(root / "acme", root / "hooli")
    (root / "hooli" / "partner.yaml").write_text(roster.replace("time_zone", "tiem_zone"))
    (root / "umbrella").mkdir()
    (root / "umbrella" / "partner.yaml").write_text(roster.replace("partner: acme", "partner: umbrella"))
    return root


@pytest.fixture
def gateway(monkeypatch, tmp_path, configs, temporary):
    """Runs the command in an installation whose database nobody answers for."""
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GATEWAY_CONFIG_DIR", str(configs))
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "postgresql://gateway@127.0.0.1:1/gateway")
    return lambda *words: CliRunner().invoke(cli, ["partner", "test", *words])


def test_each_partner_is_told_and_what_was_found_can_be_pasted(gateway):
    result = gateway()
    assert result.exit_code == 1
    assert "acme: 1 file as expected.\n" in result.stdout
    assert "globex: 1 file, 5 differences:\n" in result.stdout
    assert "  roster_20260301.csv: rows.created: 9 expected, 8 found\n" in result.stdout
    assert FOUND in result.stdout
    assert "tiem_zone" in result.stdout
    assert "umbrella: no samples.\n" in result.stdout


def test_nothing_stays_and_the_installation_is_not_touched(gateway, temporary, tmp_path):
    assert gateway("acme").exit_code == 0
    assert list(temporary.iterdir()) == []
    assert not (tmp_path / "data").exists()


def test_json_holds_every_partner_that_was_asked_for(gateway, configs):
    result = gateway("acme", str(configs / "globex"), "--json")
    assert result.exit_code == 1
    good, bad = json.loads(result.stdout)
    assert (good["folder"], good["passed"], good["files"], good["differences"]) == (str(configs / "acme"), True, 1, [])
    assert not bad["passed"]
    assert {"sentence": "roster_20260301.csv: rows.rejected: 0 expected, 1 found", "file": "roster_20260301.csv", "what": "rows.rejected"} in bad["differences"]  # fmt: skip
    assert bad["found"][0]["problems"] == [{"row": 2, "code": "bad_date", "column": "DOB", "sheet": None}]


def test_a_partner_that_is_not_there_is_a_wrong_call(gateway, temporary):
    result = gateway("amce")
    assert result.exit_code == 2
    assert "Did you mean 'acme'?" in result.stderr
    assert list(temporary.iterdir()) == []


def test_a_settings_folder_without_partners_is_told_by_its_path(gateway, configs):
    shutil.rmtree(configs)
    result = gateway()
    assert result.exit_code == 2
    assert str(configs) in result.stderr
