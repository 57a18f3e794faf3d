"""errors.xlsx: what a partner sees in it, and the way it takes home repaired."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from helpers.inbox import ROSTER, Inbox, as_csv, counts, people, person
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.partners.homes import find_home
from gateway.errors import Permanent
from gateway.spreadsheet import guard, neutralise, restore
from ingest import receipts
from ingest.receipts import workbook

BAD = {"dob": "13/13/1980"}
ROSTER_HEADER = ["EMP_ID", "Last Name", "DOB", "Salary", "SSN", "Passport", "Passport Expiry", "I94 Expiry"]


def errors_xlsx(inbox: Inbox, told) -> bytes:
    office, home = inbox.office, find_home(inbox.office, inbox.slug)
    path = receipts.make_workbook(office, home, told["import_id"])
    assert path is not None
    return path.read_bytes()


def opened(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repaired(content: bytes, column: str, value: object) -> bytes:
    """As a person repairs it: every sheet that has the column, every row of it."""
    book = opened(content)
    for sheet in book:
        places = [cell.column for cell in sheet[1] if cell.value == column]
        for row in range(2, sheet.max_row + 1):
            for place in places:
                sheet.cell(row, place).value = value
    return saved(book)


def texts(sheet) -> list[list[str]]:
    return [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]


# ---------------------------------------------------------------- what is in it


def test_the_workbook_has_the_partners_layout_and_two_more_columns(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, **BAD, last_name="O'Hara", ssn="")])
    book = opened(errors_xlsx(inbox, told))

    assert book.sheetnames == ["errors"]
    header, row = texts(book["errors"])
    assert header == [*ROSTER_HEADER, "Problems", "Row"]
    assert row[:3] == ["E6", "O'Hara", "13/13/1980"]
    assert "13/13/1980" in row[-2]
    assert row[-1] == f"{told['import_id']}:7"
    sheet = book["errors"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:J2")
    assert all(cell.font.b for cell in sheet[1])


def test_the_bad_cell_is_coloured_and_says_what_is_wrong_and_what_to_do(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(5), person(6, **BAD)])
    sheet = opened(errors_xlsx(inbox, told))["errors"]

    red = {cell.coordinate for cell in sheet[2] if cell.fill.fill_type}
    said = {cell.coordinate: cell.comment.text for cell in sheet[2] if cell.comment}
    assert red == {"C2"}
    assert said == {
        "C2": "DOB: “13/13/1980” is not a date in the agreed form MM/DD/YYYY. Write the date as MM/DD/YYYY."
    }


def test_above_a_thousand_rows_the_reasons_stand_in_the_column_problems_only(inbox, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_COMMENTED", 2)
    told = inbox.drop("roster_20260301.csv", [*people(9), *(person(n, **BAD) for n in range(10, 13))])
    sheet = opened(errors_xlsx(inbox, told))["errors"]

    assert not any(cell.comment for row in sheet.iter_rows() for cell in row)
    assert [sheet.cell(row, 3).fill.fill_type for row in range(1, 5)] == [None, "solid", "solid", "solid"]
    assert "13/13/1980" in sheet.cell(4, 9).value


def test_sensitive_cells_are_whole_and_masked_in_every_sentence(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, ssn="536-22-12345")])
    sheet = opened(errors_xlsx(inbox, told))["errors"]

    assert sheet["E2"].value == "536-22-12345"
    assert "536-22" not in sheet["E2"].comment.text + sheet["I2"].value
    assert "2345" in sheet["E2"].comment.text


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "''=1", "'plain", "=cmd|' /C calc'!A0", "#REF!", '=HYPERLINK("x")']


def test_nothing_in_it_is_a_formula_and_every_cell_is_text(inbox):
    told = inbox.drop(
        "roster_20260301.csv", [*people(20), *(person(n, **BAD, last_name=one) for n, one in enumerate(FORMULAS, 31))]
    )
    content = errors_xlsx(inbox, told)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = [one for one in archive.namelist() if "worksheets/sheet" in one and one.endswith(".xml")]
        xml = archive.read(name).decode()
    assert not re.search(r"<(\w+:)?f[ />]", xml)
    assert set(re.findall(r'<c [^>]*t="(\w+)"', xml)) == {"inlineStr"}
    book = opened(content)
    assert {cell.number_format for row in book["errors"] for cell in row} == {"@"}
    assert [book["errors"].cell(row, 2).quotePrefix for row in (2, 3, 8)] == [True, True, False]


def test_formulas_leading_zeros_and_odd_characters_come_back_as_they_were(inbox):
    odd = [
        *FORMULAS,
        "000123",
        "12345678901234567890",
        " ends ",
        "_x0041_",
        "a\x0bb",
        "line\r\nbreak",
        "tab\there",
        "日本 🎉",
        "01/02/2026",
    ]
    rows = [person(n, **BAD, last_name=one) for n, one in enumerate(odd, 31)]
    told = inbox.drop("roster_20260301.csv", [*people(30), *rows])
    assert told["rows"]["rejected"] == len(odd)

    back = inbox.drop("x.xlsx", repaired(errors_xlsx(inbox, told), "DOB", "01/02/1980"))

    assert counts(back) == {"read": len(odd), "created": len(odd)}, back["problems"]
    names = inbox.clients("employee_id, family_name")
    assert [names[f"E{n}"] for n, _ in enumerate(odd, 31)] == [one.strip() for one in odd]


@given(st.text())
def test_what_either_receipt_does_to_a_cell_is_undone(cell):
    assert restore(neutralise(cell)) == cell
    assert restore(guard(cell)) == cell


def test_text_that_no_cell_can_hold_is_cut_told_and_not_taken_for_the_whole(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(9), person(10, last_name="x" * 40_000)])
    content = errors_xlsx(inbox, told)
    sheet = opened(content)["errors"]

    assert len(sheet["B2"].value) == 4_001
    assert "Last Name is cut short" in sheet["I2"].value
    assert [one["code"] for one in inbox.drop("x.xlsx", content)["problems"]] == ["undecodable"]


def test_two_columns_of_one_name_are_told_apart_by_what_was_found(inbox, roster):
    inbox.apply(
        roster.replace(
            "annual_salary:", "hire_date: {from: DOB#2, type: date, formats: ['%m/%d/%Y']}\n        annual_salary:"
        )
    )
    content = b"EMP_ID,Last Name,DOB,DOB,Passport,I94 Expiry\r\n" + b"".join(
        f"E{n},Name,01/02/1980,{'soon' if n == 5 else '02/02/2020'},,\r\n".encode() for n in range(1, 6)
    )
    sheet = opened(errors_xlsx(inbox, inbox.drop("roster_20260301.csv", content)))["errors"]

    assert [cell.coordinate for cell in sheet[2] if cell.fill.fill_type] == ["D2"]


def test_all_columns_of_a_joined_value_are_coloured(inbox, roster):
    inbox.apply(roster.replace("{from: DOB, type: date", "{join: [Born, A + B], with: '/', type: date"))
    content = b"EMP_ID,Last Name,Born,A + B,Passport,I94 Expiry\r\nE1,One,01/02,1980,,\r\nE2,Two,soon,1980,,\r\nE3,Three,01/02,1980,,\r\n"
    sheet = opened(errors_xlsx(inbox, inbox.drop("roster_20260301.csv", content)))["errors"]

    assert [cell.coordinate for cell in sheet[2] if cell.fill.fill_type] == ["C2", "D2"]


def test_a_row_that_is_wrong_as_a_whole_is_coloured_where_that_is_told(inbox):
    told = inbox.drop("roster_20260301.csv", as_csv(people(5)) + b"E6,Six\r\n")
    sheet = opened(errors_xlsx(inbox, told))["errors"]
    assert [cell.coordinate for cell in sheet[2] if cell.fill.fill_type] == ["I2"]


def test_more_columns_than_a_workbook_has_are_a_sentence(inbox):
    wide = b"EMP_ID,Last Name,Passport,I94 Expiry," + b",".join(b"c%d" % n for n in range(16_379))
    told = inbox.drop("roster_20260301.csv", wide + b"\r\n" + b"x,One,,," + b"," * 16_378 + b"\r\n")
    with pytest.raises(Permanent, match=r"errors\.csv"):
        errors_xlsx(inbox, told)
    assert "xlsx" not in inbox.account(told["import_id"])["receipts"]
    assert not [*Path(told["receipts"]["json"]).parent.glob("*.part")]


def test_a_part_with_more_rows_than_a_sheet_holds_goes_on_in_another(inbox, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    told = inbox.drop("roster_20260301.csv", [*people(9), *(person(n, **BAD) for n in range(10, 15))])
    content = errors_xlsx(inbox, told)

    assert [(sheet.title, sheet.max_row) for sheet in opened(content)] == [
        ("errors", 3),
        ("errors (2)", 3),
        ("errors (3)", 2),
    ]
    assert counts(inbox.drop("x.xlsx", repaired(content, "DOB", "01/02/1980"))) == {"read": 5, "created": 5}


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (None, "errors"),
        ("Left", "Left (2)"),
        ("LEFT", "LEFT (2)"),
        ("History", "History_"),
        ("a/b:c?d*e[f]\\g", "a_b_c_d_e_f__g"),
        ("'quoted'", "quoted"),
        ("'", "errors"),
        ("x" * 40, "x" * 31),
        ("y" * 40, "y" * 27 + " (2)"),
        ("🎉" * 20, "🎉" * 15),
    ],
)
def test_a_sheet_has_the_name_of_its_part_as_far_as_excel_allows(part, name):
    assert workbook._name(part, ["Left", "Y" * 31]) == name


# ---------------------------------------------------------------- when it is there


def test_it_is_made_on_request_only_and_gone_when_the_receipts_are_written_anew(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(1), person(2, **BAD), person(3, **BAD)])
    assert (told["state"], "xlsx" in told["receipts"]) == ("held", False)

    first = errors_xlsx(inbox, told)
    path = Path(inbox.account(told["import_id"])["receipts"]["xlsx"])
    assert path.read_bytes() == first == errors_xlsx(inbox, told)
    assert path.stat().st_mode & 0o077 == 0

    released = inbox.release(told)
    assert "xlsx" not in released["receipts"]
    assert opened(errors_xlsx(inbox, released))["errors"].max_row == 3


def test_without_rejected_rows_there_is_none(inbox):
    told = inbox.drop("roster_20260301.csv", people(3))
    office = inbox.office
    assert receipts.make_workbook(office, find_home(office, "acme"), told["import_id"]) is None


# ---------------------------------------------------------------- what people do to it


def edited(content: bytes, edit) -> bytes:
    book = opened(repaired(content, "DOB", "01/02/1980"))
    edit(book)
    return saved(book)


def shuffled(book) -> None:
    sheet = book.active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    random.Random(1).shuffle(rows)
    for number, row in enumerate(rows, start=2):
        for place, value in enumerate(row, start=1):
            sheet.cell(number, place).value = value


def spread_out(book) -> None:
    sheet = book.active
    sheet.insert_cols(1, 2)
    sheet.insert_rows(1, 2)
    sheet.insert_rows(5)
    sheet["A1"] = "Repaired by Jo"
    sheet.cell(3, 20).value = "my notes"
    sheet.cell(4, 20).value = "done"


def with_another_sheet(book) -> None:
    other = book.create_sheet("Lookup", 0)
    other.append(["Code", "Meaning"])
    other.append(["A", "Active"])


def without_problems(book) -> None:
    book.active.delete_cols(9)


@pytest.mark.parametrize("edit", [shuffled, spread_out, with_another_sheet, without_problems])
def test_what_people_do_to_a_sheet_changes_nothing(inbox, edit):
    told = inbox.drop("roster_20260301.csv", [*people(9), *(person(n, **BAD) for n in range(10, 15))])

    back = inbox.drop("Copy of errors (1).xlsx", edited(errors_xlsx(inbox, told), edit))

    assert (back["state"], counts(back)) == ("loaded", {"read": 5, "created": 5}), back
    assert (back["corrects"], back["as_of"]) == (told["import_id"], told["as_of"])
    assert len(inbox.open_clients()) == 14


def test_rows_that_were_deleted_stay_rejected(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(9), *(person(n, **BAD) for n in range(10, 15))])
    back = inbox.drop("x.xlsx", edited(errors_xlsx(inbox, told), lambda book: book.active.delete_rows(3, 2)))
    assert counts(back) == {"read": 3, "created": 3}
    assert set(inbox.clients()) == {f"E{n}" for n in (*range(1, 11), 13, 14)}


def test_dates_and_numbers_that_people_type_are_read_as_such(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD, salary="much")])
    book = opened(repaired(errors_xlsx(inbox, told), "DOB", dt.date(1980, 2, 1)))
    book.active["D2"] = 61_000.5

    assert counts(inbox.drop("x.xlsx", saved(book))) == {"read": 1, "created": 1}
    assert inbox.sql("SELECT date_of_birth, annual_salary::text FROM clients WHERE employee_id = 'E4'") == [
        (dt.date(1980, 2, 1), "61000.50")
    ]


def test_a_workbook_whose_dates_could_be_other_days_is_refused(inbox, roster):
    inbox.apply(roster.replace("%m/%d/%Y", "%Y-%d-%m"))
    told = inbox.drop("roster_20260301.csv", [*people(3, dob="1980-13-01"), person(4, dob="1980-02-30")])

    back = inbox.drop("x.xlsx", repaired(errors_xlsx(inbox, told), "DOB", dt.date(1980, 2, 1)))

    assert (back["state"], back["code"]) == ("refused", "unreadable")
    assert "another day" in back["reason"]
    assert "E4" not in inbox.clients()


def test_a_repaired_errors_csv_may_be_saved_as_a_workbook(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD, last_name="=1+1")])
    book = openpyxl.Workbook()
    with Path(told["receipts"]["csv"]).open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            book.active.append(row)
    book.active["C2"] = dt.date(1980, 2, 1)

    assert counts(inbox.drop("errors.xlsx", saved(book))) == {"read": 1, "created": 1}
    assert inbox.clients("employee_id, family_name")["E4"] == "=1+1"


def test_what_is_still_wrong_comes_back_as_a_workbook_again(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD), person(5, **BAD)])
    again = inbox.drop("x.xlsx", repaired(errors_xlsx(inbox, told), "DOB", "soon"))
    assert counts(again) == {"read": 2, "rejected": 2}

    content = errors_xlsx(inbox, again)
    assert texts(opened(content)["errors"])[0] == [*ROSTER_HEADER, "Problems", "Row"]
    assert counts(inbox.drop("x.xlsx", repaired(content, "DOB", "01/02/1980"))) == {"read": 2, "created": 2}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_partner_may_have_columns_of_the_names_of_ours(inbox, roster, kind):
    inbox.apply(roster.replace("annual_salary: {from: Salary", "annual_salary: {from: Row"))
    rows = [f"E{n},Name,{'soon' if n == 4 else '01/02/1980'},{n},=1,," for n in range(1, 5)]
    told = inbox.drop(
        "roster_20260301.csv", "\r\n".join(["EMP_ID,Last Name,DOB,Row,=Odd,Passport,I94 Expiry", *rows]).encode()
    )
    assert counts(told) == {"read": 4, "created": 3, "rejected": 1}

    content = errors_xlsx(inbox, told) if kind == "xlsx" else Path(told["receipts"]["csv"]).read_bytes()
    again = inbox.drop(f"x.{kind}", content)
    assert counts(again) == {"read": 1, "rejected": 1}
    content = errors_xlsx(inbox, again)
    assert texts(opened(content).active)[0] == [
        "EMP_ID",
        "Last Name",
        "DOB",
        "Row",
        "=Odd",
        "Passport",
        "I94 Expiry",
        "Problems",
        "Row",
    ]
    assert counts(inbox.drop("x.xlsx", repaired(content, "DOB", "01/02/1980"))) == {"read": 1, "created": 1}
    assert inbox.clients()["E4"] == 4


def test_rows_of_another_import_on_one_sheet_are_refused(inbox):
    first = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    second = inbox.drop("roster_20260302.csv", [*people(3, salary="1"), person(4, **BAD)])
    book = opened(repaired(errors_xlsx(inbox, first), "DOB", "01/02/1980"))
    book.active.append(texts(opened(errors_xlsx(inbox, second)).active)[1])

    told = inbox.drop("x.xlsx", saved(book))

    assert (told["state"], told["code"]) == ("refused", "mixed_corrections")
    assert len(inbox.clients()) == 3


def test_an_emptied_workbook_and_one_without_references_say_so(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    content = errors_xlsx(inbox, told)
    for edit in (lambda book: book.active.delete_rows(2), lambda book: setattr(book.active["J2"], "value", "seven")):
        back = inbox.drop("x.xlsx", edited(content, edit))
        assert (back["state"], back["code"]) == ("refused", "unknown_import")


def test_another_partners_workbook_names_no_import_of_yours(inbox, office, tenants):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    stranger = Inbox(office, tenants.harbor, "initech")
    stranger.apply(ROSTER.format(partner="initech", firm="harbor"))

    assert stranger.drop("x.xlsx", errors_xlsx(inbox, told))["code"] == "unknown_import"
    assert stranger.clients() == {}


@pytest.mark.parametrize("row", [b"E6,Six", b"E6,Six,01/02/1980,1,,,,,more,\xc3\xa4nd more"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_ragged_row_that_was_not_repaired_is_ragged_again(inbox, row, kind):
    told = inbox.drop("roster_20260301.csv", as_csv(people(5)) + row + b"\r\n")
    for _ in range(2):
        content = Path(told["receipts"]["csv"]).read_bytes() if kind == "csv" else errors_xlsx(inbox, told)
        again = inbox.drop(f"x.{kind}", content)
        assert [(one["code"], one["message"]) for one in again["problems"]] == [
            (one["code"], one["message"]) for one in told["problems"] if one["severity"] == "error"
        ]
        told = again
    assert "E6" not in inbox.clients()


def test_a_damaged_workbook_with_the_sign_of_corrections_is_refused_as_any_other(inbox, roster):
    told = inbox.drop("roster_20260301.csv", [*people(3), person(4, **BAD)])
    content = errors_xlsx(inbox, told)
    back = inbox.drop("roster_20260302.csv", content[: len(content) - 200])
    assert (back["state"], back["code"]) == ("refused", "unreadable")
