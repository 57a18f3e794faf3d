"""One roster in every format that partners send, and the layouts that only some of them have."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import hashlib
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from helpers.inbox import SENDER, counts

from gateway.domain.partners.homes import find_home
from ingest.arrival import Asked
from ingest.reception import receive
from ingest.running import finish

MAPPING = """
    contents: full
    absent: close
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true}
        family_name:   {from: Name, required: true}
        date_of_birth: {from: DOB, type: date, formats: ["%m/%d/%Y"]}
        annual_salary: {from: Salary, type: money}
    documents:
      - type: passport
        when: {column: Passport, not_blank: true}
        fields:
          number:     {from: Passport}
          expires_on: {from: Expiry, type: date, formats: ["%m/%d/%Y"]}
"""
COLUMNS = ["EMP_ID", "Name", "DOB", "Salary", "Passport", "Expiry"]
WIDTHS = [6, 12, 10, 9, 9, 10]


def partner(*feeds: tuple[str, str], mapping: str = MAPPING) -> str:
    told = "".join(f'  {name}:\n    file: "{name}*"\n    format: {kind}{mapping}' for name, kind in feeds)
    return f"partner: acme\nfirm: northgate\nname: ACME\ntime_zone: America/Chicago\nfeeds:\n{told}"


def person(number: int, **more: str) -> dict[str, str]:
    """Leading zeros, umlauts, cents, and a passport for every third."""
    row = {"EMP_ID": f"{number:06}", "Name": f"Müller{number}", "DOB": "02/03/1980", "Salary": f"{50_000 + number}.5"}
    papers = {"Passport": f"P{number:08}", "Expiry": "12/31/2030"} if number % 3 == 0 else {}
    return dict.fromkeys(COLUMNS, "") | row | papers | more


PEOPLE = [person(number) for number in range(1, 61)]


def as_csv(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_json(rows: list[dict[str, str]]) -> bytes:
    return json.dumps({"data": {"people": rows}}, ensure_ascii=False).encode()


def as_xml(rows: list[dict[str, str]]) -> bytes:
    """As Workday has it: a namespace that says the report, and a number that is told by its type."""
    space = "{urn:com.workday.report/Roster}"
    root = ET.Element(f"{space}Report_Data")
    for row in rows:
        entry = ET.SubElement(root, f"{space}Report_Entry")
        worker = ET.SubElement(entry, f"{space}Worker", {f"{space}Descriptor": row["Name"]})
        for kind, text in (("WID", "5f3c"), ("Employee_ID", row["EMP_ID"])):
            ET.SubElement(worker, f"{space}ID", {f"{space}type": kind}).text = text
        for name in ("DOB", "Salary", "Passport", "Expiry"):
            ET.SubElement(entry, f"{space}{name}").text = row[name]
    return ET.tostring(root, "utf-8", xml_declaration=True)


def as_lines(rows: list[dict[str, str]], mark: str = "") -> list[str]:
    return [mark + "".join(row[name].ljust(width) for name, width in zip(COLUMNS, WIDTHS, strict=True)) for row in rows]


def places(start: int) -> str:
    starts = [start + sum(WIDTHS[:column]) for column in range(len(WIDTHS))]
    told = zip(COLUMNS, starts, WIDTHS, strict=True)
    return "{" + ", ".join(f"{name}: [{first}, {width}]" for name, first, width in told) + "}"


def cell(name: str, text: str) -> object:
    """What a person types becomes a real date or a number."""
    if name in {"DOB", "Expiry"} and text[:1].isdigit():
        try:
            return dt.datetime.strptime(text, "%m/%d/%Y")  # noqa: DTZ007 - a workbook knows no zones
        except ValueError:
            return text
    return float(text) if name == "Salary" and text else text


def as_xlsx(**sheets: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append([cell(name, text) for name, text in row.items()])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


XML = """{type: xml, records: Report_Data/Report_Entry, columns: {
      EMP_ID: "Worker/ID[@type='Employee_ID']", Name: Worker/@Descriptor,
      DOB: DOB, Salary: Salary, Passport: Passport, Expiry: Expiry}}"""
FORMATS = {
    "csv": ("{type: csv}", as_csv(PEOPLE)),
    "excel": ("{type: excel}", as_xlsx(Roster=PEOPLE)),
    "fixed": (
        f"{{type: fixed, records: {{person: {{columns: {places(1)}}}}}}}",
        "\n".join(as_lines(PEOPLE)).encode(),
    ),
    "json": ("{type: json, records: data.people}", as_json(PEOPLE)),
    "xml": (
        XML,
        as_xml(PEOPLE),
    ),
}


def records(inbox) -> list[tuple[object, ...]]:
    return inbox.sql(
        "SELECT c.employee_id, c.family_name, c.date_of_birth, c.annual_salary, c.enrollment_status, d.doc_type,"
        " d.expires_on, d.status FROM clients c LEFT JOIN documents d ON d.client_id = c.id ORDER BY 1"
    )


def errors(told, name: str = "errors.csv") -> list[dict[str, str]]:
    folder = Path(told["receipts"]["json"]).parent
    return list(csv.DictReader(io.StringIO((folder / name).read_text("utf-8-sig"), newline="")))


def mended(rows: list[dict[str, str]], **values: str) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(row | values for row in rows)
    return out.getvalue().encode()


# ---------------------------------------------------------------- the same in every format


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_people_become_the_same_records_in_every_format(inbox, kind):
    spec, content = FORMATS[kind]
    inbox.apply(partner((kind, spec)))

    told = inbox.drop(f"{kind}.dat", content)

    assert counts(told) == {"read": 60, "created": 60}, told
    passport = ("passport", dt.date(2030, 12, 31), "current")
    assert records(inbox) == [
        (f"{n:06}", f"Müller{n}", dt.date(1980, 2, 3), Decimal(f"{50_000 + n}.50"), "active")
        + (passport if n % 3 == 0 else (None, None, None))
        for n in range(1, 61)
    ]


def test_one_format_after_another_changes_nothing(inbox):
    inbox.apply(partner(*((kind, spec) for kind, (spec, _) in FORMATS.items())))
    told = {kind: inbox.drop(f"{kind}.dat", content) for kind, (_, content) in FORMATS.items()}

    assert counts(told.pop("csv")) == {"read": 60, "created": 60}
    assert {kind: counts(one) for kind, one in told.items()} == {kind: {"read": 60, "unchanged": 60} for kind in told}


@pytest.mark.parametrize("kind", FORMATS)
def test_rejected_rows_of_every_format_come_back_repaired(inbox, kind):
    rows = [*PEOPLE[:9], person(10, DOB="13/13/1980")]
    inbox.apply(partner((kind, FORMATS[kind][0])))
    fixed = "\n".join(as_lines(rows)).encode()
    contents = {"csv": as_csv(rows), "json": as_json(rows), "excel": as_xlsx(Roster=rows), "fixed": fixed}
    contents["xml"] = as_xml(rows)

    told = inbox.drop(f"{kind}.dat", contents[kind])
    assert counts(told) == {"read": 10, "created": 9, "rejected": 1}
    assert [one["code"] for one in told["problems"]] == ["bad_date"]

    back = inbox.drop("back.csv", mended(errors(told), DOB="02/03/1980"))
    assert (back["state"], counts(back)) == ("loaded", {"read": 1, "created": 1}), back


# ---------------------------------------------------------------- dates of a workbook


def test_a_csv_must_keep_to_the_agreed_form_of_a_date(inbox):
    inbox.apply(partner(("csv", "{type: csv}")))
    told = inbox.drop("csv.dat", as_csv([*PEOPLE[:5], person(6, DOB="2026-05-01")]))
    assert counts(told) == {"read": 6, "created": 5, "rejected": 1}


def test_a_workbooks_dates_that_would_have_two_readings_are_an_error_of_the_settings(inbox):
    with pytest.raises(Exception, match="read the same text"):
        inbox.apply(partner(("excel", "{type: excel}"), mapping=MAPPING.replace("%m/%d/%Y", "%Y-%d-%m")))


# ---------------------------------------------------------------- sheets

LEAVERS = """
    parts:
      Left:
        client:
          key: employee_id
          fields:
            employee_id:       {from: Number, required: true}
            family_name:       {from: Name, required: true}
            enrollment_status: {from: Status}
            termination_date:  {from: Last Day, type: date, formats: ["%m/%d/%Y"]}
"""
SHEETS = "{type: excel, sheets: [Active, {name: Left, constants: {Status: terminated}}]}"


def leaver(number: int, day: str) -> dict[str, str]:
    return {"Number": f"{number:06}", "Name": f"Left{number}", "Last Day": day}


def test_each_sheet_is_read_as_its_part_says(inbox):
    inbox.apply(partner(("book", SHEETS), mapping=MAPPING + LEAVERS))

    told = inbox.drop(
        "book.xlsx", as_xlsx(Active=PEOPLE, Left=[leaver(number, "04/30/2026") for number in range(70, 75)])
    )

    assert counts(told) == {"read": 65, "created": 65}, told
    left = inbox.sql("SELECT employee_id, termination_date FROM clients WHERE enrollment_status = 'terminated'")
    assert sorted(left) == [(f"{number:06}", dt.date(2026, 4, 30)) for number in range(70, 75)]


def test_rejected_rows_of_two_sheets_come_back_in_the_columns_of_each(inbox):
    inbox.apply(partner(("book", SHEETS), mapping=MAPPING + LEAVERS))
    active = [*PEOPLE[:20], person(21, DOB="soon")]
    left = [leaver(70, "04/30/2026"), leaver(71, "soon"), leaver(72, "04/30/2026")]
    told = inbox.drop("book.xlsx", as_xlsx(Active=active, Left=left))

    assert counts(told) == {"read": 24, "created": 22, "rejected": 2}, told
    places = [(one["sheet"], one["row"], one["line"], one["column"]) for one in told["problems"]]
    assert places == [("Active", 22, 22, "DOB"), ("Left", 3, 3, "Last Day")]
    [one], [other] = errors(told), errors(told, "errors-2-Left.csv")
    assert (one["EMP_ID"], one["Row"]) == ("000021", f"{told['import_id']}:Active:22")
    assert list(other) == ["Number", "Name", "Last Day", "Status", "Problems", "Row"]
    assert (other["Number"], other["Row"]) == ("000071", f"{told['import_id']}:Left:3")
    receipt = json.loads(Path(told["receipts"]["json"]).read_text())
    assert receipt["receipts"] == ["errors-2-Left.csv", "errors.csv", "errors.json", "receipt.json"]

    assert counts(inbox.drop("one.csv", mended([one], DOB="2001-02-03"))) == {"read": 1, "created": 1}
    assert counts(inbox.drop("other.csv", mended([other], **{"Last Day": "04/30/2026"}))) == {"read": 1, "created": 1}
    assert inbox.clients("employee_id, enrollment_status")["000071"] == "terminated"


def test_audit_and_records_lead_back_to_the_row_of_the_sheet(inbox):
    inbox.apply(partner(("book", SHEETS), mapping=MAPPING + LEAVERS))
    left = [leaver(70, "04/30/2026"), leaver(71, "04/30/2026")]
    told = inbox.drop("book.xlsx", as_xlsx(Active=PEOPLE[:20], Left=left))

    led = inbox.sql(
        "SELECT c.employee_id, c.source_row, a.row, a.sheet FROM audit_log a JOIN clients c ON c.id = a.client_id"
        " WHERE a.import_id = %s AND a.action = 'import.row' AND c.employee_id IN ('000001', '000071')",
        told["import_id"],
    )
    assert sorted(led) == [("000001", 2, 2, "Active"), ("000071", 3, 3, "Left")]


def test_a_row_repeated_on_another_sheet_is_told_with_that_sheet(inbox):
    spec = SHEETS.replace(", constants: {Status: terminated}", "")
    inbox.apply(partner(("book", spec)))
    told = inbox.drop("book.xlsx", as_xlsx(Active=PEOPLE[:20], Left=[PEOPLE[30], PEOPLE[3]]))

    assert counts(told) == {"read": 22, "created": 21, "superseded": 1}
    [problem] = told["problems"]
    assert (problem["sheet"], problem["row"], problem["code"]) == ("Active", 5, "duplicate_key")
    assert problem["message"].startswith("Row 3 of the sheet “Left” of the same file")


def test_what_a_workbook_would_change_is_shown_by_sheet_and_row(inbox):
    inbox.apply(partner(("book", SHEETS.replace(", constants: {Status: terminated}", ""))))
    inbox.drop("book.xlsx", as_xlsx(Active=PEOPLE[:20], Left=PEOPLE[20:22]))
    moved = [PEOPLE[20], PEOPLE[21] | {"Salary": "70000"}]

    would = inbox.rehearse("book.xlsx", as_xlsx(Active=PEOPLE[:20], Left=moved))

    assert [(one["sheet"], one["row"], one["field"]) for one in would.differences] == [("Left", 3, "annual_salary")]


# ---------------------------------------------------------------- fixed width as mainframes write it

SAP = f"""{{type: fixed, unit: bytes, encoding: cp1252, records: {{
      header: {{where: [1, 3, HDR], columns: {{file_no: [4, 5]}}}},
      person: {{where: [1, 3, DTL], columns: {places(4)}}},
      trailer: {{where: [1, 3, TRL], columns: {{rows: [4, 6], total: [10, 12]}}}}}},
      controls: [{{count: rows}}, {{sum: total, of: Salary}}, {{sequence: file_no}}]}}"""


def as_sap(rows: list[dict[str, str]], number: int, *, short: int = 0) -> bytes:
    total = sum(float(row["Salary"]) for row in rows)
    trailer = f"TRL{len(rows) + short:06}{total:012.1f}"
    return "\r\n".join([f"HDR{number:05}", *as_lines(rows, "DTL"), trailer, "\x1a"]).encode("cp1252")


def test_a_mainframes_file_is_read_by_its_bytes(inbox):
    inbox.apply(partner(("sap", SAP)))
    told = inbox.drop("sap.txt", as_sap(PEOPLE, 1))
    assert (told["state"], counts(told)) == ("loaded", {"read": 60, "created": 60}), told
    assert records(inbox)[2][:2] == ("000003", "Müller3")


def test_a_total_that_does_not_hold_refuses_the_whole_file(inbox):
    inbox.apply(partner(("sap", SAP)))
    told = inbox.drop("sap.txt", as_sap(PEOPLE, 1, short=1))

    assert (told["state"], told["code"]) == ("refused", "control_total")
    assert inbox.sql("SELECT count(*) FROM clients") == [(0,)]
    assert inbox.sql("SELECT count(*) FROM documents") == [(0,)]


def test_a_total_that_does_not_hold_names_the_lines_that_were_not_counted(inbox):
    inbox.apply(partner(("sap", SAP.replace("controls", "line_length: 200, controls"))))
    raw = (
        as_sap(PEOPLE, 1)
        .replace(b"\r\nDTL000003", b"\r\nDTX000003")
        .replace(b"\r\nDTL000005", b"\r\n" + b"DTL000005" * 30)
    )
    told = inbox.drop("sap.txt", raw)
    assert told["reason"].endswith(
        "Not counted: line 4 (the unknown record type “DTX”),"
        " line 6 (text up to place 299 in its row, where 200 is the last)."
    ), told["reason"]


def test_a_line_of_no_agreed_type_is_told_as_such(inbox):
    inbox.apply(partner(("sap", SAP)))
    told = inbox.drop("sap.txt", as_sap(PEOPLE, 1).replace(b"\r\nTRL", b"\r\nXXX?\r\nTRL"))
    assert counts(told) == {"read": 61, "created": 60, "rejected": 1}
    problem = told["problems"][0]
    assert (problem["code"], problem["row"]) == ("unknown_record", 62)
    assert "“XXX”" in problem["message"]


def test_rejected_lines_of_two_record_types_each_keep_their_columns(inbox):
    spec = (
        "{type: fixed, records: {"
        f"person: {{where: [1, 3, DTL], columns: {places(4)}}}, "
        f"other: {{where: [1, 3, OTH], columns: {places(4)}}}}}}}"
    )
    inbox.apply(partner(("two", spec), mapping=MAPPING))
    rows = [person(number, **({"DOB": "soon"} if number in {2, 3, 8, 9} else {})) for number in range(1, 31)]
    lines = [
        line for pair in zip(as_lines(rows[::2], "DTL"), as_lines(rows[1::2], "OTH"), strict=True) for line in pair
    ]

    told = inbox.drop("two.txt", "\n".join(lines).encode())

    assert counts(told) == {"read": 30, "created": 26, "rejected": 4}
    assert [row["Row"].split(":", 1)[1] for row in errors(told)] == ["person:3", "person:9"]
    assert [row["Row"].split(":", 1)[1] for row in errors(told, "errors-2-other.csv")] == ["other:2", "other:8"]
    assert counts(inbox.drop("x.csv", mended(errors(told, "errors-2-other.csv"), DOB="02/03/1980"))) == {
        "read": 2, "created": 2,
    }  # fmt: skip


# ---------------------------------------------------------------- the numbers of files


def test_a_number_that_was_taken_already_is_refused_unless_forced(inbox):
    inbox.apply(partner(("sap", SAP)))
    inbox.drop("sap.txt", as_sap(PEOPLE, 7))

    told = inbox.drop("sap.txt", as_sap(PEOPLE[:59], 7))
    assert (told["state"], told["code"]) == ("refused", "sequence_gap")
    assert told["reason"] == "The file's number is 7, which was taken already; 8 was due."
    assert len(inbox.open_clients()) == 60

    assert inbox.drop("sap.txt", as_sap(PEOPLE[:59], 7), forced=True)["state"] == "loaded"


def test_a_number_left_out_is_a_remark_on_a_full_file(inbox):
    inbox.apply(partner(("sap", SAP)))
    assert inbox.drop("sap.txt", as_sap(PEOPLE, 7))["remarks"][1:] == []
    told = inbox.drop("sap.txt", as_sap(PEOPLE, 9))
    assert told["state"] == "loaded"
    assert "The file's number is 9; 8 was due." in told["remarks"]


def test_a_number_left_out_holds_a_file_of_changes_until_released(inbox):
    changes = MAPPING.replace("contents: full", "contents: changes").replace("    absent: close\n", "")
    inbox.apply(partner(("sap", SAP), mapping=changes))
    inbox.drop("sap.txt", as_sap(PEOPLE[:5], 7))

    told = inbox.drop("sap.txt", as_sap(PEOPLE[5:9], 9))
    assert (told["state"], told["guards"]) == ("held", ["sequence_gap"])
    assert len(inbox.clients()) == 5

    assert counts(inbox.release(told)) == {"read": 4, "created": 4}
    assert inbox.drop("sap.txt", as_sap(PEOPLE[9:12], 10))["state"] == "loaded"


# ---------------------------------------------------------------- JSON


def test_a_damaged_record_costs_itself_only(inbox):
    inbox.apply(partner(("json", "{type: json}")))
    lines = [json.dumps(row) for row in PEOPLE[:5]]
    told = inbox.drop("json.dat", "\n".join([*lines[:2], '{"EMP_ID": "9', *lines[2:]]).encode())
    assert counts(told) == {"read": 6, "created": 5, "rejected": 1}
    problem = told["problems"][0]
    assert (problem["code"], problem["row"]) == ("bad_json", 3)


# ---------------------------------------------------------------- XML


def test_a_report_that_is_cut_off_loads_nothing(inbox):
    inbox.apply(partner(("xml", FORMATS["xml"][0])))
    told = inbox.drop("xml.dat", as_xml(PEOPLE)[:-2_000])
    assert (told["state"], told["code"]) == ("refused", "unreadable")
    assert "it ends before its elements do" in told["reason"]
    assert inbox.clients() == {}


def test_rejected_rows_whose_columns_are_paths_come_back_repaired(inbox):
    paths = {"EMP_ID": "\"Worker/ID[@type='Employee_ID']\"", "Name": "Worker/@Descriptor"}
    mapping = MAPPING.replace("from: EMP_ID", f"from: {paths['EMP_ID']}").replace(
        "from: Name", f"from: {paths['Name']}"
    )
    inbox.apply(partner(("xml", "{type: xml}"), mapping=mapping))
    told = inbox.drop("xml.dat", as_xml([*PEOPLE[:9], person(10, DOB="13/13/1980")]))
    assert counts(told) == {"read": 10, "created": 9, "rejected": 1}, told
    [row] = errors(told)
    assert (row["Worker/ID[@type='Employee_ID']"], row["Row"]) == ("000010", f"{told['import_id']}:10")
    assert counts(inbox.drop("back.csv", mended([row], DOB="02/03/1980"))) == {"read": 1, "created": 1}


# ---------------------------------------------------------------- archives

PACKED = "{type: csv}\n    unpack: {zip: true, gzip: true}\n    as_of: {file_name: roster_%Y%m%d.csv}"


def as_zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("out.zip", lambda content: as_zip(roster_20260301=content)),
        ("roster_20260301.csv.gz", gzip.compress),
        ("roster_20260301.csv", bytes),
    ],
)
def test_a_file_comes_out_of_its_archive_under_its_own_name(inbox, name, pack):
    inbox.apply(partner(("roster", PACKED)))
    told = inbox.drop(name, pack(as_csv([*PEOPLE[:9], person(10, DOB="soon")])))

    assert (told["feed"], told["as_of"][:10], told["file"]) == ("roster", "2026-03-01", "roster_20260301.csv")
    assert counts(told) == {"read": 10, "created": 9, "rejected": 1}

    back = mended(errors(told), DOB="02/03/1980")
    assert counts(inbox.drop("back.zip", as_zip(back=back))) == {"read": 1, "created": 1}


def test_each_file_of_an_archive_comes_to_an_end_of_its_own(inbox):
    inbox.apply(partner(("roster", PACKED)))
    second = [*PEOPLE[:9], person(10, DOB="soon"), *PEOPLE[10:]]
    packed = as_zip(roster_20260301=as_csv(PEOPLE), notes=b"", roster_20260302=as_csv(second))

    one, notes, two = inbox.drop_all("out.zip", packed)

    assert (one["file"], one["state"], counts(one)) == ("roster_20260301.csv", "loaded", {"read": 60, "created": 60})
    assert (notes["file"], notes["state"], notes["code"]) == ("notes.csv", "refused", "unknown_feed")
    assert counts(two) == {"read": 60, "unchanged": 59, "rejected": 1}
    assert one["remarks"] == notes["remarks"] == two["remarks"] == ["It came in the archive out.zip."]
    [(sha256,)] = inbox.sql(
        "SELECT a.sha256 FROM files f JOIN files a ON a.id = f.archive_id WHERE f.name = 'notes.csv'"
    )
    assert sha256 == hashlib.sha256(packed).hexdigest()


def test_an_archive_with_one_damaged_file_is_refused_whole(inbox):
    inbox.apply(partner(("roster", PACKED)))
    packed = bytearray(as_zip(roster_20260301=as_csv(PEOPLE), roster_20260302=as_csv(PEOPLE)))
    packed[packed.rindex(b"roster_20260302.csv", 0, len(packed) // 2 + 400) + 60] ^= 0xFF

    told = inbox.drop("out.zip", bytes(packed))

    assert (told["file"], told["state"], told["code"]) == ("out.zip", "refused", "unreadable")
    assert inbox.clients() == {}
    assert inbox.sql("SELECT count(*) FROM files") == [(1,)]
    stored = [path for path in (inbox.office.settings.data_dir / "files").rglob("*") if path.is_file()]
    assert len(stored) == 1


def test_an_archive_that_came_before_unpacking_was_agreed_is_unpacked_once_its_turn_comes(inbox):
    inbox.apply(partner(("roster", "{type: csv}")))
    home = find_home(inbox.office, inbox.slug)
    packed = as_zip(roster_20260301=as_csv(PEOPLE), roster_20260302=as_csv(PEOPLE))
    arrived = receive(inbox.office, home, "roster.csv", iter([packed]), via="test", by=SENDER, asked=Asked())
    inbox.apply(partner(("roster", PACKED)))
    finish(inbox.office, home, arrived)

    told = inbox.account(arrived)
    assert (told["state"], told["reason"]) == ("unpacked", "It is an archive of 2 files, each an import of its own.")


def test_an_archive_stays_closed_where_no_feed_says_to_unpack(inbox):
    inbox.apply(partner(("roster", "{type: csv}")))
    told = inbox.drop("roster.csv", as_zip(roster=as_csv(PEOPLE)))
    assert (told["state"], told["code"]) == ("refused", "unreadable")
