"""What is told of a row at once: which part of its key is blank, and all that is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.inbox import as_csv, counts, people, person

from gateway.cli import cli

JOINED = "{join: [EMP_ID, Last Name], with: '-'}"
CASE = """
    case:
      fields:
        case_number: {join: [EMP_ID, SSN], with: "-"}
"""
WHEN = "      when: {column: DOB, not_blank: true}\n"


def told_of(told) -> list[tuple[object, ...]]:
    return [(one["row"], one["code"], one["column"], one["severity"]) for one in told["problems"]]


def joined(roster: str) -> str:
    plain = '{from: EMP_ID, required: true, pattern: "^E[0-9]+$"}'
    return roster.replace(plain, JOINED).replace("{from: Last Name, required: true}", "{from: Last Name}")


def test_a_row_that_is_skipped_says_which_part_of_its_key_is_blank(inbox, roster):
    inbox.apply(joined(roster))
    inbox.drop("roster_20260301.csv", people(20))
    told = inbox.drop("roster_20260302.csv", [*people(19), person(20, last_name=" ")])

    assert counts(told) == {"read": 20, "unchanged": 19, "skipped": 1}
    assert told_of(told) == [
        (21, "key_part_blank", "Last Name", "warning"),
        (21, "key_unreadable", None, "warning"),
    ]
    assert "a part of EMP_ID + Last Name" in told["problems"][0]["message"]
    assert len(inbox.open_clients()) == 20


def test_a_required_key_names_its_blank_part_too(inbox, roster):
    inbox.apply(joined(roster).replace("with: '-'}", "with: '-', required: true}"))
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, last_name="")])
    assert told_of(told)[0] == (5, "missing_value", "Last Name", "error")


def test_a_row_without_any_part_of_its_key_is_skipped_as_before(inbox, roster):
    inbox.apply(joined(roster))
    told = inbox.drop("roster_20260301.csv", [*people(3), {"DOB": "01/02/1980"}])
    assert (counts(told), told["problems"]) == ({"read": 4, "created": 3, "skipped": 1}, [])


@pytest.mark.parametrize(("when", "expected"), [(WHEN, [(2, "key_part_blank", "SSN", "warning")]), ("", [])])
def test_a_case_that_a_row_was_to_bring_is_missed_only_where_the_feed_says_so(inbox, roster, when, expected):
    inbox.apply(roster + CASE + when)
    assert told_of(inbox.drop("roster_20260301.csv", [person(1), person(2, ssn="536-22-1234")])) == expected


def test_checking_settings_warns_of_a_key_that_may_be_blank_in_part(roster, tmp_path, settings, monkeypatch):
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(settings.data_dir))
    path = Path(tmp_path) / "partner.yaml"
    path.write_text(roster + CASE)
    said = CliRunner().invoke(cli, ["partner", "check", str(path)])
    assert said.exit_code == 0, said.output
    assert "a part of case_number (EMP_ID + SSN) is blank brings no case" in " ".join(said.output.split())


def test_a_broken_rule_is_told_beside_other_flaws_of_the_row(inbox, roster):
    rules = """
    rules:
      - {rule: not_before, field: documents.passport.expires_on, than: client.date_of_birth}
      - {rule: required_when, field: client.annual_salary, when: {column: Passport, not_blank: true}}
"""
    inbox.apply(roster + rules)
    bad = {"passport": "P", "passport_expiry": "01/01/1970"}
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, last_name="", salary="", **bad)])
    assert [one[1:3] for one in told_of(told)] == [
        ("missing_value", "Last Name"),
        ("date_order", "Passport Expiry"),
        ("required_when", "Salary"),
    ]
    told = inbox.drop("roster_20260302.csv", as_csv([*people(5), person(6, salary="much", **bad)]))
    assert [one[1:3] for one in told_of(told)] == [("bad_number", "Salary"), ("date_order", "Passport Expiry")]


def test_a_warning_about_a_cell_excuses_it_from_no_rule(inbox, roster):
    rules = """
    rules:
      - {rule: required_when, field: client.annual_salary, when: {column: Passport, not_blank: true}}
"""
    inbox.apply(roster.replace("type: money", "type: money, if_bad: drop") + rules)
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, salary="much", passport="P")])
    assert counts(told) == {"read": 6, "created": 5, "rejected": 1}
    assert told_of(told) == [(7, "bad_number", "Salary", "warning"), (7, "required_when", "Salary", "error")]
