"""Several rows of one person: which of them has the last word, and that whoever comes back has no end."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from helpers.inbox import Inbox, as_csv, counts
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from gateway.config import ConfigError

STINTS = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  stints:
    file: "stints*.csv"
    format: {type: csv}
    contents: full
    absent: close
    as_of: {file_name: "stints_%Y%m%d.csv"}
    client:
      key: employee_id
      fields:
        employee_id:       {from: EMP_ID, required: true}
        family_name:       {from: Name}
        hire_date:         {from: Hire Date, type: date, formats: ["%m/%d/%Y"]}
        enrollment_status: {from: Status, type: code, map: {A: active, T: terminated}}
        termination_date:  {from: Term, type: date, formats: ["%m/%d/%Y"], blank: clear}
        annual_salary:     {from: Salary, type: money, clear_token: "-"}
"""
COLUMNS = ["EMP_ID", "Name", "Hire Date", "Status", "Term", "Salary"]
KEEP = STINTS.replace(", blank: clear", "")
ORDERED = STINTS.replace("    contents: full", '    order: {by: "Hire Date"}\n    contents: full')
OLD = {"EMP_ID": "1", "Name": "Ada", "Hire Date": "01/15/2015", "Status": "T", "Term": "06/30/2019", "Salary": "1"}
NEW = {"EMP_ID": "1", "Name": "Ada", "Hire Date": "03/01/2022", "Status": "A", "Term": "", "Salary": "2"}
FILLERS = [{"EMP_ID": str(n), "Name": f"N{n}", "Status": "A"} for n in range(100, 130)]


def drop(inbox: Inbox, day: int, *rows: dict[str, str]):
    return inbox.drop(f"stints_202603{day:02}.csv", as_csv([*rows, *FILLERS], COLUMNS))


def ends(inbox: Inbox) -> tuple[str, date | None]:
    [found] = inbox.sql("SELECT enrollment_status, termination_date FROM clients WHERE key = '1'")
    return found


@pytest.mark.parametrize("feed", [STINTS, KEEP], ids=["clear", "keep"])
def test_of_two_stints_the_later_one_says_that_there_is_no_end(inbox, feed):
    inbox.apply(feed)
    drop(inbox, 1, OLD, NEW)
    assert ends(inbox) == ("active", None)


@pytest.mark.parametrize("feed", [STINTS, KEEP], ids=["clear", "keep"])
def test_a_second_stint_takes_the_end_of_the_first_off_the_record(inbox, feed):
    inbox.apply(feed)
    drop(inbox, 1, OLD)
    assert ends(inbox) == ("terminated", date(2019, 6, 30))
    drop(inbox, 2, OLD, NEW)
    assert ends(inbox) == ("active", None)


def test_an_end_that_a_later_row_gives_to_an_active_person_stays(inbox):
    inbox.apply(KEEP)
    drop(inbox, 1, OLD, NEW, NEW | {"Term": "12/31/2026"}, NEW)
    assert ends(inbox) == ("active", date(2026, 12, 31))


def test_a_later_clear_outranks_an_earlier_value_and_a_later_value_a_clear(inbox):
    inbox.apply(STINTS)
    drop(inbox, 1, NEW | {"Salary": "9"})
    told = drop(inbox, 2, NEW | {"Salary": "3"}, NEW | {"Salary": "-"})
    assert inbox.sql("SELECT annual_salary FROM clients WHERE key = '1'") == [(None,)]
    assert (told["rows"]["superseded"], told["rows"]["updated"]) == (1, 1)
    drop(inbox, 3, NEW | {"Salary": "-"}, NEW | {"Salary": "4"}, NEW | {"Salary": ""})
    assert inbox.sql("SELECT annual_salary FROM clients WHERE key = '1'") == [(Decimal(4),)]


def test_whoever_is_listed_again_as_active_loses_the_end_that_absence_gave(inbox):
    without = STINTS.replace(
        '        termination_date:  {from: Term, type: date, formats: ["%m/%d/%Y"], blank: clear}\n', ""
    )
    inbox.apply(without)
    drop(inbox, 1, NEW)
    drop(inbox, 2)
    assert ends(inbox) == ("terminated", date(2026, 3, 2))
    drop(inbox, 3, NEW)
    assert ends(inbox) == ("active", None)
    [(told,)] = inbox.sql("SELECT changes FROM audit_log WHERE action = 'import.row' ORDER BY id DESC LIMIT 1")
    assert told[0]["old"] == {"enrollment_status": "terminated", "termination_date": "2026-03-02"}
    assert told[0]["new"] == {"enrollment_status": "active", "termination_date": None}


def test_an_end_that_staff_pinned_stays_when_the_person_comes_back(inbox):
    inbox.apply(KEEP)
    drop(inbox, 1, OLD)
    inbox.sql("""UPDATE clients SET pins = '{"termination_date": {}}' WHERE key = '1'""")
    drop(inbox, 2, NEW)
    assert ends(inbox) == ("active", date(2019, 6, 30))


def test_a_dry_run_tells_that_the_end_goes(inbox):
    inbox.apply(KEEP)
    drop(inbox, 1, OLD)
    would = inbox.rehearse("stints_20260302.csv", as_csv([NEW, *FILLERS], COLUMNS))
    assert {one["field"]: one["new"] for one in would.differences if one["key"] == "1"} == {
        "hire_date": "2022-03-01",
        "enrollment_status": "active",
        "termination_date": None,
        "annual_salary": 2.0,
    }


# ---------------------------------------------------------------- which row is newest


def test_a_feed_says_by_which_column_the_newest_row_of_a_person_is_known(inbox):
    inbox.apply(ORDERED)
    drop(inbox, 1, NEW, OLD)
    assert ends(inbox) == ("active", None)
    assert inbox.sql("SELECT hire_date, annual_salary FROM clients WHERE key = '1'") == [(date(2022, 3, 1), 2)]


def test_rows_that_are_equally_new_count_in_the_order_of_the_file(inbox):
    inbox.apply(ORDERED)
    drop(inbox, 1, NEW | {"Salary": "7"}, NEW | {"Salary": "8"}, OLD | {"Hire Date": ""})
    assert inbox.sql("SELECT annual_salary FROM clients WHERE key = '1'") == [(8,)]


@pytest.mark.parametrize(
    ("order", "newest"),
    [
        ("{by: client.hire_date}", "2"),
        ("{by: hire_date}", "2"),
        ("{by: Salary}", "10"),
        ("{by: Seq, type: integer}", "9"),
        ("{by: Seq, type: text}", "10"),
        ("{by: SEQ, type: decimal}", "9"),
        ('{by: Since, type: date, formats: ["%d.%m.%Y"]}', "1"),
    ],
)
def test_the_type_of_the_column_decides_what_is_newer(inbox, order, newest):
    inbox.apply(STINTS.replace("    contents: full", f"    order: {order}\n    contents: full"))
    rows = [
        NEW | {"Salary": "10", "Hire Date": "04/01/1999", "Seq": "9", "Since": "30.12.2020"},
        NEW | {"Salary": "1", "Hire Date": "12/01/1998", "Seq": "1", "Since": "01.02.2021"},
        NEW | {"Salary": "2", "Hire Date": "02/01/2000", "Seq": "10", "Since": "31.01.2021"},
        NEW | {"Salary": "9", "Hire Date": "05/01/1999", "Seq": "11", "Since": "31.12.2020"},
    ]
    inbox.drop("stints_20260301.csv", as_csv([*rows, *FILLERS], [*COLUMNS, "Seq", "Since"]))
    assert inbox.sql("SELECT annual_salary FROM clients WHERE key = '1'") == [(Decimal(newest),)]


def test_a_row_that_does_not_say_readably_how_new_it_is_is_rejected(inbox):
    inbox.apply(STINTS.replace("    contents: full", "    order: {by: Seq, type: integer}\n    contents: full"))
    told = inbox.drop("stints_20260301.csv", as_csv([NEW | {"Seq": "soon"}, *FILLERS], [*COLUMNS, "Seq"]))
    assert counts(told) == {"read": 31, "rejected": 1, "created": 30}
    assert [(one["code"], one["column"]) for one in told["problems"][:1]] == [("bad_number", "Seq")]


def test_a_file_without_the_column_that_tells_the_order_is_held(inbox):
    inbox.apply(STINTS.replace("    contents: full", "    order: {by: Seq, type: integer}\n    contents: full"))
    assert drop(inbox, 1, NEW)["code"] == "header_missing"


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ("{by: Seq}", "say its `type`"),
        ("{by: Status}", "cannot be in order by `type: code`"),
        ('{by: Seq, type: date, formats: ["%y"]}', "pivot"),
        ('{by: Seq, decimal: ","}', "begins with its type"),
    ],
)
def test_an_order_that_makes_no_sense_is_told_with_its_line(inbox, order, sentence):
    with pytest.raises(ConfigError, match=sentence):
        inbox.apply(STINTS.replace("    contents: full", f"    order: {order}\n    contents: full"))


def test_a_blank_end_of_stay_that_clears_takes_duration_of_status_off_the_record(inbox, roster):
    clear = (
        '{from: Passport Expiry, type: date, formats: ["%m/%d/%Y"], tokens: {"D/S": duration_of_status}, blank: clear}'
    )
    inbox.apply(roster.replace('{from: Passport Expiry, type: date, formats: ["%m/%d/%Y"]}', clear))
    sql = "SELECT duration_of_status, expires_on FROM documents"
    row = {"EMP_ID": "E1", "Last Name": "Ada", "Passport": "P"}
    inbox.drop("roster_20260301.csv", [row | {"Passport Expiry": "01/31/2027"}, row | {"Passport Expiry": "D/S"}])
    assert inbox.sql(sql) == [(True, None)]
    inbox.drop("roster_20260302.csv", [row])
    assert inbox.sql(sql) == [(False, None)]
    told = inbox.drop("roster_20260303.csv", [row], forced=True)
    assert counts(told) == {"read": 1, "unchanged": 1}


# ---------------------------------------------------------------- an independent oracle

WORDS = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  words:
    file: "words*.csv"
    format: {{type: csv}}
    contents: changes
{order}    client:
      key: employee_id
      fields:
        employee_id:       {{from: EMP_ID, required: true}}
        family_name:       {{from: Name}}
        ssn:               {{from: SSN, type: ssn, blank: clear}}
        enrollment_status: {{from: Status, type: code, map: {{A: active, T: terminated}}}}
        termination_date:  {{from: Term, type: date, blank: {blank}}}
        annual_salary:     {{from: Salary, type: integer, clear_token: "-"}}
"""
CLEAR = object()
FIELDS = {"Name": "family_name", "SSN": "ssn", "Status": "status", "Term": "end", "Salary": "salary"}
CELLS = {
    "EMP_ID": ["1", "2"],
    "Name": ["", "Ada", "Bea"],
    "SSN": ["", "536-22-1234", "536-22-4321"],
    "Status": ["", "A", "T"],
    "Term": ["", "2020-01-31", "2021-02-28"],
    "Salary": ["", "1", "2", "-"],
    "Seq": ["", "1", "2", "10"],
}
ROWS = st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}), max_size=6)
NUMBERS = itertools.count()


def word(column: str, cell: str, clearing: set[str]) -> Any:
    if cell == "" or (column == "Salary" and cell == "-"):
        return CLEAR if cell == "-" or column in clearing else None
    return {"A": "active", "T": "terminated"}.get(cell, cell)


def folded(rows: list[dict[str, str]], clearing: set[str], *, ordered: bool) -> dict[str, Any]:
    """Field by field, in plain Python: what the rows of one person come to."""
    if ordered:
        rows = sorted(rows, key=lambda row: int(row["Seq"] or -1))  # which keeps the order of equals
    said: dict[str, Any] = {}
    left = None  # what the row that has the last word on the end says of the status
    for row in rows:
        for column in FIELDS:
            if (told := word(column, row[column], clearing)) is not None:
                said[column] = told
                left = word("Status", row["Status"], clearing) if column == "Term" else left
    if said.get("Status") == "active" and left == "terminated":
        said["Term"] = CLEAR
    return said


def merged(record: dict[str, Any] | None, said: dict[str, Any]) -> dict[str, Any]:
    known = record or dict.fromkeys(FIELDS) | {"Status": "active"}
    new = known | {column: None if told is CLEAR else told for column, told in said.items()}
    if known["Status"] == "terminated" and new["Status"] == "active" and said.get("Term") in (None, CLEAR):
        new["Term"] = None
    return new


@pytest.mark.parametrize(("order", "blank"), [*itertools.product([True, False], ["clear", "keep"])])
def test_folding_comes_to_what_plain_python_says(inbox, order, blank):
    inbox.apply(WORDS.format(order="    order: {by: Seq, type: integer}\n" if order else "", blank=blank))
    clearing = {"SSN"} | ({"Term"} if blank == "clear" else set())

    @given(st.lists(ROWS, min_size=1, max_size=3))
    @tries(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(files):
        number, known = next(NUMBERS), {}
        for rows in files:
            own = [row | {"EMP_ID": f"{number}-{row['EMP_ID']}"} for row in rows]
            told = inbox.drop(f"words{number}.csv", as_csv(own, list(CELLS)), forced=True)
            assert told["state"] == "loaded", told
            for key in {row["EMP_ID"] for row in own}:
                said = folded([row for row in own if row["EMP_ID"] == key], clearing, ordered=order)
                known[key] = merged(known.get(key), said)
            assert found(inbox, number) == {key: tuple(one.values()) for key, one in known.items()}

    holds()


def found(inbox: Inbox, number: int) -> dict[str, tuple[str | None, ...]]:
    """What is on record: an SSN is told by its index, for nobody can read it here."""
    indexes = {None: None} | dict(zip(indexed(inbox, CELLS["SSN"][1:]), CELLS["SSN"][1:], strict=True))
    rows = inbox.sql(
        "SELECT key, family_name, ssn_index, enrollment_status, termination_date::text, annual_salary::int::text"
        " FROM clients WHERE key LIKE %s",
        f"{number}-%",
    )
    return {
        key: (name, indexes[ssn and bytes(ssn)], status, end, salary) for key, name, ssn, status, end, salary in rows
    }


def indexed(inbox: Inbox, texts: list[str]) -> list[bytes]:
    with inbox.office.db.firm(inbox.firm_id) as session:
        cipher = inbox.office.cipher(session, inbox.firm_id)
    return [bytes(one) for one in cipher.index_column([text.replace("-", "") for text in texts], "ssn") if one]
