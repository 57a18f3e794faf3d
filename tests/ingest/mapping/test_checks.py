"""Checks refuse values that their type accepted, in words for the person who must correct them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from gateway.values.base import BadValue
from ingest.catalogue import RowProblem
from ingest.feed import FieldSpec
from ingest.mapping.checks import compile_checks
from ingest.mapping.errors import SpecError
from ingest.mapping.types import parser_for

TODAY = date(2028, 2, 29)


def problem_of(value, max_length=None, **options):
    spec = FieldSpec(**options)
    try:
        for check in compile_checks(spec, parser_for(spec), today=TODAY, max_length=max_length):
            check(value)
    except BadValue as problem:
        return problem
    return None


def verdict(value, **options):
    problem = problem_of(value, **options)
    return problem and problem.code


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({}, "x"),
        ({"pattern": "^[A-Z0-9]{6,10}$"}, "ABC123"),
        ({"pattern": "[A-Z]+|[0-9]+"}, "123"),
        ({"pattern": r"(?:\d+,)*\d+"}, "1,2,3"),
        ({"pattern": r"(?:A\+)+"}, "A+A+"),
        ({"pattern": r"\d{4}-.*", "type": "date"}, date(2026, 1, 1)),
        ({"length": [2, 3]}, "ab"),
        ({"length": [2, 3]}, "abc"),
        ({"length": [0, 0]}, ""),
        ({"one_of": ["A", "B"]}, "B"),
        ({"type": "country", "one_of": ["IND"]}, "IND"),
        ({"type": "money", "min": 0}, Decimal(0)),
        ({"type": "money", "min": "0.5", "max": 1e3}, Decimal(1000)),
        ({"type": "integer", "min": 1, "max": 10}, 10),
        ({"type": "date", "max": "today"}, TODAY),
        ({"type": "date", "min": "today+1d"}, date(2028, 3, 1)),
        ({"type": "date", "max": "today+10y"}, date(2038, 2, 28)),
        ({"type": "date", "max": "today - 18y"}, date(2010, 2, 28)),
        ({"type": "date", "min": "today+1m"}, date(2028, 3, 29)),
        ({"type": "date", "min": "today-1m"}, date(2028, 1, 29)),
        ({"type": "date", "min": "1930-01-01", "max": "today"}, date(1930, 1, 1)),
        ({"type": "datetime", "max": "today"}, datetime(2028, 2, 29, 23, 59, tzinfo=UTC)),
    ],
)
def test_a_value_within_its_checks_passes(options, value):
    assert verdict(value, **options) is None


@pytest.mark.parametrize(
    ("options", "value", "code"),
    [
        ({"pattern": "[A-Z]{3}"}, "ABCD", "pattern_mismatch"),
        ({"pattern": "[A-Z]{3}"}, "abc", "pattern_mismatch"),
        ({"pattern": "^A|B$"}, "AB", "pattern_mismatch"),
        ({"pattern": "[A-Z]{3}$"}, "ABC\n", "pattern_mismatch"),
        ({"pattern": ".*"}, "x" * 1001, "pattern_mismatch"),
        ({"pattern": "x*x*y"}, "x" * 5000, "pattern_mismatch"),
        ({"length": [2, 3]}, "a", "too_short"),
        ({"length": [2, 3]}, "abcd", "too_long"),
        ({"length": [9, 9], "type": "ssn"}, "1234567x", "too_short"),
        ({"one_of": ["A", "B"]}, "a", "not_in_list"),
        ({"one_of": []}, "a", "not_in_list"),
        ({"type": "money", "min": 0}, Decimal("-0.01"), "out_of_range"),
        ({"type": "integer", "min": 1, "max": 10}, 11, "out_of_range"),
        ({"type": "integer", "min": 1, "max": 10}, 0, "out_of_range"),
        ({"type": "date", "max": "today"}, date(2028, 3, 1), "out_of_range"),
        ({"type": "date", "max": "today+10y"}, date(2038, 3, 1), "out_of_range"),
        ({"type": "date", "min": "today+1m"}, date(2028, 3, 28), "out_of_range"),
        ({"type": "date", "max": "today-18y"}, date(2010, 3, 1), "out_of_range"),
        ({"type": "date", "min": "1930-01-01"}, date(1929, 12, 31), "out_of_range"),
        ({"type": "datetime", "max": "today"}, datetime(2028, 3, 1, tzinfo=UTC), "out_of_range"),
    ],
)
def test_a_value_outside_its_checks_is_refused(options, value, code):
    assert verdict(value, **options) == code


@pytest.mark.parametrize(
    ("options", "value", "code"),
    [
        ({"pattern": "[0-9]{6}"}, "123", "lost_zeros"),
        ({"pattern": "^0[0-9]+$"}, "123", "lost_zeros"),
        ({"pattern": "[A-Z]?[0-9]{20}"}, "7", "lost_zeros"),
        ({"length": [6, 8]}, "123", "lost_zeros"),
        ({"length": [6, 6], "pattern": "[0-9]+"}, "123", "lost_zeros"),
        ({"length": [6, 6], "pattern": "E[0-9]+"}, "123", "too_short"),
        ({"length": [1, 4], "pattern": "[0-9]{6}"}, "123", "pattern_mismatch"),
        ({"pattern": "[0-9]{6}"}, "1234567", "pattern_mismatch"),
        ({"pattern": "[0-9]{6}"}, "12.3", "pattern_mismatch"),
        ({"pattern": "[0-9]{6}"}, "-123", "pattern_mismatch"),
        ({"pattern": "[0-9]{6}"}, "１２３", "pattern_mismatch"),
        ({"pattern": "E[0-9]{6}"}, "123", "pattern_mismatch"),
        ({"pattern": "[1-9][0-9]{5}"}, "123", "pattern_mismatch"),
        ({"length": [6, 8]}, "12a", "too_short"),
        ({"length": [1, 2]}, "123", "too_long"),
        ({"type": "integer", "length": [4, 4]}, 12, "too_short"),
        ({"pattern": "[0-9]{6}"}, "000123", None),
    ],
)
def test_digits_that_zeros_in_front_would_mend_have_lost_them(options, value, code):
    assert verdict(value, **options) == code


def test_text_longer_than_the_record_holds_is_refused():
    assert verdict("x" * 10, max_length=10) is None
    assert verdict("x" * 11, max_length=10) == "too_long"


@pytest.mark.parametrize(
    ("options", "value", "sentence"),
    [
        ({"length": [2, 3]}, "abcd", "Col: the text has 4 characters, 2 to 3 are agreed."),
        ({"length": [9, 9]}, "abcd", "Col: the text has 4 characters, 9 are agreed."),
        ({"type": "money", "min": 0}, Decimal(-1), "Col: “v” is outside the agreed range (at least 0)."),
        (
            {"type": "money", "min": 0, "max": 1000000.5},
            Decimal(-1),
            "Col: “v” is outside the agreed range (from 0 to 1,000,000.5).",
        ),
        (
            {"type": "date", "max": "today"},
            date(2030, 1, 1),
            "Col: “v” is outside the agreed range (at most 2028-02-29).",
        ),
        ({"one_of": ["A", "B", "C"]}, "x", "Col: “v” is not one of A, B or C."),
        ({"pattern": "^[A-Z]{3}$"}, "x", "Col: “v” does not have the agreed form [A-Z]{3}."),
        ({"length": [6, 6]}, "42", "Col: “v” is shorter than agreed; leading zeros may have been lost."),
    ],
)
def test_the_sentence_says_what_was_agreed(options, value, sentence):
    problem = problem_of(value, **options)
    assert RowProblem(2, 2, problem.code, "Col", "v", details=problem.details).message == sentence


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"pattern": "["}, "pattern"),
        ({"pattern": "(?!000)[0-9]{3}"}, "pattern"),
        ({"pattern": r"(a)\1"}, "pattern"),
        ({"pattern": r"\pL{1,40}"}, "pattern"),
        ({"length": [3]}, "length"),
        ({"length": [3, 2]}, "length"),
        ({"length": [1, 2, 3]}, "length"),
        ({"type": "money", "min": "a lot"}, "min"),
        ({"type": "money", "max": "NaN"}, "max"),
        ({"type": "integer", "max": "today"}, "max"),
        ({"type": "date", "min": 5}, "min"),
        ({"type": "date", "min": "yesterday"}, "min"),
        ({"type": "date", "max": "today+10w"}, "max"),
        ({"type": "date", "max": "today+99999y"}, "max"),
        ({"type": "date", "max": "05/31/2026"}, "max"),
        ({"type": "country", "one_of": ["IND", "Atlantis"]}, "one_of"),
    ],
)
def test_checks_that_make_no_sense_are_errors_of_the_configuration(options, option):
    with pytest.raises(SpecError) as caught:
        verdict("x", **options)
    assert caught.value.option == option


def test_a_list_of_partner_words_is_met_with_what_is_stored():
    with pytest.raises(SpecError) as caught:
        verdict("x", type="country", one_of=["India"])
    assert caught.value.suggestion == "IND"
