"""Fixed width: what is cut where, what a damaged line costs, and what a trailer refuses."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ingest.catalogue import ROW_CODES, describe_file
from ingest.formats.base import Refused
from ingest.formats.fixed import FixedFormat, open_table

SAP = {
    "records": {
        "header": {"where": [1, 3, "HDR"], "columns": {"run_date": [4, 8], "file_no": [12, 5]}},
        "person": {"where": [1, 3, "P01"], "columns": {"pernr": [4, 8], "name": [12, 10], "salary": [22, 9]}},
        "permit": {"where": [1, 3, "P02"], "columns": {"pernr": [4, 8], "expires": [12, 8]}},
        "trailer": {"where": [1, 3, "TRL"], "columns": {"record_count": [4, 6], "salary_total": [10, 12]}},
    },
    "controls": [
        {"count": "record_count"},
        {"sum": "salary_total", "of": "salary", "decimals": 2},
        {"sequence": "file_no"},
    ],
}
LINES = [
    "HDR2026050100042",
    "P0100000123Müller    011254900",
    "P020000012399991231",
    "P0100000124O'Neil    000000149",
    "TRL000003000011255049",
]


@dataclass
class Bytes:
    content: bytes
    chunk: int = 1 << 20
    name: str = "sap.txt"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + self.chunk] for start in range(0, len(self.content), self.chunk))


def opened(content, chunk=1 << 20, **changes):
    if isinstance(content, list):
        content = "".join(f"{line}\n" for line in content)
    content = content.encode() if isinstance(content, str) else content
    return open_table(Bytes(content, chunk), msgspec.convert({"type": "fixed"} | SAP | changes, FixedFormat))


def rows(table):
    """(record type, row, line, cells) in the order of the file."""
    read = [
        (batch.sheet, row, line, cells)
        for batch in table.batches()
        for row, line, cells in zip(batch.rows, batch.lines, batch.cells, strict=True)
    ]
    return sorted(read, key=lambda entry: entry[1])


def refusal(content, **changes):
    with pytest.raises(Refused) as refused:
        rows(opened(content, **changes))
    return describe_file(refused.value.code, **refused.value.details)[0]


def single(content, columns, **changes):
    return opened(content, records={"person": {"columns": columns}}, controls=[], **changes)


# ---------------------------------------------------------------- records and columns


def test_each_record_type_with_data_is_a_part():
    parts = [(part.name, part.header, part.header_row) for part in opened(LINES).parts]
    assert parts == [("person", ["pernr", "name", "salary"], 0), ("permit", ["pernr", "expires"], 0)]


def test_cells_come_as_they_stand_with_their_record_type_row_and_line():
    assert rows(opened(LINES)) == [
        ("person", 2, 2, ["00000123", "Müller    ", "011254900"]),
        ("permit", 3, 3, ["00000123", "99991231"]),
        ("person", 4, 4, ["00000124", "O'Neil    ", "000000149"]),
    ]


def test_a_header_may_carry_data_when_it_says_so():
    records = {"header": {"data": True, "columns": {"x": [1, 2]}}}
    assert rows(opened(["ab"], records=records, controls=[])) == [("header", 1, 1, ["ab"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(end):
    assert rows(opened(end.join(LINES))) == rows(opened(LINES))


@pytest.mark.parametrize("tail", ["\x1a", "\x1a\r\n", "\r\n\x1a", "\n\n\n\x1a\x1a", "\n   \n\n"])
def test_what_dos_leaves_behind_the_last_line_is_passed_over_and_told(tail):
    table = opened("\r\n".join(LINES) + tail)
    assert rows(table) == rows(opened(LINES))
    assert len(table.remarks) >= 1


def test_blank_lines_count_as_lines_and_not_as_rows():
    table = opened([LINES[0], "", *LINES[1:]])
    assert [(row, line) for _, row, line, _ in rows(table)] == [(2, 3), (3, 4), (4, 5)]
    assert table.remarks == ["1 blank line was passed over."]


@pytest.mark.parametrize(
    ("text", "cells"), [("abcd", ["ab", "cd", ""]), ("abc", ["ab", "c", ""]), ("a", ["a", "", ""])]
)
def test_a_short_line_keeps_what_is_there(text, cells):
    assert rows(single(text, {"a": [1, 2], "b": [3, 2], "c": [5, 2]})) == [("person", 1, 1, cells)]


def test_places_that_no_column_names_are_not_read():
    assert rows(single("abXXcdYYYY", {"a": [1, 2], "c": [5, 2]})) == [("person", 1, 1, ["ab", "cd"])]


@pytest.mark.parametrize(("text", "fits"), [("abcdef", True), ("abcdef   ", True), ("abc", True), ("abcdefg", False)])
def test_text_beyond_the_agreed_length_breaks_the_row(text, fits):
    batch = next(single(text, {"a": [1, 2]}, line_length=6).batches())
    assert (len(batch.cells), len(batch.broken)) == ((1, 0) if fits else (0, 1))


def test_a_line_of_no_known_record_type_is_told_and_costs_itself_alone():
    table = opened([LINES[1], "XYZ junk", LINES[2]], controls=[])
    batches = list(table.batches())
    broken = [(row.row, row.line, row.cells, row.flaw.value) for batch in batches for row in batch.broken]
    assert broken == [(2, 2, ["XYZ junk"], "XYZ")]
    assert [row for batch in batches for row in batch.rows] == [1, 3]
    assert {row.flaw.code for batch in batches for row in batch.broken} <= set(ROW_CODES)


# ---------------------------------------------------------------- characters and bytes


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_umlauts_do_not_shift_columns_that_count_bytes(encoding):
    raw = ["Müller".encode(encoding).ljust(10) + b"AB", "Groß-Ümit".encode(encoding).ljust(12)[:10] + b"CD"]
    table = single(b"\n".join(raw), {"name": [1, 10], "code": [11, 2]}, unit="bytes", encoding=encoding)
    cells = [cells for *_, cells in rows(table)]
    assert [code for _, code in cells] == ["AB", "CD"]
    assert cells[0][0].rstrip() == "Müller"


def test_umlauts_do_not_shift_columns_that_count_characters():
    table = single("Müller    AB", {"name": [1, 10], "code": [11, 2]})
    assert rows(table)[0][3] == ["Müller    ", "AB"]


def test_a_cut_through_a_character_is_that_cell_s_flaw_alone():
    table = single("abüCD".encode(), {"name": [1, 3], "rest": [4, 1], "code": [5, 2]}, unit="bytes")
    batch = next(table.batches())
    assert [(flaw.index, flaw.column, flaw.code) for flaw in batch.flaws] == [
        (0, 0, "undecodable"),
        (0, 1, "undecodable"),
    ]
    assert batch.cells[0][2] == "CD"


def test_bytes_that_are_no_text_are_their_cell_s_flaw_and_shift_nothing():
    table = single(b"a\xffbCD", {"name": [1, 3], "code": [4, 2]}, unit="bytes")
    batch = next(table.batches())
    assert [(flaw.column, flaw.code) for flaw in batch.flaws] == [(0, "undecodable")]
    assert batch.cells[0][1] == "CD"


def test_utf_16_cannot_be_counted_in_bytes():
    with pytest.raises(ValueError, match="count them in characters"):
        single("x", {"a": [1, 2]}, unit="bytes", encoding="utf-16")
    assert "counted in bytes" in refusal("\ufeffHDR".encode("utf-16-le"), unit="bytes")


# ---------------------------------------------------------------- without line breaks


def unbroken(content, **changes):
    records = {"person": {"columns": {"id": [1, 3], "name": [4, 5]}}}
    return opened(content, records=records, controls=[], record_length=8, **changes)


def told(table):
    """(row, line, found, expected) of broken rows."""
    return [
        (one.row, one.line, one.flaw.code, one.flaw.details["found"])
        for batch in table.batches()
        for one in batch.broken
    ]


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_records_without_line_breaks_are_cut_by_their_length(chunk):
    table = unbroken("001Ann  002Bob  " + " " * 8 + "003Cy   ", chunk=chunk)
    assert rows(table) == [
        ("person", 1, 1, ["001", "Ann  "]),
        ("person", 2, 2, ["002", "Bob  "]),
        ("person", 3, 4, ["003", "Cy   "]),
    ]
    assert table.remarks == ["1 blank line was passed over."]


@pytest.mark.parametrize("encoding", ["cp037", "cp500", "cp1252", "utf-8"])
def test_the_length_of_a_record_is_counted_in_the_unit_of_its_columns(encoding):
    people = ["001Zoé  ", "002Bob  "]
    table = unbroken("".join(people).encode(encoding), encoding=encoding)
    assert [cells for *_, cells in rows(table)] == [["001", "Zoé  "], ["002", "Bob  "]]
    raw = b"".join(one.rstrip().encode(encoding).ljust(8, " ".encode(encoding)) for one in people)
    table = unbroken(raw, encoding=encoding, unit="bytes", chunk=5)
    assert [[cell.strip() for cell in cells] for *_, cells in rows(table)] == [["001", "Zoé"], ["002", "Bob"]]


@pytest.mark.parametrize("unit", ["characters", "bytes"])
def test_a_short_last_record_is_told_and_not_read(unit):
    table = unbroken("001Zoé 002Bo" if unit == "bytes" else "001Zoé  002Bo", unit=unit)
    assert told(table) == [(2, 2, "ragged_row", f"5 {unit} in its")]
    assert [cells[0] for *_, cells in rows(unbroken("001Ann  002Bo"))] == ["001"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\x1a", "\r\n\x1a"])
def test_a_line_break_behind_the_last_record_is_passed_over_and_told(end):
    table = unbroken(f"001Ann  002Bob  {end}")
    assert len(rows(table)) == 2
    assert table.remarks == ["A line break or end-of-file mark behind the last record was passed over."]


def test_the_line_break_of_ebcdic_is_one_too():
    people = "001Ann  002Bob  ".encode("cp037")
    assert len(rows(unbroken(people + b"\x15", encoding="cp037"))) == 2
    assert told(unbroken(people[:5] + b"\x15" + people[6:], encoding="cp037"))[0][3] == "a line break at place 6 in its"


def test_a_line_break_in_a_record_that_moves_nothing_costs_its_record_alone():
    table = unbroken("001An\nn 002Bob  003Cy   ")
    assert told(table) == [(1, 1, "ragged_row", "a line break at place 6 in its")]
    assert [cells[0] for *_, cells in rows(unbroken("001An\nn 002Bob  003Cy   \n"))] == ["002", "003"]


@pytest.mark.parametrize(
    "content", ["001An\nn  002Bob  003Cy   ", "001Ann  \n002Bob  \n003Cy   \n", "        \n001Ann  "]
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp037"])
def test_line_breaks_that_move_all_records_behind_them_refuse_the_file(content, encoding):
    told = refusal(content.encode(encoding), record_length=8, controls=[], encoding=encoding, records=unbroken_records)
    assert "a line break stands in record" in told
    assert "records of 8 characters without line breaks" in told


unbroken_records = {"person": {"columns": {"id": [1, 3], "name": [4, 5]}}}


# ---------------------------------------------------------------- controls


def test_true_totals_let_the_file_through_with_its_number():
    table = opened(LINES)
    rows(table)
    assert table.sequence == ("file_no", 42)
    assert table.remarks == []


@pytest.mark.parametrize(
    ("trailer", "told"),
    [
        ("TRL000004000011255049", "The trailer says 4 in record_count, but the file holds 3 records."),
        (
            "TRL000003000011255050",
            "The trailer says 112,550.50 in salary_total, but the file holds 112,550.49 in salary.",
        ),
        (
            "TRL00000X000011255049",
            "The trailer says 0 and “00000X”, which is no number, in record_count, but the file holds 3 records.",
        ),
    ],
)
def test_a_total_that_differs_refuses_the_file_and_says_both_numbers(trailer, told):
    assert refusal([*LINES[:-1], trailer]) == told


def test_a_missing_trailer_refuses_the_file():
    told = "The trailer says nothing about record_count, for it is missing, but the file holds 3 records."
    assert refusal(LINES[:-1]) == told


def test_a_lost_line_refuses_the_file():
    assert "says 3" in refusal([*LINES[:2], *LINES[3:]])


def test_an_amount_that_is_no_number_refuses_a_file_whose_sum_depends_on_it():
    told = refusal([*LINES[:3], "P0100000124O'Neil    n/a      ", "TRL000003000011254900"])
    assert (
        told
        == "The trailer says 112,549.00 in salary_total, but the file holds 112,549.00 and “n/a”, which is no number, in salary."
    )


@pytest.mark.parametrize("amount", ["000000151-", "-000000151", "-     1.51"])
def test_a_sign_may_stand_on_either_side(amount):
    records = {
        "pay": {"where": [1, 1, "D"], "columns": {"amount": [2, 10]}},
        "trailer": {"where": [1, 1, "T"], "columns": {"total": [2, 10]}},
    }
    control = {"sum": "total", "of": "amount", "decimals": 2}
    table = opened(["D0000000300", f"D{amount}", "T0000000149"], records=records, controls=[control])
    assert len(rows(table)) == 2


def test_files_put_together_have_their_trailers_added_up():
    assert len(rows(opened([*LINES, *LINES]))) == 6


def test_a_count_may_name_the_record_types_it_counts():
    everything = [{"count": "record_count", "of": ["header", "person", "permit", "trailer"]}]
    assert len(rows(opened([*LINES[:-1], "TRL000005"], controls=everything))) == 3
    assert "holds 2 records" in refusal(LINES, controls=[{"count": "record_count", "of": "person"}])


BANK = {
    "records": {
        "filler": {"where": [1, 3, "999"], "columns": {}, "data": False},
        "entry": {"where": [1, 1, "6"], "columns": {"account": [2, 9]}},
        "trailer": {"where": [1, 1, "9"], "columns": {"blocks": [2, 4], "hash": [6, 4], "check": [10, 2]}},
    }
}
ENTRIES = ["6123456789", "612345678-", "6000-00-05", "900012472", "9" * 10]  # digits: 123456789, 12345678, 5


def test_a_hash_total_is_the_end_of_the_sum_of_a_column_s_digits():
    ends = {"hash": "hash", "of": "account", "modulo": 10_000}
    assert len(rows(opened(ENTRIES, **BANK, controls=[ends]))) == 3
    told = refusal([*ENTRIES[:2], *ENTRIES[3:]], **BANK, controls=[ends])
    assert told == "The trailer says 2,472 in hash, but the file holds 2,467 (135,802,467 modulo 10,000) in account."


@pytest.mark.parametrize(("modulo", "check"), [(10, 2), (11, 3), (97, 47)])
def test_a_check_digit_is_what_a_hash_total_leaves(modulo, check):
    control = [{"hash": "check", "of": "account", "modulo": modulo}]
    said = [*ENTRIES[:3], f"900012472{check:02}"]
    assert len(rows(opened(said, **BANK, controls=control))) == 3
    wrong = refusal([*ENTRIES[:3], f"900012472{check + 1:02}"], **BANK, controls=control)
    assert f"says {check + 1} in check, but the file holds {check} (135,802,472 modulo {modulo})" in wrong


def test_a_hash_total_without_modulo_is_the_whole_sum():
    control = [{"hash": "hash", "of": "account"}]
    assert len(rows(opened(["6000000012", "6000000030", "900010042"], **BANK, controls=control))) == 2
    assert "says 43 in hash, but the file holds 42 in account" in refusal(
        ["6000000012", "6000000030", "900010043"], **BANK, controls=control
    )


def test_a_key_without_any_digit_refuses_a_file_whose_hash_depends_on_it():
    control = [{"hash": "hash", "of": "account"}]
    told = refusal(["6000000012", "6n/a", "6", "900010012"], **BANK, controls=control)
    assert told.endswith("but the file holds 12 and “n/a”, which is no number, in account.")


def test_hash_totals_of_files_put_together_are_added_up_like_others():
    control = [{"hash": "hash", "of": "account", "modulo": 10_000}]
    assert len(rows(opened(ENTRIES[:4] * 9, **BANK, controls=control))) == 27


def test_blocks_are_counted_over_all_lines_and_a_begun_one_counts():
    control = [{"blocks": "blocks", "size": 4}]
    assert len(rows(opened([*ENTRIES[:2], "90001"], **BANK, controls=control))) == 1 + 1
    assert len(rows(opened([*ENTRIES[:3], "90002", ENTRIES[4]], **BANK, controls=control))) == 3
    told = refusal([*ENTRIES[:3], "90003", "7 is no type"], **BANK, controls=control)
    assert told.startswith(
        "The trailer says 3 in blocks, but the file holds 2 blocks (5 lines, 4 a block). Not counted:"
    )


@pytest.mark.parametrize(("header", "told"), [("HDR20260501ABC", "is “ABC”"), ("HDR20260501", "stands in it 0 times")])
def test_a_file_without_a_readable_number_says_so(header, told):
    table = opened([header, *LINES[1:]])
    rows(table)
    assert table.sequence is None
    assert table.remarks == [f"The file's number file_no {told}, so it was not compared with the last file's."]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"controls": [{"count": "nothing"}]}, "exactly one record type"),
        ({"controls": [{"sum": "salary_total", "of": "nothing"}]}, "has the column"),
        ({"controls": [{"sum": "salary_total"}]}, "of which column"),
        ({"controls": [{"count": "record_count", "of": "nobody"}]}, "no record type"),
        ({"controls": [{"count": "record_count", "sum": "salary_total"}]}, "one of count"),
        ({"controls": [{"count": "record_count", "decimals": 2}]}, "Only a sum"),
        ({"controls": [{"sequence": "file_no", "of": "person"}]}, "no `of`"),
        ({"controls": [{"hash": "salary_total"}]}, "of which column"),
        ({"controls": [{"hash": "salary_total", "of": "nothing"}]}, "has the column"),
        ({"controls": [{"sum": "salary_total", "of": "salary", "modulo": 97}]}, "Only a hash"),
        ({"controls": [{"hash": "salary_total", "of": "salary", "modulo": 1}]}, ">= 2"),
        ({"controls": [{"blocks": "record_count"}]}, "how many lines"),
        ({"controls": [{"count": "record_count", "size": 10}]}, "how many lines"),
        ({"controls": [{"blocks": "record_count", "size": 10, "of": "person"}]}, "no `of`"),
        ({"records": {"trailer": {"columns": {"a": [1, 1]}}}}, "carry data"),
        ({"records": {"a": {"columns": {"a": [1, 1]}}, "b": {"columns": {"a": [1, 1]}}}}, "needs a `where"),
        ({"records": {"a": {"where": [1, 2, "HDR"], "columns": {"a": [1, 1]}}}}, "longer than"),
        ({"records": {"a": {"columns": {"a": [0, 1]}}}}, ">= 1"),
        ({"record_length": 20}, "beyond the 20"),
        ({"record_length": 40, "line_length": 40}, "never both"),
        ({"encoding": "utf-9"}, "no text encoding"),
    ],
)
def test_a_format_that_cannot_work_is_said_to_be_wrong(changes, told):
    with pytest.raises(msgspec.ValidationError, match=told):
        opened(LINES, **changes)


# ---------------------------------------------------------------- whatever the bytes


awkward = st.text(st.sampled_from("HDRP012TRL 9\n\r\x1a\0é"), max_size=80).map(str.encode)


@given(content=st.binary(max_size=120) | awkward, unit=st.sampled_from(["characters", "bytes"]), size=st.integers(1, 9))
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize("length", [None, 30])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "shift_jis"])
def test_any_bytes_give_an_orderly_table_or_a_refusal(encoding, length, content, unit, size):
    changes = {"controls": [], "unit": unit, "encoding": encoding, "record_length": length}
    try:
        batches = list(opened(content, **changes).batches())
    except Refused as refused:
        event(refused.code)
        return
    again = rows(opened(content, chunk=size, **changes))
    assert again == sorted(
        ((b.sheet, *row) for b in batches for row in zip(b.rows, b.lines, b.cells, strict=True)), key=lambda r: r[1]
    )
    positions = [(row, line) for _, row, line, _ in again] + [(b.row, b.line) for one in batches for b in one.broken]
    assert len({row for row, _ in positions}) == len(positions)
    assert all(line >= row for row, line in positions)
    widths = {"person": 3, "permit": 2}
    assert all(len(cells) == widths[batch.sheet] for batch in batches for cells in batch.cells)


@given(
    values=st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6)] * 3), min_size=1
    ),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
@settings(max_examples=100, deadline=None)
def test_what_was_written_to_columns_comes_back_exactly(values, encoding):
    text = "\n".join("".join(cell.ljust(6) for cell in row) for row in values)
    table = single(text.encode(encoding), {"a": [1, 6], "b": [7, 6], "c": [13, 6]}, encoding=encoding)
    assert [tuple(cell.strip(" ") for cell in cells) for *_, cells in rows(table)] == values
