"""Each oddity of the sample partners is handled by something: without it, their samples come to something else."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML
from ingest import pipeline
from ingest.formats import fixed, text
from ingest.formats.base import Flaw
from ingest.formats.excel import ExcelFormat
from ingest.mapping import headers
from ingest.samples import run_samples

CONFIGS = Path(__file__).parents[2] / "partner_configs"

WORKDAY, ADP, SAP, EXCEL, PAYROLL, HRIS = (
    "globex-workday", "initech-adp", "umbrella-sap", "stark-excel", "wayne-payroll", "hooli-hris",
)  # fmt: skip


class Quirk(NamedTuple):
    """One oddity, and the edit of partner.yaml that takes its handling away.

    Attributes:
        old, new: text of partner.yaml; without `new`, the lines that hold `old` go.
        shows: what some difference then says, or the refusal of the settings.
    """

    name: str
    partner: str
    old: str
    new: str | None
    shows: str


QUIRKS = [
    Quirk("one row per document", WORKDAY, '{from: "Visa or ID Type", map: {Passport: passport, H-1B Approval Notice: i797, Permanent Resident Card: green_card}}', "passport", "document green_card"),
    Quirk("multi-value cells", WORKDAY, ', clean: [{first_of: [";"]}]', "", "bad_country"),
    Quirk("dates with a zone", WORKDAY, "%Y-%m-%d%z", "%Y-%m-%d", "bad_date"),
    Quirk("12/31/9999", WORKDAY, ', "12/31/9999"', "", "Expiration Date, code: bad_date"),
    Quirk("rehired under a new number", WORKDAY, "key: email ", "key: employee_id ", "rows.created"),
    Quirk("absence is not termination", WORKDAY, "absent: ignore", "absent: close", "records.clients.closed: 0 expected, 3 found"),
    Quirk("Co Code padded with _", ADP, '{first_of: ["_"]}', "strip", "Co Code, code: bad_code"),
    Quirk("File # without its zeros", ADP, "clean: [strip, {pad_left: {width: 6}}]", "clean: [strip]", "lost_zeros"),
    Quirk("LAST, FIRST M: family name", ADP, "{last_first: family}", "strip", "family_name"),
    Quirk("LAST, FIRST M: given name", ADP, "{last_first: given}", "strip", "given_name"),
    Quirk("LAST, FIRST M: middle name", ADP, "{last_first: middle}", "strip", "middle_name"),
    Quirk("names in capitals", ADP, "{last_first: family}, title", "{last_first: family}", "O'BRIEN"),
    Quirk("M/D/YY", ADP, 'formats: ["%m/%d/%y"], pivot: 10', 'formats: ["%m/%d/%Y"]', "Birth Date, code: bad_date"),
    Quirk("M/D/YY needs a pivot", ADP, ", pivot: 10", "", "pivot"),
    Quirk("M/D/YY: 76 is 1976", ADP, "pivot: 10", "pivot: 99", "Birth Date, code: out_of_range"),
    Quirk("$112,549.00", ADP, "type: money", "type: decimal", "Annual Salary, code: bad_number"),
    Quirk("two columns of one name", ADP, "Name#2", "Name", "job_title"),
    Quirk("masked SSN", ADP, ', {first_of: ["XXX-"]}', "", "Tax ID (SSN)"),
    Quirk("a totals line", ADP, "footer:", None, "rows.read: 60 expected, 61 found"),
    Quirk("HDR, DTL, TRL", SAP, "where: [1, 3, TRL]", "where: [1, 3, END]", "control_total"),
    Quirk("an infotype has its own columns", SAP, "where: [1, 7, DTL0008]", "where: [1, 7, DTL0009]", "control_total"),
    Quirk("an infotype has its own mapping", SAP, "      pay:\n        client:", "      payment:\n        client:", "annual_salary"),
    Quirk("a personnel number filled with zeros", SAP, "DTL0000], columns: {pernr: [8, 8]", "DTL0000], columns: {pernr: [9, 7]", "lost_zeros"),
    Quirk("99991231", SAP, ', "99991231"', "", "expires, code: out_of_range"),
    Quirk("00000000", SAP, ', "00000000"', "", "born, code: bad_date"),
    Quirk("umlauts in columns of bytes", SAP, "unit: bytes", "unit: characters", "land"),
    Quirk("the trailer counts", SAP, "- {count: record_count}", None, "00045.TXT: code: control_total expected, sequence_gap found"),
    Quirk("the trailer adds up", SAP, "- {sum: pay_total", None, "00046.TXT: code: control_total expected, sequence_gap found"),
    Quirk("a number left out", SAP, "- {sequence: file_no}", None, "00044.TXT: state: held expected, loaded found"),
    Quirk("a number again", SAP, "- {sequence: file_no}", None, "00042_R.TXT: state: refused expected, loaded found"),
    Quirk("title rows", EXCEL, "find_header:", None, "refused found"),
    Quirk("a merged header of two rows", EXCEL, "header_rows: 2", "header_rows: 1", "refused found"),
    Quirk("several sheets", EXCEL, "- {name: Dependents}", None, "rows.read: 77 expected, 57 found"),
    Quirk("a sheet that is no data", EXCEL, "- {name: Dependents}", "- {name: Dependents}\n        - Lookup", "refused found"),
    Quirk("a sheet of another kind of people", EXCEL, "      Dependents:    ", "      Children:    ", "S0001-D1"),
    Quirk("a sheet says what its rows do not", EXCEL, "{Status: terminated}", "{Status: active}", "enrollment_status: terminated"),
    Quirk("hidden columns", EXCEL, '{from: "Employee ID", required', '{from: "No.", required', "pattern_mismatch"),
    Quirk("text dates", EXCEL, 'formats: ["%m/%d/%Y", "%d-%b-%Y"]', 'formats: ["%d-%b-%Y"]', "Employee DOB, code: bad_date"),
    Quirk("text dates of a second kind", EXCEL, ', "%d-%b-%Y"', "", "Employee DOB, code: bad_date"),
    Quirk("TBD", EXCEL, ', "TBD"', "", "Visa Expires, code: bad_date"),
    Quirk("D/S", EXCEL, ', tokens: {"D/S": duration_of_status}', "", "Visa Expires, code: bad_date"),
    Quirk("a total row", EXCEL, "footer:", None, "rows.read: 77 expected, 79 found"),
    Quirk("a person on two sheets", EXCEL, '            employee_id:       {from: "Employee ID",', '            employee_id:       {join: ["Employee ID", Status],', "client S0009"),
    Quirk("cp1252", PAYROLL, "encoding: cp1252", "encoding: utf-8", "family_name: Weiß"),
    Quirk("semicolons", PAYROLL, 'delimiter: ";"', 'delimiter: ","', "other_delimiter"),
    Quirk("dd.mm.yyyy", PAYROLL, "%d.%m.%Y", "%m.%d.%Y", "Geburtsdatum, code: bad_date"),
    Quirk("112.549,00", PAYROLL, 'decimal: ","', 'decimal: "."', "Jahresgehalt, code: bad_number"),
    Quirk("a line above the header", PAYROLL, "header_row: 2", "header_row: 1", "state: loaded_with_errors expected"),
    Quirk("doubled quotes", PAYROLL, "quote: '\"'", "quote: null", "ragged_row"),
    Quirk("an envelope", HRIS, "records: data.employees", None, "found"),
    Quirk("dotted paths", HRIS, "from: name.first", "from: first", "given_name"),
    Quirk("a list of visas", HRIS, "explode: visas", None, "document i797"),
    Quirk("an older answer after a newer one", HRIS, "as_of:", None, "rows.stale: 10 expected, 0 found"),
    Quirk("D/S in JSON", HRIS, ', tokens: {"D/S": duration_of_status}', "", "visas.expires, code: bad_date"),
]  # fmt: skip


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.name)
def test_without_its_setting_the_samples_come_to_something_else(office, tmp_path, quirk):
    folder = copied(quirk.partner, tmp_path)
    settings = folder / "partner.yaml"
    settings.write_text(edited(settings.read_text("utf-8"), quirk.old, quirk.new), "utf-8")
    assert quirk.shows in differences(office, folder)


def copied(partner: str, tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIGS / partner, tmp_path / partner))


def edited(before: str, old: str, new: str | None) -> str:
    assert old in before, f"{old!r} does not stand in partner.yaml any more"
    return re.sub(rf"(?m)^.*{re.escape(old)}.*\n", "", before) if new is None else before.replace(old, new)


def differences(office, folder: Path) -> str:
    try:
        return "\n".join(map(str, run_samples(office, folder, PARTNER_YAML).differences))
    except ConfigError as refused:
        return str(refused)


# ---------------------------------------------------------------- what needs no setting
def without_marks(monkeypatch):
    """A gateway that takes a byte order mark for text, in the file and when names of columns are compared."""
    monkeypatch.setattr(text, "_MARKS", ())
    monkeypatch.setattr(text, "_unmarked", lambda line: line)
    monkeypatch.setattr(headers, "fold", str.casefold)
    monkeypatch.setattr(headers, "tidied", str.casefold)


def without_crlf(monkeypatch):
    r"""A reader to which \r is a character like others."""
    blocks = text.Lines.blocks

    def deaf(lines):
        for block in blocks(lines):
            yield text.Block([line.replace("\r\n", "¤\n") for line in block.lines], suspect=block.suspect)

    monkeypatch.setattr(text.Lines, "blocks", deaf)


def without_end_mark(monkeypatch):
    """A reader that takes 0x1A for a line."""
    monkeypatch.setattr(text, "_unmarked", lambda line: line)


def without_short_lines(monkeypatch):
    """A reader that wants every line whole."""
    whole = {"ids": 58, "pay": 33}
    misfit = fixed.FixedTable._misfit

    def strict(table, name, line):
        if len(line.encode()) < whole.get(name, 0):
            return Flaw(0, None, "ragged_row", details={"found": "fewer cells", "expected": "more"})
        return misfit(table, name, line)

    monkeypatch.setattr(fixed.FixedTable, "_misfit", strict)


def without_real_dates(monkeypatch):
    """A reader to which the cells of a workbook are text only."""
    monkeypatch.setattr(ExcelFormat, "typed_cells", False)


def without_memory(monkeypatch):
    """A gateway that does not know what it has loaded."""
    monkeypatch.setattr(pipeline, "_repeats", lambda *_: None)


@pytest.mark.parametrize(
    ("partner", "impair", "shows"),
    [
        pytest.param(WORKDAY, without_marks, "loaded expected, refused found", id="byte order mark"),
        pytest.param(SAP, without_crlf, "00041.TXT: state: loaded expected, refused found", id="CRLF in fixed width"),
        pytest.param(SAP, without_end_mark, "unknown_record", id="0x1A behind the last line"),
        pytest.param(
            SAP, without_short_lines, "00041.TXT: state: loaded expected, refused found", id="short last line"
        ),
        pytest.param(EXCEL, without_real_dates, "Employee DOB, code: bad_date", id="serial dates"),
        pytest.param(PAYROLL, without_crlf, "bad_quotes", id="CRLF behind quotes"),
        pytest.param(HRIS, without_memory, "state: no_change expected", id="the same answer twice"),
    ],
)
def test_without_what_reads_it_the_samples_come_to_something_else(
    office, monkeypatch, partner, impair: Callable[[pytest.MonkeyPatch], None], shows
):
    impair(monkeypatch)
    assert shows in differences(office, CONFIGS / partner)


def test_days_counted_from_1904_are_other_days_than_those_counted_from_1900(office, tmp_path):
    """Workbooks are parsed out of reach, in another process: so the file forgets what it counts from."""
    folder = copied(EXCEL, tmp_path)
    june = folder / "samples" / "Stark_Immigration_Roster_2026-06.xlsx"
    with zipfile.ZipFile(june) as source:
        members = {name: source.read(name) for name in source.namelist()}
    assert b'date1904="1"' in members["xl/workbook.xml"]
    members["xl/workbook.xml"] = members["xl/workbook.xml"].replace(b'date1904="1"', b"")
    with zipfile.ZipFile(june, "w") as target:
        for name, content in members.items():
            target.writestr(name, content)
    assert "client S0001: {date_of_birth: 1979-07-30} expected" in differences(office, folder).replace('"', "")
