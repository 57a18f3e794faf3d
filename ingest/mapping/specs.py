"""Whether a feed section makes sense beyond its shape: fields that exist, types that fit, rules on what is mapped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gateway.domain.people.fields import DOCUMENT_TYPES, FIELDS, Kind
from gateway.values import dates
from gateway.values.base import OptionError
from ingest.feed import CaseSpec, ClientSpec, DocumentSpec, DocumentType, Feed, NotBefore
from ingest.formats.csv import CsvFormat
from ingest.formats.fixed import FixedFormat
from ingest.mapping.enrich_specs import enriched, step_errors
from ingest.mapping.errors import FeedError, Path, SpecError, unknown_name
from ingest.mapping.fitting import compile_field
from ingest.mapping.order import order_errors, sql_type

RecordSpec = ClientSpec | CaseSpec | DocumentSpec


def check_feed(feed: Feed) -> list[FeedError]:
    """Everything that is wrong with a feed section beyond its shape, with the path to each."""
    whole = [] if feed.parts and not (feed.client or feed.case) else [*_section_errors(feed)]
    parts = [
        FeedError(("parts", name, *error.path), error.sentence)
        for name in feed.parts
        for error in _part_errors(feed, name)
    ]
    return [*_as_of_errors(feed), *whole, *parts]


def _part_errors(feed: Feed, name: str) -> Iterator[FeedError]:
    section = feed.section(name)
    yield from _section_errors(section)
    keys = {one.key for one in (feed.client, *(part.client for part in feed.parts.values())) if one}
    if section.client and len(keys) > 1:
        sentence = f"All parts must know people by one field, but there are {', '.join(sorted(keys))}."
        yield FeedError(("client", "key"), sentence)
    if len({sql_type(feed.section(part)) for part in feed.parts} - {None}) > 1:
        yield FeedError(
            (), f"What rows are in order by ({feed.order and feed.order.by!r}) must be of one type in all parts."
        )


def _section_errors(feed: Feed) -> Iterator[FeedError]:
    yield from _structural(feed)
    for spec in specs_of(feed):
        yield from _record_errors(*spec, typed_cells=feed.format.typed_cells)
    yield from step_errors(feed)
    yield from order_errors(feed)


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


def _as_of_errors(feed: Feed) -> Iterator[FeedError]:
    if (as_of := feed.as_of) is None or as_of.file_name is not None:
        return
    if as_of.line is not None and not isinstance(feed.format, CsvFormat):
        yield FeedError(("as_of", "line"), "Only a CSV has lines that may say it; name a `column`.")
    if as_of.column is not None and isinstance(feed.format, FixedFormat):
        columns = {column for kind in feed.format.records.values() for column in kind.columns}
        if as_of.column not in columns:
            error = unknown_name("column", "column", as_of.column, columns)
            yield FeedError(("as_of", "column"), str(error), error.suggestion)
    try:
        dates.moment(as_of.formats, as_of.pivot, or_real=feed.format.typed_cells)
    except OptionError as wrong:
        yield FeedError(("as_of", wrong.option), wrong.sentence, wrong.suggestion)


def _is_date(address: str) -> bool:
    kind: Kind = "document" if address.startswith("documents.") else "case" if address.startswith("case.") else "client"
    field = FIELDS[kind].get(address.rsplit(".", 1)[1])
    return field is not None and field.holds == "date"


def addresses(feed: Feed) -> Iterator[str]:
    """The fields that rules may name, mapped ones and enriched ones: client.x, case.x, documents.passport.x."""
    for kind, spec, _ in specs_of(feed):
        prefix = f"documents.{spec.type}" if isinstance(spec, DocumentSpec) else kind
        if not (isinstance(spec, DocumentSpec) and isinstance(spec.type, DocumentType)):
            yield from (f"{prefix}.{name}" for name in spec.fields)
    yield from (str(address) for address in enriched(feed))


def _record_errors(kind: Kind, spec: RecordSpec, path: Path, *, typed_cells: bool) -> Iterator[FeedError]:
    if isinstance(spec, DocumentSpec):
        yield from _type_errors(spec, path)
    for name, one in spec.fields.items():
        at = (*path, "fields", name)
        try:
            compile_field(kind, name, one, none_values=frozenset(), today=date(2000, 1, 1), typed_cells=typed_cells)
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
