"""What texts cost, held against the tables of the standard and the usual surprises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.notify.segments import count, fit, is_gsm7

LINK = "https://gateway.example/l/Ab3dE9x"


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the pair of an extension is not cut in two
        ("é" * 160, 1),
        ("ê" * 70, 1),
        ("ê" * 71, 2),
        ("ê" * 134, 2),
        ("ê" * 135, 3),
        ("a" * 70 + "’", 2),  # one letter beyond the alphabet makes all of it UCS-2
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),  # 33 a segment: a pair of surrogates is not cut in two
    ],
)
def test_segments_are_counted_as_the_standard_says(text, segments):
    assert count(text) == segments


def test_a_text_that_fits_stays_as_it_is():
    assert fit(f"Ends soon. {LINK}", LINK, 1) == f"Ends soon. {LINK}"


def test_a_long_text_is_cut_between_words_and_keeps_its_link():
    cut = fit("word " * 100 + LINK, LINK, 1)
    assert cut.endswith(f"word... {LINK}")
    assert (count(cut), len(cut) > 150) == (1, True)


def test_a_cut_does_not_make_plain_text_costlier():
    assert is_gsm7(fit("word " * 100, None, 1))


def test_one_endless_word_is_cut_within_itself():
    assert fit("x" * 500, LINK, 1) == "x" * (160 - len(f"... {LINK}")) + f"... {LINK}"


@given(st.text(max_size=700), st.integers(1, 4), st.sampled_from([None, LINK]))
def test_whatever_is_cut_fits_and_ends_with_its_link(text, most, link):
    cut = fit(text, link, most)
    assert count(cut) <= most
    assert cut == text or link is None or cut.endswith(link)
