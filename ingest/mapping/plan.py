"""A feed bound to one file: which column each field is read from, and what each row yields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.domain.fields import FIELDS, Field, Kind
from ingest.feed import Condition, DocumentSpec, Feed, FieldSpec
from ingest.mapping.column import Column
from ingest.mapping.headers import Headers, conditions_of
from ingest.mapping.specs import FeedError, RecordSpec, check_feed, compile_field, specs_of

Cells = Sequence[str]
Test = Callable[[Cells], bool]


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field bound to one file.

    Attributes:
        places: the columns it is read from; none for a constant.
        label: the partner's own name for it.
        whole: a joined value counts only when every part is there (keys).
        blanks: what the feed writes for "no value"; such a part is not joined.
    """

    target: Field
    spec: FieldSpec
    column: Column
    places: tuple[int, ...]
    label: str
    whole: bool
    blanks: frozenset[str]

    def cells(self, rows: Sequence[Cells]) -> list[str]:
        """The field's text, row by row."""
        if self.spec.value is not None:
            return [self.spec.value] * len(rows)
        if len(self.places) == 1 and self.spec.join is None:
            place = self.places[0]
            return [row[place] for row in rows]
        return [self._join([row[place].strip() for place in self.places]) for row in rows]

    def shown(self, row: Cells) -> str:
        """The field's text in one row, as the partner wrote it."""
        return self.cells([row])[0].strip()

    def _join(self, parts: list[str]) -> str:
        said = [part for part in parts if part not in self.blanks]
        if self.whole and len(said) < len(parts):
            return ""
        return self.spec.with_.join(said)


@dataclass(frozen=True, slots=True)
class TypePlan:
    """The column that tells the type of a document.

    Attributes:
        known: the partner's word, folded -> our type.
        words: the partner's words as agreed, for sentences.
    """

    place: int
    label: str
    known: dict[str, str]
    words: tuple[str, ...]
    blanks: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """One record that a row may yield.

    Attributes:
        key: the field that identifies it; None for documents, which their number identifies.
        doc_type: of documents: fixed, or told by a column.
    """

    kind: Kind
    key: str | None
    fields: tuple[FieldPlan, ...]
    when: Test | None = None
    doc_type: str | TypePlan | None = None


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


def compile_feed(feed: Feed, headers: Headers, today: date) -> FeedPlan:
    """Bind a checked feed to the columns of one file; fields whose optional column is missing are left out.

    Raises:
        FeedError: the feed makes no sense; `check_feed` would have told.
    """
    if errors := check_feed(feed):
        raise errors[0]
    records = tuple(_bind_record(kind, spec, feed, headers, today) for kind, spec, _ in specs_of(feed))
    keep = tuple((name, place) for name in feed.keep if (place := headers.index(name)) is not None)
    return FeedPlan(
        feed,
        tuple(headers.found),
        records,
        compile_condition(feed.where, headers, frozenset(feed.none_values)),
        _bind_rules(feed, headers),
        keep,
        headers.index(feed.where.column) if feed.where else None,
        _asked(feed, headers, records, keep),
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
        column = compile_field(kind, name, one, none_values=none_values, today=today, iso_dates=feed.format.iso_dates)
        bound = _bind_field(FIELDS[kind][name], one, column, headers, whole=name == key, blanks=none_values | {""})
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
    for condition in conditions_of(feed):
        place = headers.index(condition.column)
        assert place is not None  # noqa: S101 - compiled before
        asked[place] = asked.get(place, frozenset()).union(condition.is_ or (), condition.is_not or ())
    return asked


def _bind_field(
    target: Field, spec: FieldSpec, column: Column, headers: Headers, *, whole: bool, blanks: frozenset[str]
) -> FieldPlan | None:
    """The field at its columns; None where the file lacks them, and so says nothing about it."""
    if spec.value is not None:
        return FieldPlan(target, spec, column, (), target.name, whole, blanks)
    names = spec.join if spec.join is not None else [spec.from_]
    found = [headers.index(name) for name in names if name is not None]
    places = tuple(place for place in found if place is not None)
    if len(places) < len(found) and (whole or not places):
        return None
    label = " + ".join(headers.found[place] for place in places)
    return FieldPlan(target, spec, column, places, label, whole, blanks)
