"""A line of a stored file: found in every format, shown as it came, with what read it and what it did."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from helpers.inbox import ME, as_csv, people, person

from gateway.errors import Conflict, Gone, Missing
from ingest.lines import finding
from ingest.lines.finding import Spot
from ingest.lines.looking import look
from ingest.receipts import marks


@pytest.fixture
def acme(inbox, roster):
    inbox.apply(roster)
    return inbox


@pytest.fixture
def at(acme):
    """One line of what was dropped, for somebody at the firm."""

    def do(told, number, *where):
        with acme.office.acting(acme.firm_id, ME) as acting:
            return look(acting, UUID(told["import_id"]), Spot(number, *where))

    return do


def cell(line, column):
    return next(one for one in line.cells if one.column == column)


def only_use(line, column):
    [use] = cell(line, column).uses
    return use


def test_a_line_is_shown_as_it_came_with_what_read_it_and_what_it_did(acme, at):
    told = acme.drop(
        "roster_20260301.csv", [person(1), person(2, ssn="123-45-6789", passport="C01", passport_expiry="05/31/2030")]
    )
    line = at(told, 3)
    assert (line.file, line.row, line.line, line.sheet, line.version) == ("roster_20260301.csv", 3, 3, None, 1)
    assert [(one.column, one.text) for one in line.cells][:3] == [
        ("EMP_ID", "E2"),
        ("Last Name", "Name2"),
        ("DOB", "02/03/1980"),
    ]
    use = only_use(line, "DOB")
    assert (use.field, str(use.value)) == ("client.date_of_birth", "1980-02-03")
    assert use.setting.path == "feeds.roster.client.fields.date_of_birth"
    assert use.setting.text == '{from: DOB, type: date, formats: ["%m/%d/%Y"]}'
    [(source,)] = acme.sql("SELECT source FROM partner_configs")
    assert "date_of_birth" in source.splitlines()[use.setting.line - 1]
    assert only_use(line, "Passport Expiry").field == "documents.passport.expires_on"
    assert cell(line, "I94 Expiry").uses == []  # the row brings none
    [client] = [one for one in line.made if one.kind == "client"]
    assert (client.action, client.id) == ("created", line.person)
    assert "date_of_birth" in client.fields
    assert {one.kind for one in line.made} == {"client", "document"}


def test_what_is_secret_stays_so(acme, at):
    told = acme.drop("roster_20260301.csv", [person(1, ssn="123-45-6789"), person(2, ssn="523-45-67"), *people(9)[2:]])
    good, bad = at(told, 2), at(told, 3)
    assert (cell(good, "SSN").text, only_use(good, "SSN").value) == ("•••••••6789", "•••")
    assert cell(bad, "SSN").text == "•••••5-67"
    assert "123-45" not in repr(good)
    assert "523" not in repr(bad)


def test_a_secret_that_slid_into_another_column_stays_one(acme, at):
    text = as_csv([*people(5), person(6, ssn="523-45-6789")]).decode()
    line = at(acme.drop("roster_20260301.csv", text.replace("E6,", "E6,p0000303,").encode()), 7)
    assert cell(line, "Last Name").text == "••••0303"
    assert "523-45" not in repr(line)
    assert "p0000303" not in repr(line)


def test_a_rejected_line_says_why_and_is_found_without_reading_the_file(acme, at, monkeypatch):
    told = acme.drop("roster_20260301.csv", [*people(20), person(21) | {"DOB": "soon"}])
    monkeypatch.setattr(finding, "_read", None)
    line = at(told, 22)
    assert (line.is_rejected, line.made, line.person) == (True, [], None)
    [problem] = cell(line, "DOB").problems
    assert "soon" in problem
    assert only_use(line, "DOB").value is None
    (Path(told["receipts"]["csv"]).parent / marks.ROWS).unlink()
    assert cell(at(told, 22), "DOB").text == "soon"


def test_a_line_that_changed_nothing_still_says_whom_it_is_about(acme, at):
    first = acme.drop("roster_20260301.csv", people(5))
    again = acme.drop("roster_20260302.csv", [*people(4), person(5, salary="60000")])
    same, changed = at(again, 3), at(again, 6)
    assert (same.made, same.person) == ([], at(first, 3).person)
    assert same.person is not None
    assert [(one.action, one.fields) for one in changed.made] == [("updated", ["annual_salary"])]


def test_a_row_of_several_lines_is_found_by_the_one_on_which_it_begins(acme, at):
    told = acme.drop("roster_20260301.csv", [person(1, last_name="O'Neil,\nAnn"), person(2), person(3)])
    assert [(one.row, one.line) for one in (at(told, 2), at(told, 4), at(told, 5))] == [(2, 2), (3, 4), (4, 5)]
    assert cell(at(told, 2), "Last Name").text == "O'Neil,\nAnn"
    for number in (1, 3, 6, 1 << 40):
        with pytest.raises(Missing, match="No row begins"):
            at(told, number)


def test_of_several_rows_on_one_line_that_is_shown_which_is_meant(acme, at, inbox):
    inbox.apply(
        "partner: acme\nfirm: northgate\nname: ACME\ntime_zone: America/Chicago\nfeeds:\n  roster:\n    file: '*.json'\n"
        "    format: {type: json}\n    contents: changes\n    client: {key: employee_id, fields: {employee_id: {from: id, required: true}}}\n"
    )
    told = acme.drop("people.json", b'[{"id": "E1"}, {"id": "E2"}, {"id": "E3"}]')
    rows = [(one.cells[0].text, one.row) for one in (at(told, 1), at(told, 1, 2), at(told, 1, 3))]
    assert rows == [("E1", 1), ("E2", 2), ("E3", 3)]
    with pytest.raises(Missing):
        at(told, 1, 4)


def test_lines_of_files_that_cannot_be_looked_at_say_why(acme, at):
    told = acme.drop("roster_20260301.csv", people(20))
    held = acme.drop("roster_20260302.csv", people(1))
    with pytest.raises(Conflict, match="the file is held"):
        at(held, 2)
    with pytest.raises(Missing, match="no such sheet"):
        at(told, 2, None, "Left")
    acme.sql("UPDATE files SET condemned_at = now()")
    with pytest.raises(Gone, match="erased"):
        at(told, 2)
    acme.sql("UPDATE files SET destroyed_at = '2026-04-01T12:00:00Z'")
    with pytest.raises(Gone, match="destroyed on 2026-04-01"):
        at(told, 2)


def test_who_looked_at_which_line_is_on_record(acme, at):
    told = acme.drop("roster_20260301.csv", people(3))
    line = at(told, 3)
    query = "SELECT client_id, import_id::text, row, line, actor FROM audit_log WHERE action = 'import.line'"
    assert acme.sql(query) == [(line.person, told["import_id"], 3, 3, ME.name)]


def test_a_row_whose_cells_cannot_be_told_apart_is_found_by_its_line_though_its_number_is_another(acme, at):
    table = as_csv([person(1, last_name="O'Neil,\nAnn"), *people(9)[1:]]).replace(
        b"E5,Name5,02/03/1980,50000,,,,", b"E5,Name5"
    )
    told = acme.drop("roster_20260301.csv", table)
    line = at(told, 7)
    assert (line.row, line.is_rejected, [cell.text for cell in line.cells][:2]) == (6, True, ["E5", "Name5"])
    assert at(told, 7, 6) == line
    assert line.problems[0].startswith("The row has 2 cells")
