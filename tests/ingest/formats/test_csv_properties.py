"""Delimited text, whatever stands in it and however it is cut."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.formats import text
from ingest.formats.base import Refused

bounded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# any character that text can hold: no lone surrogates, no NUL
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1a\ufeff")
cells = st.text(characters | st.sampled_from('",;\r\n\\ '), max_size=12)
tables = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12)
)
# text made of what matters to a parser, so that quotes and line ends meet in every order
awkward = st.text(st.sampled_from('ab,"\r\n\\;\0é李'), max_size=60)
options = st.fixed_dictionaries({}, optional={"escape": st.just("\\"), "delimiter": st.just(";"), "quote": st.none()})


def told(read, content, **options):
    try:
        return astuple(read(content, **options))[:-1]  # all but the batches, whose positions depend on the cuts
    except Refused as refused:
        return refused.code, refused.details


# QUOTE_MINIMAL quotes a line end only where the terminator holds it, so the other terminators need QUOTE_ALL
dialects = st.sampled_from(
    [("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL)]
)


@given(rows=tables, dialect=dialects)
@bounded
def test_what_a_csv_writer_wrote_comes_back_exactly(read, rows, dialect):
    end, quoting = dialect
    written = io.StringIO(newline="")
    header = [f"c{number}" for number in range(len(rows[0]))]
    csv.writer(written, lineterminator=end, quoting=quoting).writerows([header, *rows])
    table = read(written.getvalue())
    blank = {number for number, row in enumerate(rows, start=2) if not "".join(row).strip()}
    assert table.cells == [row for number, row in enumerate(rows, start=2) if number not in blank]
    assert [row for row, _, _ in table.rows] == [number for number in range(2, len(rows) + 2) if number not in blank]
    assert table.broken == table.flaws == []
    assert bool(table.remarks) == bool(blank)


@given(
    content=st.binary(max_size=200) | awkward.map(str.encode),
    options=options,
    encoding=st.sampled_from(["utf-8", "cp1252", "utf-16", "shift_jis"]),
)
@settings(bounded, max_examples=600)
def test_any_bytes_give_an_orderly_table_or_a_refusal(read, content, options, encoding):
    try:
        table = read(content, encoding=encoding, **options)
    except Refused:
        return
    numbered = sorted([entry[:2] for entry in table.rows + table.broken])
    rows, lines = [row for row, _ in numbered], [line for _, line in numbered]
    assert rows == sorted(set(rows))
    assert lines == sorted(lines)
    assert all(line >= row for row, line in numbered)
    assert all(len(cells) == len(table.header) for cells in table.cells)
    flagged = {(row, column) for row, column, code in table.flaws if code == "undecodable"}
    assert flagged == {
        (row, column) for row, _, cells in table.rows for column, cell in enumerate(cells) if text.is_dirty(cell)
    }


@given(content=awkward, options=options, encoding=st.sampled_from(["utf-8", "utf-16-le"]))
@settings(bounded, suppress_health_check=[*HealthCheck])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_how_the_bytes_are_cut_makes_no_difference(read, size, content, options, encoding):
    content = (f"a,b;{'c' * 200}\n" + content).encode(encoding)  # long enough for no amount of NUL to look binary
    whole = told(read, content, encoding=encoding, **options)
    assert told(read, content, chunk=size, encoding=encoding, **options) == whole
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text, "SLICE", size)
        assert told(read, content, encoding=encoding, **options) == whole


@given(rows=st.lists(st.sampled_from(["1,2", '1,"2', '"1",2', '"1\n1",2', '1,"2"x', "1", "", 'a","b']), max_size=12))
@bounded
def test_every_physical_line_is_accounted_for(read, rows):
    """Whatever breaks, no line disappears: each is a row, part of one, broken or blank."""
    content = "\n".join(["a,b", *rows, "3,4", "5,6"]) + "\n"
    try:
        table = read(content)
    except Refused:  # most rows have a cell too few
        return
    spanned = {line + more for _, line, cells in table.rows for more in range(1 + "".join(cells).count("\n"))}
    broken = {line for _, line, _ in table.broken}
    blank = sum(int(remark.split()[0]) for remark in table.remarks if "blank line" in remark)
    ragged = [row for batch in table.batches for row in batch.broken if row.flaw.code == "ragged_row"]
    joined = sum("".join(row.cells).count("\n") for row in ragged)
    assert len(spanned | broken) + joined + blank == content.count("\n") - 1
