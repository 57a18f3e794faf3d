"""Of which instant a file speaks, where it says so itself: in its header, its trailer, or a column of its rows."""

from __future__ import annotations

import datetime as dt
import io
from uuid import UUID

import pytest
from helpers.inbox import ROSTER, as_csv, counts, people
from helpers.spreadsheets import workbook
from openpyxl import load_workbook

from gateway.config import ConfigError
from gateway.domain.partners.homes import find_home
from gateway.wings import PARTNER_YAML
from ingest.receipts import make_workbook

MAY = "2026-05-01T05:00:00Z"  # midnight in Chicago


def with_(as_of: str, form: str = "{type: csv}", more: str = "") -> str:
    told = ROSTER.format(partner="acme", firm="northgate").replace("{type: csv}", form)
    return told.replace('{file_name: "roster_%Y%m%d.csv"}', as_of + more)


def instant(told):
    return told["as_of"].replace("+00:00", "Z")


def dated(rows, *days):
    """The rows with a column As Of."""
    lines = as_csv(rows).decode().splitlines()
    said = ["As Of", *(days * len(rows))[: len(rows)]]
    return "".join(f"{line},{day}\r\n" for line, day in zip(lines, said, strict=True)).encode()


# ---------------------------------------------------------------- a column


def test_a_column_may_say_of_which_day_the_rows_are(inbox):
    inbox.apply(with_('{column: As Of, formats: ["%m/%d/%Y"]}'))
    told = inbox.drop("roster.csv", dated(people(3), "05/01/2026"))
    assert (instant(told), counts(told)) == (MAY, {"read": 3, "created": 3})
    assert not [one for one in told["remarks"] if "As Of" in one]


def test_an_older_file_changes_nothing_whatever_the_order_of_arrival(inbox):
    inbox.apply(with_('{column: as-of, formats: ["%Y%m%d"]}'))
    inbox.drop("roster.csv", dated(people(3, salary="60000"), "20260502"))
    told = inbox.drop("roster.csv", dated(people(3, salary="50000"), "20260501"))
    assert counts(told) == {"read": 3, "stale": 3}


def test_a_column_that_says_it_is_no_new_one_that_nothing_uses(inbox):
    inbox.apply(with_("{column: As Of}"))
    inbox.drop("roster.csv", people(1))
    told = inbox.drop("roster.csv", dated(people(2), "2026-05-01"))
    assert not [one for one in told["remarks"] if "New columns" in one]


def test_without_formats_a_column_is_read_as_iso_8601(inbox):
    inbox.apply(with_("{column: As Of}"))
    assert instant(inbox.drop("roster.csv", dated(people(1), "2026-05-01"))) == MAY


def test_a_time_in_the_column_counts_in_the_partner_s_zone_or_with_its_offset(inbox):
    inbox.apply(with_('{column: As Of, formats: ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%z"]}'))
    assert instant(inbox.drop("roster.csv", dated(people(1), "2026-05-01 18:30"))) == "2026-05-01T23:30:00Z"
    assert instant(inbox.drop("roster.csv", dated(people(2), "2026-05-01T18:30:00+02:00"))) == "2026-05-01T16:30:00Z"


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (("05/01/2026", "05/02/2026"), "the column As Of says both “05/01/2026” and “05/02/2026”"),
        (("05/01/2026", "soon"), "“soon” in the column As Of is no date as agreed (MM/DD/YYYY)"),
        (("", " "), "the column As Of says nothing"),
    ],
)
def test_where_rows_do_not_agree_the_file_counts_from_its_arrival_and_is_told(inbox, days, why):
    inbox.apply(with_('{column: As Of, formats: ["%m/%d/%Y"]}'))
    told = inbox.drop("roster.csv", dated(people(4), *days))
    assert instant(told) == told["received_at"].replace("+00:00", "Z")
    assert [one for one in told["remarks"] if why in one and "counts from the time it arrived" in one]
    assert counts(told) == {"read": 4, "created": 4}


def test_a_blank_cell_and_a_row_that_is_no_data_say_nothing(inbox):
    inbox.apply(
        with_('{column: As Of, formats: ["%m/%d/%Y"]}', more="\n    where: {column: Last Name, is_not: [Total]}")
    )
    rows = dated(people(3), "05/01/2026", "", "05/01/2026") + b"E9,Total,,,,,,,12/31/2030\r\n"
    assert instant(inbox.drop("roster.csv", rows)) == MAY


def test_a_file_without_the_column_counts_from_its_arrival_and_is_told(inbox):
    inbox.apply(with_("{column: As Of}"))
    told = inbox.drop("roster.csv", people(1))
    assert [one for one in told["remarks"] if "the column As Of says nothing" in one]


def test_what_the_sender_says_comes_first(inbox):
    inbox.apply(with_("{column: As Of}"))
    told = inbox.drop("roster.csv", dated(people(1), "soon"), as_of=dt.datetime(2026, 4, 1, tzinfo=dt.UTC))
    assert instant(told) == "2026-04-01T00:00:00Z"
    assert not [one for one in told["remarks"] if "soon" in one]


def test_real_dates_of_a_workbook_are_read_whatever_the_formats(inbox):
    inbox.apply(with_('{column: As Of, formats: ["%m/%d/%Y"]}', "{type: excel}").replace('"roster*.csv"', '"roster*"'))
    header = ["EMP_ID", "Last Name", "Passport", "I94 Expiry", "As Of"]
    content = workbook({"S": [header, ["E1", "Ann", None, None, dt.date(2026, 5, 1)]]})
    told = inbox.drop("roster.xlsx", content)
    assert (instant(told), counts(told)) == (MAY, {"read": 1, "created": 1})


# ---------------------------------------------------------------- lines of a CSV


@pytest.mark.parametrize(
    ("first", "as_of"),
    [
        ("Report as of 05/01/2026", '{line: 1, formats: ["Report as of %m/%d/%Y"]}'),
        ("Report as of 05/01/2026,,,,,", '{line: 1, formats: ["Report as of %m/%d/%Y"]}'),
        ('"Report as of May 1, 2026"', '{line: 1, formats: ["Report as of %B %d, %Y"]}'),
        ("Report as of May 1, 2026", '{line: 1, formats: ["Report as of %B %d, %Y"]}'),
        ("H,20260501,ACME", '{line: 1, cell: 2, formats: ["%Y%m%d"]}'),
        ("H,ACME,5/1/26", '{line: 1, cell: 3, formats: ["%m/%d/%y"], pivot: 40}'),
    ],
)
@pytest.mark.parametrize("form", ["{type: csv, header_row: 2}", "{type: csv, header_row: 2, skip_lines: 1}"])
def test_a_line_above_the_table_may_say_it(inbox, first, as_of, form):
    inbox.apply(with_(as_of, form))
    told = inbox.drop("roster.csv", first.encode() + b"\r\n" + as_csv(people(3)))
    assert (instant(told), counts(told)) == (MAY, {"read": 3, "created": 3})


@pytest.mark.parametrize("end", ["\r\n", "", "\r\n\r\n \r\n"])
def test_a_line_below_the_table_is_counted_from_the_end(inbox, end):
    inbox.apply(with_('{line: -1, cell: 2, formats: ["%Y%m%d"]}', "{type: csv, footer: {rows: 1}}"))
    told = inbox.drop("roster.csv", as_csv(people(3)) + f"TRL,20260501,3{end}".encode())
    assert (instant(told), counts(told)) == (MAY, {"read": 3, "created": 3})


@pytest.mark.parametrize(("line", "where"), [("{line: 9, cell: 2}", "line 9"), ("{line: -9}", "line -9")])
def test_a_line_that_is_not_there_says_nothing(inbox, line, where):
    inbox.apply(with_(line))
    told = inbox.drop("roster.csv", people(1))
    assert [one for one in told["remarks"] if f"{where} says nothing" in one]


def test_repaired_rows_speak_as_of_the_file_that_they_repair(inbox):
    inbox.apply(with_('{line: 1, formats: ["%Y%m%d"]}', "{type: csv, header_row: 2}"))
    told = inbox.drop("roster.csv", b"20260501\r\n" + as_csv([*people(3), {"EMP_ID": "E4", "Last Name": ""}]))
    home = find_home(inbox.office, inbox.slug)
    book = load_workbook(make_workbook(inbox.office, home, UUID(told["import_id"])))
    book.worksheets[0]["B2"] = "Four"
    out = io.BytesIO()
    book.save(out)
    back = inbox.drop("errors.xlsx", out.getvalue())
    assert (instant(back), counts(back)) == (MAY, {"read": 1, "created": 1})


# ---------------------------------------------------------------- header and trailer of fixed width

FIXED = """{type: fixed, records: {
      header: {where: [1, 1, H], columns: {run: [2, 8]}},
      row: {where: [1, 1, D], columns: {
        EMP_ID: [2, 3], Last Name: [5, 5], day: [10, 8], Passport: [18, 5], I94 Expiry: [23, 5]}},
      trailer: {where: [1, 1, T], columns: {made: [2, 8]}}}}"""
LINES = "H20260501\nDE1 Ann  20260501\nDE2 Bob  20260501\nT20260501\n"


@pytest.mark.parametrize("column", ["run", "made", "day"])
def test_a_column_of_a_header_a_trailer_or_the_rows_may_say_it(inbox, column):
    inbox.apply(with_(f'{{column: {column}, formats: ["%Y%m%d"]}}', FIXED))
    told = inbox.drop("roster.csv", LINES.encode())
    assert (instant(told), counts(told)) == (MAY, {"read": 2, "created": 2})
    assert told["remarks"] == []


def test_files_put_together_that_speak_of_two_days_are_told(inbox):
    inbox.apply(with_('{column: made, formats: ["%Y%m%d"]}', FIXED))
    told = inbox.drop("roster.csv", (LINES + LINES.replace("T20260501", "T20260502")).encode())
    assert [one for one in told["remarks"] if "the column made says both “20260501” and “20260502”" in one]


# ---------------------------------------------------------------- settings


def test_settings_of_a_part_repeat_no_finding_about_the_file():
    part = "\n    parts: {A: {client: {key: employee_id, fields: {employee_id: {from: Nr}}}}}"
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(with_("{line: 1}", "{type: excel}", part))
    assert [one.path for one in caught.value.findings] == ["feeds.roster.as_of.line"]


@pytest.mark.parametrize(
    ("as_of", "form", "at", "told"),
    [
        ("{}", "{type: csv}", "as_of", "one of file_name, column and line"),
        ("{column: A, line: 1}", "{type: csv}", "as_of", "one of file_name, column and line"),
        ('{file_name: "%Y", formats: ["%Y"]}', "{type: csv}", "as_of.formats", "file_name"),
        ("{column: A, cell: 1}", "{type: csv}", "as_of.cell", "line"),
        ("{line: 0}", "{type: csv}", "as_of.line", "from 1"),
        ("{line: 1}", "{type: excel}", "as_of.line", "CSV"),
        ('{column: A, formats: ["%d%d"]}', "{type: csv}", "as_of.formats", "the year exactly once"),
        ('{column: A, formats: ["%Y%m%Q"]}', "{type: csv}", "as_of.formats", "%Q"),
        ('{column: A, formats: ["%y%m%d"]}', "{type: csv}", "as_of.pivot", "pivot"),
        ("{column: mode}", FIXED, "as_of.column", "Did you mean `made`?"),
        ("{colum: made}", FIXED, "as_of.colum", "not a known key"),
    ],
)
def test_settings_that_can_tell_no_instant_are_found_with_their_line(as_of, form, at, told):
    text = with_(as_of, form)
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(text)
    found = [one for one in caught.value.findings if one.path == f"feeds.roster.{at}"]
    assert found, caught.value.findings
    assert told in found[0].message + f" Did you mean `{found[0].suggestion}`?"
    assert found[0].line == 1 + next(n for n, line in enumerate(text.splitlines()) if "as_of:" in line)
