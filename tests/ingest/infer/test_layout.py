"""Kinds of lines, headers of two rows, titles and documents: how a sample is laid out is read off the sample."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
from helpers.inbox import Inbox, counts
from helpers.inference import feed, fields, proposed
from helpers.layouts import SAMPLES


def several_lines_a_person(people: int = 30) -> str:
    """Three kinds of lines, known by a code behind the number of the person; no header, no trailer."""
    lines = []
    for n in range(people):
        number = f"{70_000 + 13 * n:08}"
        lines.append(
            f"{number}EMP{'Rao' + 'abcdefghij'[n % 10]:20}{1980 + n % 9}0{1 + n % 9}1{n % 9}{'IN' if n % 2 else 'BR'}"
        )
        lines.append(f"{number}PAY{50_000 + n:09}.00USD".ljust(43))
        if n % 3 == 0:
            lines += [f"{number}VIS{('X' + str(n) + letter):18}20270{1 + n % 9}01".ljust(43) for letter in "AB"]
    return "\n".join(lines) + "\n"


def test_kinds_of_lines_are_told_by_a_code_behind_the_number_of_the_person(office, tenants):
    raw = several_lines_a_person()
    proposal = proposed(raw, "people.txt")
    records = feed(proposal)["format"]["records"]
    assert sorted(record["where"] for record in records.values()) == [[9, 3, code] for code in ("EMP", "PAY", "VIS")]
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    assert counts(inbox.drop("people.txt", raw.encode()))["read"] == 80
    assert len(inbox.clients()) == 30
    assert inbox.clients("employee_id, family_name, date_of_birth")["00070000"] == ("Raoa", dt.date(1980, 1, 10))


def test_one_doubt_asks_for_the_number_that_all_kinds_of_lines_share():
    proposal = proposed(several_lines_a_person(), "people.txt")
    assert sum("tells the same people on all kinds of lines" in doubt for doubt in proposal.unsure) == 1
    parts = [feed(proposal), *feed(proposal)["parts"].values()]
    assert [part["client"]["fields"]["employee_id"]["from"] for part in parts] == ["col_1_8"] * 3


def test_a_number_is_cut_off_the_digits_behind_it_where_other_lines_have_it_alone():
    """On lines of pay the number and the amount are one run of digits; on the others a blank ends it."""
    lines = [line for n in range(20) for line in (
        f"A{n + 5000:06} {'Rao' + 'abcd'[n % 4]:12}", f"B{n + 5000:06}{n + 90_000:08}".ljust(20))]  # fmt: skip
    records = feed(proposed("\n".join(["H 20260501", *lines, "T 40"]), "pay.txt"))["format"]["records"]
    assert [2, 6] in records["b"]["columns"].values()


def test_a_mark_behind_the_first_one_is_known_together_with_it():
    """The number 0002 of a header is no mark of its own."""
    lines = [line for n in range(20) for line in (
        f"DTL0002{n + 5000:06} {'Rao' + 'abcd'[n % 4]:12}", f"DTL0008{n + 5000:06} {n:012}")]  # fmt: skip
    records = feed(proposed("\n".join(["HDR0002 20260501", *lines, "TRL00040"]), "pay.txt"))["format"]["records"]
    assert [record["where"] for record in records.values()] == [
        [1, 3, "HDR"],
        [1, 7, "DTL0002"],
        [1, 7, "DTL0008"],
        [1, 3, "TRL"],
    ]


def grouped(*, dependent: str = "Dependent") -> bytes:
    """Three sheets with titles of their own: two headers of two rows, one of one row, and people of other people."""
    book = openpyxl.Workbook()
    active, left, family = book.active, book.create_sheet("Left"), book.create_sheet("Family")
    active.title = "Active"
    for row in (["Roster"], ["Worker", None, None, "Passport"], ["ID", "Last Name", "DOB", "Number"],
                *([f"W{n}", "Rao", dt.date(1980, 1, n), f"P{n:06}"] for n in range(1, 21))):  # fmt: skip
        active.append(row)
    active.merge_cells("A2:C2")
    for row in (["Roster"], ["As of May"], [], ["Worker ID", "Worker Last Name", "Last Day"],
                *([f"W{n + 50}", "Ho", dt.date(2025, 1, n)] for n in range(1, 11))):  # fmt: skip
        left.append(row)
    for row in ([], ["Worker", dependent, None, None], ["ID", "No", "First Name", "DOB"],
                *([f"W{n}", 1, "Kim", dt.date(2015, 1, n)] for n in range(1, 6)), ["W1", 2, "Sam", dt.date(2016, 1, 1)]):  # fmt: skip
        family.append(row)
    family.merge_cells("B2:D2")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_headers_of_one_row_and_of_two_are_read_together(office, tenants):
    raw = grouped()
    proposal = proposed(raw, "grouped.xlsx")
    layout = feed(proposal)["format"]
    assert (layout["header_rows"], layout["find_header"]) == (2, ["Worker ID"])
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    assert counts(inbox.drop("grouped.xlsx", raw)) == {"read": 36, "created": 36}
    assert inbox.clients("employee_id, family_name, enrollment_status")["W51"] == ("Ho", "terminated")


def test_dependents_with_a_number_become_people_told_apart_by_both_numbers(office, tenants):
    raw = grouped()
    proposal = proposed(raw, "grouped.xlsx")
    key = feed(proposal)["parts"]["Family"]["client"]["fields"]["employee_id"]
    assert key == {"join": ["Worker ID", "Dependent No"], "with": "-D", "required": True}
    assert any("does the firm keep records of dependents?" in doubt for doubt in proposal.unsure)
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    inbox.drop("grouped.xlsx", raw)
    assert inbox.clients("employee_id, given_name, date_of_birth")["W1-D2"] == ("Sam", dt.date(2016, 1, 1))


def test_a_title_right_above_a_header_is_no_group_of_columns():
    book = openpyxl.Workbook()
    for row in (["Roster"], ["No.", "Employee ID", "Last Name"], *([n, f"E{n}", "Rao"] for n in range(1, 21))):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    layout = feed(proposed(out.getvalue(), "titled.xlsx"))["format"]
    assert (layout["header_row"], layout.get("header_rows")) == (2, None)


def test_a_title_whose_quote_is_never_closed_hides_no_header(office, tenants):
    raw = 'Payroll 05/2026;"South\nEmp No;Surname;Remark\n' + "".join(f'{n:05};Rao;"a ""b"""\n' for n in range(1, 31))
    proposal = proposed(raw, "payroll.csv")
    assert feed(proposal)["format"]["header_row"] == 2
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    assert counts(inbox.drop("payroll.csv", raw.encode())) == {"read": 30, "created": 30}


def test_the_type_of_a_document_stands_beside_its_number_in_one_object():
    kinds = [{"kind": "I94", "number": "A1", "expires": "2027-01-02"}, {"kind": "Passport", "number": "P1"}]
    people = [{"employeeId": f"E{n}", "active": n % 3 > 0, "visas": kinds} for n in range(20)]
    [document] = feed(proposed(json.dumps(people), "people.json"))["documents"]
    assert document["type"] == {"from": "visas.kind", "map": {"I94": "i94", "Passport": "passport"}}
    assert {name: made["from"] for name, made in document["fields"].items()} == {
        "number": "visas.number",
        "expires_on": "visas.expires",
    }


def test_yes_and_no_to_active_are_a_status():
    people = [{"employeeId": f"E{n}", "active": n % 3 > 0} for n in range(20)]
    status = fields(proposed(json.dumps(people), "people.json"))["enrollment_status"]
    assert status["map"] == {"true": "active", "false": "terminated"}


def test_a_job_code_is_kept_and_no_job_title():
    raw = "Employee ID,Last Name,Job Code\n" + "".join(f"E{n},Rao,J{n % 5}\n" for n in range(20))
    proposal = proposed(raw)
    assert "job_title" not in fields(proposal)
    assert feed(proposal)["keep"] == ["Job Code"]


def test_the_records_of_xml_are_the_elements_that_repeat_and_hold_the_most():
    run = "<Run><Param name='a'/><Param name='b'/></Run>"
    people = "".join(f"<Person nr='E{n}'><Name>Rao</Name><DOB>1980-01-{n + 1:02}</DOB></Person>" for n in range(20))
    made = feed(proposed(f"<Export>{run}<Staff>{people}</Staff></Export>", "export.xml"))["format"]
    assert made["records"] == "Export/Staff/Person"
    assert made["columns"] == {"nr": "@nr", "Name": "Name", "DOB": "DOB"}


def test_identifiers_of_xml_are_told_by_their_type_and_lists_make_rows():
    made = feed(proposed(SAMPLES["Immigration_2026-05-01.xml"], "Immigration_2026-05-01.xml"))
    assert (made["format"]["records"], made["format"]["explode"]) == ("Report_Data/Report_Entry", "Visas_group")
    assert made["format"]["columns"]["Worker.ID.Employee_ID"] == "Worker/ID[@type='Employee_ID']"
    assert made["client"]["fields"]["employee_id"]["from"] == "Worker.ID.Employee_ID"
    assert [one["type"]["from"] for one in made["documents"]] == ["Visas_group.Visa_ID_Type"]
