"""Which column is meant by a name: as written, else one that is alike, and never one of two."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.base import Footer, Refused
from ingest.formats.footer import Foot
from ingest.mapping.headers import Headers
from ingest.naming import fold, tidied

INDIC = ["क्रमांक", "नाम", "पिता", "पता"]


@pytest.mark.parametrize("header", [INDIC, INDIC[::-1]])
def test_vowel_signs_tell_names_apart(header):
    assert [header[Headers(header).index(name)] for name in INDIC] == INDIC


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("EMP_ID", "Emp Id"),
        ("emp-id", "\ufeff EmpID "),
        ("Größe", "GRÖSSE"),
        ("Gro\u0308ße", "Größe"),
        ("ＥＭＰ ＩＤ", "emp id"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("İSİM", "isim"),
        ("File #", "File"),
        ("नाम\ufe0f", "नाम"),
    ],
)
def test_what_people_change_by_accident_makes_no_other_name(one, other):
    assert fold(one) == fold(other)
    assert Headers([one]).index(other) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("पता", "पिता"), ("Städt", "Stadt"), ("Straße", "Strase"), ("กำ", "กา"), ("M\u0308", "M")]
)
def test_accents_and_marks_make_another_name(one, other):
    assert fold(one) != fold(other)
    assert Headers([one]).index(other) is None


def test_a_name_as_written_comes_before_one_that_is_alike():
    headers = Headers(["Emp Id", "EMP_ID", "emp-id"])
    assert [headers.index(name) for name in ("EMP_ID", "emp-id", " Emp  Id")] == [1, 2, 0]


def test_of_two_names_that_are_alike_neither_is_taken():
    headers = Headers(["Emp Id", "EMP_ID"])
    assert headers.index("empid") is None
    assert headers.rivals("empid") == ["Emp Id", "EMP_ID"]
    assert headers.rivals("EMP_ID") == headers.rivals("Name") == []


def test_a_person_may_have_said_which_is_meant():
    headers = Headers(["Emp Id", "EMP_ID"], {"empid": ["EMP_ID"]})
    assert (headers.index("empid"), headers.rivals("empid")) == (1, [])


def test_an_earlier_name_that_is_there_settles_it():
    headers = Headers(["Nr", "Emp Id", "EMP_ID"])
    assert headers.index(["Nr", "empid"]) == 0
    assert headers.index(["empid", "Nr"]) is None


def test_one_name_twice_is_the_first_and_a_number_picks_another():
    headers = Headers(["Name", "File #", "Name ", "NAME"])
    assert [headers.index(name) for name in ("Name", "Name#1", "Name#2", "name#3", "File #2")] == [0, 0, 2, 3, None]


def test_footers_compare_names_alike():
    def place(header, column):
        return Foot(Footer(column=column, is_=["Total"]), header, list)._mark_at

    assert place(INDIC, "पता") == 3
    assert place(["Emp Id", "EMP_ID"], "EMP_ID") == 1
    with pytest.raises(Refused) as refused:
        place(["Emp Id", "EMP_ID"], "empid")
    assert refused.value.code == "header_ambiguous"


names = st.text(st.characters(categories=["L", "M", "Nd", "Zs", "Po"]), min_size=1, max_size=6)


@given(st.lists(names, min_size=1, max_size=5), st.data())
def test_whichever_name_is_asked_the_answer_is_that_column_or_none(header, data):
    """The oracle: whoever writes a name as the file has it means the first column of that name, whatever else is there."""
    name = data.draw(st.sampled_from(header))
    first = next(place for place, one in enumerate(header) if tidied(one) == tidied(name))
    assert Headers(header).index(name) == first


awkward = st.text(st.sampled_from("aAäÄ\u0308iIİ\u0307ßतप\u093f\u093e -_.#\ufe0f\ufeff"), max_size=5)


@given(awkward, awkward)
def test_names_that_are_alike_differ_in_nothing_but_decoration(one, other):
    def letters(text):
        whole = unicodedata.normalize("NFD", text.casefold().replace("i\u0307", "i")).replace("\ufe0f", "")
        return [letter for letter in whole if unicodedata.category(letter)[0] in "LMN"]

    if letters(one) and letters(other):
        assert (fold(one) == fold(other)) == (letters(one) == letters(other))
