"""Hostile workbooks through the real command: each ends in a state with a receipt, in little memory, and harms no other."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import zipfile
from itertools import repeat
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children and memory are looked up in /proc"),
]

COMMAND = str(Path(sys.executable).with_name("gateway"))
SAMPLES = Path(__file__).parents[1] / "data" / "excel"
MIB = 1 << 20
MOST = 300  # MB that reading any workbook may take
DEADLINE = 60  # seconds

FEEDS = """
partner: acme
firm: northgate
name: ACME Manufacturing, Inc.
time_zone: America/Chicago
feeds:
"""
FEED = """  {name}:
    file: "{name}_*"
    format: {{type: excel{more}}}
    contents: changes
    client:
      key: employee_id
      fields:
        employee_id: {{from: [EMP_ID, Employee ID, Person ID], required: true}}
        family_name: {{from: [Name, Person Name]}}
"""
PARTNER = FEEDS + "".join(
    FEED.format(name=name, more=more)
    for name, more in [("plain", ""), ("many", ', sheets: ["S[0-9]+"]'), ("merged", ", header_rows: 2")]
)

# runs a command, then says on standard error how much memory it or any process below it took at most
MEASURED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)
sys.exit(done.returncode)
"""

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


# ---------------------------------------------------------------- workbooks as XML


def parts(sheets):
    """Everything of a package but its sheets."""
    numbers = range(1, sheets + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{TYPES}.worksheet+xml"/>' for n in numbers
    )
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{relations}<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"{relations}{targets}</Relationships>",
    }


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number, *texts):
    cells = "".join(cell(f"{letter}{number}", text) for letter, text in zip("ABCDEFGHIJ", texts, strict=False) if text)
    return f'<row r="{number}">{cells}</row>'


def roster(first, last, header=("EMP_ID", "Name"), top=1):
    """People by their numbers, below a header in the row `top`."""
    yield row(top, *header)
    yield from (row(top + 1 + place, f"E{number}", "Müller") for place, number in enumerate(range(first, last + 1)))


def workbook(path, *sheets, behind="", more=(), level=1, **changed):
    """Write a workbook, each sheet of which is pieces of XML."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, text in (parts(len(sheets)) | changed).items():
            archive.writestr(name, text)
        for name, content in more:
            archive.writestr(name, content)
        for number, pieces in enumerate(sheets, 1):
            with archive.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                part.write(f'<worksheet xmlns="{MAIN}"><dimension ref="A1:XFD1048576"/><sheetData>'.encode())
                for piece in pieces:
                    part.write(piece.encode())
                part.write(f"</sheetData>{behind}</worksheet>".encode())
    return path


def noise(rows, first=1):
    """Rows of 10 kB each that do not compress well."""
    chance = random.Random(7)
    yield row(1, "EMP_ID", "Name", *(f"Note {number}" for number in range(8)))
    for number in range(2, rows + 2):
        texts = (base64.b64encode(chance.randbytes(960)).decode() for _ in range(8))
        yield row(number, f"E{first + number - 2}", "Müller", *texts)


# ---------------------------------------------------------------- the files


def write_declaring(folder):
    return workbook(folder / "plain_declares_17_billion_cells.xlsx", roster(1_000, 1_999))


def write_50_mb(folder):
    path = workbook(folder / "plain_50_mb.xlsx", noise(6_400, first=10_000))
    assert 45 * MIB < path.stat().st_size < 60 * MIB
    return path


def write_bomb(folder):
    return workbook(folder / "plain_bomb.xlsx", [*roster(1, 5), *repeat(" " * MIB, 250)], level=9)


def write_nested(folder):
    inner, path = io.BytesIO(), folder / "plain_nested.xlsx"
    workbook(inner, roster(1, 5))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner.getvalue())
    return path


def write_truncated(folder):
    path = workbook(folder / "plain_truncated.xlsx", roster(1, 500))
    path.write_bytes(path.read_bytes()[:-3_000])
    return path


def write_protected(folder):
    return copy(folder / "plain_protected.xlsx", (SAMPLES / "protected.xlsx").read_bytes())


def write_macros(folder):
    macro = ("xl/vbaProject.bin", random.Random(1).randbytes(20_000))
    return workbook(folder / "plain_macros.xlsm", roster(2_000, 2_009), more=[macro])


def write_laughs(folder):
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]>' + parts(1)["xl/workbook.xml"].replace("S1", "&a9;")
    return workbook(folder / "plain_billion_laughs.xlsx", roster(1, 5), **{"xl/workbook.xml": bomb})


def write_lying_sectors(folder):
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    content[44:52] = b"\x7f" * 8  # how many sectors the table takes, and where the directory stands [MS-CFB] 2.2
    return copy(folder / "plain_lying_sectors.xls", content)


def write_lying_dimensions(folder):
    content = bytearray((SAMPLES / "roster.xls").read_bytes())
    at = content.index(bytes.fromhex("00020e00")) + 4  # how far the sheet reaches [MS-XLS] 2.4.90
    content[at : at + 14] = b"\xff" * 14
    return copy(folder / "plain_lying_dimensions.xls", content)


def write_300_sheets(folder):
    return workbook(folder / "many_sheets.xlsx", *(roster(3_000 + number, 3_000 + number) for number in range(300)))


def write_merged_header(folder):
    pieces = [row(1, "Person"), *roster(4_000, 4_009, ("ID", "Name"), top=2)]
    merged = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'
    return workbook(folder / "merged_header.xlsx", pieces, behind=merged)


def write_exploding(folder):
    """One cell that no reader can hold: the process that reads it dies of its memory limit."""
    start = '<row r="7"><c r="A7" t="inlineStr"><is><t>'
    text = repeat("0" * MIB, 90)
    return workbook(folder / "plain_explodes.xlsx", [*roster(1, 5), start, *text, "</t></is></c></row>"])


def write_last(folder):
    return workbook(folder / "plain_last.xlsx", roster(5_000, 5_009))


def copy(path, content):
    path.write_bytes(content)
    return path


FILES = {  # what it is -> the state that it ends in, and rows created or the code of the refusal
    write_declaring: ("loaded", 1_000),
    write_50_mb: ("loaded", 6_400),
    write_bomb: ("refused", "too_large"),
    write_nested: ("refused", "unreadable"),
    write_truncated: ("refused", "unreadable"),
    write_protected: ("refused", "password_protected"),
    write_macros: ("loaded", 10),
    write_laughs: ("refused", "unreadable"),
    write_lying_sectors: ("refused", "unreadable"),
    write_lying_dimensions: ("loaded", 2),
    write_300_sheets: ("loaded", 300),
    write_merged_header: ("loaded", 10),
    write_exploding: ("refused", "too_large"),
    write_last: ("loaded", 10),
}


# ---------------------------------------------------------------- the command


@pytest.fixture
def environment(settings, inbox) -> dict[str, str]:
    """The installation of this test as a process sees it, with the partner's settings in force."""
    inbox.apply(PARTNER)
    return os.environ | {
        "GATEWAY_DATA_DIR": str(settings.data_dir),
        "GATEWAY_DATABASE_URL": settings.database_url or "",
        "GATEWAY_SYSTEM_DATABASE_URL": settings.system_database_url or "",
        "GATEWAY_OWNER_DATABASE_URL": settings.owner_database_url or "",
        "GATEWAY_MASTER_KEY": base64.b64encode(settings.master_key or b"").decode(),
    }


def ingest(environment, *paths):
    command = [COMMAND, "ingest", *map(str, paths), "--partner", "acme", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *command],
        env=environment, capture_output=True, text=True, timeout=2 * DEADLINE, check=False,
    )  # fmt: skip
    assert done.returncode in {0, 1}, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout), int(done.stderr.rsplit("peak ", 1)[1])


def check_receipt(told):
    receipt = json.loads(Path(told["receipts"]["json"]).read_text())
    assert receipt["state"] == told["state"]
    assert told["state"] == "loaded" or (receipt["reason"] and receipt["fix"])


def test_hostile_workbooks_end_in_a_state_and_take_little_memory(environment, tmp_path):
    told, peak = ingest(environment, *(write(tmp_path) for write in FILES))

    found = {one["file"]: (one["state"], one["rows"].get("created") or one["code"]) for one in told}
    assert list(found.values()) == list(FILES.values()), found
    assert peak < MOST, peak
    for one in told:
        check_receipt(one)


def children(process):
    """The processes that a process has started, by what they run."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            command = (path.parent / "cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if parent == process.pid:
            found[command] = int(path.parent.name)
    return found


def reader_of(process):
    for _ in range(DEADLINE * 100):
        for command, number in children(process).items():
            if "ingest.formats.reader" in command:
                return number
        assert process.poll() is None, process.communicate()
        threading.Event().wait(0.01)  # the table of processes is looked at; nothing announces them
    raise AssertionError("never began to read")


def test_a_reader_that_is_killed_costs_its_file_and_no_other(environment, tmp_path):
    big, last = workbook(tmp_path / "plain_long.xlsx", noise(2_000)), write_last(tmp_path)
    command = [COMMAND, "ingest", str(big), str(last), "--partner", "acme", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    os.kill(reader_of(process), signal.SIGKILL)
    out, log = process.communicate(timeout=DEADLINE)

    assert (process.returncode, "Traceback" in log) == (1, False), log
    killed, good = json.loads(out)
    assert (killed["state"], killed["code"]) == ("refused", "too_large")
    assert (good["state"], good["rows"]["created"]) == ("loaded", 10)
    check_receipt(killed)
