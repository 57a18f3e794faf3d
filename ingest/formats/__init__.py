"""The formats that files may have: one module each, one line in `FORMATS` each."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ingest.formats import csv, excel, fixed, json, xml
from ingest.formats.base import FormatSpec, Source, Table

# the struct of `format:` -> what opens a file of it
FORMATS: dict[type[FormatSpec], Callable[[Source, Any], Table]] = {
    csv.CsvFormat: csv.open_table,
    excel.ExcelFormat: excel.open_table,
    fixed.FixedFormat: fixed.open_table,
    json.JsonFormat: json.open_table,
    xml.XmlFormat: xml.open_table,
}

if TYPE_CHECKING:
    Format = FormatSpec
else:
    Format = functools.reduce(operator.or_, FORMATS)


def open_table(source: Source, spec: FormatSpec) -> Table:
    """Open a stored file as its feed describes it.

    Raises:
        ingest.formats.base.Refused: nothing in it can be read.
    """
    return FORMATS[type(spec)](source, spec)
