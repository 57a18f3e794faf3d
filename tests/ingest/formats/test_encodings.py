"""Which encoding the bytes of a file are in is told by all of them, wherever the first one beyond ASCII stands."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.encodings import Tally, detected, is_silent, tally

LETTERS = st.text(st.characters(codec="utf-8"), max_size=60)


class Chunks:
    """A file that comes in pieces."""

    name = "roster.csv"

    def __init__(self, raw: bytes, size: int) -> None:
        self.raw, self.piece = raw, size

    @property
    def size(self) -> int:
        return len(self.raw)

    def chunks(self):
        return (self.raw[start : start + self.piece] for start in range(0, len(self.raw), self.piece))


def counted(raw: bytes) -> Tally:
    """The same, a byte at a time."""
    text = raw.decode("utf-8", "surrogateescape")
    others = sum("\udc80" <= letter <= "\udcff" for letter in text)
    return Tally(sum(letter > "\x7f" for letter in text) - others, others)


@given(
    st.lists(
        LETTERS.map(str.encode) | st.binary(max_size=8) | st.text("aéü“”", max_size=9).map(lambda t: t.encode("cp1252"))
    ),
    st.integers(1, 9),
)
def test_characters_and_bytes_are_counted_right_wherever_a_file_is_cut(parts, size):
    raw = b"".join(parts)
    assert tally(Chunks(raw, size)) == counted(raw)


@given(LETTERS, st.integers(1, 9))
def test_utf8_is_detected_whatever_it_says(text, size):
    assert detected(Chunks(text.encode(), size)) == "utf-8"


@pytest.mark.parametrize("text", ["Müller;Größe;Zoë", "JOÃO É NÃO", "“CAFÉ” é", "ÜBER– ALLES ö ö", "Łódź"])
@pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
def test_text_of_one_byte_a_letter_is_not_taken_for_utf8(text, encoding):
    raw = text.encode(encoding, "ignore")
    assert detected(Chunks(raw, 100)) == "cp1252"


def test_one_broken_byte_does_not_make_utf8_something_else():
    raw = "Müller;Zoë;Größe\n".encode() * 10 + b"M\xfcller\n"
    assert tally(Chunks(raw, 7)) == Tally(40, 1)
    assert detected(Chunks(raw, 7)) == "utf-8"


@pytest.mark.parametrize(
    "encoding", ["cp1252", "latin-1", "iso8859-15", "cp850", "mac_roman", "cp1251", "gb18030", "shift_jis"]
)
def test_encodings_that_would_take_utf8_without_a_word_are_known(encoding):
    assert is_silent(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "ascii", "utf-16-le", "utf-32", "cp037", "cp500"])
def test_encodings_that_would_not_are_known(encoding):
    assert codecs.lookup(encoding)
    assert not is_silent(encoding)
