"""The same five hundred people become the same records, byte for byte, whatever kind of file they come in."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import openpyxl
from helpers.inbox import Inbox, counts
from helpers.people import COLUMNS, WIDTHS, cell, people
from helpers.spreadsheets import open_document

from gateway.crypto import FirmCipher

SAMPLES = Path(__file__).parents[1] / "data" / "excel"
PEOPLE = people()

PARTNER = """
partner: {partner}
firm: northgate
name: The same people
time_zone: America/Chicago
feeds:
  roster:
    file: "people.*"
    format: {format}
    contents: full
    client:
      key: employee_id
      fields:
        employee_id:         {{from: EMP_ID, required: true, pattern: "[0-9]{{6}}"}}
        family_name:         {{from: Family, required: true}}
        given_name:          {{from: Given}}
        date_of_birth:       {{from: DOB, type: date, formats: ["%m/%d/%Y"]}}
        hire_date:           {{from: Hired, type: date, formats: ["%m/%d/%Y"]}}
        citizenship:         {{from: Citizenship, type: country}}
        work_city:           {{from: City}}
        annual_salary:       {{from: Salary, type: money}}
        years_of_experience: {{from: Years, type: decimal}}
        publications_count:  {{from: Papers, type: integer}}
        ssn:                 {{from: SSN, type: ssn}}
    case:
      when: {{column: Visa, not_blank: true}}
      fields:
        case_number: {{join: [EMP_ID, Visa], with: "-"}}
        case_type:   {{from: Visa, type: code, map: {{"H-1B": H1B_EXT, TN: TN, "L-1A": L1A}}}}
        premium:     {{from: Premium, type: boolean}}
    documents:
      - type: passport
        when: {{column: Passport, not_blank: true}}
        fields:
          number:     {{from: Passport}}
          expires_on: {{from: Expiry, type: date, formats: ["%m/%d/%Y"]}}
      - type: i94
        fields:
          expires_on: {{from: "Stay until", type: date, formats: ["%m/%d/%Y"], tokens: {{"D/S": duration_of_status}}}}
    keep: [City]
"""


def as_csv() -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *(row.values() for row in PEOPLE)])
    return out.getvalue().encode()


def as_xlsx() -> bytes:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("People")
    sheet.append(COLUMNS)
    for row in PEOPLE:
        sheet.append([cell(name, text) for name, text in row.items()])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_xls() -> bytes:
    return (SAMPLES / "people.xls").read_bytes()


def as_ods() -> bytes:
    return open_document({"People": [COLUMNS, *([cell(name, text) for name, text in row.items()] for row in PEOPLE)]})


def as_fixed() -> bytes:
    return "\n".join("".join(text.ljust(WIDTHS[name]) for name, text in row.items()) for row in PEOPLE).encode()


def as_json() -> bytes:
    return json.dumps({"people": PEOPLE}, ensure_ascii=False).encode()


def places() -> str:
    starts = [1 + sum(list(WIDTHS.values())[:place]) for place in range(len(WIDTHS))]
    return ", ".join(f'"{name}": [{start}, {WIDTHS[name]}]' for name, start in zip(COLUMNS, starts, strict=True))


FORMATS = {
    "csv": ("{type: csv}", as_csv),
    "xlsx": ("{type: excel}", as_xlsx),
    "xls": ("{type: excel}", as_xls),
    "ods": ("{type: excel}", as_ods),
    "fixed": (f"{{type: fixed, records: {{person: {{columns: {{{places()}}}}}}}}}", as_fixed),
    "json": ("{type: json, records: people}", as_json),
}

# what differs between two loads of the same rows: ids, times, and where in the file a row stood
OWN = {"id", "partner_id", "client_id", "case_id", "source_import_id", "source_row", "created_at", "updated_at"}
TABLES = {
    "clients": "SELECT r.* FROM clients r JOIN partners p ON p.id = r.partner_id WHERE p.slug = %s ORDER BY r.key",
    "cases": "SELECT r.*, c.key AS of FROM cases r JOIN partners p ON p.id = r.partner_id"
    " LEFT JOIN clients c ON c.id = r.client_id WHERE p.slug = %s ORDER BY r.case_number",
    "documents": "SELECT r.*, c.key AS of FROM documents r JOIN clients c ON c.id = r.client_id"
    " JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s ORDER BY c.key, r.doc_type",
}
ENCRYPTED = {"ssn", "a_number", "number"}


def loaded(inbox: Inbox, kind: str) -> tuple[dict[str, int], dict[str, list[dict[str, object]]]]:
    """The row counts, and every column of every record that is not the load's own; encrypted ones decrypted."""
    spec, content = FORMATS[kind]
    own = replace(inbox, slug=f"same-{kind}")
    own.apply(PARTNER.format(partner=own.slug, format=spec))
    told = own.drop("people.dat", content())
    with own.office.db.firm(own.firm_id) as session:
        cipher = own.office.cipher(session, own.firm_id)
    return counts(told), {table: rows(own, cipher, table) for table in TABLES}


def rows(inbox: Inbox, cipher: FirmCipher, table: str) -> list[dict[str, object]]:
    found = [json_row for (json_row,) in inbox.sql(f"SELECT row_to_json(x) FROM ({TABLES[table]}) x", inbox.slug)]
    return [{name: told(cipher, name, value) for name, value in row.items() if name not in OWN} for row in found]


def told(cipher: FirmCipher, name: str, value: object) -> object:
    if name in ENCRYPTED and isinstance(value, str):
        return cipher.decrypt(bytes.fromhex(value.removeprefix("\\x")), name)
    return value


def kept(person: dict[str, str]) -> dict[str, str]:
    return {"City": person["City"]} if person["City"] else {}


def test_the_same_people_in_six_kinds_of_file_become_the_same_records(inbox):
    tallies, records = loaded(inbox, "csv")

    assert tallies == {"read": 500, "created": 500}
    sizes = {table: len(found) for table, found in records.items()}
    assert sizes == {"clients": 500, "cases": 250, "documents": 434}
    assert [
        (one["employee_id"], one["family_name"], one["given_name"] or "", one["ssn"] or "", one["attributes"])
        for one in records["clients"]
    ] == [(one["EMP_ID"], one["Family"], one["Given"], one["SSN"].replace("-", ""), kept(one)) for one in PEOPLE]
    passports = [one["number"] for one in records["documents"] if one["doc_type"] == "passport"]
    assert passports == [one["Passport"] for one in PEOPLE if one["Passport"]]

    for kind in sorted(FORMATS.keys() - {"csv"}):
        assert loaded(inbox, kind) == (tallies, records), kind
