"""Cleaners repair the text of a cell, and a cleaner that makes no sense is an error of the configuration."""

import pytest

from ingest.mapping.cleaners import CLEANERS, compile_cleaners
from ingest.mapping.errors import SpecError

CASES = [
    ("strip", "  a b \t\r\n", "a b"),
    ("strip", "\ufeff\u200b\u00a0 Ann \u00a0\u200b", "Ann"),
    ("strip", "\u3000漢字\u2003", "漢字"),
    ("strip", "a\u00a0b", "a\u00a0b"),
    ("strip", " \u200b ", ""),
    ("collapse", "  a \t b\u00a0\u00a0c ", "a b c"),
    ("collapse", "line\r\nbreak", "line break"),
    ("upper", "straße", "STRASSE"),
    ("lower", "ÄB", "äb"),
    ("title", "MARY-ANN O'NEIL", "Mary-Ann O'Neil"),
    ("title", "men's wear", "Men's Wear"),
    ("title", "JOSÉ DE LA ÑANDÚ (EL 2ND)", "José De La Ñandú (El 2nd)"),
    ("title", "d’angelo", "D’Angelo"),
    ("digits", "(312) 555-0100", "3125550100"),
    ("digits", "٣12³", "12"),
    ("digits", "none", ""),
    ({"strip_prefix": "_"}, "_X9", "X9"),
    ({"strip_prefix": "_"}, "__X9", "_X9"),
    ({"strip_prefix": "EMP"}, "X9", "X9"),
    ({"strip_suffix": ".0"}, "12.0", "12"),
    ({"strip_suffix": ".0"}, "12.00", "12.00"),
    ({"pad_left": {"width": 6, "with": "0"}}, "42", "000042"),
    ({"pad_left": {"width": 6}}, "42", "000042"),
    ({"pad_left": {"width": 2}}, "12345", "12345"),
    ({"pad_left": {"width": 6}}, "", ""),
    ({"split": {"on": ";", "take": 1}}, "a; b; c", "a"),
    ({"split": {"on": ";", "take": 2}}, "a; b; c", "b"),
    ({"split": {"on": ";", "take": -1}}, "a; b; c", "c"),
    ({"split": {"on": ";", "take": 4}}, "a; b; c", ""),
    ({"split": {"on": ";", "take": -4}}, "a; b; c", ""),
    ({"split": {"on": " - ", "take": 1}}, "no mark", "no mark"),
    ({"first_of": [";", ","]}, "a, b; c", "a"),
    ({"first_of": [";", ","]}, "a b", "a b"),
    ({"first_of": ["."]}, "a.b", "a"),
    ({"last_first": "family"}, "SMITH, JOHN Q", "SMITH"),
    ({"last_first": "given"}, "SMITH, JOHN Q", "JOHN"),
    ({"last_first": "middle"}, "SMITH, JOHN Q", "Q"),
    ({"last_first": "full"}, "SMITH, JOHN Q", "JOHN Q SMITH"),
    ({"last_first": "middle"}, "SMITH, JOHN", ""),
    ({"last_first": "family"}, "DE LA CRUZ,  MARIA", "DE LA CRUZ"),
    ({"last_first": "family"}, "SMITH, JOHN, JR", "SMITH JR"),
    ({"last_first": "given"}, "SMITH, JOHN, JR", "JOHN"),
    ({"last_first": "family"}, "SUHARTO", "SUHARTO"),
    ({"last_first": "given"}, "SUHARTO", ""),
    ({"last_first": "full"}, "", ""),
]


@pytest.mark.parametrize(("item", "text", "expected"), CASES)
def test_a_cleaner_repairs_what_it_says(item, text, expected):
    assert compile_cleaners([item])(text) == expected


def test_every_cleaner_has_a_case():
    assert {item if isinstance(item, str) else next(iter(item)) for item, _, _ in CASES} == set(CLEANERS)


def test_cleaners_run_in_the_order_in_which_they_are_written():
    assert compile_cleaners(["strip", {"strip_prefix": "_"}, {"pad_left": {"width": 4}}])(" _7 ") == "0007"
    assert compile_cleaners([{"strip_prefix": "_"}, "strip"])(" _7 ") == "_7"


def test_no_cleaners_leave_the_cell_alone():
    assert compile_cleaners([])(" a ") == " a "


@pytest.mark.parametrize(
    "item",
    [
        {"strip": "x"},
        "pad_left",
        "split",
        {"strip_prefix": 0},
        {"pad_left": {"width": "6"}},
        {"pad_left": {"width": 6, "with": "00"}},
        {"pad_left": {"width": 6, "fill": "0"}},
        {"split": {"on": ";", "take": 0}},
        {"split": {"on": "", "take": 1}},
        {"split": {"on": ";"}},
        {"last_first": "nickname"},
        {"first_of": []},
        {"first_of": [""]},
        {"first_of": ";"},
        {"strip_prefix": "a", "strip_suffix": "b"},
        {},
    ],
)
def test_an_argument_that_a_cleaner_cannot_use_is_refused(item):
    with pytest.raises(SpecError) as caught:
        compile_cleaners([item])
    assert caught.value.option == "clean"


def test_an_unknown_cleaner_is_met_with_the_nearest_one():
    with pytest.raises(SpecError) as caught:
        compile_cleaners(["colapse"])
    assert caught.value.suggestion == "collapse"
    assert "Did you mean `collapse`?" in str(caught.value)
