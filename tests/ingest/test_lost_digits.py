"""An identifier that a spreadsheet took for a number is told, never loaded as another one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from helpers.inbox import counts
from helpers.spreadsheets import workbook

PARTNER = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  roster:
    file: "roster*"
    format: {type: FORMAT}
    contents: changes
    guards: {reject_percent: 100}
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: trueMORE}
        notes:         {from: Notes}
        annual_salary: {from: Salary, type: money}
    case:
      when: {column: Receipt, not_blank: true}
      fields:
        case_number:    {join: [EMP_ID, Receipt], with: "-"}
        case_type:      {value: PERM}
        receipt_number: {from: Receipt, type: receipt_number}
    documents:
      - type: passport
        when: {column: Passport, not_blank: true}
        fields: {number: {from: Passport}}
"""
COLUMNS = ["EMP_ID", "Notes", "Salary", "Receipt", "Passport"]


def lines(*rows: tuple[str, ...]) -> bytes:
    return "\n".join(",".join(row) for row in [tuple(COLUMNS), *rows]).encode()


def row(employee_id: object, notes: object = "", salary: object = "", receipt: object = "", passport: object = ""):
    return (employee_id, notes, salary, receipt, passport)


def load(inbox, *rows, more: str = "") -> dict:
    inbox.apply(PARTNER.replace("FORMAT", "csv").replace("MORE", more))
    return inbox.drop("roster.csv", lines(*rows))


def load_book(inbox, *rows, more: str = "") -> dict:
    inbox.apply(PARTNER.replace("FORMAT", "excel").replace("MORE", more))
    return inbox.drop("roster.xlsx", workbook({"One": [COLUMNS, *rows]}))


def told_of(told: dict) -> list[tuple[int, str, str, str]]:
    return [(one["row"], one["column"], one["code"], one["value"]) for one in told["problems"]]


def test_two_people_whose_numbers_became_one_are_not_put_together(inbox):
    told = load(inbox, row("1.00235E+12"), row("1.00235E+12"), row("1002350000017"))
    assert counts(told) == {"read": 3, "created": 1, "rejected": 2}, told
    assert told_of(told) == [(number, "EMP_ID", "lost_digits", "1.00235E+12") for number in (2, 3)]
    assert told["problems"][0]["fix"] == "Format the column as text and export again."
    assert set(inbox.clients()) == {"1002350000017"}


@pytest.mark.parametrize(
    "spoiled",
    ["1.00235E+12", "1,00235E+12", "1.00235e+12", "1E+05", "12.3E+6", "5.00E-04", "101.0", "101,0", "101.00", "######"],
)
def test_every_mark_of_a_spreadsheet_is_known(inbox, spoiled):
    told = load(inbox, row(f'"{spoiled}"'), row("1E5"), row("E+1"), row("10.1"), row("1-2"))
    assert told_of(told) == [(2, "EMP_ID", "lost_digits", spoiled)]
    assert set(inbox.clients()) == {"1E5", "E+1", "10.1", "1-2"}


def test_papers_and_joined_numbers_are_held_to_the_same(inbox):
    told = load(
        inbox,
        row("E1", passport="1.23457E+08"),
        row("E2", receipt="9.1E+09"),
        row("101.0", receipt="IOE0912345678"),
        row("E3", notes="1.5E+3", passport="X1234567"),
    )
    assert sorted(told_of(told)) == [
        (2, "Passport", "lost_digits", "•••••••E+08"),
        (3, "EMP_ID + Receipt", "lost_digits", "E2-9.1E+09"),
        (3, "Receipt", "lost_digits", "9.1E+09"),
        (4, "EMP_ID", "lost_digits", "101.0"),
        (4, "EMP_ID + Receipt", "lost_digits", "101.0-IOE0912345678"),
    ]
    assert inbox.clients("employee_id, notes") == {"E3": "1.5E+3"}


@pytest.mark.parametrize("clean", ["[strip, {strip_suffix: '.0'}]", "[strip, {first_of: ['.']}]"])
def test_a_nought_behind_the_point_is_repaired_by_cleaners_that_take_it_off(inbox, clean):
    told = load(inbox, row("101.0"), row("1.00235E+12"), more=f", clean: {clean}")
    assert told_of(told) == [(3, "EMP_ID", "lost_digits", "1.00235E+12")]
    assert set(inbox.clients()) == {"101"}


def test_cleaners_do_not_hide_what_they_cannot_repair(inbox):
    told = load(inbox, row("101.0"), row("1.00235E+12"), row("1-0-2"), more=", clean: [strip, digits]")
    assert [code for _, _, code, _ in told_of(told)] == ["lost_digits", "lost_digits"]
    assert set(inbox.clients()) == {"102"}


def test_a_pattern_that_asks_for_the_mark_agrees_on_it(inbox):
    told = load(inbox, row("101.0"), row("101.1"), row("101"), more=", pattern: '^[0-9]+[.][0-9]$'")
    assert told_of(told) == [(4, "EMP_ID", "pattern_mismatch", "101")]
    assert set(inbox.clients()) == {"101.0", "101.1"}


def test_a_pattern_that_takes_anything_agrees_on_nothing(inbox):
    told = load(inbox, row("101.0"), row("1.5E+09"), more=", pattern: '^.{1,20}$'")
    assert [code for _, _, code, _ in told_of(told)] == ["lost_digits", "lost_digits"]


def test_a_number_shown_with_noughts_in_front_does_not_change_another_person(inbox):
    told = load_book(inbox, row("7", "seven"), row((7, "000000"), "other"), row(7, "seven again"))
    assert counts(told) == {"read": 3, "created": 2, "superseded": 1}
    assert inbox.clients("employee_id, notes") == {"7": "seven again", "000007": "other"}


@pytest.mark.parametrize("number", [1234567890123456, 2**53 + 1, 12345678901234567890, 1e22])
def test_a_number_that_a_workbook_cannot_hold_is_told_where_it_identifies(inbox, number):
    told = load_book(inbox, row(number), row(123456789012345), row("1234567890123456"))
    assert [(line, column, code) for line, column, code, _ in told_of(told)] == [(2, "EMP_ID", "lost_digits")]
    assert set(inbox.clients()) == {"123456789012345", "1234567890123456"}


def test_a_number_that_a_workbook_made_of_other_text_is_told_where_it_identifies(inbox):
    told = load_book(inbox, row((100000, "0.00E+00")), row("E2", salary=(17012.34, "0.00E+00")), row(1002350000017))
    assert told_of(told) == [(2, "EMP_ID", "lost_digits", "1.00000000000000E+05")]
    assert inbox.clients() == {"E2": Decimal("17012.34"), "1002350000017": None}
