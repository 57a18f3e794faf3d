"""A feed compiled: every field checked against the records it feeds, then bound to the columns of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from gateway.domain.fields import CHOICES, DOCUMENT_TYPES, DURATION_OF_STATUS, FIELDS, Field, Holds, Kind
from ingest.feed import CaseSpec, ClientSpec, Condition, DocumentSpec, DocumentType, Feed, FieldSpec, NotBefore
from ingest.mapping.column import Column, compile_column
from ingest.mapping.headers import Headers
from ingest.mapping.values import SpecError, unknown_name

Cells = Sequence[str]
Test = Callable[[Cells], bool]
Path = tuple[str | int, ...]
RecordSpec = ClientSpec | CaseSpec | DocumentSpec

# what the values of a type may be stored in; every other type gives text
_TYPE_HOLDS: dict[str, frozenset[Holds]] = {
    "integer": frozenset({"integer", "number"}),
    "decimal": frozenset({"number"}),
    "money": frozenset({"number"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset(),
}
_TEXT_HOLDS: frozenset[Holds] = frozenset({"text", "words"})
_LONGEST: dict[str, int] = {"notes": 20_000}
_LONGEST_OTHERWISE = 1_000  # characters; longer text in a name or a city is a broken quote, not a name


class FeedError(ValueError):
    """A feed section that makes no sense at one path.

    Args:
        path: below the feed, such as ("client", "fields", "dob", "formats").
        sentence: what is wrong.
        suggestion: the nearest valid word, where there is one.
    """

    def __init__(self, path: Path, sentence: str, suggestion: str | None = None) -> None:
        super().__init__(sentence)
        self.path = path
        self.sentence = sentence
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field bound to one file.

    Attributes:
        places: the columns it is read from; none for a constant.
        label: the partner's own name for it.
        whole: a joined value counts only when every part is there (keys).
    """

    target: Field
    spec: FieldSpec
    column: Column
    places: tuple[int, ...]
    label: str
    whole: bool

    def cells(self, rows: Sequence[Cells]) -> list[str]:
        """The field's text, row by row."""
        if self.spec.value is not None:
            return [self.spec.value] * len(rows)
        if len(self.places) == 1 and self.spec.join is None:
            place = self.places[0]
            return [row[place] for row in rows]
        return [self._join([row[place].strip() for place in self.places]) for row in rows]

    def _join(self, parts: list[str]) -> str:
        if self.whole and not all(parts):
            return ""
        return self.spec.with_.join(filter(None, parts))


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """One record that a row may yield.

    Attributes:
        key: the field that identifies it; None for documents, which their number identifies.
        doc_type: a fixed document type, or None when `type_place` and `type_map` tell.
    """

    kind: Kind
    key: str | None
    fields: tuple[FieldPlan, ...]
    when: Test | None = None
    doc_type: str | None = None
    type_place: int = -1
    type_map: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """A feed bound to one file: what to keep, what each row yields, what must hold."""

    feed: Feed
    records: tuple[RecordPlan, ...]
    where: Test | None
    conditions: dict[int, Test]  # what rules ask, by the rule's place
    keep: tuple[tuple[str, int], ...]


def check_feed(feed: Feed) -> list[FeedError]:
    """Everything that is wrong with a feed section beyond its shape, with the path to each."""
    return [*_structural(feed), *(error for spec in _specs(feed) for error in _record_errors(*spec))]


def compile_feed(feed: Feed, headers: Headers, today: date) -> FeedPlan:
    """Bind a checked feed to the columns of one file; fields whose optional column is missing are left out.

    Raises:
        FeedError: the feed makes no sense; `check_feed` would have told.
    """
    if errors := check_feed(feed):
        raise errors[0]
    return FeedPlan(
        feed,
        tuple(_bind_record(kind, spec, feed, headers, today) for kind, spec, _ in _specs(feed)),
        compile_condition(feed.where, headers),
        _bind_rules(feed, headers),
        tuple((name, place) for name in feed.keep if (place := headers.index(name)) is not None),
    )


def compile_condition(condition: Condition | None, headers: Headers) -> Test | None:
    """A condition as a test on a row; None when there is none."""
    if condition is None:
        return None
    place = headers.index(condition.column)
    if place is None:
        raise FeedError((), f"The column {condition.column!r} is missing.")
    if condition.not_blank:
        return lambda row: bool(row[place].strip())
    if condition.is_ is not None:
        wanted = frozenset(condition.is_)
        return lambda row: row[place].strip() in wanted
    refused = frozenset(condition.is_not or ())
    return lambda row: row[place].strip() not in refused


# ------------------------------------------------------------------------------------------------ checking


def _specs(feed: Feed) -> Iterator[tuple[Kind, RecordSpec, Path]]:
    if feed.client:
        yield "client", feed.client, ("client",)
    if feed.case:
        yield "case", feed.case, ("case",)
    for number, document in enumerate(feed.documents):
        yield "document", document, ("documents", number)


def _structural(feed: Feed) -> Iterator[FeedError]:
    if not (feed.client or feed.case):
        yield FeedError((), "A feed needs a client or a case.")
    if feed.documents and not feed.client:
        yield FeedError(("documents",), "Documents belong to a person: the feed needs a client.")
    if feed.client and feed.client.key not in feed.client.fields:
        yield FeedError(("client", "key"), f"The key {feed.client.key!r} is not among the fields of the client.")
    if feed.case and feed.case.key not in feed.case.fields:
        yield FeedError(("case", "fields"), "A case needs the field case_number.")
    if feed.absent == "close" and feed.contents != "full":
        yield FeedError(("absent",), "Only a full file can close what it does not list: `contents: full`.")
    yield from _rule_errors(feed)


def _rule_errors(feed: Feed) -> Iterator[FeedError]:
    known = set(addresses(feed))
    for number, rule in enumerate(feed.rules):
        named = [("field", rule.field)] + ([("than", rule.than)] if isinstance(rule, NotBefore) else [])
        for option, address in named:
            if address not in known:
                error = unknown_name(option, "mapped field", address, known)
                yield FeedError(("rules", number, option), str(error), error.suggestion)


def addresses(feed: Feed) -> Iterator[str]:
    """The fields that rules may name: client.x, case.x, documents.passport.x."""
    for kind, spec, _ in _specs(feed):
        prefix = f"documents.{spec.type}" if isinstance(spec, DocumentSpec) else kind
        if not (isinstance(spec, DocumentSpec) and isinstance(spec.type, DocumentType)):
            yield from (f"{prefix}.{name}" for name in spec.fields)


def _record_errors(kind: Kind, spec: RecordSpec, path: Path) -> Iterator[FeedError]:
    if isinstance(spec, DocumentSpec):
        yield from _type_errors(spec, path)
    for name, one in spec.fields.items():
        at = (*path, "fields", name)
        try:
            _compile_field(kind, name, one, none_values=frozenset(), today=date(2000, 1, 1))
        except SpecError as error:
            yield FeedError((*at, error.option) if error.option else at, str(error), error.suggestion)
        if getattr(spec, "key", None) == name and one.if_bad == "drop":
            yield FeedError((*at, "if_bad"), "A row without its key belongs to nobody: a bad key must reject the row.")


def _type_errors(spec: DocumentSpec, path: Path) -> Iterator[FeedError]:
    named = spec.type.map.values() if isinstance(spec.type, DocumentType) else [spec.type]
    for name in named:
        if name not in DOCUMENT_TYPES:
            error = unknown_name("type", "document type", name, DOCUMENT_TYPES)
            yield FeedError((*path, "type"), str(error), error.suggestion)


def _compile_field(kind: Kind, name: str, spec: FieldSpec, *, none_values: frozenset[str], today: date) -> Column:
    target = FIELDS[kind].get(name)
    if target is None:
        raise unknown_name("", f"field of a {kind}", name, FIELDS[kind])
    _check_source(spec)
    column = compile_column(
        _with_choices(kind, name, spec),
        none_values=none_values,
        today=today,
        max_length=_LONGEST.get(name, _LONGEST_OTHERWISE),
    )
    if target.holds not in _TYPE_HOLDS.get(spec.type, _TEXT_HOLDS):
        raise SpecError("type", f"{name} holds {_named(target.holds)}, which `type: {spec.type}` does not give.")
    if target.lasting and (spec.blank == "clear" or spec.clear_token):
        raise SpecError(
            "blank" if spec.blank == "clear" else "clear_token", f"{name} always has a value: it cannot be cleared."
        )
    if set((spec.tokens or {}).values()) - {DURATION_OF_STATUS} or (spec.tokens and name != "expires_on"):
        raise SpecError("tokens", f"The only token is {DURATION_OF_STATUS}, on the expires_on of a document.")
    return column


def _named(holds: Holds) -> str:
    return {"text": "text", "words": "a list of words"}.get(holds, f"a {holds}")


def _check_source(spec: FieldSpec) -> None:
    given = [name for name, value in (("from", spec.from_), ("join", spec.join), ("value", spec.value)) if value]
    if len(given) != 1:
        raise SpecError(given[1] if given else "", "A field needs exactly one of from, join and value.")


def _with_choices(kind: Kind, name: str, spec: FieldSpec) -> FieldSpec:
    choices = CHOICES.get((kind, name))
    if choices is None:
        return spec
    for word in (spec.map or {}).values() if spec.type == "code" else ():
        if word not in choices:
            raise unknown_name("map", name, word, choices)
    return spec if spec.type == "code" or spec.one_of else msgspec.structs.replace(spec, one_of=sorted(choices))


# ------------------------------------------------------------------------------------------------ binding


def _bind_record(kind: Kind, spec: RecordSpec, feed: Feed, headers: Headers, today: date) -> RecordPlan:
    none_values = frozenset(feed.none_values)
    key = getattr(spec, "key", None)
    bound = [
        _bind_field(
            FIELDS[kind][name],
            one,
            _compile_field(kind, name, one, none_values=none_values, today=today),
            headers,
            whole=name == key,
        )
        for name, one in spec.fields.items()
    ]
    plan = RecordPlan(kind, key, tuple(one for one in bound if one), compile_condition(spec.when, headers))
    if not isinstance(spec, DocumentSpec):
        return plan
    if isinstance(spec.type, str):
        return _replace(plan, doc_type=spec.type)
    place = headers.index(spec.type.from_)
    if place is None:
        raise FeedError((), f"The column {spec.type.from_!r} is missing.")
    return _replace(
        plan, type_place=place, type_map={word.strip().casefold(): ours for word, ours in spec.type.map.items()}
    )


def _bind_rules(feed: Feed, headers: Headers) -> dict[int, Test]:
    asked = ((number, getattr(rule, "when", None)) for number, rule in enumerate(feed.rules))
    return {number: test for number, when in asked if (test := compile_condition(when, headers))}


def _replace(plan: RecordPlan, **changes: object) -> RecordPlan:
    return RecordPlan(plan.kind, plan.key, plan.fields, plan.when, **changes)  # type: ignore[arg-type]


def _bind_field(target: Field, spec: FieldSpec, column: Column, headers: Headers, *, whole: bool) -> FieldPlan | None:
    if spec.value is not None:
        return FieldPlan(target, spec, column, (), target.name, whole)
    names = spec.join if spec.join is not None else [spec.from_]
    found = [headers.index(name) for name in names if name is not None]
    places = tuple(place for place in found if place is not None)
    if len(places) < len(found) and (whole or not places):
        return None
    return FieldPlan(target, spec, column, places, " + ".join(headers.found[place] for place in places), whole)
