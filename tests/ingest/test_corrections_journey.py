"""From a file with bad rows to the records of a good one: fetched by the command, repaired by hand, dropped back."""

from __future__ import annotations

import base64
import datetime as dt
import io
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from helpers.inbox import ROSTER, Inbox, as_csv, counts, person

from gateway.cli import cli

RECORDS = """
SELECT to_jsonb(c) - '{id, partner_id, source_import_id, source_row, created_at, updated_at, ssn}'::text[],
       (SELECT jsonb_agg(jsonb_build_array(d.doc_type, d.number_index, d.expires_on, d.status) ORDER BY d.doc_type)
        FROM documents d WHERE d.client_id = c.id),
       (SELECT jsonb_agg(jsonb_build_array(s.as_of, s.present)) FROM sightings s WHERE s.record_id = c.id)
FROM clients c JOIN partners p ON p.id = c.partner_id WHERE p.slug = %s ORDER BY c.key
"""


@pytest.fixture
def gateway(settings, monkeypatch):
    """Runs the command on this test's installation."""
    told = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SYSTEM_DATABASE_URL": settings.system_database_url,
        "OWNER_DATABASE_URL": settings.owner_database_url,
        "MASTER_KEY": base64.b64encode(settings.master_key).decode(),
    }
    for name, value in told.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)

    def run(*words):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


@pytest.fixture
def twin(office, tenants) -> Inbox:
    """Northgate's partner globex, whose files have been good from the start."""
    return Inbox(office, tenants.northgate, "globex")


def records(inbox: Inbox) -> list[tuple[object, ...]]:
    return inbox.sql(RECORDS, inbox.slug)


def mend(path, key: str, right: dict[str, dict[str, object]], *sheets: str) -> None:
    """As a person does it: look the row up by its key, and type what is right into the red cells."""
    book = openpyxl.load_workbook(path)
    for sheet in [book[name] for name in sheets] or book:
        columns = {cell.value: cell.column for cell in sheet[1]}
        for row in sheet.iter_rows(min_row=2):
            for name, value in right[row[columns[key] - 1].value].items():
                if row[columns[name] - 1].fill.fill_type:
                    row[columns[name] - 1].value = value
    book.save(path)


def test_half_of_ten_thousand_rows_come_back_as_if_they_had_been_good(inbox, twin, gateway, tmp_path):
    good = [
        person(n, dob=f"0{n % 9 + 1}/1{n % 9}/1980", ssn=f"536-22-{n % 9000 + 1000}", i94_expiry="D/S")
        for n in range(1, 10_001)
    ]
    bad = [row | ({"DOB": "13/13/1980"} if n % 2 else {}) for n, row in enumerate(good)]
    twin.apply(ROSTER.format(partner="globex", firm="northgate"))
    twin.drop("roster_20260301.csv", good)
    told = inbox.drop("roster_20260301.csv", bad)
    assert (told["state"], counts(told)) == (
        "loaded_with_errors",
        {"read": 10_000, "created": 5_000, "rejected": 5_000},
    )

    path = tmp_path / "repair.xlsx"
    gateway("import", "errors", told["import_id"], "--format", "xlsx", "--out", path)
    typed = {row["EMP_ID"]: dt.date(1980, int(row["DOB"][:2]), int(row["DOB"][3:5])) for row in good}
    mend(
        path,
        "EMP_ID",
        {row["EMP_ID"]: {"DOB": row["DOB"] if n % 3 else typed[row["EMP_ID"]]} for n, row in enumerate(good)},
    )
    [back] = json.loads(gateway("ingest", path, "--partner", "acme", "--json"))

    assert (back["state"], counts(back)) == ("loaded", {"read": 5_000, "created": 5_000})
    assert records(inbox) == records(twin)
    assert len(records(inbox)) == 10_000


# ---------------------------------------------------------------- whatever the format

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
"""
LEAVERS = """
    parts:
      Left [2026]:
        client:
          key: employee_id
          fields:
            employee_id:       {from: Number, required: true}
            family_name:       {from: Name, required: true}
            enrollment_status: {from: Status}
            termination_date:  {from: Last Day, type: date, formats: ["%m/%d/%Y"]}
"""
SHEETS = '{type: excel, sheets: [Active, {name: "Left [2026]", constants: {Status: terminated}}]}'
FIXED = "{type: fixed, records: {person: {columns: {EMP_ID: [1, 6], Name: [7, 12], DOB: [19, 10], Salary: [29, 9]}}}}"
GOOD = [
    {"EMP_ID": f"{n:06}", "Name": f"Müller{n}", "DOB": "02/03/1980", "Salary": f"{50_000 + n}.5"} for n in range(1, 21)
]
BAD = [
    row | ({"DOB": "soon"} if n % 4 == 0 else {}) | ({"Salary": "much"} if n % 8 == 0 else {})
    for n, row in enumerate(GOOD)
]
LEFT = [{"Number": f"{n:06}", "Name": f"Left{n}", "Last Day": "04/30/2026"} for n in range(70, 75)]
LEFT_BAD = [row | ({"Last Day": "soon"} if n == 2 else {}) for n, row in enumerate(LEFT)]


def as_json(rows: list[dict[str, str]]) -> bytes:
    return json.dumps({"data": rows}, ensure_ascii=False).encode()


def as_fixed(rows: list[dict[str, str]]) -> bytes:
    return "\n".join(
        "".join(row[name].ljust(width) for name, width in zip(row, (6, 12, 10, 9), strict=True)) for row in rows
    ).encode()


def as_xlsx(sheets: dict[str, list[dict[str, str]]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet("x")
        sheet._WorkbookChild__title = title  # openpyxl refuses brackets; other programs write them
        for row in [list(rows[0]), *(list(row.values()) for row in rows)]:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def feed(slug: str, form: str, more: str = "") -> str:
    return (
        f"partner: {slug}\nfirm: northgate\nname: X\ntime_zone: America/Chicago\nfeeds:\n  people:\n"
        f'    file: "people*"\n    format: {form}{MAPPING}{more}'
    )


@pytest.mark.parametrize(
    ("form", "write"),
    [
        ("{type: csv}", lambda rows: as_csv(rows, list(rows[0]))),
        (FIXED, as_fixed),
        ("{type: json, records: data}", as_json),
        ("{type: excel}", lambda rows: as_xlsx({"People": rows})),
    ],
    ids=["csv", "fixed", "json", "excel"],
)
def test_a_workbook_repairs_a_feed_of_any_format(inbox, twin, gateway, tmp_path, form, write):
    inbox.apply(feed("acme", form))
    twin.apply(feed("globex", form))
    asked = {"as_of": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}
    twin.drop("people.dat", write(GOOD), **asked)
    told = inbox.drop("people.dat", write(BAD), **asked)
    assert counts(told) == {"read": 20, "created": 15, "rejected": 5}

    path = tmp_path / "repair.xlsx"
    gateway("import", "errors", told["import_id"], "--format", "xlsx", "--out", path)
    right = {row["EMP_ID"]: {"DOB": dt.date(1980, 2, 3), "Salary": float(row["Salary"])} for row in GOOD}
    mend(path, "EMP_ID", right)
    back = inbox.drop("repair.xlsx", path.read_bytes())

    assert (back["state"], counts(back)) == ("loaded", {"read": 5, "created": 5}), back["problems"]
    assert records(inbox) == records(twin)


def test_each_sheet_of_a_workbook_comes_back_under_its_own_mapping(inbox, twin, gateway, tmp_path):
    inbox.apply(feed("acme", SHEETS, LEAVERS))
    twin.apply(feed("globex", SHEETS, LEAVERS))
    asked = {"as_of": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}
    twin.drop("people.xlsx", as_xlsx({"Active": GOOD, "Left [2026]": LEFT}), **asked)
    told = inbox.drop("people.xlsx", as_xlsx({"Active": BAD, "Left [2026]": LEFT_BAD}), **asked)
    assert counts(told) == {"read": 25, "created": 19, "rejected": 6}, told

    path = tmp_path / "repair.xlsx"
    gateway("import", "errors", told["import_id"], "--format", "xlsx", "--out", path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Active", "Left _2026_"]
    for row in book["Active"].iter_rows(min_row=2):
        row[2].value, row[3].value = "02/03/1980", GOOD[int(row[0].value) - 1]["Salary"]
    book["Left _2026_"]["C2"] = dt.date(2026, 4, 30)
    book.move_sheet("Active", 1)
    book.save(path)
    back = inbox.drop("repair.xlsx", path.read_bytes())

    assert (back["state"], counts(back)) == ("loaded", {"read": 6, "created": 6}), back
    assert records(inbox) == records(twin)


def test_a_sheet_that_was_emptied_keeps_nothing_from_loading(inbox, gateway, tmp_path):
    inbox.apply(feed("acme", SHEETS, LEAVERS))
    told = inbox.drop("people.xlsx", as_xlsx({"Active": BAD, "Left [2026]": LEFT_BAD}))
    path = tmp_path / "repair.xlsx"
    gateway("import", "errors", told["import_id"], "--format", "xlsx", "--out", path)
    mend(path, "EMP_ID", {row["EMP_ID"]: {"DOB": row["DOB"], "Salary": row["Salary"]} for row in GOOD}, "Active")
    book = openpyxl.load_workbook(path)
    book["Left _2026_"].delete_rows(2)
    book.save(path)

    back = inbox.drop("repair.xlsx", path.read_bytes())
    assert (back["state"], counts(back)) == ("loaded", {"read": 5, "created": 5}), back


# ---------------------------------------------------------------- the command


def test_the_further_tables_of_an_import_are_listed_and_told(inbox, gateway):
    inbox.apply(feed("acme", SHEETS, LEAVERS))
    told = inbox.drop("people.xlsx", as_xlsx({"Active": BAD, "Left [2026]": LEFT_BAD}))
    assert list(told["receipts"]) == ["json", "csv", "csv-2-Left_2026_"]
    assert told["receipts"]["csv-2-Left_2026_"].endswith("/errors-2-Left_2026_.csv")

    result = CliRunner().invoke(cli, ["import", "errors", told["import_id"], "--format", "csv"])
    assert told["receipts"]["csv-2-Left_2026_"] in result.stderr
    assert result.stdout_bytes == Path(told["receipts"]["csv"]).read_bytes()


def test_the_workbook_is_handed_out_whole_for_its_owner_only_and_on_record(inbox, gateway, tmp_path):
    told = inbox.drop("roster_20260301.csv", [person(1, dob="soon"), person(2), person(3)])
    path = tmp_path / "repair.xlsx"
    gateway("import", "errors", told["import_id"], "--format", "xlsx", "--out", path)

    assert path.read_bytes() == Path(inbox.account(told["import_id"])["receipts"]["xlsx"]).read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE action = 'import.errors'") == [(1,)]


def test_without_rejected_rows_no_workbook_is_written(inbox, gateway, tmp_path):
    told = inbox.drop("roster_20260301.csv", [person(1), person(2)])
    path = tmp_path / "repair.xlsx"
    result = CliRunner().invoke(cli, ["import", "errors", told["import_id"], "--format", "xlsx", "--out", str(path)])

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "No row was rejected.\n")
    assert not path.exists()
