"""Workbooks that lie elsewhere in their package, or have the names of the Strict class, read like any other."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers.packages import moved, repacked, strict
from helpers.spreadsheets import DAY, read, refusal, streamed, workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

SHEETS = {
    "Cover": [["hidden"]],
    "Who & what": [
        ["Employee ID", "Name", None, "Since", "Pay"],
        [None, "Last", "First", None, None],
        ["7", "Müller", "Ann", dt.date(2026, 5, 1), 85000.5],
        [(7, "000000"), "http://purl.oclc.org/ooxml/spreadsheetml/main", "x", (0.5, "hh:mm"), -1.5],
        [True, "#N/A", 1234567890123456789, (-1, DAY), (1, "0.00E+00")],
    ],
    "Left": [["ID"], ["8"]],
}
MERGES = ["A1:A2", "B1:C1"]

LAYOUTS = {
    "strict": strict,
    "in the root": moved,
    "in the root, and strict": lambda content: strict(moved(content)),
    "in another folder": lambda content: moved(content, "office/", "book.xml"),
    "under other capitals": lambda content: repacked(content, lambda name, text: (name.replace("xl/w", "XL/W"), text)),
}
each_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def everything(content, **options):
    table = read(content, **{"sheets": ["Who & what", "Left"]} | options)
    return table.parts, table.rows, table.flaws, table.remarks


@each_layout
@pytest.mark.parametrize("way", [lambda same: same, streamed], ids=["quick", "slow"])
@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904])
def test_it_reads_like_the_usual_one(layout, way, epoch):
    usual = way(workbook(SHEETS, MERGES, epoch, hidden=["Cover"]))
    assert everything(layout(usual)) == everything(usual)


@each_layout
def test_its_header_of_two_rows_knows_merged_cells(layout):
    content = layout(workbook(SHEETS, MERGES))
    table = read(content, sheets=["Who.*"], header_rows=2)
    assert table.header == ["Employee ID", "Name Last", "Name First", "Since", "Pay"]


@each_layout
def test_its_first_visible_sheet_is_the_one_that_is_read(layout):
    assert [part.name for part in read(layout(workbook(SHEETS, hidden=["Cover"]))).parts] == ["Who & what"]


DAYS = {
    "2026-05-01": "2026-05-01",
    "2026-05-01T00:00:00": "2026-05-01",
    "2026-05-01T00:00:00.000": "2026-05-01",
    "2026-05-01T12:30:14.999": "2026-05-01T12:30:15",
    "12:30:15": "12:30:15",
    "1899-12-30T12:30:15": "12:30:15",
    "1899-12-30T00:00:00": "0",
    "1899-12-31": "1899-12-31",
}


@pytest.mark.parametrize("way", [lambda same: same, streamed], ids=["quick", "slow"])
@pytest.mark.parametrize(("written", "told"), DAYS.items())
def test_days_that_are_written_as_text_are_days(written, told, way):
    def changed(name, text):
        return name, text.replace('t="n"><v>45000</v>', f't="d"><v>{written}</v>')

    usual = workbook({"S": [["Day", "ID"], [(45000, DAY), "7"], [(45000, "hh:mm"), "8"]]})
    assert read(way(strict(repacked(usual, changed)))).cells[:2] == [[told, "7"], [told, "8"]]


def test_such_a_time_of_day_is_one_on_the_first_day_of_1904_where_days_count_from_there():
    def changed(name, text):
        return name, text.replace('t="n"><v>45000</v>', 't="d"><v>1904-01-01T06:00:00</v>')

    usual = workbook({"S": [["Day"], [(45000, DAY)]]}, epoch=CALENDAR_MAC_1904)
    assert read(strict(repacked(usual, changed))).cells == [["06:00:00"]]


def test_a_workbook_without_one_of_its_sheets_is_refused_by_that_sheet():
    def changed(name, text):
        return name.replace("sheet3", "other"), text

    refused = refusal(strict(repacked(workbook(SHEETS), changed)), sheets=["Left"])
    assert "xl/worksheets/sheet3.xml of the workbook is missing" in refused.details["why"]


@pytest.mark.parametrize("kind", ["document", "presentation"])
def test_another_office_document_is_no_workbook(kind):
    def changed(name, text):
        name = name.replace("xl/workbook", f"x/{kind}")
        return name, text.replace("xl/workbook", f"x/{kind}").replace("<workbook", f"<{kind}").replace(
            "</workbook", f"</{kind}"
        )

    assert refusal(repacked(workbook(SHEETS), changed)).details["why"] == "it is a zip archive without a workbook"


def test_entities_are_refused_wherever_a_workbook_lies():
    def changed(name, text):
        return name, text.replace("<workbook", '<!DOCTYPE x [<!ENTITY a "b">]><workbook', 1)

    assert "XML entities" in refusal(moved(repacked(workbook(SHEETS), changed), "o/", "b.XML")).details["why"]
