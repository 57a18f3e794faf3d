"""Words of the law are data: each says what it means and by which rule, and a wrong line is named."""

from datetime import date

import pytest

from gateway.config import ConfigError
from gateway.domain.rules import vocabulary, vocabulary_of

FILES = ("case_types", "document_types", "stages")
GOOD = "words:\n  open: {means: begun, source: practice, effective_from: 2020-01-01, next: [shut]}\n  shut: {means: ended, source: practice}\n"


def findings(tmp_path, text):
    path = tmp_path / "stages.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        vocabulary_of(path)
    return [(one.file, one.line, one.path, one.message) for one in caught.value.findings], path


def test_a_sound_file_is_read(tmp_path):
    path = tmp_path / "stages.yaml"
    path.write_text(GOOD)
    assert vocabulary_of(path).words["open"].effective_from == date(2020, 1, 1)


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "sentence"),
    [
        ("next: [shut]", "next: [shutt]", 2, "words.open.next", "There is no word 'shutt' here."),
        ("2020-01-01", "January", 2, "words.open.effective_from", '"January" is not a date such as 2026-05-01.'),
        ("2020-01-01", "2020-02-30", 2, "words.open.effective_from", '"2020-02-30" is not a date such as 2026-05-01.'),
        ("means: ended", "meens: ended", 3, "words.shut.meens", '"meens" is not a known key.'),
        (
            "effective_from: 2020-01-01",
            "effective_from: 2020-01-01, effective_to: 2019-12-31",
            2,
            "words.open.effective_to",
            "It ends before it begins.",
        ),
    ],
)
def test_a_wrong_line_is_named_with_its_file(tmp_path, old, new, line, path, sentence):
    found, file = findings(tmp_path, GOOD.replace(old, new))
    assert (str(file), line, path, sentence) in found


@pytest.mark.parametrize("name", FILES)
def test_every_word_says_what_it_means_and_where_it_comes_from(name):
    words = vocabulary(name).words
    assert words
    assert all(word.means and word.source for word in words.values())
