"""A feed bound to one file: which column each field is read from, and what each row yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gateway.domain.people.fields import FIELDS, Kind
from ingest.feed import Condition, DocumentSpec, Feed
from ingest.mapping.bound import RecordPlan, Test, TypePlan, bind_field
from ingest.mapping.enrich import BoundStep, bind_steps, with_targets
from ingest.mapping.errors import FeedError
from ingest.mapping.fitting import compile_field
from ingest.mapping.headers import Headers, conditions_of, looked_up
from ingest.mapping.order import OrderPlan, bind_order
from ingest.mapping.specs import RecordSpec, check_feed, specs_of
from ingest.mapping.tables import NO_TABLES, LookupTable


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """A feed bound to one file: what to keep, what each row yields, what must hold.

    Attributes:
        names: of all columns, as found.
        where_at: the column that `where` asks.
        asked: the columns that decide something or are kept as they stand, each with the words that the feed has there.
    """

    feed: Feed
    names: tuple[str, ...]
    records: tuple[RecordPlan, ...]
    where: Test | None
    conditions: dict[int, Test]  # what rules ask, by the rule's place
    keep: tuple[tuple[str, int], ...]
    where_at: int | None
    asked: dict[int, frozenset[str]]
    steps: tuple[BoundStep, ...] = ()
    order: OrderPlan | None = None


def compile_feed(feed: Feed, headers: Headers, today: date, tables: Mapping[str, LookupTable] = NO_TABLES) -> FeedPlan:
    """Bind a checked feed to the columns of one file; fields whose optional column is missing are left out.

    Args:
        feed: a section of a feed.
        headers: the columns.
        today: what `today` means in checks.
        tables: those that its lookups name.

    Raises:
        FeedError: the feed makes no sense; `check_feed` would have told, or the check of its tables.
    """
    if errors := check_feed(feed):
        raise errors[0]
    records = tuple(_bind_record(kind, spec, feed, headers, today) for kind, spec, _ in specs_of(feed))
    steps = bind_steps(feed, records, headers, tables)
    keep = tuple((name, place) for name in feed.keep if (place := headers.index(name)) is not None)
    return FeedPlan(
        feed,
        tuple(headers.found),
        with_targets(records, steps),
        compile_condition(feed.where, headers, frozenset(feed.none_values)),
        _bind_rules(feed, headers),
        keep,
        headers.index(feed.where.column) if feed.where else None,
        _asked(feed, headers, records, keep),
        steps,
        bind_order(feed, headers),
    )


def compile_condition(condition: Condition | None, headers: Headers, none_values: frozenset[str]) -> Test | None:
    """A condition as a test on a row; None when there is none. What the feed writes for "no value" is blank."""
    if condition is None:
        return None
    place = headers.index(condition.column)
    if place is None:
        raise FeedError((), f"The column {condition.column!r} is missing.")
    if condition.not_blank:
        blank = none_values | {""}
        return lambda row: row[place].strip() not in blank
    if condition.is_ is not None:
        wanted = frozenset(condition.is_)
        return lambda row: row[place].strip() in wanted
    refused = frozenset(condition.is_not or ())
    return lambda row: row[place].strip() not in refused


# ------------------------------------------------------------------------------------------------ binding


def _bind_record(kind: Kind, spec: RecordSpec, feed: Feed, headers: Headers, today: date) -> RecordPlan:
    none_values = frozenset(feed.none_values)
    key = getattr(spec, "key", None)
    fields = []
    for name, one in spec.fields.items():
        column = compile_field(
            kind,
            name,
            one,
            none_values=none_values,
            today=today,
            typed_cells=feed.format.typed_cells,
            is_key=name == key,
        )
        bound = bind_field(FIELDS[kind][name], one, column, headers, whole=name == key, blanks=none_values | {""})
        fields += [bound] if bound else []
    when = compile_condition(spec.when, headers, none_values)
    return RecordPlan(kind, key, tuple(fields), when, _bind_type(spec, headers, none_values))


def _bind_type(spec: RecordSpec, headers: Headers, none_values: frozenset[str]) -> str | TypePlan | None:
    if not isinstance(spec, DocumentSpec):
        return None
    if isinstance(spec.type, str):
        return spec.type
    place = headers.index(spec.type.from_)
    if place is None:
        raise FeedError((), f"The column {spec.type.from_!r} is missing.")
    folded = {word.strip().casefold(): ours for word, ours in spec.type.map.items()}
    return TypePlan(place, headers.found[place], folded, tuple(spec.type.map), none_values | {""})


def _bind_rules(feed: Feed, headers: Headers) -> dict[int, Test]:
    none_values = frozenset(feed.none_values)
    asked = ((number, getattr(rule, "when", None)) for number, rule in enumerate(feed.rules))
    return {number: test for number, when in asked if (test := compile_condition(when, headers, none_values))}


def _asked(
    feed: Feed, headers: Headers, records: tuple[RecordPlan, ...], keep: tuple[tuple[str, int], ...]
) -> dict[int, frozenset[str]]:
    asked: dict[int, frozenset[str]] = {place: frozenset() for _, place in keep}
    asked |= {one.doc_type.place: frozenset() for one in records if isinstance(one.doc_type, TypePlan)}
    looked_up_at = (headers.index(by) for by in looked_up(feed, "reject", "warn", "ignore"))
    asked |= {place: frozenset() for place in looked_up_at if place is not None}
    for condition in conditions_of(feed):
        place = headers.index(condition.column)
        assert place is not None  # noqa: S101 - compiled before
        asked[place] = asked.get(place, frozenset()).union(condition.is_ or (), condition.is_not or ())
    return asked
