"""Expressions of configs: useful ones are taken, and no text keeps one of them busy; endless ones are refused."""

import re
import subprocess
import sys
from time import process_time

import pytest
from helpers.inbox import ROSTER

from gateway.config import ConfigError
from gateway.wings import PARTNER_YAML
from ingest.patterns import LONGEST, MOST_CHARACTERS, compiled

USEFUL = [
    r"^[A-Z0-9]{6,10}$",
    r"(EMP|CTR)-?\d{4,8}",
    r"(?!000|666)[0-8]\d{2}-(?!00)\d{2}-(?!0000)\d{4}",
    r"[A-Z][a-z]+(-[A-Z][a-z]+)*",
    r"(\w+ )+",
    r"(foo|bar)+",
    r"\d{3}(,\d{3})*(\.\d+)?",
    r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
    r"\d+\.\d+\.\d+",
    r"(?:\d{4}-?){4}",
    r".*,.*",
    r"(?i)(?P<a>emp\d)(?P=a)",
    r"(?:a|b|c)*",
    r"",
]
ENDLESS = [
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
    r"(?=(a+)+b)",
    r"(?>(a+)+)b",
    r"(a(b|bc|c)*)*d",
    r"(?i)([a-z]+A?)+",
    r"\w*\w*\w*\W\W",
    r"([^x]+[a-c])+",
]
UNITS = ["a", "A", "0", " ", "-", "a-", "Aa-", "0,", "1.", "a ", "foobar", "x@y.", "0000-"]


@pytest.mark.parametrize("expression", USEFUL)
def test_a_useful_expression_is_taken_and_ends_soon_on_any_text(expression):
    pattern = compiled(expression)
    for unit in UNITS:
        for tail in ("", "!", "\x00"):
            begun = process_time()
            pattern.fullmatch((unit * LONGEST)[: LONGEST - 1] + tail)
            assert process_time() - begun < 1, (expression, unit, tail)


@pytest.mark.parametrize("expression", ENDLESS)
def test_an_expression_that_can_take_forever_is_refused(expression):
    with pytest.raises(ValueError, match="can take forever"):
        compiled(expression)


def test_what_is_refused_would_indeed_have_kept_a_process_busy():
    tried = f"import re; re.fullmatch({ENDLESS[1]!r}, 'A' * 40 + '!')"
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", tried], timeout=2, check=False)


@pytest.mark.parametrize("expression", ["(", "[a-", "*", "(" * 200, "a{99999999999}", "(?P<1>a)"])
def test_what_is_no_expression_is_told_so(expression):
    with pytest.raises(ValueError, match="is not a regular expression"):
        compiled(expression)


def test_counting_the_ways_takes_no_long_time_itself():
    hostile = "".join(f"{chr(0x4E00 + 2 * number)}*" for number in range(MOST_CHARACTERS // 2))
    begun = process_time()
    for _ in range(10):
        with pytest.raises(ValueError, match="can take forever"):
            compiled(hostile)
    assert process_time() - begun < 5
    with pytest.raises(ValueError, match="is the most"):
        compiled("a" * (MOST_CHARACTERS + 1))


def test_taken_expressions_mean_what_they_meant():
    assert compiled("emp[0-9]+", re.IGNORECASE).fullmatch("EMP7")
    assert compiled(r"(?:\d{4}-?){2}").fullmatch("1234-5678")


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('pattern: "^E[0-9]+$"', 'pattern: "(E?[0-9]*)+"'),
        ("format: {type: csv}", 'format: {type: excel, sheets: [{match: "(A+.?)+"}]}'),
    ],
)
def test_a_config_with_one_is_refused_with_its_line(written, instead):
    source = ROSTER.format(partner="acme", firm="northgate")
    assert written in source
    with pytest.raises(ConfigError) as caught:
        PARTNER_YAML.read(source.replace(written, instead))
    assert any("can take forever" in one.message for one in caught.value.findings), caught.value.findings
