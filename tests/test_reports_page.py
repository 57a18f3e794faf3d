"""docs/reports.md explains every word of the forms, and its examples are accepted."""

import re
from pathlib import Path

import msgspec
import pytest

from gateway.config import decode, read
from outbound.forms import FORMS, Form, base, xlsx
from outbound.forms.csv import CsvColumn
from outbound.forms.fixed import FixedColumn
from outbound.forms.json import JsonColumn

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
