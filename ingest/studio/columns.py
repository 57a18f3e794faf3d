"""The columns of a sample as a draft maps them: what stands there, what it becomes, what speaks for that and what not.

Read off the text as it stands, whatever is wrong with other parts of it; only the feed's format must be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from gateway.config import Document, KeyPath, decode
from gateway.config import read as read_config
from gateway.config.editing import plain
from gateway.config.findings import dotted
from gateway.domain.people.fields import FIELDS, Kind
from ingest import formats
from ingest.catalogue import mask, shorten
from ingest.feeds import named_by
from ingest.formats import Format
from ingest.formats.base import Refused, Source, Table
from ingest.infer import Proposal
from ingest.infer.sniffing import taken_out, told
from ingest.naming import fold

VALUES = 5  # shown of each column
_LOOKED_AT = 2_500  # rows in which values are looked for
_LETTERS = 60
_LEAST_DIGITS = 7  # of what may be a secret, where nobody has said what a column is
_DATE = re.compile(r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|(19|20)\d{6})([T ][\d:.]+)?")
_STEP = re.compile(r"\[(\d+)\]|([^.\[]+)")


class Use(NamedTuple):
    """One field that is read from a column.

    Attributes:
        path: where it stands in the text.
        record: `client`, `case` or `documents[0]`.
        spec: as it is written.
        because: what speaks for it, of what was proposed and stands as proposed.
        doubts: what a person must look at, likewise.
        proposed: what was proposed here, where something else stands now.
        is_key: it tells people or cases apart.
        line: where it stands in the text, 1-based.
    """

    path: KeyPath
    record: str
    field: str
    spec: Mapping[str, Any]
    because: str | None
    doubts: Sequence[str]
    proposed: Mapping[str, Any] | None
    is_key: bool
    line: int

    @property
    def target(self) -> str:
        """As an edit names it, `client.family_name`."""
        return f"{self.record}.{self.field}"

    def holds(self, path: str) -> bool:
        """Whether what is at a path, as a finding has it, is this field or within it."""
        own = dotted(self.path)
        return path == own or path.startswith((f"{own}.", f"{own}["))

    @property
    def is_simple(self) -> bool:
        """Whether a form can say all that it is read from: one column, by one name or several."""
        return "from" in self.spec


class Column(NamedTuple):
    """One column of a sample.

    Attributes:
        part: the sheet or record type; None where the file is one table.
        values: some different ones; masked where they are secret, or may be.
        is_kept: stored as it came.
        decides: a condition asks it which rows count.
    """

    part: str | None
    name: str
    values: list[str]
    uses: list[Use]
    is_kept: bool
    decides: bool

    @property
    def is_unsure(self) -> bool:
        """Whether a person must look."""
        return any(one.doubts for one in self.uses)


class Target(NamedTuple):
    """A field that a column may become: as an edit names it, and the record in words."""

    name: str
    record: str
    field: str


class Columns(NamedTuple):
    """The columns of a sample, unsure ones first.

    Attributes:
        feed: which reads it.
        targets: what a column may become in each part.
        doubts: what was unsure besides, each behind its path.
    """

    feed: str
    columns: list[Column]
    targets: Mapping[str | None, list[Target]]
    doubts: list[str]


class Told(NamedTuple):
    """What was proposed, by path."""

    said: Mapping[str, Any]
    because: Mapping[str, str]
    doubts: Sequence[tuple[str, str]]

    @classmethod
    def of(cls, proposal: Proposal | None) -> Told:
        """A proposal's; of none, nothing."""
        if proposal is None:
            return cls({}, {}, ())
        because = {one["path"]: one["because"] for one in proposal.evidence}
        split = [one.partition(": ") for one in proposal.unsure]
        return cls(plain(read_config(proposal.config)), because, [(path, doubt) for path, _, doubt in split])


def columns_of(text: str, proposal: Proposal | None, sample: Source) -> Columns:
    """The columns of a sample as a text maps them.

    Raises:
        ConfigError: the text is no mapping, or says no format.
        Invalid: the sample cannot be read by it.
    """
    document = read_config(text)
    said, proposed = plain(document), Told.of(proposal)
    feed = feed_in(said, sample.name)
    table = _opened(document, feed, sample)
    found, seen = list(_columns(document, said, feed, table, proposed)), _values(table)
    shown = [one._replace(values=_shown(one, seen.get((one.part, one.name), ()))) for one in found]
    used = {path_of(use.path) for one in shown for use in one.uses}
    rest = [f"{path}: {doubt}" for path, doubt in proposed.doubts if path not in used and _stands(said, proposed, path)]
    targets = {part.name: list(targets_in(section_in(said, feed, part.name)[1])) for part in table.parts}
    return Columns(feed, sorted(shown, key=lambda one: not one.is_unsure), targets, rest)


def feed_in(said: Mapping[str, Any], name: str) -> str:
    """The feed that reads a file of this name: by its globs, else the only one.

    Raises:
        Problem: `unknown_feed`.
    """
    feeds = said.get("feeds")
    feeds = feeds if isinstance(feeds, dict) else {}
    if len(feeds) == 1:
        return str(next(iter(feeds)))
    try:
        return named_by({one: _names(_mapping(feeds, one).get("file")) for one in feeds}, name)
    except Refused as refused:
        raise told(refused) from refused


def section_in(said: Mapping[str, Any], feed: str, part: str | None) -> tuple[KeyPath, Mapping[str, Any]]:
    """Where the mapping of one part of a file stands, and what it says."""
    whole = _mapping(_mapping(said, "feeds"), feed)
    parts = _mapping(whole, "parts")
    if part is not None and part in parts:
        return ("feeds", feed, "parts", part), _mapping(parts, part)
    return ("feeds", feed), whole


def records_in(section: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, Kind, Mapping[str, Any]]]:
    """The records of a section: path below it, name, kind, and what it says."""
    kinds: tuple[Kind, ...] = ("client", "case")
    for kind in kinds:
        if record := _mapping(section, kind):
            yield (kind,), kind, kind, record
    documents = section.get("documents")
    for place, record in enumerate(documents if isinstance(documents, list) else ()):
        if isinstance(record, dict):
            yield ("documents", place), f"documents[{place}]", "document", record


def targets_in(section: Mapping[str, Any]) -> Iterator[Target]:
    """All fields of the records that a section has."""
    for _, name, kind, record in records_in(section):
        told = record.get("type") if kind == "document" else kind
        words = told.replace("_", " ") if isinstance(told, str) else "document"
        yield from (Target(f"{name}.{field}", words, field) for field in FIELDS[kind])


def path_of(path: KeyPath) -> str:
    """A path as proposals write it."""
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path).removeprefix(".")


# ---------------------------------------------------------------- what the text says


def _opened(document: Document, feed: str, sample: Source) -> Table:
    """The sample as a table.

    Raises:
        ConfigError: the feed says no format that there is.
        Invalid: it is not of that format.
    """
    spec = decode(document, Format, ("feeds", feed, "format"))
    try:
        return formats.open_table(taken_out(sample).source, spec)
    except Refused as refused:
        raise told(refused) from refused


def _columns(document: Document, said: Mapping[str, Any], feed: str, table: Table, proposed: Told) -> Iterator[Column]:
    for part in table.parts:
        at, section = section_in(said, feed, part.name)
        uses = list(_uses(document, at, section, proposed))
        kept = {fold(str(one)) for one in _names(_mapping(_mapping(said, "feeds"), feed).get("keep"))}
        asked = {fold(one) for one in _asked(section)}
        for name in part.header:
            own = [use for names, use in uses if fold(name) in names]
            yield Column(part.name, name, [], own, fold(name) in kept, fold(name) in asked)


def _uses(
    document: Document, at: KeyPath, section: Mapping[str, Any], proposed: Told
) -> Iterator[tuple[set[str], Use]]:
    for below, name, _, record in records_in(section):
        for field, spec in _mapping(record, "fields").items():
            if not isinstance(spec, dict):
                continue
            path = (*at, *below, "fields", field)
            columns = {fold(one) for one in (*_names(spec.get("from")), *_names(spec.get("join")))}
            use = Use(path, name, str(field), spec, None, (), None, record.get("key") == field, _line(document, path))
            yield columns, _held_against(use, proposed)


def _held_against(use: Use, proposed: Told) -> Use:
    """A field with what speaks for it, or with what was proposed in its place."""
    there = _found(proposed.said, use.path)
    if there != use.spec:
        return use._replace(proposed=there if isinstance(there, dict) else None)
    told = path_of(use.path)
    doubts = [doubt for one, doubt in proposed.doubts if one == told]
    return use._replace(because=proposed.because.get(told), doubts=doubts)


def _line(document: Document, path: KeyPath) -> int:
    node = document.node(path)
    return node.start_mark.line + 1 if node is not None else 1


def _asked(section: Mapping[str, Any]) -> Iterator[str]:
    """The columns that decide which rows count, and what type a document is of."""
    yield from _names(_mapping(section, "where").get("column"))
    for _, _, _, record in records_in(section):
        yield from _names(_mapping(record, "when").get("column"))
        if isinstance(record.get("type"), dict):
            yield from _names(record["type"].get("from"))


def _stands(said: Mapping[str, Any], proposed: Told, path: str) -> bool:
    """Whether what was unsure is still as it was proposed, as far as its path can be followed."""
    steps = [int(one[1]) if one[1] else one[2] for one in _STEP.finditer(path)]
    there = _found(proposed.said, tuple(steps))
    return there is None or isinstance(there, dict) or there == _found(said, tuple(steps))


def _found(said: object, path: KeyPath) -> object:
    for step in path:
        if isinstance(said, dict):
            said = said.get(step)
        elif isinstance(said, list) and isinstance(step, int) and step < len(said):
            said = said[step]
        else:
            return None
    return said


def _mapping(said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = said.get(key)
    return found if isinstance(found, dict) else {}


def _names(said: object) -> list[str]:
    return [str(one) for one in said] if isinstance(said, list) else [] if said is None else [str(said)]


# ---------------------------------------------------------------- what the sample says


def _values(table: Table) -> dict[tuple[str | None, str], list[str]]:
    """Some different values of each column, of the first rows."""
    found: dict[tuple[str | None, str], dict[str, None]] = {}
    looked_at = 0
    try:
        for batch in table.batches():
            header = table.parts[batch.part].header
            for row in islice(batch.cells, _LOOKED_AT):
                for name, cell in zip(header, row, strict=True):
                    some = found.setdefault((batch.sheet, name), {})
                    if len(some) < VALUES and (value := cell.strip()):
                        some.setdefault(value)
            looked_at += len(batch.rows)
            if looked_at >= _LOOKED_AT:
                break
    except Refused as refused:
        raise told(refused) from refused
    return {place: list(some) for place, some in found.items()}


def _shown(column: Column, values: Sequence[str]) -> list[str]:
    kinds: dict[str, Kind] = {"client": "client", "case": "case"}
    fields = (FIELDS[kinds.get(use.record, "document")].get(use.field) for use in column.uses)
    if any(one is not None and one.sensitive for one in fields):
        return [mask(one) for one in values]
    if column.uses:
        return [shorten(one, _LETTERS) for one in values]
    return [mask(one) if _may_be_secret(one) else shorten(one, _LETTERS) for one in values]


def _may_be_secret(value: str) -> bool:
    """Whether a value may be a number of a person, where nobody has said what it is."""
    return sum(map(str.isdigit, value)) >= _LEAST_DIGITS and not _DATE.fullmatch(value)
