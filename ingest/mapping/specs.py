"""Whether a feed section makes sense beyond its shape: fields that exist, types that fit, rules on what is mapped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import msgspec

from gateway.domain.fields import CHOICES, DOCUMENT_TYPES, DURATION_OF_STATUS, FIELDS, Holds, Kind
from ingest.feed import CaseSpec, ClientSpec, DocumentSpec, DocumentType, Feed, FieldSpec, NotBefore
from ingest.mapping.column import Column, compile_column
from ingest.mapping.values import SpecError, unknown_name

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


def check_feed(feed: Feed) -> list[FeedError]:
    """Everything that is wrong with a feed section beyond its shape, with the path to each."""
    whole = [] if feed.parts and not (feed.client or feed.case) else [*_section_errors(feed)]
    parts = [
        FeedError(("parts", name, *error.path), error.sentence)
        for name in feed.parts
        for error in _part_errors(feed, name)
    ]
    return [*whole, *parts]


def _part_errors(feed: Feed, name: str) -> Iterator[FeedError]:
    section = feed.section(name)
    yield from _section_errors(section)
    keys = {one.key for one in (feed.client, *(part.client for part in feed.parts.values())) if one}
    if section.client and len(keys) > 1:
        sentence = f"All parts must know people by one field, but there are {', '.join(sorted(keys))}."
        yield FeedError(("client", "key"), sentence)


def _section_errors(feed: Feed) -> Iterator[FeedError]:
    yield from _structural(feed)
    for spec in specs_of(feed):
        yield from _record_errors(*spec, iso_dates=feed.format.iso_dates)


def specs_of(feed: Feed) -> Iterator[tuple[Kind, RecordSpec, Path]]:
    """The records that a feed describes, each with its path below the feed."""
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
            elif isinstance(rule, NotBefore) and not _is_date(address):
                yield FeedError(("rules", number, option), f"{address} is not a date: only dates can be in order.")


def _is_date(address: str) -> bool:
    kind: Kind = "document" if address.startswith("documents.") else "case" if address.startswith("case.") else "client"
    field = FIELDS[kind].get(address.rsplit(".", 1)[1])
    return field is not None and field.holds == "date"


def addresses(feed: Feed) -> Iterator[str]:
    """The fields that rules may name: client.x, case.x, documents.passport.x."""
    for kind, spec, _ in specs_of(feed):
        prefix = f"documents.{spec.type}" if isinstance(spec, DocumentSpec) else kind
        if not (isinstance(spec, DocumentSpec) and isinstance(spec.type, DocumentType)):
            yield from (f"{prefix}.{name}" for name in spec.fields)


def _record_errors(kind: Kind, spec: RecordSpec, path: Path, *, iso_dates: bool) -> Iterator[FeedError]:
    if isinstance(spec, DocumentSpec):
        yield from _type_errors(spec, path)
    for name, one in spec.fields.items():
        at = (*path, "fields", name)
        try:
            compile_field(kind, name, one, none_values=frozenset(), today=date(2000, 1, 1), iso_dates=iso_dates)
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


def compile_field(
    kind: Kind, name: str, spec: FieldSpec, *, none_values: frozenset[str], today: date, iso_dates: bool = False
) -> Column:
    """One field as a function over a column, fit for the record that it feeds.

    Raises:
        SpecError: the field does not exist, or its options make no sense there.
    """
    target = FIELDS[kind].get(name)
    if target is None:
        raise unknown_name("", f"field of a {kind}", name, FIELDS[kind])
    _check_source(spec)
    column = compile_column(
        _with_choices(kind, name, spec),
        none_values=none_values,
        today=today,
        max_length=_LONGEST.get(name, _LONGEST_OTHERWISE),
        room=target.room,
        iso_dates=iso_dates,
    )
    if spec.value is not None and (bad := column([spec.value]).bad):
        raise SpecError("value", f"{spec.value!r} is not a value that {name} can have ({bad[0][1].code}).")
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
