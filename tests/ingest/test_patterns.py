"""Expressions of configs: whatever they are, no text keeps one of them busy; what they mean is what Python means."""

import re
import subprocess
import sys
from pathlib import Path
from time import perf_counter, process_time

import pytest
import re2
from helpers.inbox import ROSTER
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML
from ingest.patterns import LONGEST, MOST_CHARACTERS, MOST_STEPS, matcher

HANGUL = "\uac00" * 60
HANGS_PYTHON = r"(?:[^\x00-\ua48c]+\w)*!"  # of one row's value of 60 such letters Python would take more than a day
ENDLESS = [  # in Python, or nearly
    r"(?:[^\x00-\x{a48c}]+[^\x00-\x{a48c}])*!",
    r"(a+)+",
    r"([A-Z]+-?)+",
    r"(a|aa)+",
    r"(\w+\s?)+",
    r"(.*,)*x",
    r"((a+)b?)*",
    r".*.*.*x",
    r"(a?){30}a{30}",
    "a?" * 30 + "a" * 30,
    r"([a-z]+[a-z]*-)+",
    r"(a(b|bc|c)*)*d",
    r"(?i)([a-z]+A?)+",
    r"(?:.*a.{0,300}b.{300})*!",
    r"(?:.?){1000}(?:.?){1000}!",
    r"(?:\pL?){16}!",
]
UNITS = ["a", "A", "ab", "0", " ", "-", "Aa-", "0,", "a ", "bc", "\uac00", "\uac00\U00010000a\u00e9"]


@pytest.mark.parametrize("expression", ENDLESS)
def test_no_expression_is_busy_for_long_with_any_text(expression):
    fits = matcher(expression)
    for unit in [*UNITS, HANGUL]:
        for tail in ("", "!", "\x00"):
            begun = process_time()
            fits((unit * LONGEST)[: LONGEST - 1] + tail)
            assert process_time() - begun < 1, (expression, unit, tail)


def test_what_is_harmless_here_would_have_kept_python_busy():
    tried = f"import re; re.fullmatch({HANGS_PYTHON!r}, {HANGUL!r})"
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", tried], timeout=2, check=False)


def test_text_longer_than_any_field_holds_fits_nothing():
    fits = matcher(".*")
    assert fits("x" * LONGEST)
    assert not fits("x" * (LONGEST + 1))


def test_text_that_is_no_unicode_is_no_error():
    assert matcher("a.b")("a\ud800b")
    assert not matcher("a[A-Z]b")("a\ud800b")


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize("expression", ["(", "[a-", "*", "(" * 200, "[z-a]", "a)", "\\", "[[:foo:]]", "a**"])
def test_what_is_no_expression_is_told_so(expression):
    with pytest.raises(ValueError, match="is not a regular expression"):
        matcher(expression)


@pytest.mark.parametrize(
    ("expression", "named", "way_out"),
    [
        (r"(?!000|666)\d{3}", "looking ahead or back, `(?!`", "alternatives"),
        (r"(?=.*\d)\w+", "looking ahead or back, `(?=`", "`length`"),
        (r"(?<=a)b", "looking ahead or back, `(?<=`", "alternatives"),
        (r"(?<!a)b", "looking ahead or back, `(?<!`", "alternatives"),
        (r"(a)\1", r"a reference to a group, `\1`", "once more"),
        (r"(a)\12", r"a reference to a group, `\12`", "once more"),
        (r"(?P<a>x)(?P=a)", "a reference to a group, `(?P`", "once more"),
        (r"(a)?(?(1)b|c)", "a condition on a group, `(?(`", "alternatives"),
        (r"(?>a+)b", "an atomic group, `(?>`", "`(?:`"),
        (r"a++b", "a possessive repeat, `++`", "without the last `+`"),
        (r"a{2,3}+b", "a possessive repeat, `{2,3}+`", "without the last `+`"),
        (r"(?#why)a", "a comment, `(?#`", "`#` behind it"),
        (r"(?x)a b", "the flag `(?x`", "i, m and s"),
        (r"(?iu)a", "the flag `(?iu`", "i, m and s"),
        (r"a\Z", r"`\Z`", "leave it out"),
        (r"[^\x00-\ua48c]+", r"`\u`", r"`\x{e9}`"),
        (r"\N{DASH}", r"`\N`", r"`\x{e9}`"),
        (r"\U0001f600", r"`\U`", r"`\x{e9}`"),
        (r"a{,5}", "`{,5}`", "`{0,5}`"),
        (r"a{1001}", "`{1001}`", "1,000"),
        (r"a{99999999999}", "`{99999999999}`", "1,000"),
        (r"(?:a{100}){100}", "`{100}`", "1,000"),
        (r"\C", r"`\C`", "`.`"),
    ],
)
def test_what_python_has_and_this_has_not_is_named_with_a_way_out(expression, named, way_out):
    with pytest.raises(ValueError, match="is not supported") as caught:
        matcher(expression)
    assert named in str(caught.value)
    assert way_out in str(caught.value)


@pytest.mark.parametrize("expression", [r"\\1", r"[{,5}]x", r"a\{,5}", r"\\{1,5}", r"[\]{,5}]", r"[^]{,5}]"])
def test_what_only_looks_like_it_is_taken(expression):
    assert matcher(expression)("") is (re.fullmatch(expression, "") is not None)


@pytest.mark.parametrize("expression", [r"\pL{1,40}", r"(?:\pL{1,30}){1,30}", r"(?:.?){1000}" * 5])
def test_one_that_comes_to_too_many_steps_is_refused(expression):
    with pytest.raises(ValueError, match=f"{MOST_STEPS:,} is the most") as caught:
        matcher(expression)
    assert "`length`" in str(caught.value)


def test_making_the_greatest_takes_no_long_time_itself():
    begun = process_time()
    for hostile in (r"(?:\pL?){1000}" * 20, r"(?i)" + r"[^\x{ac00}]{1000}" * 15, r"\pL{1,17}"):
        for _ in range(10):
            with pytest.raises(ValueError, match=f"{MOST_STEPS:,} is the most"):
                matcher(hostile)
    assert process_time() - begun < 5
    with pytest.raises(ValueError, match="is the most"):
        matcher("a" * (MOST_CHARACTERS + 1))


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('pattern: "^E[0-9]+$"', 'pattern: "(?!E0)E[0-9]*"'),
        ("format: {type: csv}", 'format: {type: excel, sheets: [{match: "(?!E0).*"}]}'),
    ],
)
def test_a_config_with_one_is_refused_with_its_line(written, instead):
    source = ROSTER.format(partner="acme", firm="northgate")
    assert written in source
    changed = source.replace(written, instead)
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(changed)
    [finding] = [one for one in caught.value.findings if "looking ahead or back" in one.message]
    assert "(?!" in changed.splitlines()[finding.line - 1]


# ---------------------------------------------------------------- what they mean
LETTERS = st.sampled_from("aAbZ09 -_.é가\U00010000")
PLAIN = LETTERS.map(re.escape)
RANGES = st.sampled_from(["A-Z", "a-z", "0-9", "A-Za-z", "é-ü", r"\.", "_", " ", r"\-", "가-힣"])
CLASSES = st.builds(
    lambda no, parts: f"[{no}{''.join(parts)}]", st.sampled_from(["", "^"]), st.lists(RANGES, min_size=1)
)
ATOMS = st.one_of(PLAIN, CLASSES, st.just("."))
REPEATS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    groups = st.builds("{}{})".format, st.sampled_from(["(", "(?:"]), inner)
    return st.one_of(
        st.builds("{}{}".format, groups, REPEATS),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.builds("(?:{}|{})".format, inner, inner),
    )


EXPRESSIONS = st.recursive(st.builds("{}{}".format, ATOMS, REPEATS), _grown, max_leaves=5)
ENDS = st.sampled_from([("", ""), ("^", "$"), ("", "$"), ("^", "")])
TEXTS = st.text(st.one_of(LETTERS, st.just("\n")), max_size=6)  # no longer: the oracle is Python


@settings(max_examples=1000, deadline=None)
@given(EXPRESSIONS, ENDS, st.lists(TEXTS, min_size=10, max_size=10))
def test_the_common_part_of_both_languages_means_the_same(expression, ends, texts):
    whole = ends[0] + expression + ends[1]
    assume(len(whole) <= MOST_CHARACTERS)
    fits = matcher(whole)
    for text in texts:
        assert fits(text) is (re.fullmatch(whole, text) is not None), text


@pytest.mark.parametrize("folded", ["left 2026", "ÄRZTE", "straße", "Ωμέγα"])
def test_case_makes_no_difference_where_none_is_asked_for(folded):
    fits = matcher(folded, ignore_case=True)
    assert all(fits(text) for text in (folded, folded.lower(), folded.title(), folded.replace("ß", "ẞ").upper()))
    assert not matcher(folded)(folded.swapcase())


@pytest.mark.parametrize(
    ("expression", "text"),
    [(r"\d+", "١٢"), (r"\w+", "José"), (r"a\sb", "a\u00a0b")],
)
def test_the_letters_d_w_and_s_mean_ascii_and_only_that_differs(expression, text):
    assert re.fullmatch(expression, text)
    assert not matcher(expression)(text)
    assert matcher(expression)("7") is (re.fullmatch(expression, "7", re.ASCII) is not None)


def test_every_letter_of_every_script_is_written_as_a_property():
    assert matcher(r"\pL+")("José가")


def test_the_engine_within_is_the_one_that_the_package_shows():
    for expression in ENDLESS:
        for text in ("", "aaa", "abc", "A-B", HANGUL, "x!"):
            assert matcher(expression)(text) is (re2.fullmatch(expression, text) is not None)


def test_expressions_of_the_samples_and_of_the_documentation_mean_what_they_meant():
    root = Path(__file__).parents[2]
    pages = [*root.glob("partner_configs/*/partner.yaml"), root / "README.md", *root.glob("docs/*.md")]
    written = {found for page in pages for found in re.findall(r'pattern: "([^"]+)"', page.read_text(encoding="utf-8"))}
    assert len(written) > 5
    texts = [
        "E1",
        "ABC123",
        "001037",
        "S1234",
        "HL-12345",
        "G12345",
        "abc123",
        "",
        "é12345",
        "１２３４５６",
        "00123456",
        "12345",
    ]
    for expression in written:
        assert any(map(matcher(expression), texts)), expression
        for text in texts:
            assert matcher(expression)(text) is (re.fullmatch(expression, text) is not None), (expression, text)


def test_fifty_thousand_keys_take_no_time_that_anybody_notices():
    keys = [f"EMP{number:06d}" for number in range(50_000)]
    fits = matcher("^[A-Z0-9]{6,10}$")
    begun = perf_counter()
    assert all(map(fits, keys))
    assert perf_counter() - begun < 1
