"""Fabricated samples in the six layouts that HR systems are known for, each with its quirks."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from xml.etree import ElementTree as ET

import openpyxl

LAST = "Müller Nguyen O'Brien García Okafor Lindqvist Patel Kowalski Schäfer Ivanova Tanaka Silva Becker Haddad".split()
FIRST = "Ana Björn Chloé Dev Elif Fatima Georg Hana Ivan Jürgen Kenji Lucía Mei Noor".split()
COUNTRIES = ["India", "Germany", "Brazil", "China", "Canada", "Nigeria", "Japan"]
ALPHA3 = ["IND", "DEU", "BRA", "CHN", "CAN", "NGA", "JPN"]


def _day(rng: random.Random, first: int, last: int) -> dt.date:
    return dt.date(first, 1, 1) + dt.timedelta(days=rng.randrange((last - first + 1) * 365))


def workday(count: int = 120) -> bytes:
    """One row a document, cells of several values, a mark, offsets behind dates, 12/31/9999 for no end."""
    rng, out = random.Random(1), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        "Employee ID,Legal Name - Last Name,Legal Name - First Name,Date of Birth,Primary Nationality,Email - Primary Work,"
        "Worker Status,Hire Date,Termination Date,Languages,Visa ID Type,Identification #,Issued Date,Expiration Date,"
        "Supervisory Organization,Location".split(",")
    )
    for number in range(count):
        person = (
            f"W{10_000 + number}", rng.choice(LAST), rng.choice(FIRST), f"{_day(rng, 1965, 2000)}-08:00",
            rng.choice(["India", "India; Canada", "Germany", "Brazil"]), f"w{number}@globex.example",
            rng.choice(["Active", "Active", "On Leave", "Terminated"]), f"{_day(rng, 2010, 2024)}-08:00", "12/31/9999",
            rng.choice(["English; Hindi", "English", "German; English"]),
        )  # fmt: skip
        for kind in rng.sample(["Passport", "I-94", "EAD"], rng.choice([1, 2])):
            end = "12/31/9999" if kind == "I-94" else f"{_day(rng, 2027, 2034)}-08:00"
            papers = (kind, f"{kind[0]}{rng.randrange(10**8):08}", f"{_day(rng, 2015, 2024)}-08:00", end)
            writer.writerow([*person, *papers, "Platform (Inherited)", rng.choice(["Berlin", "Austin"])])
    return out.getvalue().encode("utf-8-sig")


def adp(count: int = 150) -> bytes:
    """A padded company code, file numbers that lost zeros, LAST, FIRST M, M/D/YY, a name twice, masked SSN, totals."""
    rng, out = random.Random(2), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        "Co Code,File #,Payroll Name,SSN,Birth Date,Hire Date,Annual Salary,Status,State,State,Job Title,Visa Type,Visa Expiration Date".split(
            ","
        )
    )
    for number in range(count):
        born, hired, ends = _day(rng, 1960, 1999), _day(rng, 2005, 2025), _day(rng, 2027, 2033)
        writer.writerow([
            "__7XK", str(number * 37 + 12), f"{rng.choice(LAST)}, {rng.choice(FIRST)} {rng.choice('ABC')}", "XXX-XX-1234",
            *(f"{day.month}/{day.day}/{day:%y}" for day in (born, hired)), f"${rng.randrange(60, 190) * 1000:,}.00",
            rng.choice("AALT"), rng.choice(["IL", "TX"]), rng.choice(["WI", "CA"]), "Engineer",
            rng.choice(["H-1B", "L-1A", "TN", "US Citizen", ""]), f"{ends.month}/{ends.day}/{ends:%y}",
        ])  # fmt: skip
    writer.writerow(["Totals", str(count), *[""] * 11])
    return out.getvalue().encode()


def sap(count: int = 80) -> bytes:
    """HDR, DTL, TRL; zero-filled numbers, two infotypes a person, no dates as 00000000, umlauts as two bytes."""
    rng, lines, total = random.Random(3), [], 0
    for number in range(count):
        salary = rng.randrange(40_000_00, 150_000_00)
        total += salary
        end = rng.choice(["99991231", f"{_day(rng, 2026, 2030):%Y%m%d}"])
        lines.append(
            f"DTL{number + 301:08}0002{_bytes(rng.choice(LAST), 20)}{_bytes(rng.choice(FIRST), 15)}"
            f"{_day(rng, 1965, 1999):%Y%m%d}{rng.choice('MF')}{rng.choice(ALPHA3)}{salary:012}{end}"
        )
        lines.append(
            f"DTL{number + 301:08}0185{'P':4}{f'C{rng.randrange(10**7):07}':20}{_day(rng, 2027, 2033):%Y%m%d}".ljust(79)
        )
    head = f"HDR{20260501}{42:05}".ljust(79)
    return "\r\n".join([head, *lines, f"TRL{len(lines):08}{total:015}"]).encode()


def _bytes(text: str, width: int) -> str:
    """Text that fills so many bytes of UTF-8."""
    return text + " " * (width - len(text.encode()))


def workbook(count: int = 60) -> bytes:
    """Title rows, a header of two rows, four sheets of which two hold people, real and text dates, TBD, a total row."""
    rng, book = random.Random(4), openpyxl.Workbook()
    book.remove(book.active)
    for title, start in (("Active", 0), ("Terminated", count)):
        sheet = book.create_sheet(title)
        for row in (["Initech GmbH"], ["Immigration roster"], [f"as of {dt.date(2026, 5, 1)}"], []):
            sheet.append(row)
        sheet.append(["Employee", None, None, "Passport", None, "Visa", None, "Pay"])
        sheet.append(
            [
                "Employee ID",
                "Last Name",
                "Date of Birth",
                "Number",
                "Expiry Date",
                "Type",
                "Expiration Date",
                "Annual Salary",
            ]
        )
        sheet.merge_cells("A5:C5")
        sheet.merge_cells("D5:E5")
        sheet.merge_cells("F5:G5")
        for number in range(start, start + count):
            sheet.append([
                f"{number + 1:05}", rng.choice(LAST), dt.date(1990, 1, 1) + dt.timedelta(days=rng.randrange(3000)),
                f"N{number:07}", _day(rng, 2027, 2034).strftime("%m/%d/%Y") if number % 4 else "TBD",
                rng.choice(["H-1B", "L-1B", "O-1"]), "D/S" if number % 9 == 0 else _day(rng, 2027, 2031).strftime("%m/%d/%Y"),
                rng.randrange(50, 150) * 1000,
            ])  # fmt: skip
        sheet.append(["Total", None, None, None, None, None, None, 1_234_000])
    dependents = book.create_sheet("Dependents")
    dependents.append(["Employee ID", "Dependent Name", "Relationship", "Date of Birth"])
    dependents.append(["00001", "Ada", "Child", dt.date(2015, 2, 3)])
    lookup = book.create_sheet("Lookup")
    for row in (["Code", "Meaning"], ["H-1B", "Specialty occupation"], ["TN", "USMCA"]):
        lookup.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def payroll(count: int = 90) -> bytes:
    """German payroll: cp1252, semicolons, CRLF, a line about the file first, dd.mm.yyyy, 112.549,00, doubled quotes."""
    rng, out = random.Random(5), io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    out.write("Mandant 042;Stand 01.05.2026\r\n")
    writer.writerow(
        "Personalnummer;Nachname;Vorname;Geburtsdatum;Geschlecht;Staatsangehörigkeit;Eintrittsdatum;Austrittsdatum;Jahresgehalt;"
        "Währung;Tätigkeit;Kostenstelle;Reisepassnummer;Reisepass gültig bis;Status".split(";")
    )
    for number in range(count):
        salary = f"{rng.randrange(40_000, 160_000):,}".replace(",", ".") + f",{rng.randrange(100):02}"
        left = _day(rng, 2020, 2025).strftime("%d.%m.%Y") if number % 11 == 0 else ""
        writer.writerow([
            f"{number + 1:06}", rng.choice(LAST), rng.choice(FIRST), _day(rng, 1965, 1999).strftime("%d.%m.%Y"), rng.choice("mwd"),
            rng.choice(["Germany", "Austria", "India", "Türkiye"]), _day(rng, 2005, 2024).strftime("%d.%m.%Y"), left, salary, "EUR",
            'Leiter "Werk Süd"; Nord' if number % 7 == 0 else "Ingenieur", f"{rng.randrange(100, 120)}", f"C{rng.randrange(10**7):07}",
            _day(rng, 2027, 2034).strftime("%d.%m.%Y"), "ausgetreten" if left else "aktiv",
        ])  # fmt: skip
    return out.getvalue().encode("cp1252")


def hris(count: int = 50) -> bytes:
    """An envelope with nested people and a list of visas each."""
    rng = random.Random(6)
    people = [
        {
            "employeeId": f"H-{number:05}",
            "name": {"first": rng.choice(FIRST), "last": rng.choice(LAST)},
            "birthDate": str(_day(rng, 1965, 1999)),
            "workEmail": f"h{number}@hooli.example",
            "nationality": rng.choice(COUNTRIES),
            "employment": {
                "startDate": str(_day(rng, 2012, 2025)),
                "status": rng.choice(["active", "terminated"]),
                "jobTitle": "Analyst",
            },
            "visas": [_visa(rng) for _ in range(number % 3)],
        }
        for number in range(count)
    ]
    return json.dumps({"meta": {"page": 1}, "data": {"employees": people}}, ensure_ascii=False, indent=1).encode()


def _visa(rng: random.Random) -> dict[str, str]:
    number, ends = f"IOE{rng.randrange(10**10):010}", str(_day(rng, 2026, 2030))
    return {"type": rng.choice(["H-1B", "L-1A"]), "receiptNumber": number, "expirationDate": ends}


def report(count: int = 80) -> bytes:
    """A report of Workday: a namespace of its own, identifiers told by their type, a list of papers, no end as a date."""
    rng = random.Random(7)
    space = "{urn:com.workday.report/Immigration}"

    def put(above: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        made = ET.SubElement(above, space + name, {space + key: value for key, value in attributes.items()})
        made.text = text
        return made

    root = ET.Element(f"{space}Report_Data")
    for number in range(count):
        entry = put(root, "Report_Entry")
        last, first = rng.choice(LAST), rng.choice(FIRST)
        worker = put(entry, "Worker", Descriptor=f"{first} {last}")
        put(worker, "ID", f"{rng.randrange(16**12):012x}", type="WID")
        put(worker, "ID", f"{20_000 + number:06}", type="Employee_ID")
        put(entry, "Last_Name", last)
        put(entry, "First_Name", first)
        put(entry, "Date_of_Birth", f"{_day(rng, 1965, 2000)}")
        put(entry, "Country", rng.choice(COUNTRIES), Descriptor="of citizenship")
        for kind in rng.sample(["Passport", "I-94"], rng.choice([0, 1, 2])):
            visa = put(entry, "Visas_group")
            put(visa, "Visa_ID_Type", kind)
            put(visa, "Identification_Number", f"{kind[0]}{rng.randrange(10**8):08}")
            put(visa, "Expiration_Date", f"{_day(rng, 2027, 2034)}")
    return ET.tostring(root, "utf-8", xml_declaration=True)


SAMPLES = {
    "workday_20260501.csv": workday(),
    "adp_export_05012026.csv": adp(),
    "SAP_HR_0042.txt": sap(),
    "immigration 2026-05-01.xlsx": workbook(),
    "lohn_20260501.csv": payroll(),
    "people.json": hris(),
    "Immigration_2026-05-01.xml": report(),
}
