"""The forms in which a report leaves: one module each, one line in `FORMS` each."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

from gateway.config import KeyPath
from outbound.forms import csv, fixed, json, xlsx
from outbound.forms.base import FormSpec, Rows
from outbound.forms.columns import Unfit, unknown_columns

__all__ = ["FORMS", "Form", "FormSpec", "Unfit", "faults", "write"]

# the struct of a delivery's `format:` -> what writes rows in it
FORMS: dict[type[FormSpec], Callable[[Any, Sequence[str], Rows, IO[bytes]], None]] = {
    csv.CsvForm: csv.write,
    fixed.FixedForm: fixed.write,
    json.JsonForm: json.write,
    xlsx.XlsxForm: xlsx.write,
}

if TYPE_CHECKING:
    Form = FormSpec
else:
    Form = functools.reduce(operator.or_, FORMS)


def write(spec: FormSpec, columns: Sequence[str], rows: Rows, out: IO[bytes]) -> None:
    """Write rows in a form, one by one as they come; memory stays flat.

    Args:
        spec: the form, without `faults`.
        columns: what the cells of each row are called.
        rows: text, whole and decimal numbers, days, instants, truth, ids, None, and lists of these.
        out: a file; `xlsx` needs one that can seek.

    Raises:
        Unfit: `form_unfit`, a value that the form cannot hold; what was written by then is no file to send.
    """
    FORMS[type(spec)](spec, columns, rows, out)


def faults(spec: FormSpec, columns: Sequence[str]) -> Iterator[tuple[KeyPath, str]]:
    """What in a form does not fit the columns of a report, each with the keys below the form where it stands."""
    return unknown_columns(spec, columns)
