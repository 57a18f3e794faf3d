"""Steps fill what a row leaves blank, and nothing else; a table or a step that is wrong is told before any file comes."""

from datetime import date

import pytest

from gateway.config import decode, read
from gateway.domain.people.fields import DURATION_OF_STATUS
from gateway.values.dates import shifted
from ingest.feed import Feed
from ingest.formats.base import Batch
from ingest.mapping import enrich
from ingest.mapping.errors import FeedError
from ingest.mapping.headers import Headers, needed_columns, standing
from ingest.mapping.plan import compile_feed
from ingest.mapping.records import map_batch
from ingest.mapping.specs import check_feed
from ingest.mapping.tables import MAX_ROWS, index_of, parse, parse_all

TODAY = date(2026, 5, 1)
SITES = "Site,City,State,Opened\nHQ,Chicago,il,2001-05-01\n Süd ,Atlanta,Georgia,\n"
LOOKUP = "{step: lookup, table: sites.csv, by: Site, give: {work_city: City}}"
FEED = """
file: "*.csv"
format: {{type: csv}}
contents: changes
none_values: ["", "N/A"]
client:
  key: employee_id
  fields:
    employee_id: {{from: Id}}
    work_city: {{from: City, blank: clear, clear_token: "-"}}
    hire_date: {{from: Hired, type: date, if_bad: drop}}
    ssn: {{from: SSN, type: ssn}}
case:
  when: {{column: Visa, not_blank: true}}
  fields:
    case_number: {{join: [Id, Visa], with: "-"}}
    case_type: {{from: Visa, type: code, map: {{H-1B: H1B_EXT, PERM: PERM, TN: TN}}}}
documents:
  - type: passport
    fields: {{number: {{from: Passport}}, expires_on: {{from: Passport Expiry, type: date}}}}
  - type: {{from: Doc, map: {{I94: i94, I797: i797}}}}
    fields: {{number: {{from: Doc No}}, expires_on: {{from: Doc Expiry, type: date, tokens: {{D/S: duration_of_status}}}}}}
  - type: h1b_maxout
    when: {{column: Visa, is: [H-1B]}}
    fields: {{}}
enrich: {steps}
rules: {rules}
"""
COLUMNS = ["Id", "City", "Hired", "SSN", "Visa", "Passport", "Passport Expiry", "Doc", "Doc No", "Doc Expiry", "Site"]


def feed_of(*steps: str, rules: str = "[]") -> Feed:
    text = FEED.format(steps=f"[{', '.join(steps)}]", rules=rules)
    return decode(read(text), Feed)


def enriched(*rows, steps, sites=SITES, rules="[]", columns=COLUMNS):
    """The batch of these rows; a row is a mapping from columns to cells, its Id counted from 1."""
    plan = compile_feed(feed_of(*steps, rules=rules), Headers(columns), TODAY, parse_all({"sites.csv": sites}))
    cells = [[({"Id": str(n)} | row).get(name, "") for name in columns] for n, row in enumerate(rows, 1)]
    numbers = list(range(2, len(cells) + 2))
    return map_batch(Batch(numbers, numbers, cells), plan)


def column(mapped, kind, name, number=0):
    records = [one for one in mapped.records if one.kind == kind][number]
    return dict(zip(records.rows, records.fields[name], strict=True)) if name in records.fields else {}


def told(mapped):
    return [(one.row, one.code, one.column, one.value, one.severity) for one in mapped.problems]


# ------------------------------------------------------------------------------------------------ lookups


def test_a_blank_is_filled_from_the_row_of_the_table_with_the_same_word():
    mapped = enriched({"Site": "HQ"}, {"Site": " hq"}, {"Site": "SÜD"}, {"Site": "Su\u0308d"}, steps=[LOOKUP])
    assert column(mapped, "client", "work_city") == {2: "Chicago", 3: "Chicago", 4: "Atlanta", 5: "Atlanta"}
    assert mapped.problems == []


def test_what_the_row_says_itself_always_wins():
    mapped = enriched({"Site": "HQ", "City": "Boston"}, {"Site": "elsewhere", "City": "Boston"}, steps=[LOOKUP])
    assert column(mapped, "client", "work_city") == {2: "Boston", 3: "Boston"}
    assert mapped.problems == []  # nothing would have been filled, so the unknown word does not matter


def test_of_two_steps_the_first_that_has_a_value_fills():
    second = "{step: lookup, table: sites.csv, by: Site, give: {work_city: State}}"
    mapped = enriched({"Site": "HQ"}, steps=[LOOKUP, second])
    assert column(mapped, "client", "work_city") == {2: "Chicago"}


def test_values_of_a_table_are_read_by_type():
    given = "{work_state: {from: State, type: us_state}, client.eligibility_start_date: {from: Opened, type: date}}"
    mapped = enriched(
        {"Site": "HQ"}, {"Site": "Süd"}, steps=[f"{{step: lookup, table: sites.csv, by: Site, give: {given}}}"]
    )
    assert column(mapped, "client", "work_state") == {2: "IL", 3: "GA"}
    assert column(mapped, "client", "eligibility_start_date") == {2: date(2001, 5, 1), 3: None}


def test_a_list_of_words_from_a_table_is_a_list():
    step = "{step: lookup, table: sites.csv, by: Site, give: {languages: City}}"
    mapped = enriched({"Site": "HQ"}, steps=[step], sites="Site,City\nHQ,English; Polski\n")
    assert column(mapped, "client", "languages") == {2: ["English", "Polski"]}


@pytest.mark.parametrize(
    ("missing", "severity", "rejected"),
    [("warn", "warning", set()), ("reject", "error", {2}), ("ignore", None, set())],
)
def test_a_word_that_the_table_does_not_have(missing, severity, rejected):
    step = LOOKUP.replace("}}", f"}}, missing: {missing}}}")
    mapped = enriched({"Site": " Moon"}, {"Site": ""}, {"Site": "N/A"}, steps=[step])
    assert told(mapped) == ([(2, "no_match", "Site", "Moon", severity)] if severity else [])
    assert mapped.rejected == rejected
    assert column(mapped, "client", "work_city")[3] is None


def test_a_row_without_the_record_to_be_filled_is_not_told_of():
    step = "{step: lookup, table: sites.csv, by: Site, give: {case.worksite_city: City}}"
    mapped = enriched({"Site": "Moon"}, {"Site": "Moon", "Visa": "TN"}, {"Site": "HQ", "Visa": "TN"}, steps=[step])
    assert [one[0] for one in told(mapped)] == [3]
    assert column(mapped, "case", "worksite_city") == {3: None, 4: "Chicago"}


def test_a_word_from_a_sensitive_column_is_masked():
    step = LOOKUP.replace("by: Site", "by: Social")
    headers = Headers([name.replace("SSN", "Social") for name in COLUMNS], learned={"SSN": ["Social"]})
    plan = compile_feed(feed_of(step), headers, TODAY, parse_all({"sites.csv": "Social,City\n1,x\n"}))
    row = ["1", "", "", "219-09-9998", *[""] * 7]
    mapped = map_batch(Batch([2], [2], [row]), plan)
    assert [one.value for one in mapped.problems if one.code == "no_match"] == ["•••••••9998"]


def test_a_field_whose_own_column_is_missing_is_filled_all_the_same():
    without = [name for name in COLUMNS if name != "City"]
    assert column(enriched({"Site": "HQ"}, steps=[LOOKUP], columns=without), "client", "work_city") == {2: "Chicago"}


def test_a_lookup_whose_column_is_missing_gives_nothing():
    without = [name for name in COLUMNS if name != "Site"]
    mapped = enriched({}, steps=[LOOKUP], columns=without)
    assert column(mapped, "client", "work_city") == {2: None}
    assert mapped.problems == []


def test_only_a_lookup_that_rejects_needs_its_column():
    rejecting = LOOKUP.replace("}}", "}, missing: reject}")
    assert ["Site"] not in needed_columns(feed_of(LOOKUP))
    assert ["Site"] in needed_columns(feed_of(rejecting))
    assert standing(feed_of(LOOKUP), Headers([*COLUMNS, "Badge"])).unused == ["Badge"]


# ------------------------------------------------------------------------------------------------ blank, or not


def test_a_clear_token_is_no_blank_but_a_blank_to_be_cleared_is():
    mapped = enriched({"Site": "HQ", "City": "-"}, {"Site": "HQ"}, {}, steps=[LOOKUP])
    [clients] = [one for one in mapped.records if one.kind == "client"]
    assert column(mapped, "client", "work_city") == {2: None, 3: "Chicago", 4: None}
    assert clients.clears == [(0, "work_city"), (2, "work_city")]


def test_a_value_that_was_dropped_is_a_blank():
    step = "{step: lookup, table: sites.csv, by: Site, give: {hire_date: {from: Opened, type: date}}}"
    mapped = enriched({"Site": "HQ", "Hired": "long ago"}, steps=[step])
    assert column(mapped, "client", "hire_date") == {2: date(2001, 5, 1)}
    assert [one.code for one in mapped.problems] == ["bad_date"]


def test_duration_of_status_is_no_blank_and_a_filled_date_ends_it_on_record():
    step = "{step: shift, field: documents.i94.expires_on, of: hire_date, plus: 1y}"
    mapped = enriched(
        {"Hired": "2026-01-01", "Doc": "I94", "Doc No": "1", "Doc Expiry": "D/S"},
        {"Hired": "2026-01-01", "Doc": "I94", "Doc No": "2"},
        steps=[step],
    )
    assert column(mapped, "document", "expires_on", 1) == {2: None, 3: date(2027, 1, 1)}
    assert column(mapped, "document", DURATION_OF_STATUS, 1) == {2: True, 3: False}


# ------------------------------------------------------------------------------------------------ derived fields


def test_a_map_goes_by_the_word_that_is_stored():
    step = "{step: map, field: case.complexity, of: case.case_type, map: {PERM: 7, H1B_EXT: 3}, otherwise: 5}"
    mapped = enriched({"Visa": "PERM"}, {"Visa": "H-1B"}, {"Visa": "TN"}, {}, steps=[step])
    assert column(mapped, "case", "complexity") == {2: 7, 3: 3, 4: 5}


def test_a_map_without_otherwise_leaves_other_words_blank():
    step = "{step: map, field: case.premium, of: case.case_type, map: {PERM: true}}"
    mapped = enriched({"Visa": "PERM"}, {"Visa": "TN"}, steps=[step])
    assert column(mapped, "case", "premium") == {2: True, 3: None}


def test_a_later_step_may_use_what_an_earlier_one_gave():
    give = "{step: lookup, table: sites.csv, by: Site, give: {hire_date: {from: Opened, type: date}}}"
    shift = "{step: shift, field: eligibility_start_date, of: hire_date, plus: 90d}"
    mapped = enriched({"Site": "HQ"}, {"Site": "HQ", "Hired": "2026-01-01"}, {}, steps=[give, shift])
    assert column(mapped, "client", "eligibility_start_date") == {2: date(2001, 7, 30), 3: date(2026, 4, 1), 4: None}


def test_a_field_that_only_a_step_gives_may_be_used_by_a_later_one():
    give = "{step: lookup, table: sites.csv, by: Site, give: {eligibility_start_date: {from: Opened, type: date}}}"
    shift = "{step: shift, field: eligibility_end_date, of: eligibility_start_date, plus: 1y}"
    mapped = enriched({"Site": "HQ"}, steps=[give, shift])
    assert column(mapped, "client", "eligibility_end_date") == {2: date(2002, 5, 1)}


@pytest.mark.parametrize(
    ("day", "count", "unit", "moved"),
    [
        (date(2024, 2, 29), 1, "y", date(2025, 2, 28)),
        (date(2026, 1, 31), 1, "m", date(2026, 2, 28)),
        (date(2026, 1, 31), -2, "m", date(2025, 11, 30)),
        (date(2026, 12, 31), 1, "d", date(2027, 1, 1)),
    ],
)
def test_a_month_ends_on_its_last_day(day, count, unit, moved):
    assert shifted(day, count, unit) == moved


@pytest.mark.parametrize("plus", ["1y", "99999y", "-99999m"])
def test_a_date_that_leads_out_of_our_years_is_told_and_not_filled(plus):
    step = f"{{step: shift, field: eligibility_end_date, of: hire_date, plus: {plus}}}"
    mapped = enriched({"Hired": "2200-06-01"}, steps=[step])
    assert column(mapped, "client", "eligibility_end_date") == {2: None}
    assert told(mapped) == [(2, "out_of_range", "Hired", "2200-06-01", "warning")]
    assert plus in mapped.problems[0].message


def test_the_earliest_and_the_latest_of_the_dates_that_are_there():
    dates = "of: [documents.i94.expires_on, documents.passport.expires_on]"
    rows = [
        {"Passport": "P", "Passport Expiry": "2030-01-01", "Doc": "I94", "Doc No": "1", "Doc Expiry": "2027-01-01"},
        {"Passport": "P", "Passport Expiry": "2030-01-01"},
        {},
    ]
    steps = [f"{{step: {word}, field: {field}, {dates}}}" for word, field in FIRST_AND_LAST.items()]
    mapped = enriched(*rows, steps=steps)
    assert column(mapped, "client", "eligibility_start_date") == {2: date(2027, 1, 1), 3: date(2030, 1, 1), 4: None}
    assert column(mapped, "client", "eligibility_end_date") == {2: date(2030, 1, 1), 3: date(2030, 1, 1), 4: None}


FIRST_AND_LAST = {"earliest": "eligibility_start_date", "latest": "eligibility_end_date"}


# ------------------------------------------------------------------------------------------------ records


def test_a_document_is_filled_only_where_the_row_brings_it():
    steps = [
        "{step: shift, field: documents.passport.expires_on, of: hire_date, plus: 10y}",
        "{step: shift, field: documents.h1b_maxout.expires_on, of: hire_date, plus: 6y}",
        "{step: shift, field: documents.i797.expires_on, of: hire_date, plus: 3y}",
    ]
    mapped = enriched(
        {"Hired": "2020-01-01", "Passport": "P1"},
        {"Hired": "2020-01-01", "Visa": "H-1B"},
        {"Hired": "2020-01-01", "Doc": "I797", "Doc No": "7"},
        {"Hired": "2020-01-01", "Doc": "I94", "Doc No": "7"},
        steps=steps,
    )
    assert column(mapped, "document", "expires_on", 0) == {2: date(2030, 1, 1)}
    assert column(mapped, "document", "expires_on", 1) == {4: date(2023, 1, 1), 5: None}
    assert column(mapped, "document", "expires_on", 2) == {3: date(2026, 1, 1)}  # its `when` says that there is one


def test_a_field_is_added_to_documents_of_its_type_alone():
    step = "{step: lookup, table: sites.csv, by: Site, give: {documents.i94.country: City}}"
    mapped = enriched({"Site": "HQ", "Passport": "P", "Doc": "I94", "Doc No": "1"}, steps=[step])
    assert column(mapped, "document", "country", 0) == {}
    assert column(mapped, "document", "country", 1) == {2: "Chicago"}


def test_a_row_without_a_case_gets_none():
    step = "{step: lookup, table: sites.csv, by: Site, give: {case.worksite_city: City}}"
    assert column(enriched({"Site": "HQ"}, steps=[step]), "case", "worksite_city") == {}


# ------------------------------------------------------------------------------------------------ rules


def test_rules_see_what_was_filled_and_may_name_fields_that_only_steps_give():
    step = "{step: lookup, table: sites.csv, by: Site, give: {work_state: {from: State, type: us_state}}}"
    rule = "[{rule: required_when, field: client.work_state, when: {column: Visa, not_blank: true}}]"
    mapped = enriched({"Visa": "TN", "Site": "HQ"}, {"Visa": "TN"}, steps=[step], rules=rule)
    assert [(row, code, label) for row, code, label, *_ in told(mapped)] == [(3, "required_when", "Site")]


def test_a_date_that_was_filled_is_shown_where_it_breaks_a_rule():
    step = "{step: shift, field: eligibility_end_date, of: hire_date, plus: -1d}"
    rule = "[{rule: not_before, field: client.eligibility_end_date, than: client.hire_date}]"
    [problem] = enriched({"Hired": "2026-01-01"}, steps=[step], rules=rule).problems
    assert (problem.code, problem.value) == ("date_order", "2025-12-31")
    assert "Hired (2026-01-01)" in problem.message


# ------------------------------------------------------------------------------------------------ what is wrong

WRONG = {
    "a folder": ("{step: lookup, table: ../sites.csv, by: Site, give: {work_city: City}}", "table", "is not the name"),
    "an absolute path": ("{step: lookup, table: /etc/x.csv, by: S, give: {work_city: City}}", "table", "is not the"),
    "a path of Windows": ('{step: lookup, table: "..\\\\x.csv", by: S, give: {work_city: C}}', "table", "is not the"),
    "a folder of Windows": ('{step: lookup, table: "a\\\\x.csv", by: S, give: {work_city: C}}', "table", "is not the"),
    "no CSV": ("{step: lookup, table: partner.yaml, by: S, give: {work_city: C}}", "table", "is not the name"),
    "a sensitive column": ("{step: lookup, table: s.csv, by: ssn, give: {work_city: C}}", "by", "sensitive"),
    "nothing given": ("{step: lookup, table: s.csv, by: S, give: {}}", "give", "at least one field"),
    "an unknown field": ("{step: lookup, table: s.csv, by: S, give: {work_ciy: C}}", "give.work_ciy", "`work_city`"),
    "an unknown record": ("{step: lookup, table: s.csv, by: S, give: {cas.stage: C}}", "give.cas.stage", "`case`"),
    "a key": ("{step: lookup, table: s.csv, by: S, give: {employee_id: C}}", "give.employee_id", "tells records apart"),
    "a document's number": (
        "{step: lookup, table: s.csv, by: S, give: {documents.i94.number: C}}",
        "give.documents.i94.number",
        "tells records apart",
    ),
    "something sensitive": ("{step: lookup, table: s.csv, by: S, give: {ssn: C}}", "give.ssn", "sensitive"),
    "a type that does not fit": ("{step: lookup, table: s.csv, by: S, give: {hire_date: C}}", "give.hire_date", "date"),
    "an option of files": (
        "{step: lookup, table: s.csv, by: S, give: {work_city: {from: C, if_bad: drop}}}",
        "give.work_city.if_bad",
        "means nothing to a table",
    ),
    "a bound that moves": (
        "{step: lookup, table: s.csv, by: S, give: {hire_date: {from: C, type: date, max: today}}}",
        "give.hire_date.max",
        "write a day",
    ),
    "an unknown case type": (
        "{step: map, field: case.complexity, of: case.case_type, map: {H1B_EXTT: 3}}",
        "map.H1B_EXTT",
        "`H1B_EXT`",
    ),
    "a value out of range": (
        "{step: map, field: case.complexity, of: case.case_type, map: {PERM: 11}}",
        "map.PERM",
        "out_of_range",
    ),
    "a default out of range": (
        "{step: map, field: case.complexity, of: case.case_type, map: {PERM: 1}, otherwise: 0}",
        "otherwise",
        "out_of_range",
    ),
    "a word that is not ours": (
        "{step: map, field: case.stage, of: case.case_type, map: {PERM: draftng}}",
        "map.PERM",
        "`drafting`",
    ),
    "no map": ("{step: map, field: case.complexity, of: case.case_type, map: {}}", "map", "empty"),
    "a word twice": ("{step: map, field: work_state, of: work_city, map: {A: IL, a: GA}}", "map.a", "twice"),
    "a map of dates": ("{step: map, field: work_city, of: hire_date, map: {x: y}}", "of", "no words"),
    "a date of a word": ("{step: shift, field: hire_date, of: work_city, plus: 1d}", "of", "is not a date"),
    "a word of a date": ("{step: shift, field: job_title, of: hire_date, plus: 1d}", "field", "is not a date"),
    "from itself": ("{step: shift, field: hire_date, of: hire_date, plus: 1d}", "of", "from itself"),
    "from something sensitive": ("{step: map, field: work_city, of: ssn, map: {x: y}}", "of", "sensitive"),
    "from what comes later": (
        "{step: shift, field: eligibility_start_date, of: eligibility_end_date, plus: 1d}",
        "of",
        "given by an earlier step",
    ),
    "from one of a list": (
        "{step: latest, field: eligibility_end_date, of: [hire_date, documents.i94.expires]}",
        "of.1",
        "`expires_on`",
    ),
}


@pytest.mark.parametrize(("step", "path", "words"), WRONG.values(), ids=WRONG)
def test_a_step_that_makes_no_sense_is_told_at_its_key(step, path, words):
    [error] = check_feed(feed_of(step))
    assert ".".join(map(str, error.path)) == f"enrich.0.{path}"
    assert words in error.sentence


@pytest.mark.parametrize(
    ("table", "line", "words"),
    [
        pytest.param("Site,City\nHQ,Chicago\nhq ,Boston\n", 3, "stands on line 2 already", id="a word twice"),
        pytest.param("Site,City\n,Chicago\n", 2, "has no Site", id="a row without its word"),
        pytest.param("Site,City\nN/A,Chicago\n", 2, "has no Site", id="a word that means none"),
        pytest.param("Site,City\nHQ,Chicago,IL\n", 2, "3 cells", id="a ragged row"),
        pytest.param("", 1, "no rows", id="an empty table"),
        pytest.param('Site,City\nHQ,"Chi', 2, "quote", id="an open quote"),
        pytest.param(f"Site,City\nHQ,{'x' * 1001}\n", 2, "1,001 characters", id="a value too long"),
    ],
)
def test_a_table_that_is_wrong_is_told_with_its_line(table, line, words):
    feed = feed_of(LOOKUP)
    parsed = parse("sites.csv", table)
    troubles = parsed.troubles or index_of(feed, feed.enrich[0], parsed).troubles
    assert [one.line for one in troubles] == [line]
    assert words in troubles[0].sentence


def test_rows_of_commas_below_a_table_are_passed_over():
    assert parse("sites.csv", "Site,City\nHQ,Chicago\n,\n\n,\n").rows == [["HQ", "Chicago"]]


def test_a_table_has_an_end():
    rows = "".join(f"{n},x\n" for n in range(MAX_ROWS + 1))
    [trouble] = parse("sites.csv", f"Site,City\n{rows}").troubles
    assert trouble.line == MAX_ROWS + 2


def test_a_wrong_or_absent_table_stops_an_import_before_its_rows():
    for sites, words in [("Site,City\nHQ,a\nHQ,b\n", "line 3"), ("Site,Town\nHQ,a\n", "column of sites.csv")]:
        with pytest.raises(FeedError, match=words):
            enriched({"Site": "HQ"}, steps=[LOOKUP], sites=sites)
    with pytest.raises(FeedError, match="was not applied"):
        compile_feed(feed_of(LOOKUP), Headers(COLUMNS), TODAY)


def test_an_alias_may_name_the_column_in_the_table():
    step = LOOKUP.replace("by: Site", "by: [Work Site, Site]")
    columns = [*COLUMNS[:-1], "Work Site"]
    mapped = enriched({"Work Site": "HQ"}, steps=[step], columns=columns)
    assert column(mapped, "client", "work_city") == {2: "Chicago"}


def test_a_word_is_looked_up_once_however_often_it_comes(monkeypatch):
    looked_up = []
    monkeypatch.setattr(enrich, "folded_word", lambda word: looked_up.append(word) or word.casefold())
    sites = "Site,City\n" + "".join(f"S{n},City {n}\n" for n in range(300))
    rows = [{"Site": f"S{n % 300}"} for n in range(3_000)]
    mapped = enriched(*rows, steps=[LOOKUP], sites=sites)
    assert column(mapped, "client", "work_city")[2 + 599] == "City 299"
    assert len(looked_up) == 300
