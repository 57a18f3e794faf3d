"""Which of several rows about one person is the newest, where the feed says by what that is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.values.base import BadValue
from ingest.feed import Feed, FieldSpec
from ingest.mapping.column import Column, compile_column
from ingest.mapping.errors import FeedError, SpecError
from ingest.mapping.headers import Headers, columns_of, ordered_by

# how the values of a type are compared in PostgreSQL; rows cannot be in order by any other type
_COMPARED = {
    "text": 'text COLLATE "C"',
    "integer": "numeric",
    "decimal": "numeric",
    "money": "numeric",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
}


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """What tells the order of rows, bound to the columns of one table.

    Attributes:
        label: the partner's own name of it.
        rejects: a row in which it is bad is rejected here; otherwise its field tells.
    """

    column: Column
    places: tuple[int, ...]
    joint: str
    label: str
    sql_type: str
    rejects: bool

    def read(self, rows: Sequence[Sequence[str]]) -> tuple[list[object | None], list[tuple[int, BadValue]]]:
        """The value of each row, None where it has none and so is older than all that do; and what is bad."""
        result = self.column([self.joint.join(row[place].strip() for place in self.places) for row in rows])
        return result.values, result.bad if self.rejects else []


def sql_type(feed: Feed) -> str | None:
    """How values are compared; None where the order of the file counts, or the settings make no sense."""
    spec = ordered_by(feed)
    return None if spec is None else _COMPARED.get(spec.type)


def order_errors(feed: Feed) -> Iterator[FeedError]:
    """What is wrong with `order`."""
    if feed.order is None:
        return
    spec, by = ordered_by(feed), feed.order.by
    if spec is None:
        yield FeedError(("order", "by"), f"No field is called {by!r} or read from such a column: say its `type`.")
    elif not columns_of(spec):
        yield FeedError(("order", "by"), f"{by!r} says the same in every row, so it tells no order.")
    elif spec.type not in _COMPARED:
        yield FeedError(("order", "by"), f"Rows cannot be in order by `type: {spec.type}`.")
    else:
        yield from _unread(spec, typed_cells=feed.format.typed_cells)


def bind_order(feed: Feed, headers: Headers) -> OrderPlan | None:
    """The order of a checked feed at its columns, which `needed_columns` names."""
    spec = ordered_by(feed)
    if spec is None or feed.order is None:
        return None
    places = tuple(place for names in columns_of(spec) if (place := headers.index(names)) is not None)
    column = _compiled(spec, frozenset(feed.none_values), typed_cells=feed.format.typed_cells)
    label = " + ".join(headers.found[place] for place in places)
    return OrderPlan(column, places, spec.with_, label, _COMPARED[spec.type], feed.order.type is not None)


def _unread(spec: FieldSpec, *, typed_cells: bool) -> Iterator[FeedError]:
    try:
        _compiled(spec, frozenset(), typed_cells=typed_cells)
    except SpecError as error:
        yield FeedError(("order", error.option) if error.option else ("order",), str(error), error.suggestion)


def _compiled(spec: FieldSpec, none_values: frozenset[str], *, typed_cells: bool) -> Column:
    """How the text is read, without what is asked of the field: that the field itself tells."""
    bare = FieldSpec(
        from_="order",
        clean=spec.clean,
        type=spec.type,
        formats=spec.formats,
        pivot=spec.pivot,
        decimal=spec.decimal,
        implied=spec.implied,
    )
    return compile_column(bare, none_values=none_values, today=date(2000, 1, 1), typed_cells=typed_cells)
