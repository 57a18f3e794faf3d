"""From a report's row to a form's cells: which columns, under which names, and which value did not fit where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.config import FieldError, KeyPath, nearest
from gateway.config.findings import quoted
from gateway.errors import Invalid
from gateway.values.base import alternatives
from outbound.forms.base import ColumnSpec, FormSpec, Rows

C = TypeVar("C")  # a cell of the form


class Misfit(Exception):  # noqa: N818 - a finding about a value, which becomes an `Unfit` once its place is known
    """A value that a column cannot hold; says why, as half a sentence."""


class Unfit(Invalid):
    """A value of a report that a form cannot hold. It is not repeated: it may be about a person."""

    def __init__(self, column: str, row: int, why: str) -> None:
        super().__init__("form_unfit", f"Row {row:,} of the report, column {quoted(column)}: {why}.")


@dataclass(frozen=True, slots=True)
class Column(Generic[C]):
    """One column of a form.

    Attributes:
        place: of its value in the report's row; None where it is the same in all rows.
        show: makes the cell of a value, or raises `Misfit`.
        constant: the value of all rows.
    """

    header: str
    place: int | None
    show: Callable[[object], C]
    constant: object = None

    def cell(self, row: Sequence[object], number: int) -> C:
        """The cell of a row; `number` counts the report's rows from 1.

        Raises:
            Unfit: the value does not fit.
        """
        try:
            return self.show(self.constant if self.place is None else row[self.place])
        except Misfit as error:
            raise Unfit(self.header, number, str(error)) from None


def chosen(
    spec: FormSpec, names: Sequence[str], make: Callable[[ColumnSpec], Callable[[object], C]]
) -> list[Column[C]]:
    """A form's columns over a report's.

    Args:
        spec: the form.
        names: of the report's columns.
        make: what shows the values of one column.
    """
    places = {name: place for place, name in enumerate(names)}
    described = [ColumnSpec(from_=one) if isinstance(one, str) else one for one in spec.columns or names]
    return [
        Column(one.name, places[one.from_] if one.from_ is not None else None, make(one), one.value)
        for one in described
    ]


def cells_of(columns: Sequence[Column[C]], rows: Rows) -> Iterator[list[C]]:
    """The cells of each row.

    Raises:
        Unfit: at the first value that does not fit.
    """
    for number, row in enumerate(rows, start=1):
        yield [column.cell(row, number) for column in columns]


def check_names(columns: Sequence[str | ColumnSpec], shows: Iterable[Callable[[str], object]]) -> None:
    """Whether a form can hold what its columns are called.

    Raises:
        FieldError: at the first that it cannot.
    """
    for place, (one, show) in enumerate(zip(columns, shows, strict=False)):  # one way to show may do for all of them
        name = one if isinstance(one, str) else one.name
        try:
            show(name)
        except Misfit as error:
            raise FieldError(f"It is called {quoted(name)}: {error}.", at=("columns", place)) from None


def unknown_columns(spec: FormSpec, names: Sequence[str]) -> Iterator[tuple[KeyPath, str]]:
    """The columns of a form that the report does not have."""
    for place, one in enumerate(spec.columns):
        name, below = (one, ()) if isinstance(one, str) else (one.from_, ("from",))
        if name is not None and name not in names:
            yield ("columns", place, *below), _unknown(name, names)


def _unknown(name: str, names: Sequence[str]) -> str:
    meant = nearest(name, names)
    hint = f"Did you mean {quoted(meant)}?" if meant else f"It has {alternatives(names, most=40, joint='and')}."
    return f"The report has no column {quoted(name)}. {hint}"
