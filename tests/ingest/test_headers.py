"""What a receipt says about the columns of a file: which are new, which went away, and which stand there twice."""

from __future__ import annotations

import io

import openpyxl
import pytest
from helpers.inbox import person

ROW = list(person(1).values())


def csv_of(*header: str) -> bytes:
    """One person under a header of which the first four names are those of `person`, in whatever spelling."""
    header = (*header, *NEEDED)
    cells = [*ROW, *["1"] * (len(header) - len(ROW) - len(NEEDED)), *[""] * len(NEEDED)]
    return "".join(",".join(f'"{cell}"' for cell in line) + "\r\n" for line in (header, cells)).encode()


def remarks_on(inbox, *headers: tuple[str, ...]) -> list[list[str]]:
    """The remarks on files of these headers, one a day."""
    told = [
        inbox.drop(f"roster_202603{day:02}.csv", csv_of(*header), forced=True)
        for day, header in enumerate(headers, start=1)
    ]
    assert [one["reason"] for one in told if one["state"] != "loaded"] == []
    return [one["remarks"] for one in told]


NEEDED = ("Passport", "I94 Expiry")
USUAL = ("EMP_ID", "Last Name", "DOB", "Salary")


@pytest.mark.parametrize("name", ["EMP\nID", "Emp Id", " EMP_ID ", "EMP\r\nID", "EMP\u200bID"])
def test_a_column_that_is_read_all_the_same_did_not_go_away(inbox, name):
    header = (name, *USUAL[1:])
    assert remarks_on(inbox, USUAL, header, USUAL) == [[], [], []]


def test_a_column_that_nothing_uses_is_not_new_for_a_line_break_in_its_name(inbox):
    assert remarks_on(inbox, (*USUAL, "Cost Center"), (*USUAL, "Cost\nCenter")) == [[], []]


def test_of_two_names_that_are_alike_one_may_go_away(inbox):
    [_, remarks] = remarks_on(inbox, ("EMP_ID", "Last Name", "DOB", "Salary", "Emp Id"), USUAL)
    assert remarks == ["Columns that the last file had and this one lacks: Emp Id."]


def test_new_columns_and_those_that_went_away_are_named_in_one_line(inbox):
    [_, remarks] = remarks_on(inbox, (*USUAL, "Cost\nCenter"), (*USUAL, "Hire\nReason"))
    assert remarks == [
        "New columns, which nothing uses yet: Hire Reason.",
        "Columns that the last file had and this one lacks: Cost Center.",
    ]


def test_a_column_that_stands_twice_is_told_with_the_one_that_is_read(inbox):
    [[remark]] = remarks_on(inbox, (*USUAL, "Note", "DOB", "dob ", " DOB", "Note"))
    assert remark == (
        "The column “DOB” stands in the header more than once, as columns 3, 6 and 8: column 3 is read. If another one "
        "is meant, the settings must say which: “DOB#2” is the second."
    )


def test_where_the_settings_say_which_of_two_columns_is_meant_nothing_is_told(inbox, roster):
    inbox.apply(roster.replace("{from: Salary,", '{from: "Salary#2",'))
    [remarks] = remarks_on(inbox, (*USUAL, "Salary"))
    assert remarks == []


def test_the_sheet_in_which_a_column_stands_twice_is_named(inbox, roster):
    inbox.apply(
        roster.replace("{type: csv}", '{type: excel, sheets: [{name: "Here"}, {name: "Left"}]}').replace(
            'file: "roster*.csv"', 'file: "roster*.xlsx"'
        )
    )
    book = openpyxl.Workbook()
    book.active.title = "Here"
    left = book.create_sheet("Left")
    for sheet, header in (
        (book.active, ("EMP\nID", *USUAL[1:])),
        (left, ("EMP_ID", "Last Name", "DOB", "DOB")),
    ):
        sheet.append([*header, *NEEDED])
        sheet.append([f"E{len(book.sheetnames)}", "Doe"])
    content = io.BytesIO()
    book.save(content)
    told = inbox.drop("roster_20260301.xlsx", content.getvalue())

    [remark] = [one for one in told["remarks"] if "more than once" in one]
    assert remark.startswith(
        "The column “DOB” stands in the header of the sheet “Left” more than once, as columns 3 and 4: column 3 is read."
    )
