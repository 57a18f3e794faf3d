"""docs/reports.md explains every report, its columns and filters, and every word of the forms; its examples are accepted."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.cli.reports import group
from gateway.config import decode, read
from gateway.reports import REPORTS
from gateway.reports.filters import described
from outbound.forms import FORMS, Form, base, xlsx
from outbound.forms.csv import CsvColumn
from outbound.forms.fixed import FixedColumn
from outbound.forms.json import JsonColumn

SECTION = r"(?ms)^### {}$(.+?)(?=^##)"
PAGE = Path(__file__).parents[1] / "docs" / "reports.md"
TEXT = PAGE.read_text(encoding="utf-8")
WORDS = set(re.findall(r"[A-Za-z][A-Za-z0-9_]*", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))
FORM_STRUCTS = [
    *FORMS,
    base.NumberFormat,
    xlsx.SheetNumber,
    xlsx.XlsxColumn,
    CsvColumn,
    FixedColumn,
    JsonColumn,
]


@pytest.mark.parametrize("struct", FORM_STRUCTS, ids=lambda one: one.__name__)
def test_every_key_of_a_form_is_explained(struct):
    assert {one.encode_name for one in msgspec.structs.fields(struct)} <= WORDS
    if tag := struct.__struct_config__.tag:
        assert tag in WORDS


@pytest.mark.parametrize("example", re.findall(r"(?s)```yaml\n(format:.+?)```", TEXT))
def test_every_example_of_a_form_would_be_accepted(example):
    decode(read(example, "docs/reports.md"), Form, ("format",))


@pytest.mark.parametrize("name", REPORTS)
def test_every_column_and_filter_of_a_report_is_explained_in_its_section(name):
    [section] = re.findall(SECTION.format(name), TEXT)
    report = REPORTS[name]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(report.columns)
    above = section.partition("| column")[0]
    assert {one.name for one in described(report.filters)} - {"partner"} <= set(re.findall(r"`(\w+)`", above))


def test_no_section_is_about_a_report_that_there_is_not():
    whole = TEXT.partition("## What there is")[2].partition("## Forms")[0]
    assert re.findall(r"(?m)^### (\w+)$", whole) == list(REPORTS)


@pytest.mark.parametrize("line", re.findall(r"(?m)^gateway report (\w+ --firm .+)$", TEXT))
def test_every_command_of_the_page_is_understood(line):
    name, *words = line.split()
    group.commands[name].make_context(name, words)
