"""XML: which records and columns a file has, what a damaged one costs, and that none does harm."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ingest.catalogue import ROW_CODES, describe_file
from ingest.formats.base import Refused
from ingest.formats.xml import XmlFormat, open_table

ROOT = Path(__file__).parents[3]


@dataclass
class Bytes:
    content: bytes
    chunk: int = 1 << 20
    name: str = "people.xml"

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
    table = open_table(Bytes(content, chunk), msgspec.convert(options, XmlFormat))
    found = Read(table.parts[0].header)
    for batch in table.batches():
        found.rows += zip(batch.rows, batch.lines, batch.cells, strict=True)
        found.broken += [(broken.row, broken.line, broken.flaw.details["expected"]) for broken in batch.broken]
        found.flaws += [(batch.rows[flaw.index], flaw.column, flaw.code) for flaw in batch.flaws]
        assert {row.flaw.code for row in batch.broken} <= set(ROW_CODES)
    found.remarks = table.remarks
    return found


def refusal(content, **options):
    with pytest.raises(Refused) as refused:
        read(content, **options)
    return describe_file(refused.value.code, **refused.value.details)[0]


WORKDAY = """<?xml version="1.0" encoding="UTF-8"?>
<wd:Report_Data xmlns:wd="urn:com.workday.report/Roster" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <wd:Report_Entry>
    <wd:Worker wd:Descriptor="Ann Lee">
      <wd:ID wd:type="WID">5f3c</wd:ID>
      <wd:ID wd:type="Employee_ID">00123</wd:ID>
    </wd:Worker>
    <wd:Left xsi:nil="true"/>
    <wd:Skill>Go</wd:Skill><wd:Skill>C</wd:Skill>
  </wd:Report_Entry>
  <wd:Report_Entry><wd:Worker wd:Descriptor="李"/><wd:Left><![CDATA[R&D <x>]]></wd:Left></wd:Report_Entry>
</wd:Report_Data>
"""


# ---------------------------------------------------------------- where the records stand, and what is in them


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_a_report_of_workday_is_read_by_paths_without_prefixes(chunk):
    columns = {"id": "Worker/ID[@type='Employee_ID']", "name": "Worker/@Descriptor", "left": "Left", "skills": "Skill"}
    table = read(WORKDAY, chunk, records="Report_Data/Report_Entry", columns=columns)
    assert table.records == [
        {"id": "00123", "name": "Ann Lee", "left": "", "skills": "Go; C"},
        {"id": "", "name": "李", "left": "R&D <x>", "skills": ""},
    ]
    assert [entry[:2] for entry in table.rows] == [(1, 3), (2, 11)]


def test_without_columns_the_paths_that_occur_are_the_columns():
    table = read(WORKDAY, records="Report_Data/Report_Entry")
    assert table.header == [
        "Worker/@Descriptor", "Worker/ID[@type='WID']", "Worker/ID[@type='Employee_ID']", "Left", "Skill", "Worker",
    ]  # fmt: skip
    assert table.rows[0][2] == ["Ann Lee", "5f3c", "00123", "", "Go; C", ""]


def test_each_path_that_occurs_finds_the_same_again_when_it_is_written_into_the_feed():
    found = read(WORKDAY)
    named = read(WORKDAY, columns={path: path for path in found.header})
    assert named.rows == found.rows


def test_a_prefix_is_meant_in_its_namespace_only():
    two = '<r xmlns:a="urn:a" xmlns:b="urn:b"><e><a:id x="1" b:x="2">A</a:id><b:id>B</b:id></e></r>'
    columns = {"any": "id", "a": "p:id", "x": "id/@q:x"}
    table = read(two, columns=columns, namespaces={"p": "urn:a", "q": "urn:b"})
    assert table.records == [{"any": "A; B", "a": "A", "x": "2"}]


def test_elements_to_explode_make_a_row_each_with_the_rest_repeated():
    people = "<r><e><n>1</n><v><t>H1B</t></v><v><t>TN</t><d>2030</d></v><c>x</c></e>\n<e><n>2</n></e></r>"
    table = read(people, explode="v", columns={"n": "n", "t": "v/t", "d": "v/d", "c": "c"})
    assert [cells for *_, cells in table.rows] == [["1", "H1B", "", "x"], ["1", "TN", "2030", "x"], ["2", "", "", ""]]
    assert [entry[:2] for entry in table.rows] == [(1, 1), (2, 1), (3, 2)]


def test_records_stand_only_where_the_path_says():
    nested = "<r><e><x>0</x></e><d><e><x>1</x><d><e><x>no</x></e></d></e></d><d/><d><e><x>2</x></e></d></r>"
    assert [cells for *_, cells in read(nested, records="r/d/e", columns={"x": "x"}).rows] == [["1"], ["2"]]


def test_empty_elements_keep_their_place_among_others_and_are_blank_alone():
    table = read("<r><e><a/><a>x</a><b/><b/></e></r>")
    assert table.records == [{"a": "; x", "b": ""}]


def test_blank_text_between_elements_is_layout_and_other_text_is_not():
    assert read("<r><e> <a> x </a>\n</e><e>say <a>y</a>so</e></r>").records == [
        {"a": " x ", ".": ""},
        {"a": "y", ".": "say so"},
    ]


def test_columns_that_nothing_was_read_for_are_a_remark():
    table = read("<r><e><a>1</a></e></r>", columns={"a": "a", "Visa Type": "visa", "B": "b"})
    assert table.remarks == ["No record has what these columns are read from: Visa Type, B."]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": {"a": "wd:ID"}}, "prefix wd"),
        ({"columns": {"a": "ID["}}, "no path"),
        ({"columns": {"a": "a//b"}}, "no path"),
        ({"columns": {"a": "a/"}}, "no path"),
        ({"columns": {"a": ""}}, "no path"),
        ({"records": "@id"}, "must lead to elements"),
        ({"explode": "."}, "must lead to elements"),
        ({"namespaces": {"wd": ""}}, "namespace"),
    ],
)
def test_a_path_that_is_none_is_an_error_of_the_settings(options, words):
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert(options, XmlFormat)


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        pytest.param("<r><e><a>Müller</a></e></r>".encode(), None, id="UTF-8"),
        pytest.param("<r><e><a>Müller</a></e></r>".encode("utf-8-sig"), None, id="mark of UTF-8"),
        pytest.param("<r><e><a>Müller</a></e></r>".encode("utf-16"), None, id="mark of UTF-16"),
        pytest.param("<r><e><a>Müller</a></e></r>".encode("utf-16-be"), None, id="UTF-16 without a mark"),
        pytest.param('<?xml version="1.0" encoding="utf-16"?><r><e><a>Müller</a></e></r>'.encode("utf-16"), None, id="declared UTF-16"),
        pytest.param("<?xml version='1.0' encoding='windows-1252'?><r><e><a>Müller</a></e></r>".encode("cp1252"), None, id="declared"),
        pytest.param('<?xml version="1.0" encoding="utf-16"?><r><e><a>Müller</a></e></r>'.encode(), "declares the encoding utf-16, but it is not", id="declared, but untrue"),
        pytest.param('<?xml version="1.0" encoding="cp1252"?><r><e><a>Müller</a></e></r>'.encode("utf-8-sig"), "byte order mark", id="against its mark"),
    ],
)  # fmt: skip
def test_the_encoding_is_what_the_file_says(content, remark):
    table = read(content, chunk=5)
    assert table.records == [{"a": "Müller"}]
    assert len(table.remarks) == (remark is not None)
    assert all(remark in told for told in table.remarks)


@pytest.mark.parametrize("name", ["klingon", "unicode_escape", "utf-7", "base64", "idna"])
def test_an_encoding_that_there_is_not_is_refused(name):
    assert f"encoding {name}" in refusal(f'<?xml version="1.0" encoding="{name}"?><r/>')


def test_what_is_no_text_costs_its_cell_and_not_the_file():
    table = read(b"<r><e><a x='\0'>1</a></e><e><a>\xff\xfe</a></e><e><a>\x1f</a></e><e><a>\xc3\xbc</a></e></r>")
    assert table.flaws == [(1, 0, "undecodable"), (2, 1, "undecodable"), (3, 1, "undecodable")]
    assert table.records[3]["a"] == "ü"


# ---------------------------------------------------------------- damage and harm


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "holds no rows"),
        (" \n", "holds no rows"),
        ("<r/>", "holds no rows"),
        ("<r>\n<e><a>1</a></e>\n<e><a>2", "line 3, column 8, it ends before"),
        ("<r>\n<e><a>1</a></e>\n</r", "it ends before"),
        ("<r><e><![CDATA[x", "it ends before"),
        ("<r>\n<e><a>1</b></e></r>", "line 2, column 10, mismatched tag"),
        ("<r><e>&nbsp;</e></r>", "undefined entity"),
        ("<r/><r/>", "junk after document element"),
        ("\n<?xml version='1.0'?><r/>", "line 2, column 1"),
        ("id,name\n1,x\n", "line 1, column 1"),
        ("<r><p:e/></r>", "unbound prefix"),
        ("PK\x03\x04", "zip archive"),
        ("<r>" + "<a>" * 100 + "</a>" * 100 + "</r>", "nests too deep"),
        ('<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', "document type"),
        ('<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r><e>&x;</e></r>', "document type"),
    ],
)
def test_a_file_that_is_no_whole_document_is_refused_with_its_place(content, words):
    assert words in refusal(content)


@pytest.mark.parametrize(("path", "missing"), [("x/e", "element x in"), ("r/d/e", "element r/d in")])
def test_a_document_without_the_element_of_its_records_is_refused(path, missing):
    assert missing in refusal("<r><e/></r>", records=path, columns={"a": "a"})


def test_a_document_is_refused_in_the_middle_whether_columns_are_named_or_not():
    assert "mismatched tag" in refusal("<r>" + "<e><a>1</a></e>" * 50_000 + "<e></r>", columns={"a": "a"})


def test_a_record_beyond_any_measure_is_broken_and_the_next_one_is_read():
    rows = "<r><e><a>1</a></e>\n<e>" + "<a>x</a>" * 600_000 + "</e>\n<e><a>3</a></e></r>"
    table = read(rows, columns={"a": "a"})
    assert table.broken == [(2, 2, "more than 4,000,000 bytes")]
    assert [entry[0] for entry in table.rows] == [1, 3]


def laughing(depth):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, depth))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ha">{entities}]><r a="&e{depth - 1};"><e>&e{depth - 1};</e></r>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(laughing(25), "document type", id="a billion laughs"),
        pytest.param(f'<!DOCTYPE r [<!ENTITY x "{"x" * 90_000}">]><r>{"&x;" * 50_000}</r>', "document type", id="quadratic blow-up"),
        pytest.param(f'<r><e a="{"x" * 5_000_000}"/></r>', "tag or comment on line 1", id="an endless attribute"),
        pytest.param(f"<!--{'x' * 5_000_000}--><r/>", "tag or comment on line 1", id="an endless comment"),
        pytest.param("<r><e " + " ".join(f'a{n}="1"' for n in range(90_000)) + "/></r>", "different names", id="attributes"),
        pytest.param("<r><e>" + "".join(f"<a{n}/>" for n in range(90_000)) + "</e></r>", "different paths", id="elements"),
        pytest.param("<r>" + "".join(f'<e xmlns:p{n}="urn:x"/>' for n in range(90_000)) + "</r>", "different names", id="prefixes"),
        pytest.param(f'<r xmlns="{"x" * 100_000}">{"<e/>" * 90_000}</r>', "name of more than", id="a long namespace"),
        pytest.param(f"<r><{'e' * 100_000}/></r>", "name of more than", id="a long name"),
    ],
)  # fmt: skip
def test_what_could_do_harm_is_refused_at_once(content, words):
    started = time.perf_counter()
    assert words in refusal(content)
    assert time.perf_counter() - started < 10


# ---------------------------------------------------------------- against another reader

names = st.sampled_from(["a", "b", "type", "Größe"])
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
)


@st.composite
def elements(draw, depth=3):
    made = ET.Element(draw(names), draw(st.dictionaries(st.sampled_from(["x", "y"]), texts, max_size=2)))
    made.text = draw(texts)
    if depth:
        made.extend(draw(st.lists(elements(depth - 1), max_size=3)))
    return made


def expected(record, path):
    """What ElementTree finds at a path of ours."""
    *steps, last = path.split("/")
    way = "/".join(steps if last.startswith("@") else [*steps, last]) or "."
    found = record.findall(way) if way != "." else [record]
    if last.startswith("@"):
        values = [one.attrib[last[1:]] for one in found if last[1:] in one.attrib]
    else:
        texts = ["".join([one.text or "", *(inner.tail or "" for inner in one)]) for one in found]
        values = ["" if len(one) and not text.strip() else text for one, text in zip(found, texts, strict=True)]
    return "; ".join(values) if any(values) else ""


@given(st.lists(elements(), min_size=1, max_size=4), st.sampled_from(["utf-8", "utf-16", "iso-8859-1"]))
@settings(max_examples=200, deadline=None)
def test_every_cell_is_what_another_reader_finds_at_its_path(records, encoding):
    root = ET.Element("r")
    root.extend(records)
    content = ET.tostring(root, encoding)
    again = ET.fromstring(content)  # noqa: S314 - what was just written
    table = read(content, chunk=11)
    assert not table.flaws
    rows = [{path: expected(record, path) for path in table.header} for record in again]
    assert table.records == [row for row in rows if "".join(row.values()).strip()]
    ways = {"/".join(way) for record in again for way in leaves(record, [])} | {"."}
    assert {re.sub("/?@.*", "", path) or "." for path in table.header} <= ways


def leaves(element, way):
    yield way
    for inner in element:
        yield from leaves(inner, [*way, inner.tag])


awkward = st.text(st.sampled_from("<>/='\"&;![]-?ae: \n\r\0é\x1a"), max_size=60)


@given(
    content=st.binary(max_size=80)
    | awkward.map(str.encode)
    | awkward.map(lambda text: f"<r><e>{text}</e></r>".encode())
)
@settings(max_examples=800, deadline=None)
@pytest.mark.parametrize("options", [{}, {"explode": "a"}, {"columns": {"a": "a"}}], ids=str)
def test_any_bytes_give_an_orderly_table_or_a_refusal(options, content):
    try:
        table = read(content, **options)
    except Refused as refused:
        event(describe_file(refused.code, **refused.details)[0][:20])
        return
    assert [entry[0] for entry in table.rows] == list(range(1, len(table.rows) + 1))
    assert [entry[1] for entry in table.rows] == sorted(entry[1] for entry in table.rows)
    assert read(content, chunk=3, **options) == table


# ---------------------------------------------------------------- memory

PROGRAM = """
import re, sys
from pathlib import Path
from ingest.formats.xml import XmlFormat, open_table

class Generated:
    name, size = "huge.xml", 0
    def chunks(self):
        yield b"<r>"
        yield from eval(sys.argv[1])
        yield b"<e><a>1</a></e></r>"

table = open_table(Generated(), XmlFormat(columns={"a": "a"}))
counts = [(len(batch.rows), len(batch.broken)) for batch in table.batches()]
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024
print(peak, *map(sum, zip(*counts)))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("chunks", "read", "broken"),
    [
        pytest.param("(b'<e><a>some text</a><b>of a person</b></e>' * 2_000 for _ in range(100))", 200_001, 0, id="records"),
        pytest.param("[b'<e><a>', *[b'x' * 2**20] * 50, b'</a></e>']", 1, 1, id="a text of fifty megabytes"),
        pytest.param("[b'<e>', *[b'<a>x</a>' * 2**16] * 20, b'</e>']", 1, 1, id="a record without end"),
        pytest.param("[b'<e/>' * 2**18] * 2", 1, 0, id="empty records"),
    ],
)  # fmt: skip
def test_megabytes_take_little_memory(chunks, read, broken):
    program = [sys.executable, "-c", PROGRAM, chunks]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    peak, *counted = map(int, done.stdout.split())
    assert counted == [read, broken]
    assert peak < 150


# ---------------------------------------------------------------- what takes long


MANY = 4_000


def wide_by_attributes():
    return "<x>" + ("<a" + "".join(f" a{n}='x'" for n in range(MANY)) + "/>") * 10 + "</x>", MANY


def wide_by_types():
    return "<x>" + ("<a>" + "".join(f"<ID type='t{n}'>x</ID>" for n in range(MANY)) + "</a>") * 10 + "</x>", MANY


@pytest.mark.parametrize("written", [wide_by_attributes, wide_by_types])
def test_a_record_with_thousands_of_columns_takes_no_longer_than_its_size(written):
    content, columns = written()
    begun = time.process_time()
    found = read(content)
    assert [cells.count("x") for _, _, cells in found.rows] == [columns] * 10
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="blank records, whose columns are looked for"),
        pytest.param({"columns": {"N": "N"}}, id="blank records"),
        pytest.param({"records": "x/b", "columns": {"N": "N"}}, id="no record"),
        pytest.param({"records": "y/b", "columns": {"N": "N"}}, id="another document"),
        pytest.param({"records": "x", "columns": {"N": "N"}}, id="one record"),
    ],
)
def test_a_document_of_nothing_is_given_up(options, monkeypatch):
    monkeypatch.setattr("ingest.formats.xmlrecords.MAX_IDLE", 50_000)
    with pytest.raises(Refused) as refused:
        read(b"<x>" + b"<a/>" * 1_000_000 + b"<", **options)  # damage at its end, which is not reached
    assert refused.value.code == "too_large"
    assert "hold nothing" in describe_file("too_large", **refused.value.details)[0]


def test_a_document_is_not_given_up_as_long_as_something_is_found(monkeypatch):
    monkeypatch.setattr("ingest.formats.xmlrecords.MAX_IDLE", 50_000)
    content = "<x>" + ("<a><N>1</N></a>" + "<b/>" * 10_000) * 20 + "</x>"
    assert len(read(content, records="x/a", columns={"N": "N"}).rows) == 20


def test_sparse_rows_are_counted_with_all_their_columns(monkeypatch):
    monkeypatch.setattr("ingest.formats.filling.MAX_CELLS", 1_000_000)
    wide = "<a" + "".join(f" a{n}='x'" for n in range(1_000)) + "/>"
    few = "<a a1='x'/>"
    assert len(read(f"<x>{wide}{few * 900}</x>").rows) == 901
    with pytest.raises(Refused, match="too_large"):
        read(f"<x>{wide}{few * 1_100}</x>")
