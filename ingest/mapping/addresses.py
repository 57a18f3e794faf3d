"""Which field of which record is meant by `client.hire_date`, `documents.passport.expires_on` or plain `hire_date`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gateway.domain.people.fields import FIELDS, Field, Kind
from ingest.feed import DocumentType, Feed, FieldSpec
from ingest.mapping.errors import unknown_name


class Address(NamedTuple):
    """One field of one of the records that a row yields; `doc_type` for documents only."""

    kind: Kind
    doc_type: str | None
    name: str

    @property
    def field(self) -> Field:
        """What the field holds."""
        return FIELDS[self.kind][self.name]

    def __str__(self) -> str:
        record = self.kind if self.doc_type is None else f"documents.{self.doc_type}"
        return f"{record}.{self.name}"


def locate(feed: Feed, text: str, option: str = "field") -> Address:
    """The field that a text names; without a record before it, the client's, or the case's in a feed without clients.

    Raises:
        SpecError: the feed yields no such record, or the record has no such field.
    """
    known = _records(feed)
    record, _, name = text.rpartition(".")
    record = record or ("client" if feed.client else "case")
    if record not in known:
        raise unknown_name(option, "record of this feed", record, known)
    kind, doc_type = known[record]
    if name not in FIELDS[kind]:
        raise unknown_name(option, f"field of a {kind}", name, FIELDS[kind])
    return Address(kind, doc_type, name)


def mapped(feed: Feed) -> Iterator[tuple[Address, FieldSpec]]:
    """The fields that the feed reads from the file, and how; those that there are."""
    records: list[tuple[Kind, str | None, dict[str, FieldSpec]]] = []
    records += [("client", None, feed.client.fields)] if feed.client else []
    records += [("case", None, feed.case.fields)] if feed.case else []
    records += [("document", told, one.fields) for one in feed.documents for told in doc_types(one.type)]
    for kind, doc_type, fields in records:
        yield from ((Address(kind, doc_type, name), spec) for name, spec in fields.items() if name in FIELDS[kind])


def doc_types(told: str | DocumentType) -> list[str]:
    """The document types that may come of one entry of `documents`."""
    return [told] if isinstance(told, str) else list(dict.fromkeys(told.map.values()))


def _records(feed: Feed) -> dict[str, tuple[Kind, str | None]]:
    known: dict[str, tuple[Kind, str | None]] = {}
    if feed.client:
        known["client"] = ("client", None)
    if feed.case:
        known["case"] = ("case", None)
    types = (doc_type for document in feed.documents for doc_type in doc_types(document.type))
    return known | {f"documents.{doc_type}": ("document", doc_type) for doc_type in types}
