"""What partner.yaml may hold, and that everything wrong in it is said with its line."""

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, field

from gateway.config import ConfigError, FieldError, Finding, PartnerHead, decode, fingerprint, nearest, read
from gateway.wings import PARTNER_YAML
from ingest.feed import Feed

ACME = Path(__file__).parents[1] / "data" / "configs" / "acme.yaml"

HEAD = """\
partner: acme
firm: northgate
name: ACME
time_zone: America/Chicago
"""  # lines 1-4
FEED = (
    HEAD
    + """\
feeds:
  roster:
    file: "roster_*.csv"
    format: {type: csv}
    contents: full
    client:
      key: employee_id
      fields:
        employee_id: {from: EMP_ID}
"""
)  # lines 5-13


def findings(text: str | bytes, kind: type = PARTNER_YAML.kind) -> list[Finding]:
    with pytest.raises(ConfigError) as caught:
        decode(read(text), kind)
    return caught.value.findings


# line, path, a part of the message, suggestion
BROKEN: dict[str, tuple[str, int, str, str, str | None]] = {
    # ------------------------------------------------------------ the text itself
    "nothing at all": ("", 1, "", "must be a mapping", None),
    "only a comment": ("# acme\n", 1, "", "must be a mapping", None),
    "a list on top": ("\n- partner: acme\n", 2, "", "must be a mapping", None),
    "a tab as indentation": (HEAD + "feeds:\n\troster: 1\n", 6, "", "does not allow tabs", None),
    "a bracket left open": (HEAD + "contacts: {errors: [a@b.example\nfeeds: {}\n", 6, "", "expected ',' or ']'", None),
    "a quote left open": (HEAD + 'rate_tier: "basic\n', 6, "", "unexpected end of stream", None),
    "two documents": (HEAD + "---\npartner: other\n", 5, "", "another document", None),
    "a control character": (HEAD + "rate_tier: \x07\n", 5, "", "U+0007", None),
    "an escape beyond Unicode": (HEAD + 'rate_tier: "\\UFFFFFFFF"\n', 5, "", "not YAML", None),
    "an escaped NUL": (HEAD + 'rate_tier: "a\\0"\n', 5, "rate_tier", "cannot be stored", None),
    "an unknown alias": (HEAD + "contacts: *nobody\n", 5, "", "undefined alias", None),
    "an alias inside itself": (HEAD + "contacts: &a {errors: *a}\n", 5, "", "inside the section", None),
    "a tag of Python": (HEAD + "feeds: !!python/object:os.system {}\n", 5, "feeds", "is not used here", None),
    "a tag of YAML 1.1": (HEAD + "rate_tier: !!binary YQ==\n", 5, "rate_tier", "is not used here", None),
    "a tag that lies": (HEAD + "rate_tier: !!int basic\n", 5, "rate_tier", "is not what its tag", None),
    "a key twice": (HEAD + "firm: southgate\n", 5, "firm", "stands twice in one mapping; see line 2", None),
    "a key twice, deep": (
        FEED + "        employee_id: {from: X}\n", 14, "feeds.roster.client.fields.employee_id", "see line 13", None,
    ),
    "a list as a key": (HEAD + "? [a]\n: b\n", 5, "", "A key must be text, not a list", None),
    "a number of 19 digits": (HEAD + "name2: 1234567890123456789\n", 5, "name2", "too long", None),
    "a number without end": (HEAD + "name2: 1e999\n", 5, "name2", "too large", None),
    # ------------------------------------------------------------ the top level
    "an unknown key": (HEAD + "contact: {}\n", 5, "contact", "not a known key", "contacts"),
    "a key like no other": (HEAD + "zzz: {}\n", 5, "zzz", "may stand here: contacts, rate_tier, feeds", None),
    "a missing key": ("partner: acme\nname: A\ntime_zone: Europe/Berlin\n", 1, "", 'The key "firm" is missing', None),
    "a slug in capitals": (HEAD.replace("acme", "ACME", 1), 1, "partner", "of the form ^[a-z0-9]", None),
    "a slug with a line break": (HEAD.replace("acme", '"acme\\n"', 1), 1, "partner", "of the form", None),
    "a time zone misspelt": (HEAD.replace("Chicago", "Chigaco"), 4, "time_zone", "IANA", "America/Chicago"),
    "a time zone abbreviated": (HEAD.replace("America/", ""), 4, "time_zone", "IANA", "America/Chicago"),
    "a time zone that is only an offset": (HEAD.replace("America/Chicago", "CST"), 4, "time_zone", "IANA", None),
    "a word of a list misspelt": (HEAD + "rate_tier: standart\n", 5, "rate_tier", "not one of", "standard"),
    "an address without @": (
        HEAD + "contacts:\n  errors: [x@y.example, hris.acme.example]\n", 6, "contacts.errors[1]", "not an e-mail address", None,
    ),
    "text for a list": (HEAD + "contacts: {late: x@y.example}\n", 5, "contacts.late", "is not a list", None),
    "a mapping for text": (HEAD.replace("ACME", "{a: b}"), 3, "name", "This is a mapping, not text", None),
    "a value left out": (HEAD.replace(" ACME", ""), 3, "name", "This is empty, not text", None),
    "a feed with a bad name": (FEED.replace("roster:", "Roster-1:"), 6, "feeds.Roster-1", "of the form", None),
    # ------------------------------------------------------------ feeds
    "a format misspelt": (FEED.replace("type: csv", "type: cvs"), 8, "feeds.roster.format.type", "not one of", "csv"),
    "a format without type": (
        FEED.replace("{type: csv}", '{delimiter: ";"}'), 8, "feeds.roster.format", '"type" is missing', None,
    ),
    "a key of a format misspelt": (
        FEED.replace("type: csv", "type: csv, delimeter: a"), 8, "feeds.roster.format.delimeter", "known key", "delimiter",
    ),
    "a delimiter misspelt": (
        FEED.replace("type: csv", "type: csv, delimiter: semi-colon"), 8, "feeds.roster.format.delimiter", "between cells", "semicolon",
    ),
    "a directive twice in the name of a file": (
        FEED.replace("    contents: full", '    contents: full\n    as_of: {file_name: "r_%d%d.csv"}'),
        10, "feeds.roster.as_of.file_name", "%d twice", None,
    ),
    "an unknown directive in the name of a file": (
        FEED.replace("    contents: full", '    contents: full\n    as_of: {file_name: "r_%Y%Q.csv"}'),
        10, "feeds.roster.as_of.file_name", "%Q", None,
    ),
    "a name of a file without a year": (
        FEED.replace("    contents: full", '    contents: full\n    as_of: {file_name: "r_%m%d.csv"}'),
        10, "feeds.roster.as_of.file_name", "no year", None,
    ),
    "a name of a file that ends in half a directive": (
        FEED.replace("    contents: full", '    contents: full\n    as_of: {file_name: "r_%Y%"}'),
        10, "feeds.roster.as_of.file_name", "percent sign", None,
    ),
    "a format that contradicts itself": (
        FEED.replace("type: csv", "type: csv, header_row: 0"), 8, "feeds.roster.format", "never both", None,
    ),
    "a required key misspelt is one finding": (
        FEED.replace("contents:", "content:"), 9, "feeds.roster.content", "not a known key", "contents",
    ),
    "a missing key of a nested mapping": (
        FEED.replace("      key: employee_id\n", ""), 11, "feeds.roster.client",
        '"key" is missing from the mapping that starts on line 11', None,
    ),
    "a renamed key by its Python name": (
        FEED.replace("{from:", "{from_:"), 13, "feeds.roster.client.fields.employee_id.from_", "not a known key", "from",
    ),
    "yes for true": (
        FEED.replace("EMP_ID", "EMP_ID, required: yes"), 13, "feeds.roster.client.fields.employee_id.required",
        '"yes" is not true or false; write true, without quotes', None,
    ),
    "a number out of range": (
        FEED + "    guards:\n      reject_percent: 250\n", 15, "feeds.roster.guards.reject_percent",
        "250 is not a number from 0 to 100", None,
    ),
    "a number in quotes": (
        FEED + '    guards: {shrink_percent: "50"}\n', 14, "feeds.roster.guards.shrink_percent", "write 50, without quotes", None,
    ),
    "a number with underscores": (
        FEED + "    guards: {vanish: {or: 1_000}}\n", 14, "feeds.roster.guards.vanish.or", "write 1000, without quotes", None,
    ),
    "a number with a leading zero": (
        FEED + "    guards: {vanish: {or: 0100}}\n", 14, "feeds.roster.guards.vanish.or", "leading zero", None,
    ),
    "a condition on a number": (
        FEED + "    where: {column: A, is: [1]}\n", 14, "feeds.roster.where.is[0]", "write it in quotes", "1",
    ),
    "a map of numbers": (
        FEED.replace("EMP_ID", "EMP_ID, map: {01: X}"), 13, 'feeds.roster.client.fields.employee_id.map["01"]',
        "write it in quotes", "01",
    ),
    "a map to true": (
        FEED.replace("EMP_ID", "EMP_ID, map: {Y: true}"), 13, "feeds.roster.client.fields.employee_id.map.Y",
        "means true or false in YAML; write it in quotes", "true",
    ),
    "a map of the surname Null": (
        FEED.replace("EMP_ID", "EMP_ID, map: {Null: X}"), 13, "feeds.roster.client.fields.employee_id.map.Null",
        "means nothing in YAML; write it in quotes", "Null",
    ),
    "an alias that is a number": (
        FEED.replace("EMP_ID", "[EMP_ID, 7]"), 13, "feeds.roster.client.fields.employee_id.from[1]", "in quotes", "7",
    ),
    "a cleaner padded with zeros": (
        FEED.replace("EMP_ID", "EMP_ID, clean: [{pad_left: 08}]"), 13,
        "feeds.roster.client.fields.employee_id.clean[0].pad_left", "leading zero", None,
    ),
    "a rule that there is not": (
        FEED + "    rules:\n      - {rule: not_bevore, field: a, than: b}\n", 15, "feeds.roster.rules[0].rule",
        "not one of not_before, required_when", "not_before",
    ),
    "a time of day without zeros": (
        FEED + "    expected: {by: 6am}\n", 14, "feeds.roster.expected.by", "of the form", None,
    ),
    "the merge key of YAML 1.1": (FEED + "    <<: {contents: full}\n", 14, 'feeds.roster["<<"]', "not a known key", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "path", "message", "suggestion"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_config_says_the_line_the_path_and_the_way_out(text, line, path, message, suggestion):
    found = findings(text)
    assert [(each.line, each.path, each.suggestion) for each in found] == [(line, path, suggestion)], list(
        map(str, found)
    )
    assert message in found[0].message


def test_a_finding_reads_as_one_line_that_an_editor_can_jump_to():
    document = read(FEED.replace("EMP_ID", "EMP_ID, type: dat"), "partner_configs/acme/partner.yaml")
    path = ("feeds", "roster", "client", "fields", "employee_id", "type")
    assert str(document.finding(path, '"dat" is not a type.', nearest("dat", ["text", "date"]))) == (
        "partner_configs/acme/partner.yaml:13:43: feeds.roster.client.fields.employee_id.type: "
        '"dat" is not a type. Did you mean "date"?'
    )


def test_every_error_is_reported_at_once_and_in_the_order_of_the_file():
    text = FEED.replace("acme", "ACME").replace("full", "all").replace("EMP_ID", "1") + "zzz: 1\n"
    text = text.replace("Chicago", "Chigaco")
    assert [each.line for each in findings(text)] == [1, 4, 9, 13, 14]


def test_a_finding_about_what_is_not_written_stands_at_the_nearest_thing_above():
    document = read(FEED)
    finding = document.finding(
        ("feeds", "roster", "client", "fields", "employee_id", "formats"), "A date needs formats."
    )
    assert (finding.line, finding.column, finding.found) == (13, 22, None)


def test_the_annotated_example_holds_no_finding():
    document = read(ACME)
    partner = decode(document, PARTNER_YAML.kind)
    assert partner.feeds == {name: decode(document, Feed, at=("feeds", name)) for name in partner.feeds}
    roster = partner.feeds["roster"]
    assert roster.documents[1].fields["expires_on"].tokens == {"D/S": "duration_of_status"}
    assert roster.case is not None
    assert roster.case.fields["case_type"].map == {"H-1B": "H1B_EXT", "H1B": "H1B_EXT", "TN": "TN"}
    assert (roster.guards.vanish.or_, roster.expected.by, roster.keep) == (100, "06:00", ["Manager", "Cost Center"])


# ---------------------------------------------------------------- the traps of YAML 1.1


@pytest.mark.parametrize(
    "word",
    ["on", "off", "yes", "no", "NO", "y", "12:30", "1:20:30", "1_000", "0x1F", "0o17", "0b1", "2026-05-01",
     "2026-05-01T10:00:00Z", "=", "<<", ".inf", ".nan", "True story", "1.2.3", "+", "1e", "null and void"],
)  # fmt: skip
def test_what_yaml_1_1_would_change_stays_text_as_key_and_as_value(word):
    assert decode(read(f"{word}: {word}"), dict[str, str]) == {word: word}


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("FALSE", False), ("~", None), ("null", None), ("", None), ("12", 12), ("-3", -3), ("+3", 3),
     ("1.50", 1.5), (".5", 0.5), ("1e3", 1000.0), ("0", 0), ("0.5", 0.5), ('"12"', "12"), ("!!str 12", "12")],
)  # fmt: skip
def test_the_core_schema_of_yaml_1_2_decides_what_is_no_text(word, value):
    decoded = decode(read(f"a: {word}"), dict[str, Any])
    assert decoded == {"a": value}
    assert type(decoded["a"]) is type(value)


@pytest.mark.parametrize("word", ["0123", "01", "-007", "00.5"])
def test_a_leading_zero_is_asked_about_wherever_it_stands(word):
    for kind in (dict[str, Any], dict[str, int], dict[str, float], dict[str, str], dict[str, str | int | None]):
        assert len(findings(f"a: {word}", kind)) == 1
    assert len(findings(f"{word}: a", dict[str, Any])) == 1


# ---------------------------------------------------------------- limits


def test_aliases_repeat_a_section_and_findings_in_it_point_to_where_it_is_written():
    text = HEAD + "contacts:\n  errors: &us [hris@acme.example]\n  late: *us\n"
    assert decode(read(text), PartnerHead).contacts.late == ["hris@acme.example"]
    assert [(each.line, each.path) for each in findings(text.replace("@", ""))] == [
        (6, "contacts.errors[0]"),
        (6, "contacts.late[0]"),
    ]


def test_a_fault_in_a_repeated_section_is_told_once():
    text = HEAD + "contacts:\n  errors: &us [hris@acme.example, !!binary YQ==]\n  late: *us\n"
    assert [each.path for each in findings(text)] == ["contacts.errors[1]"]


def test_a_bomb_of_aliases_is_refused():
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    text += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    [finding] = findings(text)
    assert (finding.line, "aliases counted in full" in finding.message) == (5, True)


def test_more_values_than_anybody_writes_are_refused_before_the_rest_is_read():
    [finding] = findings("a:\n" + "- b\n" * 250_000)
    assert "more than 20,000 values" in finding.message
    assert finding.line < 20_010  # a megabyte of them took 24 seconds to read to its end


def test_nesting_is_refused_before_it_can_exhaust_the_stack():
    assert "nested deeper" in findings("a: " + "[" * 100_000)[0].message
    chain = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 100))
    assert "nested deeper" in findings(chain)[0].message


def test_a_file_over_the_limit_and_a_file_that_is_not_there_are_findings(tmp_path):
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * (1024 * 1024 + 1))
    for path, message in (
        (large, "larger than 1,048,576 bytes"),
        (tmp_path / "none.yaml", "No such file"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(ConfigError, match=message) as caught:
            read(path)
        assert caught.value.findings[0].file == str(path)


def test_bytes_that_are_not_utf_8_are_found_by_line_and_column():
    [finding] = findings("name: Müller\nfirm: ".encode() + "Köln".encode("cp1252"))
    assert (finding.line, finding.column, finding.found) == (2, 8, "byte 0xF6")
    assert findings("partner: acme".encode("utf-16"))[0].line == 1


def test_a_byte_order_mark_is_passed_over():
    assert decode(read(b"\xef\xbb\xbf" + HEAD.encode()), PartnerHead).partner == "acme"


def test_a_fingerprint_is_the_sha256_of_the_text():
    assert fingerprint("acme\n") == "fb5aaab08a41b991fc6d330824bbebc97d2a137d82546a1e85d74df9a26baabd"


# ---------------------------------------------------------------- structs in general


class Leg(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="leg"):
    start: int
    end: int = 9

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise FieldError("It ends before it starts.", at=("end",), suggestion=str(self.start))
        if self.start < 0:
            raise ValueError("It starts before the beginning.")


def check_even(number: int) -> int:
    if number % 2:
        raise ValueError("It is odd.")
    return number


class Trip(Struct, frozen=True, kw_only=True):
    pair: Annotated[int, Meta(ge=0, extra={"check": check_even})] = 2
    legs: list[Leg] = []
    span: tuple[int, str] | None = None
    few: Annotated[list[int], Meta(min_length=1, max_length=2)] | None = None
    pace: Literal["slow", "fast"] | bool = "slow"
    code: Annotated[str, Meta(min_length=2, max_length=3)] | None = None
    some_name: int = field(default=0, name="some-name")


def test_structs_decode_with_tags_tuples_unions_renames_and_keys_that_they_ignore():
    text = "legs: [{kind: leg, start: 1}]\nspan: [3, x]\nfew: [1]\npace: true\nsome-name: 4\nelse: 1\n"
    assert decode(read(text), Trip) == Trip(legs=[Leg(start=1)], span=(3, "x"), few=[1], pace=True, some_name=4)


@pytest.mark.parametrize(
    ("text", "path", "column", "message"),
    [
        ("legs: [{kind: leg, start: 5, end: 1}]", "legs[0].end", 35, "It ends before it starts."),
        ("legs: [{kind: leg, start: -1}]", "legs[0]", 8, "It starts before the beginning."),
        ("pair: 3", "pair", 7, "It is odd."),
        ("pair: -1", "pair", 7, "-1 is not a whole number of at least 0"),
        ("legs: [{start: 1}]", "legs[0]", 8, '"kind" is missing'),
        ("legs: [{kind: [leg]}]", "legs[0].kind", 15, "not one of leg"),
        ("span: [3]", "span", 7, "has 1 items, not 2"),
        ("span: 3", "span", 7, "3 is not a list of 2 items"),
        ("few: [1, 2, 3]", "few", 6, "not a list of 1 to 2 items"),
        ("pace: medium", "pace", 7, "not one of fast, slow or true or false"),
        ("code: x", "code", 7, "text of 2 to 3 characters"),
        ("code: [x]", "code", 7, "This is a list, not text"),
        ("some_name: 1.5\nsome-name: 1.5", "some-name", 12, "1.5 is not a whole number"),
    ],
)
def test_whatever_a_struct_refuses_is_found_where_it_stands(text, path, column, message):
    [finding] = findings(text, Trip)
    assert (finding.path, finding.column) == (path, column), str(finding)
    assert message in finding.message


def test_decoding_a_place_that_is_not_there_is_a_finding():
    with pytest.raises(ConfigError, match=r"feeds\.census: This is missing"):
        decode(read(FEED), Feed, at=("feeds", "census"))
