"""Workbooks of HTML and of XML Spreadsheet 2003 from their arrival to the records that they make."""

from __future__ import annotations

import datetime as dt

import pytest
from helpers.inbox import Inbox, counts
from helpers.inference import feed, proposed
from helpers.spelled import html, spreadsheetml
from helpers.spreadsheets import DAY

PARTNER = """
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
feeds:
  roster:
    file: "roster*"
    format: {type: excel}
    contents: changes
    guards: {reject_percent: 100}
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true}
        family_name:   {from: Last Name}
        date_of_birth: {from: DOB, type: date, formats: ["%m/%d/%Y"]}
        annual_salary: {from: Salary, type: money}
"""
COLUMNS = ["EMP_ID", "Last Name", "DOB", "Salary"]


def test_an_xml_spreadsheet_loads_and_a_number_that_lost_its_digits_does_not(inbox):
    inbox.apply(PARTNER)
    rows = [
        ["00123", "Müller", (dt.date(1980, 5, 1), DAY), 85000.5],
        [(7, "00000"), "Rao", "05/02/1981", 1],
        [1234567890123456, "Lost", None, None],
        [(100000, "Scientific"), "Lost too", None, None],
    ]
    told = inbox.drop("roster.xls", spreadsheetml({"Roster": [COLUMNS, *rows]}))
    assert counts(told) == {"read": 4, "created": 2, "rejected": 2}, told
    assert [(one["row"], one["code"]) for one in told["problems"]] == [(4, "lost_digits"), (5, "lost_digits")]
    assert inbox.clients("employee_id, family_name, date_of_birth") == {
        "00123": ("Müller", dt.date(1980, 5, 1)),
        "00007": ("Rao", dt.date(1981, 5, 2)),
    }


def test_a_page_of_html_loads_with_the_zeros_that_it_shows(inbox):
    inbox.apply(PARTNER)
    rows = [["00123", "Müller", "05/01/1980", "$85,000.50"], ["1.00235E+12", "Lost", "", ""]]
    told = inbox.drop("roster.xls", html([COLUMNS, *rows], encoding="cp1252"))
    assert counts(told) == {"read": 2, "created": 1, "rejected": 1}, told
    assert inbox.clients("employee_id, family_name, date_of_birth") == {"00123": ("Müller", dt.date(1980, 5, 1))}


ROSTER = [
    ["Employee ID", "Last Name", "First Name", "Date of Birth", "Visa Type", "Visa Expiration"],
    *(
        [f"{number + 40_000:07}", "Rao" + "abcdef"[number % 6], "Ann", f"{1 + number % 9}/{number + 13}/1980", "H-1B",
         f"10/{13 + number}/2027"]
        for number in range(15)
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "sheet"),
    [
        (html([["ACME"]], ROSTER), "Table 2"),
        (spreadsheetml({"Cover": [["ACME"]], "Roster": ROSTER}), "Roster"),
    ],
    ids=["HTML", "XML Spreadsheet"],
)
def test_settings_are_proposed_for_them_and_load_them(office, tenants, raw, sheet):
    proposal = proposed(raw, "staff.xls")
    assert feed(proposal)["format"]["type"] == "excel"
    assert feed(proposal)["format"]["sheets"] == [sheet]
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    assert counts(inbox.drop("staff.xls", raw)) == {"read": 15, "created": 15}
    assert inbox.clients("employee_id, family_name, date_of_birth")["0040000"] == ("Raoa", dt.date(1980, 1, 13))
