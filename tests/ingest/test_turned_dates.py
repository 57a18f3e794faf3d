"""A column whose real dates a spreadsheet turned around is told, and beyond doubt the file is held."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers.inbox import counts
from helpers.spreadsheets import DAY, workbook

PARTNER = """
partner: acme
firm: northgate
name: ACME
time_zone: Europe/Berlin
feeds:
  roster:
    file: "roster*"
    format: {type: FORMAT}
    contents: changes
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true}
        date_of_birth: {from: DOB, type: date, formats: PATTERNS}
"""
DAY_FIRST, MONTH_FIRST = '["%d/%m/%Y"]', '["%m/%d/%Y"]'


def apply(inbox, *, kind: str = "excel", patterns: str = DAY_FIRST) -> None:
    inbox.apply(PARTNER.replace("FORMAT", kind).replace("PATTERNS", patterns))


def opened_in(days: list[dt.date], *, written: str, read: str) -> bytes:
    """The workbook that a spreadsheet makes of dates in text: real where they can be read its own way."""
    return workbook(
        {"One": [["EMP_ID", "DOB"], *([f"E{n}", _opened(day, written, read)] for n, day in enumerate(days))]}
    )


def _opened(day: dt.date, written: str, read: str) -> object:
    text = f"{day:{written}}"
    try:
        return dt.datetime.strptime(text, read).date(), DAY  # noqa: DTZ007 - a day
    except ValueError:
        return text


DAYS = [dt.date(1980 + n % 20, 1 + n * 7 % 12, 1 + n * 11 % 28) for n in range(30)]
REASON = "DOB: of its different dates, the {} real ones all have days up to 12, and the {} in text days above 12"


@pytest.mark.parametrize(
    ("patterns", "written", "read"), [(DAY_FIRST, "%d/%m/%Y", "%m/%d/%Y"), (MONTH_FIRST, "%m/%d/%Y", "%d/%m/%Y")]
)
def test_a_file_that_was_opened_under_another_order_of_day_and_month_is_held(inbox, patterns, written, read):
    apply(inbox, patterns=patterns)
    told = inbox.drop("roster.xlsx", opened_in(DAYS, written=written, read=read))
    early = sum(day.day <= 12 for day in DAYS)
    assert (told["state"], told["code"]) == ("held", "turned_dates"), told
    assert REASON.format(early, 30 - early) in told["reason"]
    assert inbox.clients() == {}
    assert inbox.release(told)["state"] == "released"


def test_few_such_dates_are_a_remark(inbox):
    apply(inbox)
    told = inbox.drop("roster.xlsx", opened_in(DAYS[:6], written="%d/%m/%Y", read="%m/%d/%Y"))
    assert (told["state"], counts(told)) == ("loaded", {"read": 6, "created": 6})
    assert [remark for remark in told["remarks"] if remark.startswith("DOB: of its different dates")]


@pytest.mark.parametrize("odd", [(dt.date(1990, 5, 25), DAY), "05/06/1990"])
def test_one_date_that_does_not_fit_the_picture_is_proof_enough(inbox, odd):
    apply(inbox)
    rows = [[f"E{n}", _opened(day, "%d/%m/%Y", "%m/%d/%Y")] for n, day in enumerate(DAYS)]
    told = inbox.drop("roster.xlsx", workbook({"One": [["EMP_ID", "DOB"], *rows, ["E99", odd]]}))
    assert (told["state"], told["remarks"]) == ("loaded", [])


@pytest.mark.parametrize("written", ["%d/%m/%Y", None])
def test_dates_that_are_all_text_or_all_real_are_no_accident(inbox, written):
    apply(inbox)
    early = [day.replace(day=1 + day.day % 12) for day in DAYS]
    rows = [[f"E{n}", f"{day:{written}}" if written else (day, DAY)] for n, day in enumerate(early)]
    told = inbox.drop("roster.xlsx", workbook({"One": [["EMP_ID", "DOB"], *rows]}))
    assert (told["state"], told["remarks"]) == ("loaded", [])


def test_a_csv_whose_dates_were_partly_rewritten_is_held_too(inbox):
    apply(inbox, kind="csv", patterns='["%d/%m/%Y", "%Y-%m-%d"]')
    lines = [
        "EMP_ID,DOB",
        *(f"E{n},{day:%Y-%d-%m}" if day.day <= 12 else f"E{n},{day:%d/%m/%Y}" for n, day in enumerate(DAYS)),
    ]
    assert inbox.drop("roster.csv", "\n".join(lines).encode())["code"] == "turned_dates"
