"""Corrections come back through a spreadsheet: cells that nobody touched stay what they were, or it is told."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from helpers.inbox import as_csv, counts
from hypothesis import given
from hypothesis import strategies as st

from ingest.wear import is_worn

FEED = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  staff:
    file: "staff*.csv"
    format: {type: csv}
    contents: full
    absent: close
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true}
        family_name:   {from: Last Name, required: true}
        given_name:    {from: First Name}
        work_city:     {from: Größe}
        date_of_birth: {from: DOB, type: date, formats: ["%m/%d/%Y"]}
        annual_salary: {from: Salary, type: money}
"""
COLUMNS = ["EMP_ID", "Last Name", "First Name", "Größe", "DOB", "Salary"]
ROW = {
    "EMP_ID": "00102",
    "Last Name": "",
    "First Name": "Łukasz",
    "Größe": "1-2",
    "DOB": "03/04/1980",
    "Salary": "50000",
}
OTHERS = [{"EMP_ID": f"1{n:04}", "Last Name": f"Name{n}"} for n in range(20)]


def rejected(inbox, *rows: dict[str, str]) -> dict[str, Any]:
    inbox.apply(FEED)
    told = inbox.drop("staff.csv", as_csv([*OTHERS, *rows], COLUMNS))
    assert told["rows"]["rejected"] == len(rows)
    return told


def saved(told: dict[str, Any], encoding: str = "utf-8-sig", delimiter: str = ",", **changed: str) -> bytes:
    """errors.csv as a spreadsheet saves it, with these cells in every row."""
    rows = list(csv.reader(io.StringIO(Path(told["receipts"]["csv"]).read_text(encoding="utf-8-sig"))))
    named = {name.replace(" ", "_"): place for place, name in enumerate(rows[0])}
    for row in rows[1:]:
        for name, value in changed.items():
            row[named[name]] = value
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode(encoding, "replace")


def on_record(inbox, key: str = "00102") -> tuple[Any, ...]:
    [found] = inbox.sql(
        "SELECT family_name, given_name, work_city, date_of_birth::text, annual_salary FROM clients WHERE key = %s", key
    )
    return found


def test_what_a_spreadsheet_did_to_sound_cells_is_undone_and_told(inbox):
    told = rejected(inbox, ROW)
    back = saved(
        told, Last_Name="Ada", EMP_ID="102", First_Name="?ukasz", Größe="02-Jan", DOB="1980-03-04", Salary="50,000.00"
    )
    mended = inbox.drop("back.csv", back)

    assert (mended["state"], counts(mended), mended["problems"]) == ("loaded", {"read": 1, "created": 1}, [])
    assert on_record(inbox) == ("Ada", "Łukasz", "1-2", "1980-03-04", Decimal(50000))
    assert inbox.sql("SELECT count(*) FROM clients WHERE key = '102'") == [(0,)]
    [remark] = [one for one in mended["remarks"] if "spreadsheet" in one]
    assert remark.startswith("5 cells were changed by a spreadsheet only (DOB, EMP_ID, First Name, Größe, Salary)")


def test_a_sound_cell_that_says_something_else_is_taken_and_told(inbox):
    told = rejected(inbox, ROW)
    mended = inbox.drop("back.csv", saved(told, Last_Name="Ada", Salary="60000", DOB="04/03/1980"))

    assert [(one["code"], one["severity"], one["column"], one["row"]) for one in mended["problems"]] == [
        ("cell_changed", "warning", "DOB", 2),
        ("cell_changed", "warning", "Salary", 2),
    ]
    assert on_record(inbox) == ("Ada", "Łukasz", "1-2", "1980-04-03", Decimal(60000))


def test_a_wrong_cell_is_taken_as_it_was_repaired(inbox):
    told = rejected(inbox, ROW | {"Last Name": "Ada", "Salary": "00x"}, ROW | {"EMP_ID": "", "Last Name": "Bea"})
    mended = inbox.drop("back.csv", saved(told, Salary="7", EMP_ID="00102"))
    assert [one["code"] for one in mended["problems"]] == ["duplicate_key", "cell_changed"]


def test_rows_in_another_order_each_meet_their_own_original(inbox):
    told = rejected(inbox, *(ROW | {"EMP_ID": f"00{n}"} for n in range(1, 8)))
    head, *rows = saved(told, Last_Name="Ada").splitlines(keepends=True)
    mended = inbox.drop("back.csv", head + b"".join(row.removeprefix(b"00") for row in reversed(rows)))
    assert counts(mended) == {"read": 7, "created": 7}
    assert inbox.sql("SELECT count(*) FROM clients WHERE key LIKE '00%%'") == [(7,)]


def test_rows_that_come_back_twice_are_still_what_was_first_sent(inbox):
    told = rejected(inbox, ROW)
    again = inbox.drop("back.csv", saved(told, EMP_ID="102"))
    assert counts(again) == {"read": 1, "rejected": 1}
    mended = inbox.drop("back again.csv", saved(again, Last_Name="Ada", EMP_ID="102", Größe="Jan 2"))
    assert counts(mended) == {"read": 1, "created": 1}
    assert on_record(inbox)[2] == "1-2"


def test_a_row_rejected_for_its_number_of_cells_gets_its_zeros_back(inbox):
    inbox.apply(FEED)
    raw = as_csv([*OTHERS, ROW | {"Last Name": "Ada"}], COLUMNS).rstrip() + b",more\r\n"
    told = inbox.drop("staff.csv", raw)
    assert told["problems"][0]["code"] == "ragged_row"
    mended = inbox.drop("back.csv", saved(told, EMP_ID="102", Salary="50000"))
    assert (counts(mended), mended["problems"]) == ({"read": 1, "created": 1}, [])
    assert on_record(inbox)[0] == "Ada"


# ---------------------------------------------------------------- how it was saved


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-16", "\t"), ("utf-16", ";"), ("utf-8", ";"), ("utf-8-sig", "\t"), ("cp1250", ";"), ("mac_latin2", ",")],
)
def test_corrections_are_read_however_they_were_saved(inbox, encoding, delimiter):
    told = rejected(inbox, ROW)
    mended = inbox.drop("back.txt", saved(told, encoding, delimiter, Last_Name="Ada", EMP_ID="102"))
    assert counts(mended) == {"read": 1, "created": 1}, mended
    assert on_record(inbox)[:3] == ("Ada", "Łukasz", "1-2")


def test_corrections_may_name_their_delimiter(inbox):
    told = rejected(inbox, ROW)
    back = b"sep=;\r\n" + saved(told, "utf-8", ";", Last_Name="Ada", EMP_ID="102")
    assert counts(inbox.drop("back.csv", back)) == {"read": 1, "created": 1}
    assert on_record(inbox)[0] == "Ada"


def test_a_letter_that_only_a_repaired_cell_has_is_read_in_an_encoding_that_other_cells_give_away(inbox):
    told = rejected(inbox, ROW)
    inbox.drop("back.csv", saved(told, "cp1250", Last_Name="Łęcki"))
    assert on_record(inbox)[0] == "Łęcki"


@pytest.mark.parametrize("encoding", ["cp1250", "cp1252", "mac_roman", "cp850"])
def test_an_encoding_that_cannot_be_told_is_asked_for(inbox, encoding):
    told = rejected(inbox, ROW | {"First Name": "Lukas", "Größe": "5"})
    back = inbox.drop("back.csv", saved(told, encoding, Last_Name="Müller").replace("Größe".encode(encoding), b"G"))
    assert (back["state"], back["code"]) == ("refused", "unknown_encoding")
    assert "CSV UTF-8" in back["fix"]


def test_an_encoding_that_the_feed_names_is_no_guess(inbox):
    inbox.apply(FEED.replace("{type: csv}", "{type: csv, encoding: cp1252}"))
    raw = as_csv([*OTHERS, ROW | {"First Name": "Lukas"}], COLUMNS).decode().encode("cp1252")
    told = inbox.drop("staff.csv", raw)
    assert counts(inbox.drop("back.csv", saved(told, "cp1252", Last_Name="Müller"))) == {"read": 1, "created": 1}
    assert on_record(inbox)[0] == "Müller"


# ---------------------------------------------------------------- wear


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("00102", "102"),
        ("00102", "102.0"),
        ("123456789012345", "1.23457E+14"),
        ("1234567890123456789", "1234567890123450000"),
        ("1E5", "1.00E+05"),
        ("+13125550100", "13125550100"),
        ("50000.5", "$50,000.50"),
        ("50000", "50.000,00 €"),
        ("12.50", "12,5"),
        ("0.05", "5%"),
        ("-5", "(5.00)"),
        ("03/04/2026", "2026-03-04"),
        ("03/04/2026", "3/4/2026"),
        ("03/04/2026", "04.03.2026"),
        ("03/04/2026", "04-Mar-26"),
        ("2026-03-04", "46085"),
        ("2026-03-04 08:30", "3/4/2026 8:30"),
        ("1-2", "02-Jan"),
        ("MAR1", "01-Mar"),
        ("true", "TRUE"),
        ("true", "WAHR"),
        ("Łukasz", "?ukasz"),
        ("Müller", "M?ller"),
        (" a  b", "a b"),
        ("03/04/2026", "########"),
    ],
)
def test_a_cell_is_worn_by_what_spreadsheets_do(sent, back):
    assert is_worn(sent, back)


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("102", "00102"),
        ("00102", "103"),
        ("Ada", "Bea"),
        ("Ada", "ADA"),
        ("1.5", "5.1"),
        ("03/04/2026", "04/03/2026"),
        ("03/04/2026", "3/5/2026"),
        ("Muller", "Müller"),
        ("50000", "5000"),
        ("5", "5%"),
        ("E1", ""),
        ("", "E1"),
    ],
)
def test_a_cell_that_says_something_else_is_not_worn(sent, back):
    assert not is_worn(sent, back)


def test_a_date_that_the_feed_reads_is_what_it_says():
    assert is_worn("03/04/2026", "3/4/2026", ["%m/%d/%Y"])
    assert not is_worn("03/04/2026", "04/03/2026", ["%m/%d/%Y"])


@given(st.integers(0, 10**14), st.integers(0, 6), st.integers(0, 10**14))
def test_a_number_is_worn_when_it_is_the_same_number(number, zeros, other):
    sent = "0" * zeros + str(number)
    assert is_worn(sent, str(number))
    assert is_worn(sent, f"{number:,}") or number < 1000
    assert is_worn(sent, str(other)) == (number == other)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_can_be_compared(sent, back):
    assert is_worn(sent, sent)
    if is_worn(sent, back) and sent.isalpha() and sent.isascii():
        assert back == sent or {sent.casefold(), back.casefold()} <= {"true", "false"} or set(back) == {"#"}
