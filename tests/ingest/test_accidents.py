"""Whatever spreadsheets and data frames did to a table: true values load, or it is said what is wrong, never another value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from helpers.accidents import (
    AMOUNTS,
    DATE_CELLS,
    DATES,
    NUMBER_CELLS,
    NUMBERS,
    Truth,
    csv_of,
    opened,
    workbook_of,
)
from helpers.spreadsheets import Bytes
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from gateway.wings import PARTNER_YAML
from ingest import formats
from ingest.binding import Held, bind
from ingest.doubts import check_encoding
from ingest.feeds import FEEDS
from ingest.load.guards import turned_remarks
from ingest.mapping.records import map_batch

PARTNER = """
partner: acme
firm: northgate
name: ACME
time_zone: Europe/Berlin
feeds:
  roster:
    file: "roster*"
    format: FORMAT
    contents: changes
    client:
      key: employee_id
      fields:
        employee_id:   {from: EMP_ID, required: true PATTERN}
        family_name:   {from: Name}
        date_of_birth: {from: DOB, type: date, formats: ["%d/%m/%Y"]}
        annual_salary: {from: Salary, type: money}
"""
BOOK, TEXT = "{type: excel}", "{type: csv, encoding: cp1252}"


@st.composite
def tables(draw):
    """People, and the pattern that is agreed for their numbers: of one width, with an E inside, or none."""
    kind = draw(st.sampled_from(["padded", "lettered", "letters", "free", "mixed"]))
    width = draw(st.integers(3, 19))
    numbers = {
        "padded": st.integers(0, 10**width - 1).map(lambda number: f"{number:0{width}}"),
        "lettered": st.from_regex(r"[1-9]E[1-9]", fullmatch=True),
        "letters": st.from_regex(r"[1-9]E[1-9]", fullmatch=True),
        "free": st.integers(1, 10**15 - 1).map(str),
        "mixed": st.integers(1, 10**15 - 1).map(str) | st.from_regex(r"[A-Z]-[0-9]{1,5}", fullmatch=True),
    }[kind]
    pattern = {"padded": f"[0-9]{{{width}}}", "lettered": "[1-9]E[1-9]"}.get(kind)
    truths = draw(
        st.lists(
            st.builds(
                Truth,
                numbers,
                st.text("abcüéßÉÖ ", min_size=1, max_size=9).map(str.strip).filter(bool),
                st.dates(dt.date(1930, 1, 1), dt.date(2010, 12, 31)),
                st.decimals(0, 10**9, places=2)
                | st.integers(0, 10**9).map(lambda number: Decimal(number).quantize(Decimal("0.01"))),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return truths, pattern


def read(content: bytes, form: str, pattern: str | None):
    """What each row came to: its values, or None where it was rejected; and what was said of the file."""
    told = f", pattern: '^{pattern}$'" if pattern else ""
    feed = FEEDS.of(PARTNER_YAML.read(PARTNER.replace("FORMAT", form).replace(" PATTERN", told)))["roster"]
    source = Bytes(content)
    table = formats.open_table(source, feed.format)
    remarks = check_encoding(source, table, ())
    plans = bind(table, feed, {}, dt.date(2026, 5, 1), source.name)
    rows, rejected = {}, set()
    for batch in table.batches():
        mapped = map_batch(batch, plans[batch.part])
        [records] = mapped.records
        columns = [records.fields[name] for name in ("employee_id", "family_name", "date_of_birth", "annual_salary")]
        rows |= dict(zip(records.rows, zip(*columns, strict=True), strict=True))
        assert {one.row for one in mapped.problems if one.severity == "error"} == mapped.rejected
        rejected |= mapped.rejected
    return rows, rejected, remarks + turned_remarks(plans)


def judge(truths: list[Truth], rows: dict, rejected: set[int], remarks: list[str]) -> None:
    assert {*rows, *rejected} == set(range(2, len(truths) + 2))
    for number, one in enumerate(truths, 2):
        born = rows[number][2] if remarks and number in rows else one.born  # which is what is remarked on
        assert rows.get(number) in (None, (one.number, one.name, born, one.salary))


@settings(max_examples=100, deadline=None)
@given(
    tables(),
    st.sampled_from(NUMBERS),
    st.sampled_from(DATES),
    st.sampled_from(AMOUNTS),
    st.sampled_from(["utf-8", "cp1252"]),
)
def test_a_csv_after_any_accident_loads_true_values_or_is_told(made, number, date, amount, encoding):
    truths, pattern = made
    try:
        rows, rejected, remarks = read(csv_of(truths, number, date, amount, encoding), TEXT, pattern)
    except Held as held:
        rows, rejected, remarks = {}, set(range(2, len(truths) + 2)), [held.code]
    assert (remarks == ["wrong_encoding"]) == (
        encoding == "utf-8" and not "".join(one.name for one in truths).isascii()
    )
    judge(truths, rows, rejected, remarks)


@settings(
    max_examples=12,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(tables(), st.sampled_from(NUMBER_CELLS), st.sampled_from(DATE_CELLS))
def test_a_workbook_after_any_accident_loads_true_values_or_is_told(made, number, date):
    truths, pattern = made
    assume(date is not opened or any(one.born.day > 12 for one in truths))  # else nothing in the file tells
    judge(truths, *read(workbook_of(truths, number, date), BOOK, pattern))


def test_what_no_accident_touched_loads_whole():
    truths = [
        Truth(f"{n:06}", f"Müller {n}", dt.date(1980, 1 + n % 12, 1 + n % 28), Decimal(n).quantize(Decimal("0.01")))
        for n in range(30)
    ]
    for content, form in [
        (csv_of(truths, NUMBERS[0], DATES[0], AMOUNTS[0], "cp1252"), TEXT),
        (workbook_of(truths, NUMBER_CELLS[2], DATE_CELLS[1]), BOOK),
    ]:
        rows, rejected, remarks = read(content, form, "[0-9]{6}")
        assert (len(rows), rejected, remarks) == (30, set(), [])
        judge(truths, rows, rejected, remarks)
