"""The steps under `enrich`: they fill what a row leaves blank, from tables and from its other fields, in their order.

A step works on a batch column by column, after the fields are read and before the rules look at them. It touches no
network: tables come with the version of the settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol, cast

from gateway.values.codes import folded_word
from gateway.values.dates import YEARS, shifted
from ingest.catalogue import mask
from ingest.feed import Derived, Earliest, Feed, Lookup, Shift, Translate
from ingest.mapping.addresses import Address, locate
from ingest.mapping.bound import Cells, FieldPlan, RecordPlan, TypePlan
from ingest.mapping.column import Column, Memo
from ingest.mapping.drafts import Fillable
from ingest.mapping.enrich_specs import constant
from ingest.mapping.errors import FeedError
from ingest.mapping.headers import Headers
from ingest.mapping.tables import LookupTable, index_of

_Entry = tuple[object | None, ...]
_UNKNOWN: _Entry = ()  # what a word finds that the table does not have
_Labels = dict[Address, str]


@dataclass(frozen=True, slots=True)
class EnrichProblem:
    """Something about one row, in the terms of the catalogue."""

    index: int
    code: str
    label: str
    value: str
    details: dict[str, object]
    rejects: bool = False


class BoundStep(Protocol):
    """A step bound to one file.

    Attributes:
        targets: the fields that it may fill.
        label: the partner's own name for what it goes by.
    """

    @property
    def targets(self) -> tuple[Address, ...]:
        """See the class."""

    @property
    def label(self) -> str:
        """See the class."""

    def run(self, drafts: Fillable, cells: Sequence[Cells], kept: list[int]) -> Iterator[EnrichProblem]:
        """Fill the drafts of one batch; tells of rows only where something would have been filled."""


def bind_steps(
    feed: Feed, records: Sequence[RecordPlan], headers: Headers, tables: Mapping[str, LookupTable]
) -> tuple[BoundStep, ...]:
    """The steps of a checked feed, bound to the columns of one file; those whose columns it lacks are left out.

    Raises:
        FeedError: a table is not there, or is wrong; the check of the tables would have told.
    """
    labels = {address: field.label for record in records for address, field in _fields(record)}
    bound: list[BoundStep] = []
    for number, step in enumerate(feed.enrich):
        one = (
            _bind_lookup(feed, number, step, records, headers, tables)
            if isinstance(step, Lookup)
            else _bind_derived(feed, step, labels)
        )
        if one is not None:
            bound.append(one)
            labels = dict.fromkeys(one.targets, one.label) | labels
    return tuple(bound)


def with_targets(records: Sequence[RecordPlan], steps: Sequence[BoundStep]) -> tuple[RecordPlan, ...]:
    """The records with a field for whatever steps may fill and no column gives."""
    labels = {address: step.label for step in reversed(steps) for address in step.targets}
    return tuple(_with_targets(record, labels) for record in records)


# ------------------------------------------------------------------------------------------------ the steps


@dataclass(frozen=True, slots=True)
class _BoundLookup:
    """A table looked up by the words of a column; `memo` holds cell -> entry, () unknown, None blank."""

    step: Lookup
    targets: tuple[Address, ...]
    label: str
    place: int
    is_secret: bool
    memo: Memo

    def run(self, drafts: Fillable, cells: Sequence[Cells], kept: list[int]) -> Iterator[EnrichProblem]:
        self.memo.forget_when_full()
        found = {index: cast("_Entry | None", self.memo[cells[index][self.place]]) for index in kept}
        for number, address in enumerate(self.targets):
            drafts.fill(address, {index: entry[number] for index, entry in found.items() if entry})
        unknown = [index for index, entry in found.items() if entry == _UNKNOWN]
        if unknown and self.step.missing != "ignore":
            wanting = set().union(*map(drafts.open, self.targets))
            yield from (self._told(index, cells) for index in unknown if index in wanting)

    def _told(self, index: int, cells: Sequence[Cells]) -> EnrichProblem:
        word = cells[index][self.place].strip()
        details: dict[str, object] = {"expected": self.step.table}
        shown = mask(word) if self.is_secret else word
        return EnrichProblem(index, "no_match", self.label, shown, details, self.step.missing == "reject")


@dataclass(frozen=True, slots=True)
class _BoundMap:
    """Values by the word of another field."""

    targets: tuple[Address, ...]
    label: str
    source: Address
    values: dict[str, object]
    otherwise: object | None

    def run(self, drafts: Fillable, cells: Sequence[Cells], kept: list[int]) -> Iterator[EnrichProblem]:  # noqa: ARG002 - of all steps
        known, otherwise = self.values, self.otherwise
        words = drafts.values(self.source)
        drafts.fill(self.targets[0], {index: known.get(_word(word), otherwise) for index, word in words.items()})
        return iter(())


@dataclass(frozen=True, slots=True)
class _BoundShift:
    """A date so long after another."""

    targets: tuple[Address, ...]
    label: str
    source: Address
    plus: str

    def run(self, drafts: Fillable, cells: Sequence[Cells], kept: list[int]) -> Iterator[EnrichProblem]:  # noqa: ARG002 - of all steps
        [target] = self.targets
        wanting = drafts.open(target)
        days = {index: cast("date", day) for index, day in drafts.values(self.source).items() if index in wanting}
        moved = {index: self._moved(day) for index, day in days.items()}
        drafts.fill(target, moved)
        for index, day in days.items():
            if moved[index] is None:
                agreed = f"the years {YEARS[0]} to {YEARS[-1]}, with {self.plus} added"
                yield EnrichProblem(index, "out_of_range", self.label, day.isoformat(), {"expected": agreed})

    def _moved(self, day: date) -> date | None:
        try:
            moved = shifted(day, int(self.plus[:-1]), self.plus[-1])
        except (ValueError, OverflowError):
            return None
        return moved if moved.year in YEARS else None


@dataclass(frozen=True, slots=True)
class _BoundChoice:
    """The first or the last of several dates."""

    targets: tuple[Address, ...]
    label: str
    sources: tuple[Address, ...]
    choose: Callable[[date, date], date]

    def run(self, drafts: Fillable, cells: Sequence[Cells], kept: list[int]) -> Iterator[EnrichProblem]:  # noqa: ARG002 - of all steps
        chosen: dict[int, date] = {}
        for source in self.sources:
            for index, value in drafts.values(source).items():
                day = cast("date", value)
                chosen[index] = self.choose(chosen.get(index, day), day)
        drafts.fill(self.targets[0], chosen)
        return iter(())


def _word(value: object) -> str:
    return folded_word(str(value))


# ------------------------------------------------------------------------------------------------ binding


def _bind_lookup(
    feed: Feed,
    number: int,
    step: Lookup,
    records: Sequence[RecordPlan],
    headers: Headers,
    tables: Mapping[str, LookupTable],
) -> BoundStep | None:
    place = headers.index(step.by)
    if place is None:
        return None
    if step.table not in tables:
        raise FeedError(("enrich", number, "table"), f"The table {step.table} was not applied with these settings.")
    index = index_of(feed, step, tables[step.table])
    for trouble in index.troubles:
        raise FeedError(("enrich", number, "table"), f"{step.table}, line {trouble.line}: {trouble.sentence}")
    is_secret = any(field.target.sensitive for record in records for field in record.fields if place in field.places)
    nothing, entries = {"", *feed.none_values}, index.entries

    def find(cell: str) -> _Entry | None:
        return None if cell.strip() in nothing else entries.get(folded_word(cell), _UNKNOWN)

    return _BoundLookup(step, index.targets, headers.found[place], place, is_secret, Memo(find))


def _bind_derived(feed: Feed, step: Derived, labels: _Labels) -> BoundStep | None:
    targets = (locate(feed, step.field),)
    named = [step.of] if isinstance(step.of, str) else step.of
    sources = tuple(address for text in named if (address := locate(feed, text, "of")) in labels)
    if not sources:
        return None
    label = " / ".join(dict.fromkeys(labels[address] for address in sources))
    if isinstance(step, Translate):
        values = {folded_word(word): constant(targets[0], value, "map") for word, value in step.map.items()}
        otherwise = None if step.otherwise is None else constant(targets[0], step.otherwise, "otherwise")
        return _BoundMap(targets, label, sources[0], values, otherwise)
    if isinstance(step, Shift):
        return _BoundShift(targets, label, sources[0], step.plus)
    return _BoundChoice(targets, label, sources, min if isinstance(step, Earliest) else max)


def _fields(record: RecordPlan) -> Iterator[tuple[Address, FieldPlan]]:
    for doc_type in _doc_types(record):
        yield from ((Address(record.kind, doc_type, field.target.name), field) for field in record.fields)


def _doc_types(record: RecordPlan) -> list[str | None]:
    return (
        [*dict.fromkeys(record.doc_type.known.values())] if isinstance(record.doc_type, TypePlan) else [record.doc_type]
    )


def _with_targets(record: RecordPlan, labels: _Labels) -> RecordPlan:
    own = {field.target.name for field in record.fields}
    asked = {
        address.name: (address, label)
        for address, label in labels.items()
        if address.kind == record.kind and address.doc_type in _doc_types(record) and address.name not in own
    }
    added = (_unread(address, label) for address, label in asked.values())
    return replace(record, fields=(*record.fields, *added))


def _unread(address: Address, label: str) -> FieldPlan:
    """A field that no column of the file gives: blank in every row until a step fills it."""
    return FieldPlan(address.field, Column(lambda _cell: None), (), label, constant="")
