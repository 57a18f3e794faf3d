"""Wherever history says that a value was said, there is a line that says so: in every format that partners send."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from helpers.inbox import ME, SENDER, Inbox, people, person

from gateway.domain.partners.homes import find_home
from gateway.errors import Invalid
from gateway.wings import PARTNER_YAML
from ingest.arrival import Asked
from ingest.lines.finding import Spot, mark
from ingest.lines.looking import look
from ingest.reception import receive
from ingest.rows import VIA
from ingest.running import finish

CONFIGS = Path(__file__).parents[3] / "partner_configs"
SAMPLES = {
    "acme": "roster_20260301.csv",
    "globex-workday": "Globex_Worker_Snapshot_2026-05-01.csv",
    "hooli-hris": "hooli_workers_2026-05-01T061500Z.json",
    "initech-adp": "INITECH_EE_20260501.csv",
    "stark-excel": "Stark_Immigration_Roster_2026-05.xlsx",
    "umbrella-sap": "PA_EXPORT_00041.TXT",
    "wayne-payroll": "Gehaltsliste_202605.csv",
}
HEAD = (
    "partner: acme\nfirm: northgate\nname: ACME\ntime_zone: America/Chicago\nfeeds:\n  roster:\n    contents: changes\n"
)
WHO = "    client: {key: employee_id, fields: {employee_id: {from: id, required: true}, family_name: {from: name}}}\n"
XML = b"""<?xml version="1.0"?>
<people><person><id>E1</id><name>Abara</name></person><person><id>E2</id><name>Baker</name></person>
<person>
  <id>E3</id><name>Castillo</name></person></people>"""


def at(inbox, told, *where):
    with inbox.office.acting(inbox.firm_id, ME) as acting:
        return look(acting, UUID(told["import_id"]), Spot(*where))


def said(inbox):
    """What history says of rows: where, about whom, and which records."""
    query = (
        "SELECT line, row, sheet, client_id, changes FROM audit_log WHERE action = 'import.row' ORDER BY row LIMIT 40"
    )
    return inbox.sql(query)


@pytest.mark.parametrize("partner", SAMPLES)
def test_every_row_of_history_is_found_in_the_file(office, tenants, partner):
    settings = CONFIGS / partner / "partner.yaml"
    firm = tenants.harbor if PARTNER_YAML.read(settings).head.firm == "harbor" else tenants.northgate
    inbox = Inbox(office, firm, partner)
    inbox.apply(settings)
    told = inbox.drop(SAMPLES[partner], (settings.parent / "samples" / SAMPLES[partner]).read_bytes())
    rows = said(inbox)
    assert rows
    for number, row, sheet, client_id, changes in rows:
        line = at(inbox, told, number, row, sheet)
        assert (line.line, line.row) == (number, row)
        assert {str(one.id) for one in line.made} == {one["id"] for one in changes}
        assert client_id in (None, line.person)
        assert any(cell.text and cell.uses for cell in line.cells)
        settings_of = {use.setting.line for cell in line.cells for use in cell.uses}
        assert None not in settings_of


def test_records_of_xml_are_told_apart_though_two_begin_on_one_line(inbox):
    inbox.apply(HEAD + "    file: '*.xml'\n    format: {type: xml, records: people/person}\n" + WHO)
    told = inbox.drop("people.xml", XML)
    found = [
        [cell.text for cell in at(inbox, told, number, row, sheet).cells] for number, row, sheet, *_ in said(inbox)
    ]
    assert sorted(found) == [["E1", "Abara"], ["E2", "Baker"], ["E3", "Castillo"]]


def test_a_row_of_one_of_two_sheets_is_not_that_of_the_other(inbox):
    inbox.apply(HEAD + "    file: '*.xlsx'\n    format: {type: excel, sheets: [Here, Left]}\n" + WHO)
    book = openpyxl.Workbook()
    for name, rows in (
        ("Here", [("id", "name"), ("E1", "Abara"), ("E2", "Baker")]),
        ("Left", [("id", "name"), ("E3", "Castillo")]),
    ):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    del book["Sheet"]
    out = io.BytesIO()
    book.save(out)
    told = inbox.drop("people.xlsx", out.getvalue())
    for where, wanted in (
        ((2, None, "Here"), "Abara"),
        ((3, None, "Here"), "Baker"),
        ((2, 2, "Left"), "Castillo"),
        ((2, 2, mark("Left")), "Castillo"),
    ):
        line = at(inbox, told, *where)
        assert line.cells[1].text == wanted, where
        assert line.person is not None
    with pytest.raises(Invalid, match="Here, Left"):
        at(inbox, told, 2)


def test_a_corrected_row_is_found_in_the_file_that_corrected_it(inbox):
    told = inbox.drop("roster_20260301.csv", [*people(4), person(5) | {"DOB": "soon"}])
    repaired = Path(told["receipts"]["csv"]).read_bytes().replace(b"soon", b"02/03/1985")
    again = inbox.drop("errors.csv", repaired)
    [(number, row)] = inbox.sql(
        "SELECT line, row FROM audit_log WHERE action = 'import.row' AND import_id = %s", again["import_id"]
    )
    line = at(inbox, again, number, row)
    assert [str(use.value) for cell in line.cells for use in cell.uses if cell.column == "DOB"] == ["1985-02-03"]


def test_rows_that_were_sent_singly_are_lines_too(inbox):
    home = find_home(inbox.office, "acme")
    rows = b'{"EMP_ID": "E1", "Last Name": "Abara"}\n{"EMP_ID": "E2", "Last Name": "Baker", "DOB": "02/03/1980"}\n'
    asked = Asked(feed="roster")
    import_id = receive(inbox.office, home, "rows.jsonl", iter([rows]), via=VIA, by=SENDER, asked=asked)
    finish(inbox.office, home, import_id)
    line = at(inbox, inbox.account(import_id), 2)
    assert {cell.column: cell.text for cell in line.cells}["Last Name"] == "Baker"
    assert line.person is not None
