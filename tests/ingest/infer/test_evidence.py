"""Beside each line stands what speaks for it; what nothing decides is asked, never picked in silence."""

from __future__ import annotations

import datetime as dt
import io
import json
import re

import openpyxl
import pytest
from helpers.inbox import Inbox, counts
from helpers.inference import feed, fields, proposed
from helpers.layouts import SAMPLES

from ingest.infer import NotUnderstood, Proposal


def table(header: str, *columns: list[str], rows: int = 30) -> str:
    """A roster with an id, and these columns repeated as far as needed."""
    lines = [f"E{1000 + n}," + ",".join(column[n % len(column)] for column in columns) for n in range(rows)]
    return "\n".join([f"Employee ID,{header}", *lines]) + "\n"


def line_of(proposal: Proposal, word: str) -> str:
    return next(line for line in proposal.config.splitlines() if re.match(rf"\s*{word}:", line))


def doubts_above(proposal: Proposal, word: str) -> str:
    lines = proposal.config.splitlines()
    place = next(number for number, line in enumerate(lines) if re.match(rf"\s*{word}:", line))
    above = []
    while lines[place - 1].strip().startswith("#"):
        place -= 1
        above.insert(0, lines[place].strip(" #"))
    return " ".join(above)


# ---------------------------------------------------------------- where it stands


@pytest.mark.parametrize("name", SAMPLES)
def test_every_field_has_its_evidence_beside_it(name):
    proposal = proposed(SAMPLES[name], name)
    for section in ("client", "case"):
        for field in feed(proposal).get(section, {}).get("fields", {}):
            assert re.search(r"  # \S", line_of(proposal, field)), field
    paths = {one["path"] for one in proposal.evidence}
    assert {f"feeds.{proposal.feed}.client.fields.{field}" for field in fields(proposal)} <= paths


@pytest.mark.parametrize("name", SAMPLES)
def test_every_doubt_stands_above_its_line_and_again_at_the_end(name):
    proposal = proposed(SAMPLES[name], name)
    text = re.sub(r"\s*\n\s*#\s+", " ", proposal.config)
    head, _, end = text.partition("What I was unsure of")
    assert proposal.unsure
    for doubt in proposal.unsure:
        sentence = re.sub(r"\s+", " ", doubt.split(": ", 1)[1])
        assert sentence in head, doubt
        assert sentence in end, doubt


@pytest.mark.parametrize("name", SAMPLES)
def test_every_column_with_values_is_mapped_or_kept_or_named_as_left_aside(name):
    """No column is lost without a word; in fixed width they are named by their places."""
    proposal = proposed(SAMPLES[name], name)
    header = {"workday_20260501.csv": 0, "adp_export_05012026.csv": 0}.get(name)
    if header is None:
        pytest.skip("its columns are not named in one line of text")
    for column in SAMPLES[name].decode("utf-8-sig").splitlines()[header].split(","):
        assert column in proposal.config.partition("client:")[2], column


def test_contents_is_never_more_than_changes():
    assert feed(proposed(table("DOB", ["02/25/1980"])))["contents"] == "changes"
    assert "absent" not in feed(proposed(table("DOB", ["02/25/1980"])))


def test_comments_hold_no_value_of_a_person():
    """Words of codes and parts of dates are evidence; names and numbers of people are not."""
    raw = table("Last Name,SSN,Salary", ["Wolfeschlegelstein"], ["536-90-4399"], ["123456.78"])
    assert not re.search("Wolfeschlegelstein|536-90|123456", proposed(raw).config)


# ---------------------------------------------------------------- dates


def test_a_day_above_twelve_proves_the_order():
    proposal = proposed(table("DOB,Hire Date", ["03/04/1980", "12/25/1990"], ["25.12.2001", "01.02.2003"]))
    assert fields(proposal)["date_of_birth"]["formats"] == ["%m/%d/%Y"]
    assert fields(proposal)["hire_date"]["formats"] == ["%d.%m.%Y"]
    assert "month first is proven: day above 12 in 15 rows, such as ../25" in line_of(proposal, "date_of_birth")
    assert not doubts_above(proposal, "hire_date")


def test_the_one_row_that_proves_it_may_be_the_forty_thousandth():
    lines = ["Employee ID,DOB", *(f"E{n},05/06/{1950 + n % 50}" for n in range(40_000)), "E99999,25/06/1980"]
    proposal = proposed("\n".join(lines))
    assert fields(proposal)["date_of_birth"]["formats"] == ["%d/%m/%Y"]
    assert "day first is proven: day above 12 in 1 row, such as 25..." in line_of(proposal, "date_of_birth")


def test_dates_that_stay_ambiguous_everywhere_are_asked_loudly():
    proposal = proposed(table("DOB", ["05/06/1980", "03/04/1990"]))
    assert fields(proposal)["date_of_birth"]["formats"] == ["%m/%d/%Y"]
    assert "UNSURE: AMBIGUOUS: no day above 12 anywhere. Month first is only a guess" in doubts_above(
        proposal, "date_of_birth"
    )
    assert any("date_of_birth: AMBIGUOUS" in doubt for doubt in proposal.unsure)


def test_another_column_decides_but_the_doubt_is_told():
    proposal = proposed(table("DOB,Hire Date", ["05/06/1980"], ["25/12/2001"]))
    assert fields(proposal)["date_of_birth"]["formats"] == ["%d/%m/%Y"]
    assert "taken from the other date columns" in doubts_above(proposal, "date_of_birth")


def test_both_orders_in_one_column_are_told_and_the_usual_one_is_taken():
    proposal = proposed(table("DOB", ["12/25/1980", "11/23/1981", "10/22/1982", "25/12/1983"]))
    assert fields(proposal)["date_of_birth"]["formats"] == ["%m/%d/%Y"]
    assert "both orders occur" in doubts_above(proposal, "date_of_birth")


def test_two_digit_years_get_a_pivot_far_from_every_year_that_occurs():
    proposal = proposed(table("DOB,Hire Date", ["12/25/58", "1/2/99", "3/4/04"], ["12/25/05", "1/2/26"]))
    assert 5 <= fields(proposal)["date_of_birth"]["pivot"] <= 57
    assert 27 <= fields(proposal)["hire_date"]["pivot"] <= 99
    assert "two-digit years" in doubts_above(proposal, "hire_date")


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (["1980-02-25"], None),
        (["1980-02-25-08:00"], ["%Y-%m-%d%z"]),
        (["1980-02-25T00:00:00Z"], ["%Y-%m-%dT%H:%M:%S%z"]),
        (["02/25/1980 12:30 AM"], ["%m/%d/%Y %I:%M %p"]),
        (["19800225"], ["%Y%m%d"]),
        (["25-Feb-1980", "01-JAN-1990"], ["%d-%b-%Y"]),
        (["February 25, 1980"], ["%B %d, %Y"]),
        (["25.02.1980", "1980-02-25"], {"%d.%m.%Y", "%Y-%m-%d"}),
    ],
)
def test_dates_are_known_by_their_form(cells, formats):
    raw = "\n".join(["Employee ID\tDOB", *(f"E{n}\t{cells[n % len(cells)]}" for n in range(10))])
    found = fields(proposed(raw))["date_of_birth"].get("formats")
    assert (set(found) if isinstance(formats, set) else found) == formats


# ---------------------------------------------------------------- other values


def test_what_stands_for_no_value_is_listed_and_counted():
    proposal = proposed(table("DOB,Job Title", ["02/25/1980", "12/31/9999"], ["TBD", "Cook", "N/A"]))
    assert feed(proposal)["none_values"] == ["", "12/31/9999", "N/A", "TBD"]
    assert "TBD 10 times" in line_of(proposal, "none_values")


def test_namibia_is_a_country_and_no_missing_value():
    proposal = proposed(table("Nationality,Job Title", ["NA", "DE", "IN", "BR"], ["Cook", "n/a"]))
    assert "NA" not in feed(proposal)["none_values"]


def test_a_decimal_comma_is_proven_and_told():
    raw = "Personalnummer;Jahresgehalt\n" + "".join(f"{n:05};{50 + n}.000,50\n" for n in range(20))
    made = fields(proposed(raw))["annual_salary"]
    assert (made["type"], made["decimal"]) == ("money", ",")


def test_words_that_we_do_not_know_are_asked_and_cost_no_row():
    proposal = proposed(table("Status,Visa Type", ["A", "L", "T", "Q9"], ["H-1B", "TN", "Z-99"]))
    assert fields(proposal)["enrollment_status"]["map"] == {"A": "active", "L": "active", "T": "terminated"}
    assert fields(proposal)["enrollment_status"]["if_bad"] == "drop"
    assert "Q9" in doubts_above(proposal, "enrollment_status")
    assert "Z-99" in doubts_above(proposal, "case_type")
    assert proposal.loaded == proposal.rows


def test_lost_zeros_are_padded_and_asked():
    raw = "File #,Last Name\n" + "".join(f"{n},Rao\n" for n in (12, 345, 6789, 91011))
    proposal = proposed(raw)
    assert {"pad_left": {"width": 5}} in fields(proposal)["employee_id"]["clean"]
    assert "leading zeros seem to be lost" in doubts_above(proposal, "employee_id")


def test_identifiers_that_a_spreadsheet_took_for_numbers_are_asked():
    raw = "Employee ID,Last Name,Passport Number\n" + "".join(f"{n}.0,Rao,{n}.23457E+08\n" for n in range(1, 8))
    proposal = proposed(raw)
    assert "7 values such as 7.0: a spreadsheet made them" in doubts_above(proposal, "employee_id")
    assert "7 values such as 7.23457E+08" in doubts_above(proposal, "number")


def test_a_padded_identifier_loses_its_padding():
    raw = "Employee ID,Last Name\n" + "".join(f"_{n:05},Rao\n" for n in range(20))
    assert {"strip_prefix": "_"} in fields(proposed(raw))["employee_id"]["clean"]


def test_a_masked_number_is_left_aside_and_said_to_be():
    proposal = proposed(table("SSN", ["XXX-XX-1234", "XXX-XX-9876"]))
    assert "ssn" not in fields(proposal)
    assert "some are masked" in proposal.config


def test_a_column_called_otherwise_in_another_dialect_is_known():
    raw = "PERNR;NACHN;VORNA;GBDAT;NATIO\n" + "".join(
        f"{n:08};Kohl;Ute;{dt.date(1980, 2, 25 - n % 9):%d.%m.%Y};DE\n" for n in range(20)
    )
    assert set(fields(proposed(raw))) == {"employee_id", "family_name", "given_name", "date_of_birth", "citizenship"}


def test_a_managers_name_is_not_the_persons():
    proposal = proposed(
        table("Manager Last Name,Emergency Contact Phone,Manager Email", ["Rao"], ["312 555 0100"], ["a@b.example"])
    )
    assert set(fields(proposal)) == {"employee_id", "manager_email"}


def test_several_rows_a_person_are_told():
    raw = "Employee ID,Document Type,Document Number\n" + "".join(
        f"E{n // 2},{'Passport' if n % 2 else 'EAD'},X{n}\n" for n in range(40)
    )
    proposal = proposed(raw)
    assert "40 rows speak of 20 people" in line_of(proposal, "client")
    assert feed(proposal)["documents"][0]["type"] == {
        "from": "Document Type",
        "map": {"EAD": "ead", "Passport": "passport"},
    }


def test_a_type_of_document_that_we_do_not_know_becomes_other_and_is_asked():
    raw = "Employee ID,Document Type,Document Number\n" + "".join(
        f"E{n},{'Passport' if n % 5 else 'Fishing permit'},X{n}\n" for n in range(40)
    )
    proposal = proposed(raw)
    assert feed(proposal)["documents"][0]["type"]["map"]["Fishing permit"] == "other"
    assert any("Fishing permit" in doubt for doubt in proposal.unsure)
    assert proposal.loaded == 40


def test_rows_of_another_record_type_are_not_data():
    lines = [f"D,E{n},Rao" for n in range(100)]
    proposal = proposed("\n".join(["RecType,Employee ID,Last Name", *lines[:50], "X,,comment", *lines[50:]]))
    assert feed(proposal)["where"] == {"column": "RecType", "is": ["D"]}


# ---------------------------------------------------------------- the layout


def test_an_encoding_is_told_by_its_letters():
    raw = "Employee ID,Last Name\n" + "".join(
        f"E{n},{name}\n" for n, name in enumerate(["Müller", "Schäfer", "Björk", "Groß"] * 5)
    )
    found = {
        encoding: feed(proposed(raw.encode(encoding)))["format"]["encoding"]
        for encoding in ("utf-8", "cp1252", "cp850", "mac_roman", "utf-16")
    }
    assert found == {
        "utf-8": "utf-8",
        "cp1252": "cp1252",
        "cp850": "cp850",
        "mac_roman": "mac_roman",
        "utf-16": "utf-16",
    }


def test_a_title_above_the_header_is_skipped():
    raw = 'Roster of "ACME\nas of May\n\n' + table("Last Name", ["Rao"])
    proposal = proposed(raw)
    assert (feed(proposal)["format"]["header_row"], feed(proposal)["format"]["skip_lines"]) == (4, 3)
    assert proposal.loaded == 30


def test_a_table_without_a_header_is_known_by_its_content():
    raw = "".join(
        f"E{n:05},Rao{'abcdefgh'[n % 8]},p{n}@acme.example,{['India', 'Brazil', 'Japan'][n % 3]}\n" for n in range(40)
    )
    proposal = proposed(raw)
    assert feed(proposal)["format"]["header_row"] == 0
    assert {"employee_id", "email", "citizenship"} <= set(fields(proposal))
    assert any("the file names no columns" in doubt for doubt in proposal.unsure)


def test_the_first_line_of_fixed_width_may_hold_the_names():
    rows = [
        f"{'EMP_ID':10}{'Last Name':20}{'DOB':10}",
        *(f"{f'E{n:06}':10}{'Rao' + 'abcd'[n % 4]:20}{dt.date(1980, 1, 1 + n % 28):%Y-%m-%d}" for n in range(40)),
    ]
    proposal = proposed("\n".join(rows), "roster.txt")
    assert feed(proposal)["where"] == {"column": "EMP_ID", "is_not": ["EMP_ID"]}
    assert set(fields(proposal)) == {"employee_id", "family_name", "date_of_birth"}


def test_the_numbers_of_a_trailer_become_controls_only_where_they_agree():
    proposal = proposed(SAMPLES["SAP_HR_0042.txt"], "SAP_HR_0042.txt")
    kinds = [next(iter(control)) for control in feed(proposal)["format"]["controls"]]
    assert kinds == ["count", "sum"]
    wrong = re.sub(rb"TRL00000160", b"TRL00000161", SAMPLES["SAP_HR_0042.txt"])
    proposal = proposed(wrong, "SAP_HR_0042.txt")
    assert not any("count" in control for control in feed(proposal)["format"].get("controls", []))
    assert any("none of its numbers is the number of rows" in doubt for doubt in proposal.unsure)


def test_sheets_without_people_are_left_out_and_said_to_be():
    proposal = proposed(SAMPLES["immigration 2026-05-01.xlsx"], "immigration 2026-05-01.xlsx")
    assert [one["name"] for one in feed(proposal)["format"]["sheets"]] == ["Active", "Terminated"]
    assert "not read: Lookup" in proposal.config
    assert "not read: Dependents" in proposal.config


@pytest.mark.parametrize(
    ("name", "glob", "as_of"),
    [
        ("roster_20260501.csv", "roster_*.csv", "roster_%Y%m%d.csv"),
        ("HR-Export 2026-05-01.csv", "HR-Export *.csv", "HR-Export %Y-%m-%d.csv"),
        ("2026_05_01_full.csv", "*_full.csv", "%Y_%m_%d_full.csv"),
        ("emp_20260501_063000.csv", "emp_*.csv", "emp_%Y%m%d_%H%M%S.csv"),
        ("100%_20260501.csv", "100%_*.csv", "100%%_%Y%m%d.csv"),
        ("Roster_2026-05.csv", "Roster_*.csv", "Roster_%Y-%m.csv"),
        ("roster_2026-13.csv", "roster_2026-*.csv", None),
        ("roster_0042.csv", "roster_*.csv", None),
        ("roster[1].csv", "roster[[]1].csv", None),
        ("roster_20261399.csv", "roster_*.csv", None),
    ],
)
def test_a_date_in_the_name_becomes_a_glob_and_as_of(name, glob, as_of):
    found = feed(proposed(table("Last Name", ["Rao"]), name))
    assert found["file"] == glob
    assert found.get("as_of", {}).get("file_name") == as_of


def test_a_row_of_totals_on_one_of_two_unlike_sheets_is_no_person(office, tenants):
    book = openpyxl.Workbook()
    active, left = book.active, book.create_sheet("Left")
    active.title = "Active"
    for row in (
        ["Roster"],
        [],
        ["Employee ID", "Last Name", "Salary"],
        *([n, "Rao", 90_000] for n in range(1, 21)),
        ["TOTAL", None, 1_800_000],
    ):
        active.append(row)
    for row in (["Emp No", "Last Name", "Last Day"], *([n, "Ho", dt.date(2025, 1, n)] for n in range(1, 11))):
        left.append(row)
    out = io.BytesIO()
    book.save(out)

    proposal = proposed(out.getvalue(), "two.xlsx")

    assert feed(proposal)["where"] == {"column": "Employee ID", "is_not": ["TOTAL"]}
    assert feed(proposal)["format"]["find_header"] == ["Last Name"]
    assert set(feed(proposal)["parts"]["Left"]["client"]["fields"]) == {
        "employee_id",
        "family_name",
        "termination_date",
        "enrollment_status",
    }
    inbox = Inbox(office, tenants.northgate, "acme")
    inbox.apply(proposal.config)
    assert counts(inbox.drop("two.xlsx", out.getvalue())) == {"read": 31, "created": 30, "skipped": 1}


def test_controls_that_the_reader_does_not_find_true_are_left_out():
    """A line that is cut in two counts for the mainframe once; the trailer then cannot be checked."""
    lines = SAMPLES["SAP_HR_0042.txt"].split(b"\r\n")
    proposal = proposed(b"\r\n".join([*lines[:-1], b"\x1a?", lines[-1]]), "SAP_HR_0042.txt")
    assert proposal.loaded >= 160


def test_quotes_of_another_kind_are_known_by_what_they_hold():
    raw = "'Emp No'|'Surname'|'DOB'\n" + "".join(f"'{n}'|'Rao|Ho'|'1980-02-03'\n" for n in range(20))
    assert feed(proposed(raw))["format"]["quote"] == "'"


def test_a_table_wider_than_anybody_could_check_is_refused():
    names = ",".join(f"Column {n}" for n in range(3_000))
    with pytest.raises(NotUnderstood, match="3,001 columns"):
        proposed(f"Employee ID,{names}\n" + "1," + ",".join("x" for _ in range(3_000)) + "\n")


def test_a_file_with_people_and_a_case_number_is_about_people():
    raw = "Employee ID,Last Name,Case Number,Case Type\n" + "".join(f"E{n},Rao,C{n},H-1B\n" for n in range(9))
    assert fields(proposed(raw), "case")["case_number"] == {"from": "Case Number"}
    assert "employee_id" in fields(proposed(raw))


def test_a_file_of_cases_without_people_is_about_cases():
    raw = "Matter ID,Case Type,Receipt Number,Filing Date\n" + "".join(
        f"M-{n},H-1B,IOE{n:010},12/25/2025\n" for n in range(9)
    )
    proposal = proposed(raw)
    assert "client" not in feed(proposal)
    assert set(fields(proposal, "case")) == {"case_number", "case_type", "receipt_number", "filed_on"}


def test_a_few_bad_cells_are_dropped_and_the_first_of_them_is_named():
    lines = ["Employee ID,DOB", *(f"E{n},12/{13 + n % 15}/1980" for n in range(60))]
    lines[7] = "E6,soon"
    proposal = proposed("\n".join(lines))
    assert fields(proposal)["date_of_birth"]["if_bad"] == "drop"
    assert "1 cell not of this form (first in row 8)" in doubts_above(proposal, "date_of_birth")
    assert proposal.loaded == proposal.rows == 60


def test_good_cells_throughout_leave_later_bad_ones_to_be_rejected():
    assert "if_bad" not in fields(proposed(table("DOB", ["12/25/1980"])))["date_of_birth"]


def test_a_type_that_fits_only_most_values_is_proposed_with_a_doubt():
    words = ["India", "Brazil", "Japan", "Chile", "Ghana", "Peru", "Kenya", "Nepal", "Atlantis", "Mordor"]
    proposal = proposed(table("Citizenship", words))
    assert fields(proposal)["citizenship"] == {"from": "Citizenship", "type": "country", "if_bad": "drop"}
    assert "the values that are not countries are dropped with a warning" in doubts_above(proposal, "citizenship")


def test_a_type_that_fits_hardly_any_value_is_not_proposed():
    proposal = proposed(table("Citizenship", ["India", "Elf", "Dwarf", "Hobbit"]))
    assert "citizenship" not in fields(proposal)
    assert "would be citizenship, but its values are not countries" in proposal.config


def test_the_end_of_a_path_counts_but_not_where_it_is_about_somebody_else():
    raw = json.dumps(
        [{"employeeId": f"E{n}", "profile": {"lastName": "Rao"}, "manager": {"firstName": "Ann"}} for n in range(5)]
    )
    assert set(fields(proposed(raw, "people.json"))) == {"employee_id", "family_name"}


def test_more_different_values_than_are_kept_are_counted_closely_and_told_as_about():
    lines = ["Employee ID,Last Name", *(f"E{n},Rao" for n in range(30_000)), *(f"E{n},Rao" for n in range(30_000))]
    told = line_of(proposed("\n".join(lines)), "client")
    found = re.search(r"60,000 rows speak of about ([0-9,]+) people", told)
    assert found
    assert abs(int(found[1].replace(",", "")) - 30_000) < 600
