"""Each type stores one form of what partners write, and refuses the rest with a code of the catalogue."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.values.base import BadValue
from gateway.values.mrz import check_digit
from ingest.feed import FieldSpec
from ingest.mapping.errors import SpecError
from ingest.mapping.types import TYPES, parser_for

US = {"formats": ["%m/%d/%Y"]}
SHORT = {"formats": ["%m/%d/%y"], "pivot": 40}
EURO = {"decimal": ","}
CENTS = {"implied": 2}
MAP = {"map": {"H-1B": "H1B_EXT", "H1B": "H1B_EXT", "Full Time": "FT"}}
LINE = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"  # the specimen of ICAO Doc 9303-4, appendix A

GOOD = [
    ("text", {}, "anything at all", "anything at all"),
    ("integer", {}, "12", 12),
    ("integer", {}, "-12", -12),
    ("integer", {}, "+7", 7),
    ("integer", {}, "12.0", 12),
    ("integer", {}, "1,234", 1234),
    ("integer", {}, "0012", 12),
    ("integer", {}, "2147483647", 2147483647),
    ("integer", EURO, "1.234", 1234),
    ("decimal", {}, "12.50", Decimal("12.5")),
    ("decimal", {}, ".5", Decimal("0.5")),
    ("decimal", {}, "-0", Decimal(0)),
    ("decimal", {}, "0.123456", Decimal("0.123456")),
    ("decimal", {}, "1,234.5", Decimal("1234.5")),
    ("decimal", EURO, "1.234,5", Decimal("1234.5")),
    ("money", {}, "$112,549.00", Decimal("112549.00")),
    ("money", {}, "81765", Decimal("81765.00")),
    ("money", {}, "($1,200.50)", Decimal("-1200.50")),
    ("money", {}, "-$5", Decimal("-5.00")),
    ("money", {}, "$-5", Decimal("-5.00")),
    ("money", {}, "1200.50-", Decimal("-1200.50")),
    ("money", {}, "USD 1,200", Decimal("1200.00")),
    ("money", {}, "usd 1,200", Decimal("1200.00")),
    ("money", {}, "US$ 5", Decimal("5.00")),
    ("money", {}, "1.5000", Decimal("1.50")),
    ("money", {}, "999,999,999,999.99", Decimal("999999999999.99")),
    ("money", {}, "000000000000005.00", Decimal("5.00")),
    ("money", EURO, "112.549,00", Decimal("112549.00")),
    ("money", EURO, "112.549,00 €", Decimal("112549.00")),
    ("money", EURO, "112\u00a0549,00 EUR", Decimal("112549.00")),
    ("money", {}, "CHF 112'549.00", Decimal("112549.00")),
    ("money", CENTS, "0012550", Decimal("125.50")),
    ("money", CENTS, "0012550-", Decimal("-125.50")),
    ("money", CENTS, "-12550", Decimal("-125.50")),
    ("money", CENTS, "(12550)", Decimal("-125.50")),
    ("money", CENTS, "USD 12550", Decimal("125.50")),
    ("money", CENTS, "5", Decimal("0.05")),
    ("money", CENTS, "000", Decimal("0.00")),
    ("money", {"implied": 4}, "1255000", Decimal("125.50")),
    ("decimal", {"implied": 3}, "+0040000", Decimal(40)),
    ("boolean", {}, "Yes", True),
    ("boolean", {}, "y", True),
    ("boolean", {}, "TRUE", True),
    ("boolean", {}, "1", True),
    ("boolean", {}, "X", True),
    ("boolean", {}, "no", False),
    ("boolean", {}, "N", False),
    ("boolean", {}, "False", False),
    ("boolean", {}, "0", False),
    ("date", {}, "2026-05-31", date(2026, 5, 31)),
    ("date", US, "8/17/2016", date(2016, 8, 17)),
    ("date", US, "08/07/2016", date(2016, 8, 7)),
    ("date", US, "2/29/2024", date(2024, 2, 29)),
    ("date", SHORT, "1/2/40", date(2040, 1, 2)),
    ("date", SHORT, "1/2/41", date(1941, 1, 2)),
    ("date", {"formats": ["%d.%m.%Y"]}, "31.12.2026", date(2026, 12, 31)),
    ("date", {"formats": ["%Y%m%d"]}, "20260501", date(2026, 5, 1)),
    ("date", {"formats": ["%d-%b-%Y"]}, "01-MAY-2026", date(2026, 5, 1)),
    ("date", {"formats": ["%d%b%Y"]}, "1sep2026", date(2026, 9, 1)),
    ("date", {"formats": ["%B %d, %Y"]}, "May 1, 2026", date(2026, 5, 1)),
    ("date", {"formats": ["%Y-%m-%d%z"]}, "2026-05-01-08:00", date(2026, 5, 1)),
    ("date", {"formats": ["%Y-%m-%d%z"]}, "2026-05-01Z", date(2026, 5, 1)),
    ("date", {"formats": ["%m/%d/%Y %I:%M:%S %p"]}, "8/17/2016 12:00:00 AM", date(2016, 8, 17)),
    ("date", {"formats": ["%m/%d/%Y", "%Y-%m-%d"]}, "2016-08-17", date(2016, 8, 17)),
    ("date", {"formats": ["%Y%%%m%%%d"]}, "2016%8%17", date(2016, 8, 17)),
    ("date", US, "1/1/1900", date(1900, 1, 1)),
    ("date", US, "12/31/2200", date(2200, 12, 31)),
    ("datetime", {}, "2026-05-01T08:30:00-05:00", datetime(2026, 5, 1, 13, 30, tzinfo=UTC)),
    ("datetime", {}, "2026-05-01T08:30:00Z", datetime(2026, 5, 1, 8, 30, tzinfo=UTC)),
    ("datetime", {}, "2026-05-01 08:30", datetime(2026, 5, 1, 8, 30, tzinfo=UTC)),
    ("datetime", {}, "2026-05-01T08:30:15.25+0530", datetime(2026, 5, 1, 3, 0, 15, 250000, tzinfo=UTC)),
    ("datetime", {"formats": ["%m/%d/%Y %I:%M %p"]}, "5/1/2026 12:05 am", datetime(2026, 5, 1, 0, 5, tzinfo=UTC)),
    ("datetime", {"formats": ["%m/%d/%Y %I:%M %p"]}, "5/1/2026 12:05\u202fPM", datetime(2026, 5, 1, 12, 5, tzinfo=UTC)),
    ("datetime", {"formats": ["%Y%m%d%H%M"]}, "202605010830", datetime(2026, 5, 1, 8, 30, tzinfo=UTC)),
    ("email", {}, "ann@example.com", "ann@example.com"),
    ("email", {}, "Ann.O'Neil@EXAMPLE.Com", "Ann.O'Neil@example.com"),
    ("email", {}, "a+b@sub.example.co.uk", "a+b@sub.example.co.uk"),
    ("email", {}, "x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
    ("email", {}, "1@2.museum", "1@2.museum"),
    ("email", {}, f"{'a' * 64}@example.com", f"{'a' * 64}@example.com"),
    ("phone", {}, "+1 312 555 0100", "+13125550100"),
    ("phone", {"region": "US"}, "(312) 555-0100", "+13125550100"),
    ("phone", {"region": "US"}, "312.555.0100 x12", "+13125550100"),
    ("phone", {"region": "US"}, "+49 30 901820", "+4930901820"),
    ("phone", {"region": "DE"}, "030 901820", "+4930901820"),
    ("phone", {}, "+91 98765 43210", "+919876543210"),
    ("us_state", {}, "IL", "IL"),
    ("us_state", {}, "il", "IL"),
    ("us_state", {}, "New York", "NY"),
    ("us_state", {}, "WASHINGTON", "WA"),
    ("us_state", {}, "District of  Columbia", "DC"),
    ("us_state", {}, "Washington, D.C.", "DC"),
    ("us_state", {}, "PR", "PR"),
    ("us_state", {}, "AP", "AP"),
    ("code", MAP, "H-1B", "H1B_EXT"),
    ("code", MAP, "h1b", "H1B_EXT"),
    ("code", MAP, "H 1B", "H1B_EXT"),
    ("code", MAP, "full time", "FT"),
    ("code", MAP, "FULLTIME", "FT"),
    ("code", {"map": {"STRASSE": "s"}}, "straße", "s"),
    ("receipt_number", {}, "IOE0912345678", "IOE0912345678"),
    ("receipt_number", {}, "eac-26-123-45678", "EAC2612345678"),
    ("receipt_number", {}, "WAC 26 123 45678", "WAC2612345678"),
    ("receipt_number", {}, "LIN2612345678", "LIN2612345678"),
    ("receipt_number", {}, "SRC2612345678", "SRC2612345678"),
    ("receipt_number", {}, "MSC2612345678", "MSC2612345678"),
    ("money", {}, "1.7000000000000000e+04", Decimal("17000.00")),
    ("money", {}, "-1.7000050000000000E+04", Decimal("-17000.05")),
    ("money", {}, "1.5E7", Decimal("15000000.00")),
    ("money", {}, "1e+05", Decimal("100000.00")),
    ("money", {"decimal": ","}, "1,70005e4", Decimal("17000.50")),
    ("money", {}, "$20.", Decimal("20.00")),
    ("money", {}, "20.", Decimal("20.00")),
    ("money", {"decimal": ","}, "1.020,", Decimal("1020.00")),
    ("decimal", {}, "1.5e-05", Decimal("0.000015")),
    ("decimal", {}, "0.0000000000000000e+00", Decimal(0)),
    ("integer", {}, "1.7000000000000000e+04", 17000),
    ("integer", {}, "12.", 12),
    ("a_number", {}, "A012345678", "012345678"),
    ("a_number", {}, "a-12345678", "012345678"),
    ("a_number", {}, "12345678", "012345678"),
    ("a_number", {}, "1234567", "001234567"),
    ("a_number", {}, "A1234567", "001234567"),
    ("a_number", {}, "-123456789", "123456789"),
    ("i94_number", {}, "12345678901", "12345678901"),
    ("i94_number", {}, "00000000001", "00000000001"),
    ("i94_number", {}, "123456789A1", "123456789A1"),
    ("i94_number", {}, "123456789a1", "123456789A1"),
    ("i94_number", {}, "000000001Z9", "000000001Z9"),
    ("i94_number", {}, "99999999999", "99999999999"),
    ("ssn", {}, "536-90-4399", "536904399"),
    ("ssn", {}, "536904399", "536904399"),
    ("ssn", {}, "53690-4399", "536904399"),
    ("ssn", {}, "001-01-0001", "001010001"),
    ("ssn", {}, "899-99-9999", "899999999"),
    ("ssn", {}, "665-01-0001", "665010001"),
    ("fein", {}, "91-1144442", "911144442"),
    ("fein", {}, "911144442", "911144442"),
    ("fein", {}, "04-2103594", "042103594"),
    ("fein", {}, "01-0000000", "010000000"),
    ("fein", {}, "99-9999999", "999999999"),
    ("fein", {}, "20-1234567", "201234567"),
    ("soc", {}, "15-1252", "15-1252"),
    ("soc", {}, "15-1132", "15-1132"),
    ("soc", {}, "15-1252.00", "15-1252.00"),
    ("soc", {}, "11-1011.03", "11-1011.03"),
    ("soc", {}, "55-3019", "55-3019"),
    ("soc", {}, "00-0000", "00-0000"),
    ("lca_number", {}, "I-200-26001-123456", "I-200-26001-123456"),
    ("lca_number", {}, "i-201-26001-123456", "I-201-26001-123456"),
    ("lca_number", {}, "I-202-26001-123456", "I-202-26001-123456"),
    ("lca_number", {}, "I-203-26001-123456", "I-203-26001-123456"),
    ("perm_number", {}, "A-16013-60740", "A-16013-60740"),
    ("perm_number", {}, "a-16013-60740", "A-16013-60740"),
    ("perm_number", {}, "C-08123-12345", "C-08123-12345"),
    ("perm_number", {}, "G-100-26001-123456", "G-100-26001-123456"),
    ("sevis", {}, "N0012345678", "N0012345678"),
    ("sevis", {}, "n0012345678", "N0012345678"),
    ("passport_mrz", {}, "L898902C36", "L898902C3"),
    ("passport_mrz", {}, "l898902c36", "L898902C3"),
    ("passport_mrz", {}, "L898902C3 6", "L898902C3"),
    ("passport_mrz", {}, f"AB12345<<{check_digit('AB12345<<')}", "AB12345"),
    ("passport_mrz", {}, LINE, "L898902C3"),
    ("passport_mrz", {}, LINE.lower(), "L898902C3"),
    ("country", {}, "IN", "IND"),
]

BAD = [
    *(
        ("integer", {}, text, "bad_number")
        for text in ["", "12.5", "1.25e1", "1,2345", "12,34", "٣", "NaN", "abc", "--1", "$5", ".", "0x1F"]
    ),
    *(("integer", {}, text, "out_of_range") for text in ["2147483648", "-2147483648", "9" * 5000]),
    *(
        ("decimal", {}, text, "bad_number")
        for text in [
            "NaN",
            "Infinity",
            "1e",
            "e5",
            "1e5.5",
            "1e5e5",
            "1e5 USD",
            "1_000",
            "1.2.3",
            "0.1234567",
            "５",
            "5%",
            "1,23",
        ]
    ),
    *(
        ("money", {}, text, "bad_number")
        for text in [
            "1,2345",
            "1.005",
            "12,34.00",
            "1,234 567",
            "$$5",
            "-(5)",
            "(5",
            "5)",
            "-5-",
            "ABC 5",
            "TBD",
            "1 2",
            "",
            "$",
        ]
    ),
    *(
        ("money", {}, text, "lost_digits")
        for text in ["1.70E+04", "1.7E+04", "1.23457e+06", "1e+06", "1.70E+01", "1.70e+04"]
    ),
    ("decimal", {}, "5.00E-01", "lost_digits"),
    ("integer", {}, "1.7E+04", "lost_digits"),
    ("money", {}, "1.7123456000000000e+04", "bad_number"),
    ("money", {}, "1e999", "out_of_range"),
    ("money", {}, "1e13", "out_of_range"),
    ("money", {"decimal": ","}, "1.7e4", "bad_number"),
    ("money", {}, ".", "bad_number"),
    ("money", {}, "$.", "bad_number"),
    ("money", {"decimal": ","}, "20.", "bad_number"),
    ("money", {}, "$" + " " * 5000 + "x", "bad_number"),
    ("money", {}, "1000000000000.00", "out_of_range"),
    ("money", {}, "9" * 90_000, "out_of_range"),
    *(
        ("money", CENTS, text, "bad_number")
        for text in ["125.50", "125.", "125,50", "1'255", "12 550", "1.255e4", "1255e1", "--5", "12550x", "-", "$", ""]
    ),
    ("money", {"implied": 3}, "12555", "bad_number"),
    ("money", CENTS, "100000000000000", "out_of_range"),
    ("money", EURO, "112,549.00", "bad_number"),
    ("money", EURO, "1,234", "bad_number"),
    *(("boolean", {}, text, "bad_boolean") for text in ["maybe", "2", "yess", "-", "on?", "10"]),
    *(
        ("date", {}, text, "bad_date")
        for text in ["05/06/2026", "20260506", "2026-5", "2026-02-30", "2026-05-31T00:00", "٢٠٢٦-05-31", "2026-W01-1"]
    ),
    *(
        ("date", US, text, "bad_date")
        for text in [
            "13/1/2016",
            "2/30/2016",
            "8/17/16",
            "8/17/2016 junk",
            "x8/17/2016",
            "8-17-2016",
            "8/17/20166",
            "0/1/2016",
            "8//2016",
        ]
    ),
    *(("date", US, text, "out_of_range") for text in ["12/31/9999", "1/1/1899", "1/1/2201", "1/1/0001"]),
    *(("date", {"formats": ["%Y%m%d"]}, text, "bad_date") for text in ["2026051", "00000000", "202605011", "2026 501"]),
    ("date", {"formats": ["%d-%b-%Y"]}, "01-MAI-2026", "bad_date"),
    ("date", {"formats": ["%d-%b-%Y"]}, "01-\u017fep-2026", "bad_date"),
    ("date", {"formats": ["%Y-%m-%d%z"]}, "2026-05-01", "bad_date"),
    *(
        ("datetime", {}, text, "bad_date")
        for text in [
            "2026-05-01",
            "2026-05-01T25:00",
            "2026-05-01T08:30+24:00",
            "2026-05-01T08:30+05:99",
            "2026-05-01T08:30:60",
            "noon",
        ]
    ),
    ("datetime", {}, "9999-12-31T23:59-08:00", "bad_date"),
    ("datetime", {"formats": ["%m/%d/%Y %I:%M %p"]}, "5/1/2026 13:05 PM", "bad_date"),
    *(
        ("email", {}, text, "bad_email")
        for text in [
            "ann",
            "ann@",
            "@example.com",
            "a b@example.com",
            "a@b",
            "a@@b.com",
            "a@-b.com",
            ".a@b.com",
            "a..b@c.com",
            "a@b.c1",
            "a@b.com, c@d.com",
            "Ann <a@b.com>",
            "a@b.com\n",
        ]
    ),
    ("email", {}, f"{'a' * 65}@example.com", "bad_email"),
    ("email", {}, "a@" + "b" * 90_000 + ".com", "bad_email"),
    *(
        ("phone", {}, text, "bad_phone")
        for text in ["312 555 0100", "x", "+999 1", "+1 312", "12", "+", "+1 " + "3" * 70]
    ),
    *(("phone", {"region": "US"}, text, "bad_phone") for text in ["5550100", "n/a", "123-456-78901234"]),
    *(("us_state", {}, text, "bad_code") for text in ["XX", "Ontario", "ILL", "U", "12", "New Yrok"]),
    *(("code", MAP, text, "bad_code") for text in ["H-1B1", "H_1B", "", "TN", "H-1", "Full-Time"]),
    *(
        ("receipt_number", {}, text, "bad_identifier")
        for text in ["ABC2612345678", "EAC261234567", "EAC26123456789", "2612345678", "EAC26123A5678", "EAC٢612345678"]
    ),
    *(
        ("a_number", {}, text, "bad_identifier")
        for text in ["A123456", "A1234567890", "B12345678", "A 12345678", "A--12345678", "123-456-789"]
    ),
    *(
        ("i94_number", {}, text, "bad_identifier")
        for text in ["1234567890", "123456789012", "12345678A01", "A2345678901", "123456789AA", "1234 5678901"]
    ),
    *(
        ("ssn", {}, text, "bad_identifier")
        for text in [
            "XXX-XX-1234",
            "***-**-1234",
            "000-12-3456",
            "666-12-3456",
            "900-12-3456",
            "078-05-1120",
            "123-00-4567",
            "123-45-0000",
            "12345678",
            "123–45–6789",
        ]
    ),
    *(
        ("fein", {}, text, "bad_identifier")
        for text in ["07-1144442", "00-1234567", "911-144442", "91-114444", "9-11144442", "91 1144442"]
    ),
    *(
        ("soc", {}, text, "bad_identifier")
        for text in ["151252", "15-125", "15-1252.0", "15-1252.000", "1-51252", "AB-1252"]
    ),
    *(
        ("lca_number", {}, text, "bad_identifier")
        for text in [
            "I-204-26001-123456",
            "I-200-2601-123456",
            "I-200-26001-12345",
            "200-26001-123456",
            "I20026001123456",
            "H-200-26001-123456",
        ]
    ),
    *(
        ("perm_number", {}, text, "bad_identifier")
        for text in [
            "A-1601-60740",
            "A-16013-6074",
            "1-16013-60740",
            "G-200-26001-123456",
            "A16013-60740",
            "A-16013-607400",
        ]
    ),
    *(
        ("sevis", {}, text, "bad_identifier")
        for text in ["N001234567", "N00123456789", "0012345678", "M0012345678", "N 0012345678", "N001234567A"]
    ),
    *(
        ("passport_mrz", {}, text, "bad_identifier")
        for text in [
            "L898902C37",
            "L898902C3",
            "<<<<<<<<<0",
            LINE[:43] + "1",
            LINE[:13] + "750812" + LINE[19:],
            "M" + LINE[1:],
            LINE[:40],
            "L898902Ç36",
        ]
    ),
    *(
        ("country", {}, text, "bad_country")
        for text in ["Korean", "Atlantis", "Indya", "Virgin Islands", "XX", "???", "漢字", "x" * 5000]
    ),
]


@pytest.mark.parametrize(("kind", "options", "text", "expected"), GOOD)
def test_a_type_stores_one_form_of_what_partners_write(kind, options, text, expected):
    value = parser_for(FieldSpec(type=kind, **options))(text)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(("kind", "options", "text", "code"), BAD)
def test_a_type_refuses_what_is_not_its_own(kind, options, text, code):
    with pytest.raises(BadValue) as caught:
        parser_for(FieldSpec(type=kind, **options))(text)
    assert caught.value.code == code


def test_every_type_has_good_and_bad_cases():
    assert {kind for kind, *_ in GOOD} == set(TYPES)
    assert {kind for kind, *_ in BAD} == set(TYPES) - {"text"}


@pytest.mark.parametrize(("field", "digit"), [("L898902C3", 6), ("740812", 2), ("120415", 9), ("ZE184226B<<<<<", 1)])
def test_check_digits_are_those_of_the_specimen_of_icao_9303(field, digit):
    assert check_digit(field) == digit


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (US, "MM/DD/YYYY"),
        ({}, "YYYY-MM-DD"),
        ({"formats": ["%m/%d/%Y", "%d-%b-%Y"]}, "MM/DD/YYYY or DD-MON-YYYY"),
        (SHORT, "MM/DD/YY"),
        ({"formats": ["%Y%m%d"]}, "YYYYMMDD"),
        ({"formats": ["%d/%m/%Y %H:%M:%S"]}, "DD/MM/YYYY hh:mm:ss"),
    ],
)
def test_date_formats_are_told_as_people_write_them(options, expected):
    with pytest.raises(BadValue) as caught:
        parser_for(FieldSpec(type="date", **options))("soon")
    assert caught.value.details == {"expected": expected}


def test_a_long_list_of_codes_is_cut_short_in_the_sentence():
    with pytest.raises(BadValue) as caught:
        parser_for(FieldSpec(type="code", map={f"c{n}": "x" for n in range(20)}))("?")
    assert str(caught.value.details["expected"]).endswith("c11 (and 8 more)")


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"type": "dat"}, "type"),
        ({"type": "text", "formats": ["%Y"]}, "formats"),
        ({"type": "text", "map": {"a": "b"}}, "map"),
        ({"type": "text", "region": "US"}, "region"),
        ({"type": "text", "decimal": ","}, "decimal"),
        ({"type": "text", "implied": 2}, "implied"),
        ({"type": "integer", "implied": 2}, "implied"),
        ({"type": "money", "implied": 2, "decimal": ","}, "implied"),
        ({"type": "text", "min": 1}, "min"),
        ({"type": "boolean", "max": 1}, "max"),
        ({"type": "text", "pivot": 30}, "pivot"),
        ({"type": "date", "pivot": 30}, "pivot"),
        ({"type": "date", "formats": ["%m/%d/%y"]}, "pivot"),
        ({"type": "date", "formats": ["%m/%d/%Y", "%d/%m/%Y"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y", "%m/%d/%Y"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d"]}, "formats"),
        ({"type": "date", "formats": ["MM/DD/YYYY"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y %Q"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y%"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y %d"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y %b"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y %I:%M"]}, "formats"),
        ({"type": "date", "formats": ["%m/%d/%Y %H:%M %p"]}, "formats"),
        ({"type": "datetime", "formats": ["%m/%d/%Y"]}, "formats"),
        ({"type": "code"}, "map"),
        ({"type": "code", "map": {}}, "map"),
        ({"type": "code", "map": {"H1B": "a", "h 1b": "b"}}, "map"),
        ({"type": "code", "map": {"a": "b"}, "one_of": ["b"]}, "one_of"),
        ({"type": "date", "one_of": ["2026-01-01"]}, "one_of"),
        ({"type": "phone", "region": "USA"}, "region"),
    ],
)
def test_options_that_make_no_sense_are_errors_of_the_configuration(options, option):
    with pytest.raises(SpecError) as caught:
        parser_for(FieldSpec(**options))
    assert caught.value.option == option
    assert str(caught.value)


@pytest.mark.parametrize(
    ("written", "meant"), [("dat", "date"), ("countries", "country"), ("recipt_number", "receipt_number")]
)
def test_an_unknown_type_is_met_with_the_nearest_one(written, meant):
    with pytest.raises(SpecError) as caught:
        parser_for(FieldSpec(type=written))
    assert caught.value.suggestion == meant


def test_heavy_libraries_load_only_with_a_feed_that_needs_them():
    seen = "import sys, ingest.mapping.column; print([m for m in ('phonenumbers', 'pycountry') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("money", "112.549,00", Decimal("112549.00")),
        ("money", "112549.5", Decimal("112549.50")),
        ("money", "-1.5", Decimal("-1.50")),
        ("decimal", "1125.125", Decimal("1125.125")),
        ("decimal", "1,125", Decimal("1.125")),
        ("integer", "12.0", 12),
        ("money", "112.549.000", Decimal(112549000)),
    ],
)
def test_a_workbooks_numbers_keep_their_point_where_text_has_a_comma(kind, text, value):
    assert parser_for(FieldSpec(from_="x", type=kind, decimal=","), typed_cells=True)(text) == value


def test_a_workbooks_number_that_text_could_also_be_is_refused():
    parse = parser_for(FieldSpec(from_="x", type="money", decimal=","), typed_cells=True)
    with pytest.raises(BadValue) as refused:
        parse("1.125")
    assert refused.value.code == "bad_number"
