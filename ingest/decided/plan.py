"""A layout bound to the columns of one file, as a feed is; what feeds read rows with reads these as well."""

from __future__ import annotations

from datetime import date

from ingest.binding import headers_of
from ingest.decided.layout import FIELDS, KEY, Layout
from ingest.formats.base import Table
from ingest.mapping.bound import FieldPlan, RecordPlan, bind_field
from ingest.mapping.fitting import compile_target
from ingest.mapping.headers import Headers
from ingest.mapping.plan import FeedPlan, compile_condition


def bind(table: Table, layout: Layout, today: date, file_name: str) -> list[FeedPlan]:
    """The layout compiled for each part of a file.

    Raises:
        Held, Refused: a column that it needs is missing, or two could be the one; see `ingest.binding`.
    """
    return [_bound(layout, headers, today) for _, headers in headers_of(table, layout.as_feed, {}, file_name)]


def _bound(layout: Layout, headers: Headers, today: date) -> FeedPlan:
    where, blanks = layout.where, frozenset(layout.none_values)
    found = [_field(layout, name, headers, today) for name in layout.fields]
    at = headers.index(where.column) if where else None
    return FeedPlan(
        feed=layout.as_feed,
        names=tuple(headers.found),
        records=(RecordPlan("case", KEY, tuple(one for one in found if one)),),
        where=compile_condition(where, headers, blanks),
        conditions={},
        keep=(),
        where_at=at,
        asked={} if where is None or at is None else {at: frozenset([*(where.is_ or ()), *(where.is_not or ())])},
    )


def _field(layout: Layout, name: str, headers: Headers, today: date) -> FieldPlan | None:
    spec, blanks, is_key = layout.fields[name], frozenset(layout.none_values), name == KEY
    column = compile_target(
        FIELDS[name],
        spec,
        none_values=blanks,
        today=today,
        typed_cells=layout.format.typed_cells,
        is_known_by=is_key,
    )
    return bind_field(FIELDS[name], spec, column, headers, whole=is_key, blanks=blanks | {""})
