"""What every form promises, whatever its bytes look like: run over each entry of `FORMS`, read by another program."""

from __future__ import annotations

import csv
import io
import itertools
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import openpyxl
import pytest

from gateway.config import ConfigError, decode, read
from outbound.forms import FORMS, Form, FormSpec, Unfit, faults, write
from outbound.forms.csv import CsvForm
from outbound.forms.fixed import FixedForm
from outbound.forms.json import JsonForm
from outbound.forms.xlsx import XlsxForm

NAMES = ["employee_id", "name", "stage", "salary", "expires_on", "seen_at", "is_open"]
SEEN = datetime(2026, 5, 1, 17, 30, 5, tzinfo=UTC)
ROWS = [
    ["00123", "Müller, “Ann”", "rfe", Decimal("1234.50"), date(2027, 3, 9), SEEN, True],
    ["00124", None, "filed", Decimal("-0.5"), None, None, False],
    ["", "李 小龙", "other", 0, date(1999, 12, 31), SEEN, None],
]
WIDTH = 40


def described(kind, *columns, **more) -> FormSpec:
    """A form as partner.yaml has it; in fixed width every column has its places."""
    chosen = list(columns) or list(NAMES)
    if kind is FixedForm:
        chosen = [{"width": WIDTH, **({"from": one} if isinstance(one, str) else one)} for one in chosen]
    return msgspec.convert({"type": kind.__struct_config__.tag, "columns": chosen, **more}, Form)


def written(spec, rows=ROWS, names=NAMES) -> bytes:
    out = io.BytesIO()
    write(spec, names, rows, out)
    return out.getvalue()


def read_csv(content, spec) -> Iterator[list]:
    return csv.reader(io.StringIO(content.decode(spec.encoding), newline=""), delimiter=spec.separator)


def read_fixed(content, spec) -> Iterator[list]:
    ends = list(itertools.accumulate((one.width for one in spec.columns), initial=0))
    header = ["".join(one.name) for one in spec.columns]
    lines = content.decode(spec.encoding).splitlines()
    assert all(len(line) == ends[-1] for line in lines)
    yield header  # a file of fixed width has none
    for line in lines:
        yield [line[start:end].strip(" ") for start, end in itertools.pairwise(ends)]


def read_json(content, spec) -> Iterator[list]:
    found = json.loads(content)
    yield list(found[0]) if found else []
    yield from (list(one.values()) for one in found)


def read_xlsx(content, spec) -> Iterator[list]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    rows = [list(row) for row in book[spec.sheet].values]
    yield from (row + [None] * (len(rows[0]) - len(row)) for row in rows)  # it leaves out blank cells at the end


# a new form adds what another program reads it with: (content, form) -> the header, and rows
READERS: dict[type[FormSpec], Callable[[bytes, FormSpec], Iterator[list]]] = {
    CsvForm: read_csv,
    FixedForm: read_fixed,
    JsonForm: read_json,
    XlsxForm: read_xlsx,
}

each_form = pytest.mark.parametrize("kind", FORMS, ids=lambda kind: kind.__struct_config__.tag)


def came_back(spec, rows=ROWS, names=NAMES) -> list[list]:
    """Header and rows as the other program has them; a blank is None whatever the program calls it."""
    found = READERS[type(spec)](written(spec, rows, names), spec)
    return [[None if cell == "" else cell for cell in row] for row in found]


def column(spec, rows=ROWS, names=NAMES) -> list:
    """The cells of the one column of a form."""
    return [cells[0] for cells in came_back(spec, rows, names)[1:]]


def test_every_form_has_another_program_that_reads_it():
    assert set(READERS) == set(FORMS)


@each_form
def test_its_name_in_the_config_selects_it(kind):
    assert type(msgspec.convert(msgspec.to_builtins(described(kind)), Form)) is kind


@each_form
def test_an_unknown_option_is_an_error(kind):
    with pytest.raises(msgspec.ValidationError, match="encodign"):
        described(kind, encodign="utf-8")


@each_form
def test_what_is_written_is_what_another_program_reads(kind):
    header, *rows = came_back(described(kind))
    assert header == NAMES
    assert [row[:3] for row in rows] == [[one or None for one in row[:3]] for row in ROWS]
    assert [Decimal(str(row[3])) for row in rows] == [Decimal("1234.50"), Decimal("-0.5"), 0]
    assert [str(row[4])[:10] for row in rows] == ["2027-03-09", "None", "1999-12-31"]
    assert [str(row[5])[:19].replace("T", " ") for row in rows] == [
        "2026-05-01 17:30:05",
        "None",
        "2026-05-01 17:30:05",
    ]
    assert [str(row[6]).lower() for row in rows] == ["true", "false", "none"]


@each_form
def test_a_partner_gets_the_columns_it_wants_under_its_own_names(kind):
    spec = described(kind, {"from": "name", "header": "Full Name"}, "employee_id", {"value": "ACME", "header": "Src"})
    assert came_back(spec, ROWS[:1]) == [["Full Name", "employee_id", "Src"], ["Müller, “Ann”", "00123", "ACME"]]


@each_form
def test_without_columns_it_has_those_of_the_report(kind):
    if kind is FixedForm:
        with pytest.raises(msgspec.ValidationError, match="columns"):
            msgspec.convert({"type": "fixed"}, Form)
        return
    assert came_back(kind())[0] == NAMES


@each_form
def test_our_words_become_the_partners(kind):
    stages = {"from": "stage", "map": {"rfe": "R", "filed": "F"}, "else": "?"}
    assert column(described(kind, stages)) == ["R", "F", "?"]
    truth = {"from": "is_open", "map": {"true": "Y", "false": "N", "": "U"}}
    assert column(described(kind, truth)) == ["Y", "N", "U"]


@each_form
def test_a_blank_stays_blank_unless_the_map_has_a_word_for_it(kind):
    spec = described(kind, {"from": "name", "map": {"x": "y"}, "else": "named"})
    assert column(spec) == ["named", None, "named"]


@each_form
def test_a_word_that_the_map_lacks_is_told_with_its_place_and_not_repeated(kind):
    spec = described(kind, {"from": "stage", "header": "STG", "map": {"rfe": "R", "filed": "F"}})
    with pytest.raises(Unfit) as told:
        written(spec)
    assert told.value.sentence.startswith('Row 3 of the report, column "STG": ')
    assert "other" not in told.value.sentence


@each_form
def test_dates_are_written_as_the_partner_writes_them(kind):
    pattern = {"from": "expires_on", "format": "%m/%d/%Y"}
    found = column(described(kind, pattern))
    if kind is XlsxForm:
        assert [one and one.date() for one in found] == [date(2027, 3, 9), None, date(1999, 12, 31)]
    else:
        assert found == ["03/09/2027", None, "12/31/1999"]


@each_form
def test_instants_are_told_in_the_zone_of_the_form(kind):
    spec = described(kind, {"from": "seen_at", "format": "%d-%b-%Y %I:%M %p"}, time_zone="America/New_York")
    found = column(spec)[0]
    assert (found.strftime("%d-%b-%Y %I:%M %p") if kind is XlsxForm else found) == "01-May-2026 01:30 PM"


@each_form
def test_numbers_have_the_decimals_that_are_wanted(kind):
    found = column(described(kind, {"from": "salary", "format": {"decimals": 2}}))
    if kind is XlsxForm:
        assert found == [1234.5, -0.5, 0]
    else:
        assert found == ["1234.50", "-0.50", "0.00"]


@each_form
@pytest.mark.parametrize("wanted", ["%Y", {"decimals": 2}], ids=["date", "number"])
def test_text_under_the_format_of_something_else_is_told(kind, wanted):
    with pytest.raises(Unfit, match=r'Row 1 of the report, column "name": it is no (date|number)'):
        written(described(kind, {"from": "name", "format": wanted}))


@each_form
def test_lists_are_one_cell_and_ids_are_text(kind):
    some_id = UUID(int=7)
    found = came_back(described(kind, "ids", "one"), [[["a", "b"], some_id]], ["ids", "one"])[1]
    assert found == [["a", "b"] if kind is JsonForm else "a; b", str(some_id)]


@each_form
def test_an_amount_keeps_all_its_digits(kind):
    amount = Decimal("12345678901234567.123456")
    assert str(column(described(kind, "amount"), [[amount]], ["amount"])[0]) in {str(amount), str(float(amount))}
    assert str(amount).encode() in written(described(kind, "amount"), [[amount]], ["amount"]) or kind is XlsxForm


@each_form
def test_a_report_without_rows_is_a_whole_file(kind):
    assert came_back(described(kind), [])[1:] == []


@each_form
def test_a_column_that_the_report_lacks_is_found_with_the_nearest_name(kind):
    spec = described(kind, "employe_id", {"from": "stag", "header": "S"}, {"value": "x", "header": "y"})
    below = ("from",) if kind is FixedForm else ()
    assert list(faults(spec, NAMES)) == [
        (("columns", 0, *below), 'The report has no column "employe_id". Did you mean "employee_id"?'),
        (("columns", 1, "from"), 'The report has no column "stag". Did you mean "stage"?'),
    ]
    assert list(faults(described(kind), NAMES)) == []


@each_form
@pytest.mark.parametrize(
    ("column", "at"),
    [
        ({"header": "x"}, "columns[0]"),
        ({"from": "stage", "value": "x"}, "columns[0]"),
        ({"value": "x", "header": "x", "format": "%Y"}, "columns[0]"),
        ({"from": "stage", "map": {"a": "b"}, "format": "%Y"}, "columns[0].format"),
        ({"from": "stage", "else": "b"}, "columns[0].else"),
        ({"from": "expires_on", "format": "%Q"}, "columns[0].format"),
        ({"from": "expires_on", "format": "MM/DD/YYYY"}, "columns[0].format"),
        ({"from": "expires_on", "hedaer": "Expires"}, "columns[0].hedaer"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(kind, column, at):
    given = {"type": kind.__struct_config__.tag, "columns": [column | ({"width": 9} if kind is FixedForm else {})]}
    text = f"format: {json.dumps(given)}"
    with pytest.raises(ConfigError) as told:
        decode(read(text, "partner.yaml"), Form, ("format",))
    assert f"format.{at}" in {one.path for one in told.value.findings}


@each_form
def test_rows_are_taken_one_by_one_and_memory_stays_flat(kind):
    spec, sink = described(kind, *NAMES), _Nowhere()
    peaks = []
    for count in (200, 3_000):
        tracemalloc.start()
        write(spec, NAMES, (ROWS[0] for _ in range(count)), sink)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 250_000


class _Nowhere(io.RawIOBase):
    """A file that keeps nothing, and counts where it is."""

    def __init__(self) -> None:
        self.at = 0

    def writable(self):
        return True

    def seekable(self):
        return False

    def write(self, data):
        self.at += len(data)
        return len(data)
