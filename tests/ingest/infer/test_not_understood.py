"""A file that nothing can be proposed for is refused in a sentence: never a traceback, never settings."""

from __future__ import annotations

import io
import random
import zipfile

import openpyxl
import pytest
from helpers.inbox import Pretended
from helpers.layouts import SAMPLES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import Problem
from gateway.wings import PARTNER_YAML
from ingest.feeds import FEEDS
from ingest.infer import Asked, NotUnderstood, infer

ASKED = Asked("acme", "northgate")
PROSE = """Dear team,

please find below what we discussed on Monday, namely that the roster, which is late, will come on Friday.
Nobody has left, as far as I know, but Ana, who is on leave, may not come back before June or July.

Kind regards,
Your partner, who is sorry
"""


def book(*rows: list[object]) -> bytes:
    out = io.BytesIO()
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(out)
    return out.getvalue()


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return out.getvalue()


NOISE = random.Random(7).randbytes(20_000)
REFUSED = {
    "nothing.csv": (b"", "is empty"),
    "blank.csv": (b"\r\n  \r\n", "nothing but blanks"),
    "noise.csv": (NOISE, "binary data"),
    "noise.xlsx": (b"PK\x03\x04" + NOISE, "damaged"),
    "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE, "damaged"),
    "letter.txt": (PROSE.encode(), "running text"),
    "letter.pdf": (b"%PDF-1.7\n" + NOISE, "PDF"),
    "one.csv": (b"\n".join([b"Comment", *(b"said " + b"so" * (n * 7 % 13) + b" again" * (n % 3) for n in range(50))]), "one column"),
    "header.csv": (b"Employee ID,Last Name,DOB\n", "no rows"),
    "keyless.csv": (b"Last Name,City,Note\n" + b"Rao,Austin,a\nRao,Berlin,b\nHo,Austin,a\n" * 20, "tells people or cases apart"),
    "two.zip": (packed(a=b"x,y\n1,2\n", b=b"x,y\n1,2\n"), "packs 2 files"),
    "none.zip": (packed(a=b""), "empty"),
    "broken.gz": (b"\x1f\x8b\x08" + NOISE[:100], "damaged"),
    "list.json": (b"[1, 2, 3]", "object"),
    "empty.json": (b'{"data": {"employees": []}}', "has a header but no rows"),
    "cut.json": (b'[{"employeeId": "1", "name', "line 1, column 22"),
    "cut.xml": (b"<people><person><id>1</id></person><person><id>", "line 1, column 48, it ends before"),
    "typed.xml": (b"<!DOCTYPE people SYSTEM 'http://people.example/people.dtd'><people/>", "document type"),
    "keyless.xml": (b"<r>" + b"<e><City>Austin</City><Note>a</Note></e>" * 20 + b"</r>", "tells people or cases apart"),
    "page.xls": (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "“Table 1” (no header row)"),
    "expired.xls": (b"<!DOCTYPE html><html><body>Please log in.</body></html>", "a web page without a table"),
    "empty.xlsx": (book(), "No sheet"),
    "lookup.xlsx": (book(["Code", "Meaning"], ["H-1B", "Specialty occupation"], ["TN", "USMCA"]), "No sheet"),
    "ragged.csv": (b"Employee ID,Last Name,DOB\n" + b"1,2,3,4,5\n1,2\n" * 40, "more or fewer cells"),
    "shifted.csv": (b"Employee ID,Last Name,DOB\n" + b"1,2,3,4,5\n" * 40, "do not agree"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_understood_is_refused_in_a_sentence(name):
    raw, words = REFUSED[name]
    with pytest.raises(NotUnderstood) as refused:
        infer(Pretended(name, raw), ASKED, PARTNER_YAML)
    sentence = refused.value.sentence
    assert words in sentence, sentence
    assert name in sentence
    assert sentence.endswith((".", ")")), sentence
    assert len(sentence.split(". ")) >= 2, "it says what to do as well"


def test_a_workbook_with_a_password_is_refused_as_such():
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 600
    with pytest.raises(NotUnderstood) as refused:
        infer(Pretended("locked.xlsx", locked), ASKED, PARTNER_YAML)
    assert refused.value.code == "password_protected"


@pytest.mark.parametrize(
    "asked",
    [Asked("Acme Inc", "northgate"), Asked("acme", "North gate"), Asked("acme", "northgate", time_zone="Chicago")],
)
def test_names_that_no_settings_can_have_are_refused_before_the_file_is_read(asked):
    with pytest.raises(Problem, match=r"Acme Inc|North gate|Chicago"):
        infer(Pretended("nothing.csv", b""), asked, PARTNER_YAML)


def valid_or_refused(name: str, raw: bytes) -> None:
    try:
        proposal = infer(Pretended(name, raw), ASKED, PARTNER_YAML)
    except Problem as refused:
        assert refused.sentence  # noqa: PT017 - either is right
        return
    feeds = FEEDS.of(PARTNER_YAML.read(proposal.config))
    assert list(feeds) == [proposal.feed]
    assert 2 * proposal.loaded >= proposal.rows > 0


CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    'Employee ID;DOB;N/A;05/06/2026;31.12.2026;1.234,56;$1,000.00;H-1B;Passport Number;Visa Type;D/S;";\x00;Total;India;A;Name;_E1'.split(
        ";"
    )
)
TABLES = st.tuples(st.sampled_from(",;\t|"), st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=12))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
def test_any_bytes_give_valid_settings_or_a_sentence(raw):
    valid_or_refused("any_20260501.dat", raw)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(TABLES)
def test_any_table_gives_valid_settings_or_a_sentence(table):
    delimiter, rows = table
    valid_or_refused("any.csv", "\n".join(delimiter.join(row) for row in rows).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_damaged_sample_gives_valid_settings_or_a_sentence(name, data):
    raw = bytearray(SAMPLES[name])
    if name.endswith(".xlsx"):
        raw = bytearray(SAMPLES["lohn_20260501.csv"])
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(raw) - 1))
        raw[start : start + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=20))
    valid_or_refused(name.replace(".xlsx", ".csv"), bytes(raw))
