"""A file in another encoding than was agreed is held before it changes anything, or read as what it is where the settings say `detect`."""

from __future__ import annotations

import pytest
from helpers.inbox import counts

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
        employee_id: {from: EMP_ID, required: true}
        family_name: {from: Name}
"""
CSV = "{type: csv, encoding: ENCODING}"
FIXED = "{type: fixed, encoding: ENCODING, records: {row: {columns: {EMP_ID: [1, 6], Name: [7, 9]}}}}"
XML = "{type: xml}"
PLAIN = 30_000  # rows of ASCII before the first other letter: more than one piece of the file


def drop(inbox, content: bytes, encoding: str, form: str = CSV, *, name: str = "roster.csv", **asked) -> dict:
    inbox.apply(PARTNER.replace("FORMAT", form).replace("ENCODING", encoding))
    return inbox.drop(name, content, **asked)


def lines(*names: str, plain: int = 0) -> str:
    rows = [*(f"P{n},Smith" for n in range(plain)), *(f"E{n},{name}" for n, name in enumerate(names))]
    return "\n".join(["EMP_ID,Name", *rows])


def names(inbox) -> set[str]:
    return set(inbox.clients("employee_id, family_name").values())


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "iso8859-15", "cp850", "cp1251", "mac_roman"])
def test_utf8_under_another_encoding_holds_the_file(inbox, encoding):
    told = drop(inbox, lines("Müller", "Zoë").encode(), encoding)
    assert (told["state"], told["code"]) == ("held", "wrong_encoding"), told
    assert "2 of its 2 characters beyond ASCII are UTF-8" in told["reason"]
    assert inbox.clients() == {}


def test_it_is_found_however_late_the_first_such_letter_comes(inbox):
    told = drop(inbox, lines("Müller", plain=PLAIN).encode(), "cp1252")
    assert (told["state"], told["code"]) == ("held", "wrong_encoding")


def test_it_is_found_in_text_of_fixed_width_and_in_xml_too(inbox):
    told = drop(inbox, "E00001Müller   \nE00002Zoë      \n".encode(), "cp1252", FIXED)
    assert told["code"] == "wrong_encoding"
    document = '<?xml version="1.0" encoding="ISO-8859-1"?><All><One><EMP_ID>E1</EMP_ID><Name>Müller</Name></One></All>'
    assert drop(inbox, document.encode(), "", XML, name="roster.xml")["code"] == "wrong_encoding"


def test_the_header_is_not_asked_before_the_encoding_is_sure(inbox):
    told = drop(inbox, "EMP_ID,Größe\nE1,2\n".encode(), "cp1252", CSV)
    assert told["code"] == "wrong_encoding"


@pytest.mark.parametrize("content", ["Müller", "“CAFÉ”", "Smith", "Łódź"])
def test_what_is_in_the_agreed_encoding_loads(inbox, content):
    told = drop(inbox, lines(content, "Größe ß").encode("cp1250"), "cp1250")
    assert (told["state"], counts(told)) == ("loaded", {"read": 2, "created": 2}), told
    assert names(inbox) == {content, "Größe ß"}


def test_some_utf8_in_a_file_of_another_encoding_is_a_remark(inbox):
    told = drop(inbox, lines("Müller", "Größe", "Zoë").encode("cp1252") + "\nE9,Müller".encode(), "cp1252")
    assert told["state"] == "loaded"
    assert told["remarks"] == [
        "The file was to be Windows-1252 text, but 1 of its 5 characters beyond ASCII are UTF-8."
    ]


def test_whoever_releases_it_has_it_read_as_agreed(inbox):
    told = inbox.release(drop(inbox, lines("Müller").encode(), "cp1252"))
    assert told["state"] == "released"
    assert names(inbox) == {"MÃ¼ller"}


@pytest.mark.parametrize(
    ("raw", "read_as"),
    [
        (lines("Müller", "Zoë", plain=PLAIN).encode(), "UTF-8"),
        (lines("Müller", "Zoë", plain=PLAIN).encode("cp1252"), "Windows-1252"),
        (lines("Müller", "Zoë", plain=PLAIN).encode("utf-8-sig"), "UTF-8"),
        (lines("Müller", "Zoë", plain=PLAIN).encode("utf-16"), "UTF-16 LE"),
    ],
)
def test_detect_reads_a_file_as_what_it_is_and_says_so(inbox, raw, read_as):
    told = drop(inbox, raw, "detect")
    assert told["state"] == "loaded"
    assert told["remarks"] == [f"The file was read as {read_as}, by its own bytes."]
    assert names(inbox) == {"Smith", "Müller", "Zoë"}


def test_detect_takes_a_file_of_two_encodings_for_what_most_of_it_is(inbox):
    told = drop(inbox, lines("Müller", "Zoë", "Größe").encode() + b"\nE9,M\xfcller", "detect")
    assert counts(told) == {"read": 4, "created": 3, "rejected": 1}
    assert [one["code"] for one in told["problems"]] == ["undecodable"]
