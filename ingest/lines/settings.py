"""Which settings read a cell: their places in partner.yaml, as it was in the version by which the file was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent

import yaml

from gateway.config import Document, KeyPath, read
from gateway.config.findings import dotted
from ingest.mapping.bound import TypePlan
from ingest.mapping.mapped import ATTRIBUTES, Mapped
from ingest.mapping.plan import FeedPlan
from ingest.mapping.specs import RecordSpec, specs_of
from ingest.reading import Reading

_MOST_TEXT = 1_000  # characters of a setting


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a feed.

    Attributes:
        path: as findings name it: `feeds.roster.client.fields.date_of_birth`.
        line: where it begins in partner.yaml; None where its text does not say it in so many words.
        text: as it stands there.
    """

    path: str
    line: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Use:
    """A value that is read from a row.

    Attributes:
        field: as rules name it: `client.date_of_birth`, `documents.passport.expires_on`.
        places: the columns that it is read from; none of one that is the same in all rows, or looked up.
        value: what it came to; None: nothing. Of sensitive fields only that there is one.
    """

    field: str
    setting: Setting
    places: Sequence[int]
    value: object | None


class Settings:
    """The settings of a feed as they read one part of a file."""

    def __init__(self, reading: Reading, part: str | None, plan: FeedPlan) -> None:
        self._document = read(reading.config.source)
        own = ("parts", part) if part in reading.feed.parts else ()
        self._base: KeyPath = ("feeds", reading.feed_name, *own)
        self._feed: KeyPath = ("feeds", reading.feed_name)
        self._plan = plan

    def uses(self, mapped: Mapped) -> Iterator[Use]:
        """What is read of a row that was mapped; of one that was rejected, what would have been."""
        for number, (_, spec, path) in enumerate(specs_of(self._plan.feed)):
            if mapped.records[number].rows or mapped.rejected:
                yield from self._of_record(number, spec, path, mapped)
        yield from (
            Use(ATTRIBUTES, self._at((*self._feed, "keep")), (place,), None if mapped.rejected else name)
            for name, place in self._plan.keep
        )

    def _of_record(self, number: int, spec: RecordSpec, path: KeyPath, mapped: Mapped) -> Iterator[Use]:
        plan, records = self._plan.records[number], mapped.records[number]
        kind: str = plan.kind
        if plan.kind == "document":
            known = records.doc_types[0] if records.doc_types else plan.doc_type
            kind = f"documents.{known}" if isinstance(known, str) else "documents"
            if isinstance(told := plan.doc_type, TypePlan):
                word = records.doc_types[0] if records.doc_types else None
                yield Use(f"{kind}.doc_type", self._at((*self._base, *path, "type")), (told.place,), word)
        for one in plan.fields:
            name = one.target.name
            own = (*path, "fields", name) if name in spec.fields else ("enrich",)
            value = records.fields[name][0] if records.rows else None
            shown = "•••" if one.target.sensitive and value is not None else value
            yield Use(f"{kind}.{name}", self._at((*self._base, *own)), one.places, shown)

    def _at(self, path: KeyPath) -> Setting:
        node = self._document.node(path)
        if node is None:
            return Setting(dotted(path), None, None)
        return Setting(dotted(path), node.start_mark.line + 1, _text(self._document, node))


def _text(document: Document, node: yaml.Node) -> str:
    """A setting as it stands there, without the indentation of where it stands."""
    start, end = node.start_mark, node.end_mark
    whole = dedent(" " * start.column + document.text[start.index : end.index]).strip()
    return whole if len(whole) <= _MOST_TEXT else f"{whole[:_MOST_TEXT]} …"
