"""JSON: which records and columns a file has, and what a damaged record costs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from ingest.catalogue import ROW_CODES, describe_file
from ingest.formats import json_stream
from ingest.formats.base import Refused
from ingest.formats.json import JsonFormat, open_table

ROOT = Path(__file__).parents[3]


@dataclass
class Bytes:
    content: bytes
    chunk: int = 1 << 20
    name: str = "people.json"

    @property
    def size(self):
        return len(self.content)

    def chunks(self):
        return (self.content[start : start + self.chunk] for start in range(0, len(self.content), self.chunk))


@dataclass
class Read:
    """Rows as (row, line, cells), broken ones as (row, line, why), flaws as (row, column, code)."""

    header: list
    rows: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    flaws: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    @property
    def records(self):
        return [dict(zip(self.header, cells, strict=True)) for _, _, cells in self.rows]


def read(content, chunk=1 << 20, **options):
    content = content.encode() if isinstance(content, str) else content
    table = open_table(Bytes(content, chunk), msgspec.convert(options, JsonFormat))
    found = Read(table.parts[0].header)
    for batch in table.batches():
        found.rows += zip(batch.rows, batch.lines, batch.cells, strict=True)
        found.broken += [(broken.row, broken.line, broken.flaw.details.get("found")) for broken in batch.broken]
        found.flaws += [(batch.rows[flaw.index], flaw.column, flaw.code) for flaw in batch.flaws]
        assert {row.flaw.code for row in batch.broken} <= set(ROW_CODES)
    found.remarks = table.remarks
    return found


def refusal(content, **options):
    with pytest.raises(Refused) as refused:
        read(content, **options)
    return describe_file(refused.value.code, **refused.value.details)[0]


# ---------------------------------------------------------------- where the records stand


PEOPLE = [{"id": "007", "name": {"first": "Ann"}}, {"id": "008", "name": {"first": "李"}}]
SHAPES = {
    "an array": (json.dumps(PEOPLE), {}),
    "an array on many lines": (json.dumps(PEOPLE, indent=2), {}),
    "lines": ("\n".join(map(json.dumps, PEOPLE)), {}),
    "lines that end in CRLF": ("\r\n".join([*map(json.dumps, PEOPLE), ""]), {}),
    "objects on many lines each": ("\n".join(json.dumps(one, indent=2) for one in PEOPLE), {}),
    "an envelope": (
        json.dumps({"at": [1, {"x": "]}"}], "data": {"n": 2, "people": PEOPLE}, "z": None}),
        {"records": "data.people"},
    ),
    "a byte order mark": ("\ufeff" + json.dumps(PEOPLE), {}),
    "an end-of-file mark": (json.dumps(PEOPLE) + "\r\n\x1a", {}),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_records_are_found_wherever_they_stand(shape, chunk):
    content, options = SHAPES[shape]
    assert read(content, chunk, **options).records == [
        {"id": "007", "name.first": "Ann"},
        {"id": "008", "name.first": "李"},
    ]


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "utf-32"])
def test_a_byte_order_mark_says_how_to_read(codec):
    table = read(json.dumps(PEOPLE, ensure_ascii=False).encode(codec))
    assert [record["name.first"] for record in table.records] == ["Ann", "李"]


def test_rows_count_records_and_lines_say_where_they_start():
    assert [entry[:2] for entry in read('[\n\n {"a": 1},{"a":\n 2},\n {"a": "x"}]').rows] == [(1, 3), (2, 3), (3, 5)]
    table = read('{"a": 1}\n\n{"a": 2}\n')
    assert [entry[:2] for entry in table.rows] == [(1, 1), (2, 3)]
    assert table.remarks == ["1 blank line was passed over."]


# ---------------------------------------------------------------- columns and cells


def test_columns_are_paths_in_the_order_in_which_they_first_occur():
    assert read('[{"b": 1, "a": {"x": 2}}, {"c": 3, "a": {"y": 4}}]').header == ["b", "a.x", "c", "a.y"]


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("112549.00", "112549.00"),
        ("1e5", "1e5"),
        ("-0", "-0"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("9" * 5_000, "9" * 5_000),
        ('"00123"', "00123"),
        ("true", "true"),
        ("false", "false"),
        ("null", ""),
        ('["H-1B", null, 3, true]', "H-1B; ; 3; true"),
        ("[]", ""),
        (r'"a\u00fc\n\ud83d\ude00"', "aü\n😀"),
    ],
)
def test_a_value_is_the_text_that_was_written(written, cell):
    assert read(f'[{{"a": {written}, "b": 1}}]').rows == [(1, 1, [cell, "1"])]


def test_elements_of_a_list_of_objects_are_numbered():
    assert read('[{"documents": [{"number": "A1"}, {"number": "B2", "type": ["x"]}]}]').records == [
        {"documents.0.number": "A1", "documents.1.number": "B2", "documents.1.type": "x"}
    ]


def test_a_list_to_explode_gives_a_row_an_element():
    content = '[{"id": 1, "p": {"docs": [{"n": "A"}, {"n": "B"}], "x": 5}},\n{"id": 2, "p": {"docs": []}},\n{"id": 3}]'
    table = read(content, explode="p.docs")
    assert table.header == ["id", "p.x", "p.docs.n"]
    assert table.rows == [
        (1, 1, ["1", "5", "A"]),
        (2, 1, ["1", "5", "B"]),
        (3, 2, ["2", "", ""]),
        (4, 3, ["3", "", ""]),
    ]


@pytest.mark.parametrize("size", range(1, 9))
def test_a_number_is_whole_wherever_the_bytes_are_cut(monkeypatch, size):
    monkeypatch.setattr(json_stream, "_WINDOW", size)
    content = '{"total": 123456789, "people": [{"a": 123456789}], "next": 123456789}'
    assert read(content, size, records="people").rows == [(1, 1, ["123456789"])]


def test_paths_that_the_feed_names_are_columns_of_every_file():
    assert read('[{"a": 1}]', columns=["b.c", "a"]).records == [{"a": "1", "b.c": ""}]
    assert read("[]", columns=["a"]).header == ["a"]


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ('{"a": 1, "a": 2}', "a key stands twice"),
        ('{"b": {"a": 1, "a": 2}}', "a key stands twice"),
        ('{"b": NaN}', "b is NaN"),
        ('{"b": [-Infinity]}', "b is -Infinity"),
        ('{"a.b": 1, "a": {"b": 2}}', "the same path"),
        ("17", "must be an object"),
        ('"x"', "must be an object"),
        ("[1]", "must be an object"),
        ("null", "must be an object"),
        ('{"b": ' + "[" * 200 + "]" * 200 + "}", "nests too deep"),
    ],
)
def test_a_record_that_makes_no_row_costs_itself_alone(record, why):
    for content in (f'[{{"a": 1}},\n{record},\n{{"a": 3}}]', f'{{"a": 1}}\n{record}\n{{"a": 3}}'):
        table = read(content)
        assert [entry[:2] for entry in table.rows] == [(1, 1), (3, 3)]
        assert [entry[:2] for entry in table.broken] == [(2, 2)]
        assert why in table.broken[0][2]


@pytest.mark.parametrize(
    "line", ['{"a": ', '{"a": 01}', "{'a': 1}", '{"a": 1},', '{"a": "\t"}', "{" * 100_000, '{"a":' * 100_000, "\0"]
)
def test_a_line_that_is_no_json_costs_itself_alone(line):
    table = read(f'{{"a": 1}}\n{line}\n{{"a": 3}}\n')
    assert [entry[:2] for entry in table.rows] == [(1, 1), (3, 3)]
    assert [entry[:2] for entry in table.broken] == [(2, 2)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('[{"a": 1},\n {"a": 2', "on line 2, column 9, expecting ',' delimiter"),
        ('[{"a": 1},\n {"a": "x', "on line 2, column 8, unterminated string starting"),
        ('[{"a": 1},\n]', "on line 2, column 1, expecting value"),
        ('[{"a": 1}\n{"a": 2}]', "on line 2, column 1, ] was expected"),
        ('[{"a": 1}', "on line 1, column 10, ] was expected"),
        ('[{"a": 1}] x', "on line 1, column 12, something stands behind its end"),
        ('[{"a":\n\n  tru}]', "on line 3, column 3, expecting value"),
        ("[" * 100_000, "on line 1, column 2, it nests too deep"),
        ("<html>", "on line 1, column 1, JSON begins with [ or {"),
        ("id,name\n", "on line 1, column 1, JSON begins with [ or {"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place_of_the_damage(content, told):
    for chunk in (1, 1 << 20):
        assert told in refusal(content) if chunk > 1 else told in refusal_in_pieces(content)


def refusal_in_pieces(content):
    with pytest.raises(Refused) as refused:
        read(content, chunk=1)
    return describe_file(refused.value.code, **refused.value.details)[0]


def test_damage_is_found_in_its_place_far_into_a_file_of_one_line():
    content = "[" + '{"a": 1}, ' * 200_000 + "oops]"
    assert f"on line 1, column {content.index('oops') + 1:,}, expecting value" in refusal(content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"data": {"x": []}}', "there is no people in this object"),
        ('{"data": 5}', "{ was expected"),
        ("[]", "{ was expected"),
        ('{"data": {"people": [{"a": 1}]}', "} was expected"),
        ('{"data": {"people": [{"a": 1}], "people": [{"a": 2}]}}', "people stands there a second time"),
        ('{"data": {"people": []}, "x": 1, "data": {"people": [{"a": 2}]}}', "data stands there a second time"),
    ],
)
def test_an_envelope_without_its_list_is_refused(content, told):
    assert told in refusal(content, records="data.people")


@pytest.mark.parametrize("content", ["", "[]", "  \n ", "{}"[:0]])
def test_a_file_without_records_is_empty(content):
    assert refusal(content) == "The file people.json holds no rows."


@pytest.mark.parametrize("cell", [r'"\ud800"', r'"a\u0000"', '"\udcff"'])
def test_what_is_no_text_is_its_cell_s_flaw(cell):
    content = f'[{{"a": 1, "b": {cell}}}]'.encode("utf-8", "surrogateescape")
    assert read(content).flaws == [(1, 1, "undecodable")]


def test_too_many_paths_are_too_large():
    wide = [{f"{half}{number}": 1 for number in range(10_000)} for half in "ab"]
    assert "different paths" in refusal(json.dumps(wide))


def test_a_record_with_too_many_values_costs_itself_alone():
    table = read('{"a": 1}\n{"a": [' + "[]," * 16_384 + "[]]}\n")
    assert [entry[:2] for entry in table.broken] == [(2, 2)]
    assert table.header == ["a"]


def test_a_cell_may_have_a_million_characters():
    long, longer = (f'{{"a": "{"x" * size}"}}' for size in (1_000_000, 1_000_001))
    table = read(f"[{long}, {longer}, {{}}]")
    assert [len(cells[0]) for _, _, cells in table.rows] == [1_000_000]
    assert [entry[:2] for entry in table.broken] == [(2, 1)]


def test_a_long_record_without_any_value_is_passed_over():
    table = read('[{"b": 1}, {"a": [' + "{}," * 400_000 + "{}]}, {}]")
    assert (table.rows, table.remarks) == (
        [(1, 1, ["1", ""][: len(table.header)])],
        ["2 blank records were passed over."],
    )


def test_a_string_that_never_ends_is_refused_in_its_place():
    assert "on line 1, column 8, unterminated string" in refusal('[{"a": "' + "x" * 9_000_000)


def test_a_record_beyond_any_measure_is_too_large():
    assert "more than 4,000,000 characters" in refusal('[{"a": [' + '"x",' * 3_000_000)


@pytest.mark.parametrize("options", [{"records": ""}, {"explode": "a..b"}, {"columns": [".a"]}])
def test_a_path_with_an_empty_key_is_a_mistake(options):
    with pytest.raises(msgspec.ValidationError, match="A path is keys"):
        read("[]", **options)


# ---------------------------------------------------------------- whatever the bytes


numbers = st.integers().map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1a\ufeff"), max_size=8)
plain = texts.map(lambda text: (json.dumps(text), text)) | numbers.map(lambda number: (number, number))
records = st.lists(st.dictionaries(st.sampled_from("abcde"), plain, min_size=1), min_size=1, max_size=8)


@given(records=records, by_line=st.booleans(), size=st.integers(1, 50))
@settings(max_examples=200, deadline=None)
def test_what_a_writer_wrote_comes_back_exactly(records, by_line, size):
    objects = ["{" + ", ".join(f'"{key}": {written}' for key, (written, _) in one.items()) + "}" for one in records]
    content = "\n".join(objects) if by_line else "[" + ",\n".join(objects) + "]"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_stream, "_WINDOW", size)
        table = read(content, chunk=size)
    expected = [{name: one[name][1] if name in one else "" for name in table.header} for one in records]
    said = [number for number, one in enumerate(expected, start=1) if "".join(one.values()).strip()]
    assert table.records == [expected[number - 1] for number in said]
    assert [(row, line) for row, line, _ in table.rows] == [(number, number) for number in said]
    assert table.broken == table.flaws == []


awkward = st.text(st.sampled_from('[]{}":,ab1-.e \n\r\\u0\0é\x1atfn'), max_size=60)


@given(
    content=st.binary(max_size=80) | awkward.map(str.encode) | awkward.map(lambda text: f'[{{"a":{text}}}]'.encode())
)
@example(content=b"{}\r\x00")
@settings(max_examples=800, deadline=None)
@pytest.mark.parametrize("options", [{}, {"explode": "a"}, {"records": "a"}], ids=str)
def test_any_bytes_give_an_orderly_table_or_a_refusal(options, content):
    try:
        table = read(content, **options)
    except Refused as refused:
        event(refused.code)
        return
    positions = sorted([entry[:2] for entry in table.rows + table.broken])
    numbers = [row for row, _ in positions]
    assert numbers == sorted(set(numbers))
    if not any("blank record" in remark for remark in table.remarks):  # they count, and are passed over
        assert numbers == list(range(1, len(positions) + 1))
    assert [line for _, line in positions] == sorted(line for _, line in positions)
    assert read(content, chunk=3, **options) == table


# ---------------------------------------------------------------- memory

PROGRAM = """
import re, sys
from pathlib import Path
from ingest.formats.json import JsonFormat, open_table

class Generated:
    name, size = "huge.json", 0
    def chunks(self):
        before, between, after = sys.argv[1].split("|")
        yield before.encode()
        for number in range(50_000):
            fields = ",".join(f'"field{n}": "value {number:08} of some length {n:012}"' for n in range(20))
            yield (between * (number > 0) + "{" + fields + "}").encode()
        yield after.encode()

read = sum(len(batch.rows) for batch in open_table(Generated(), JsonFormat()).batches())
print(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024, read)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("shape", ["[|,|]", "|\n|"], ids=["array", "lines"])
def test_fifty_megabytes_take_little_memory(shape):
    program = [sys.executable, "-c", PROGRAM, shape]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    peak, rows = map(int, done.stdout.split())
    assert rows == 50_000
    assert peak < 150


@pytest.mark.parametrize("one", ["{}", "[]", "1", '{"a": ""}'])
@pytest.mark.parametrize("between", [",", "\n"])
def test_a_file_of_records_that_hold_nothing_is_given_up(one, between, monkeypatch):
    monkeypatch.setattr("ingest.formats.json.MAX_IDLE", 1_000)
    content = between.join([one] * 3_000)
    if between == "\n" and one[0] != "{":
        content = '{"a": "x"}\n' + content
    with pytest.raises(Refused) as refused:
        read(f"[{content}]" if between == "," else content)
    assert refused.value.code == "too_large"
    assert "hold nothing" in describe_file("too_large", **refused.value.details)[0]


def test_a_file_is_not_given_up_as_long_as_something_is_found(monkeypatch):
    monkeypatch.setattr("ingest.formats.json.MAX_IDLE", 100)
    content = ",".join(['{"a": "x"}', *["{}"] * 90, *["1"] * 9] * 20)
    assert len(read(f"[{content}]").rows) == 20


def test_sparse_rows_are_counted_with_all_their_columns(monkeypatch):
    monkeypatch.setattr("ingest.formats.filling.MAX_CELLS", 1_000_000)
    wide = "{" + ",".join(f'"a{n}":1' for n in range(1_000)) + "}"
    assert len(read("[" + ",".join([wide, *['{"a1":1}'] * 900]) + "]").rows) == 901
    with pytest.raises(Refused, match="too_large"):
        read("[" + ",".join([wide, *['{"a1":1}'] * 1_100]) + "]")
