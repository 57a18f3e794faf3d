"""How comparable cases ended, and tables of decided cases, at the command line."""

import csv
import io
import json
from pathlib import Path

import pytest
from helpers.inbox import Inbox

FOLDER = Path(__file__).parents[2] / "partner_configs" / "decided-cases"
PETITIONS = FOLDER / "outcomes" / "petitions_2021_2025.csv"
IMPORT = ("eligibility", "outcomes", "import")
AS_PETITIONS = ("--partner", "decided-cases", "--layout", "petitions")


@pytest.fixture(autouse=True)
def _applied(office, tenants, monkeypatch, tmp_path):
    monkeypatch.setenv("GATEWAY_NOW", "2026-11-30T15:00:00+00:00")
    monkeypatch.chdir(tmp_path)
    Inbox(office, tenants.northgate, "decided-cases").apply(FOLDER / "partner.yaml")


def shown(gateway, *words):
    told = gateway("eligibility", "outcomes", *words, "--firm", "northgate", "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_a_table_is_brought_in_and_counts(gateway, tmp_path):
    done = gateway(*IMPORT, PETITIONS, *AS_PETITIONS)
    assert done.exit_code == 1, done.output  # two rows were not taken
    assert "petitions (petition, firm): 9 read, 7 created, 2 rejected." in done.stdout
    assert "What was not taken, line by line: petitions_2021_2025_errors/errors.csv" in done.stdout
    [one] = shown(gateway, "EB1A")
    assert (one["n"], one["approved"], one["denied"], one["imported"]) == (3, 2, 1, 3)
    assert (one["first"], one["last"]) == ("2021-11-30", "2026-11-30")
    assert one["chance"]["n"] == 3
    assert 0 < one["chance"]["low"] < one["chance"]["probability"] < one["chance"]["high"] < 1


def test_repaired_rows_are_brought_in_as_they_came_back(gateway, tmp_path):
    gateway(*IMPORT, PETITIONS, *AS_PETITIONS)
    back = tmp_path / "petitions_2021_2025_errors" / "errors.csv"
    text = (
        back.read_text(encoding="utf-8-sig").replace(",H-1B,", ",H-1B extension,").replace("2023-02-30", "2023-02-28")
    )
    assert [row["Row"] for row in csv.DictReader(io.StringIO(text))] == ["line 8", "line 9"]
    back.write_text(text, encoding="utf-8")
    told = json.loads(gateway(*IMPORT, back, *AS_PETITIONS, "--json").stdout)
    assert (told["rows"]["created"], told["rows"]["rejected"], told["returned"]) == (2, 0, [])
    assert not (tmp_path / "errors_errors").exists()


def test_the_folder_for_what_is_not_taken_may_be_named(gateway, tmp_path):
    told = json.loads(gateway(*IMPORT, PETITIONS, *AS_PETITIONS, "--errors", "wrong/rows", "--json").stdout)
    assert told["returned"] == ["wrong/rows/errors.csv"]
    assert (tmp_path / "wrong" / "rows" / "errors.csv").exists()


def test_all_visas_are_shown_and_those_without_a_public_rate_say_so(gateway):
    told = gateway("eligibility", "outcomes", "--firm", "northgate")
    assert told.exit_code == 0, told.output
    [niw] = [line for line in told.stdout.splitlines() if line.startswith("NIW ")]
    assert "71%" in niw
    [talent] = [line for line in told.stdout.splitlines() if line.startswith("O1A")]
    assert talent.split()[1:] == ["0", "0", "0", "0", "none"]
    assert "NIW: public rate of fiscal year 2024, USCIS, form I-140" in told.stdout
    assert "attorney review required" in told.stdout


def test_another_firm_does_not_see_it(gateway):
    gateway(*IMPORT, PETITIONS, *AS_PETITIONS)
    told = gateway("eligibility", "outcomes", "EB1A", "--firm", "harbor", "--json")
    assert json.loads(told.stdout)[0]["n"] == 0


def test_a_wrong_word_is_told_with_the_nearest(gateway):
    failed = gateway(*IMPORT, PETITIONS, "--partner", "decided-cases", "--layout", "petition")
    assert (failed.exit_code, "Did you mean 'petitions'?" in failed.output) == (1, True)
    failed = gateway("eligibility", "outcomes", "EB1AA", "--firm", "northgate")
    assert (failed.exit_code, "Did you mean" in failed.output) == (1, True)


def test_help_tells_of_both_ways(gateway):
    told = gateway("eligibility", "outcomes", "--help").stdout
    assert "import" in told
    assert "show" in told
