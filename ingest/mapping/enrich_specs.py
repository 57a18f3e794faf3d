"""Whether the steps under `enrich` make sense: they fill fields that may be filled, from what is there by then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath, PureWindowsPath

from gateway.domain.people.fields import CHOICES, Holds
from gateway.values.codes import folded_word
from ingest.feed import Derived, Feed, FieldSpec, Lookup, Names, Plain, Step, Translate
from ingest.mapping.addresses import Address, doc_types, locate, mapped
from ingest.mapping.errors import FeedError, Path, SpecError, unknown_name
from ingest.mapping.fitting import compile_field
from ingest.mapping.headers import columns_of, listed
from ingest.naming import fold

DERIVED_TYPES: dict[Holds, str] = {
    "text": "text",
    "words": "text",
    "date": "date",
    "number": "decimal",
    "integer": "integer",
    "boolean": "boolean",
}  # how a word of ours, written in partner.yaml, is read for a field

_ANY_DAY = date(2000, 1, 1)  # no check of a step depends on the day
_DEFAULTS = FieldSpec(from_="x")
# a bad cell of a table is our mistake, not the row's; and only a file can ask for what is on record to go
_NOT_IN_TABLES = ("unique", "if_bad", "blank", "clear_token", "tokens")


def step_errors(feed: Feed) -> Iterator[FeedError]:
    """Everything that is wrong with the steps of a section, whatever their tables hold."""
    known = {address for address, _ in mapped(feed)}
    for number, step in enumerate(feed.enrich):
        found = _lookup_errors(feed, step) if isinstance(step, Lookup) else _derived_errors(feed, step, known)
        yield from (FeedError(("enrich", number, *error.path), error.sentence, error.suggestion) for error in found)
        known.update(_targets(feed, step))


def enriched(feed: Feed) -> Iterator[Address]:
    """The fields that steps fill and rules may name: of documents, those whose type the feed knows beforehand."""
    told = {doc_type for one in feed.documents if not isinstance(one.type, str) for doc_type in doc_types(one.type)}
    for step in feed.enrich:
        yield from (address for address in _targets(feed, step) if address.doc_type not in told)


def given_spec(given: str | FieldSpec) -> FieldSpec:
    """How a field is read from a table; text alone names its column."""
    return FieldSpec(from_=given) if isinstance(given, str) else given


def constant(address: Address, written: Plain, option: str) -> object:
    """A word in partner.yaml as the value that its field stores.

    Raises:
        SpecError: the field cannot have it.
    """
    text = str(written).lower() if isinstance(written, bool) else str(written)
    if not text.strip():
        raise SpecError(option, "A blank is no value.")
    choices = CHOICES.get((address.kind, address.name))
    if choices is not None and text not in choices:
        raise unknown_name(option, address.name, text, choices)
    spec = FieldSpec(value=text, type=DERIVED_TYPES[address.field.holds])
    try:
        column = compile_field(address.kind, address.name, spec, none_values=frozenset(), today=_ANY_DAY)
    except SpecError as error:
        raise SpecError(option, str(error)) from None
    return column([text]).values[0]


def _targets(feed: Feed, step: Step) -> Iterator[Address]:
    for text in step.give if isinstance(step, Lookup) else [step.field]:
        try:
            yield locate(feed, text)
        except SpecError:
            continue  # told where the step itself is checked


def _fillable(feed: Feed, text: str, option: str) -> Address:
    """The field that a step fills.

    Raises:
        SpecError: there is none, or it tells records apart: steps fill records that the row brings, they make none.
    """
    address = locate(feed, text, option)
    key = {"client": feed.client.key if feed.client else None, "case": "case_number", "document": "number"}
    if address.name == key[address.kind]:
        raise SpecError(option, f"{address} tells records apart: it comes from a column of the row alone.")
    return address


# ------------------------------------------------------------------------------------------------ lookups


def _lookup_errors(feed: Feed, step: Lookup) -> Iterator[FeedError]:
    if not _lies_beside(step.table):
        sentence = f"{step.table!r} is not the name of a CSV file beside partner.yaml, such as sites.csv."
        yield FeedError(("table",), sentence)
    if secret := _sensitive_column(feed, step.by):
        sentence = f"The column {secret} is sensitive: it cannot stand in a table, which is stored as it is written."
        yield FeedError(("by",), sentence)
    if not step.give:
        yield FeedError(("give",), "A lookup gives at least one field: `give: {work_city: City}`.")
    for text, given in step.give.items():
        at: Path = ("give", text)
        try:
            _check_given(feed, text, given)
        except SpecError as error:
            inside = error.option and not isinstance(given, str)
            yield FeedError((*at, error.option) if inside else at, str(error), error.suggestion)


def _lies_beside(name: str) -> bool:
    plain = name == PurePosixPath(name).name == PureWindowsPath(name).name and name.isprintable()
    return plain and name.lower().endswith(".csv") and not name.startswith(".")


def _sensitive_column(feed: Feed, by: Names) -> str | None:
    """The first of these columns that a sensitive field is read from."""
    read = [names for address, spec in mapped(feed) if address.field.sensitive for names in columns_of(spec)]
    secret = {fold(name) for names in read for name in names}
    return next((name for name in listed(by) if fold(name) in secret), None)


def _check_given(feed: Feed, text: str, given: str | FieldSpec) -> None:
    address = _fillable(feed, text, "")
    if address.field.sensitive:
        raise SpecError("", f"{address} is sensitive: it cannot come from a table, which is stored as it is written.")
    spec = given_spec(given)
    for option in _NOT_IN_TABLES:
        if getattr(spec, option) != getattr(_DEFAULTS, option):
            raise SpecError(option, f"`{option}` means nothing to a table.")
    for option in ("min", "max"):
        if "today" in str(getattr(spec, option)):
            raise SpecError(option, "A table that is right today must be right tomorrow: write a day, not `today`.")
    compile_field(address.kind, address.name, spec, none_values=frozenset(), today=_ANY_DAY)


# ------------------------------------------------------------------------------------------------ derived fields


def _derived_errors(feed: Feed, step: Derived, known: set[Address]) -> Iterator[FeedError]:
    places: list[tuple[Path, str]] = [(("of",), step.of)] if isinstance(step.of, str) else []
    places += [] if isinstance(step.of, str) else [(("of", place), text) for place, text in enumerate(step.of)]
    sources = []
    for path, text in places:
        try:
            sources.append((path, _source(feed, text, known)))
        except SpecError as error:
            yield FeedError(path, str(error), error.suggestion)
    try:
        target = _fillable(feed, step.field, "field")
    except SpecError as error:
        yield FeedError(("field",), str(error), error.suggestion)
        return
    yield from _pair_errors(step, target, sources)


def _source(feed: Feed, text: str, known: set[Address]) -> Address:
    address = locate(feed, text, "of")
    if address not in known:
        raise unknown_name("of", "field that is mapped or given by an earlier step", str(address), map(str, known))
    if address.field.sensitive:
        raise SpecError("of", f"{address} is sensitive: nothing is derived from it.")
    return address


def _pair_errors(step: Derived, target: Address, sources: list[tuple[Path, Address]]) -> Iterator[FeedError]:
    for path, source in sources:
        if source == target:
            yield FeedError(path, f"{target} cannot be derived from itself.")
    if isinstance(step, Translate):
        yield from _map_errors(step, target, sources)
        return
    for path, address in [(("field",), target), *sources]:
        if address.field.holds != "date":
            yield FeedError(path, f"{address} is not a date, and this step makes dates of dates.")


def _map_errors(step: Translate, target: Address, sources: list[tuple[Path, Address]]) -> Iterator[FeedError]:
    if not step.map:
        yield FeedError(("map",), "The map is empty; it goes from words to values: `map: {PERM: 7}`.")
    for path, source in sources:
        if source.field.holds not in {"text", "boolean", "integer"}:
            yield FeedError(path, f"{source} holds no words that a map could list.")
        yield from _word_errors(step, source)
    written: list[tuple[Path, Plain]] = [(("map", word), value) for word, value in step.map.items()]
    written += [] if step.otherwise is None else [(("otherwise",), step.otherwise)]
    for path, value in written:
        try:
            constant(target, value, "")
        except SpecError as error:
            yield FeedError(path, str(error), error.suggestion)


def _word_errors(step: Translate, source: Address) -> Iterator[FeedError]:
    choices = CHOICES.get((source.kind, source.name))
    for word in step.map:
        if choices is not None and word not in choices:
            error = unknown_name("map", source.name, word, choices)
            yield FeedError(("map", word), str(error), error.suggestion)
    folded = [folded_word(word) for word in step.map]
    for place, word in enumerate(step.map):
        if folded[place] in folded[:place]:
            yield FeedError(("map", word), f"{word!r} stands in the map twice; case does not count.")
