"""What is written in a form, our own feeds read back with the matching layout: the same values."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spreadsheet import neutralise
from ingest.feed import FieldSpec
from ingest.formats import open_table
from ingest.formats.csv import CsvFormat
from ingest.formats.excel import ExcelFormat
from ingest.formats.fixed import FixedFormat, RecordType
from ingest.formats.json import JsonFormat
from ingest.mapping.types import parser_for
from outbound.forms import Form, write

NAMES = ["word", "day", "at", "amount", "count"]
PATTERNS = ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d-%b-%Y", "%d %B %Y"]
INSTANTS = ["%Y-%m-%dT%H:%M:%S%z", "%m/%d/%Y %I:%M:%S %p", "%Y%m%d%H%M%S"]
MARKS = [(".", ""), (".", ","), (",", "."), (",", " "), (".", "'"), ("", "")]


@dataclass
class Bytes:
    content: bytes
    name: str = "report.dat"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return [self.content]


def words(alphabet: str | None = None):
    """Text that some program could have typed: no control characters but breaks, no space around it."""
    letters = (
        st.sampled_from(alphabet)
        if alphabet
        else st.characters(exclude_categories=("Cc", "Cs", "Cn"), include_characters="\n\t")
    )
    return st.text(letters, min_size=1, max_size=12).map(str.strip).filter(bool)


days = st.dates(date(1900, 3, 1), date(2199, 12, 31))
FIRST = datetime(1950, 1, 1, tzinfo=UTC)
# of whole seconds, and never midnight, which a workbook does not tell from a day
instants = st.integers(1, 86_399).flatmap(
    lambda second: st.integers(0, 90_000).map(lambda day: FIRST + timedelta(day, second))
)
amounts = st.decimals(-(10**9), 10**9, places=2)


def rows_of(text, least=1, most=4):
    row = st.tuples(text, days, instants, amounts, st.integers(-(2**31) + 1, 2**31 - 1))
    return st.lists(row, min_size=least, max_size=most)  # without a row some forms have no byte, which feeds refuse


def came_back(form: dict, layout, rows) -> list[list[str]]:
    out = io.BytesIO()
    write(msgspec.convert(form, Form), NAMES, rows, out)
    found = list(open_table(Bytes(out.getvalue()), layout).batches())
    assert [flaw for batch in found for flaw in (*batch.flaws, *batch.broken)] == []
    return [cells for batch in found for cells in batch.cells]


def read_as(cells, *specs, typed=False):
    parsers = [parser_for(spec, typed_cells=typed) for spec in specs]
    return [tuple(parse(cell) for parse, cell in zip(parsers, row, strict=True)) for row in cells]


def as_read(day, at, decimal):
    numbers = {"decimal": decimal} if decimal else {"implied": 2}
    return (
        FieldSpec(value="", type="text"),
        FieldSpec(value="", type="date", formats=[day]),
        FieldSpec(value="", type="datetime", formats=[at]),
        FieldSpec(value="", type="money", **numbers),
        FieldSpec(value="", type="integer"),
    )


def columns(day, at, decimal, thousands):
    return [
        "word",
        {"from": "day", "format": day},
        {"from": "at", "format": at},
        {"from": "amount", "format": {"decimals": 2, "decimal": decimal, "thousands": thousands}},
        "count",
    ]


ways = st.tuples(st.sampled_from(PATTERNS), st.sampled_from(INSTANTS), st.sampled_from(MARKS))
several = settings(deadline=None, max_examples=40)
# of each pattern: a workbook is read in a process of its own, so that few long ones try as many rows for less
WORKBOOKS = int(os.environ.get("WORKBOOK_EXAMPLES", "3"))


@several
@given(
    rows=rows_of(words()),
    way=ways,
    delimiter=st.sampled_from(["comma", "tab", "pipe", "semicolon"]),
    quote=st.sampled_from("\"'"),
    quote_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-8-sig"]),
    line_end=st.sampled_from(["crlf", "lf"]),
    bom=st.booleans(),
    raw=st.booleans(),
)
def test_delimited_text_comes_back(rows, way, raw, **options):
    day, at, (decimal, thousands) = way
    form = {"type": "csv", "columns": columns(day, at, decimal, thousands), "raw": raw, **options}
    layout = CsvFormat(delimiter=options["delimiter"], quote=options["quote"], encoding=options["encoding"])
    expected = [(word if raw else neutralise(word), *others) for word, *others in rows]
    assert read_as(came_back(form, layout, rows), *as_read(day, at, decimal)) == expected


@several
@given(rows=rows_of(words("abc -.;é")), way=ways)
def test_delimited_text_without_quotes_comes_back(rows, way):
    day, at, (decimal, thousands) = way
    form = {
        "type": "csv",
        "columns": columns(day, at, decimal, thousands),
        "raw": True,
        "quote": None,
        "delimiter": "|",
    }
    layout = CsvFormat(delimiter="|", quote=None)
    assert read_as(came_back(form, layout, rows), *as_read(day, at, decimal)) == rows


@several
@given(rows=rows_of(words()), way=ways, layout=st.sampled_from(["array", "lines"]))
def test_json_comes_back(rows, way, layout):
    day, at, (decimal, thousands) = way
    form = {"type": "json", "columns": columns(day, at, decimal, thousands), "layout": layout}
    assert read_as(came_back(form, JsonFormat(columns=NAMES), rows), *as_read(day, at, decimal)) == rows


@several
@given(rows=rows_of(words()))
def test_json_values_of_their_own_kind_come_back(rows):
    found = read_as(
        came_back({"type": "json"}, JsonFormat(columns=NAMES), rows), *as_read("%Y-%m-%d", INSTANTS[0], ".")
    )
    assert found == rows


@pytest.mark.parametrize("day", PATTERNS)
@settings(deadline=None, max_examples=WORKBOOKS)
@given(rows=rows_of(words(), 8, 24))
def test_a_workbook_comes_back(day, rows):
    """Its dates are real: a reader needs no format, and finds none of it wrong."""
    form = {"type": "xlsx", "columns": ["word", {"from": "day", "format": day}, "at", "amount", "count"]}
    cells = came_back(form, ExcelFormat(), rows)
    found = read_as(cells, *as_read(day, "%Y-%m-%dT%H:%M:%S", "."), typed=True)
    assert found == rows


@several
@given(
    rows=rows_of(words("abcXYZ 0189-+=ßé漢")),
    way=ways,
    unit=st.sampled_from(["characters", "bytes"]),
    line_end=st.sampled_from(["crlf", "lf", "cr", "none"]),
    right=st.booleans(),
)
def test_fixed_width_comes_back(rows, way, unit, line_end, right):
    day, at, (decimal, thousands) = way
    widths = (40, 20, 30, 18, 11)
    described = [{"from": one} if isinstance(one, str) else one for one in columns(day, at, decimal, thousands)]
    sized = [one | {"width": width} for one, width in zip(described, widths, strict=True)]
    sized[0] |= {"align": "right"} if right else {}
    sized[4] |= {"align": "right", "pad": "0"}
    form = {"type": "fixed", "columns": sized, "unit": unit, "line_end": line_end}
    places = {
        name: (1 + sum(widths[:place]), width) for place, (name, width) in enumerate(zip(NAMES, widths, strict=True))
    }
    whole = {"record_length": sum(widths)} if line_end == "none" else {"line_length": sum(widths)}
    layout = FixedFormat(records={"detail": RecordType(columns=places)}, unit=unit, **whole)
    cells = [[cell.strip(" ") for cell in row] for row in came_back(form, layout, rows)]
    assert read_as(cells, *as_read(day, at, decimal)) == rows


@given(at=instants, zone=st.sampled_from(["America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"]))
def test_an_instant_with_its_offset_is_the_same_in_every_zone(at, zone):
    form = {"type": "csv", "time_zone": zone, "columns": [{"from": "at", "format": "%Y-%m-%dT%H:%M:%S%z"}]}
    out = io.BytesIO()
    write(msgspec.convert(form, Form), ["at"], [[at]], out)
    told = datetime.fromisoformat(out.getvalue().decode().splitlines()[1])
    assert told.astimezone(UTC) == at or abs(told - at) < timedelta(minutes=1)  # local mean time has seconds


@pytest.mark.parametrize("amount", [Decimal("0.005"), Decimal("-0.005"), Decimal("-0.004"), Decimal("2.675")])
def test_numbers_are_rounded_half_up_and_never_to_minus_zero(amount):
    form = {"type": "csv", "header": False, "columns": [{"from": "n", "format": {"decimals": 2}}]}
    out = io.BytesIO()
    write(msgspec.convert(form, Form), ["n"], [[amount]], out)
    assert (
        out.getvalue().decode().strip()
        == {"0.005": "0.01", "-0.005": "-0.01", "-0.004": "0.00", "2.675": "2.68"}[str(amount)]
    )
