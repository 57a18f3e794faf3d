"""A feed that is being proposed: fields with their options, and beside each what speaks for it and what does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.people.fields import Kind
from ingest.infer.layout import Layout
from ingest.infer.names import Naming


@dataclass
class FieldDraft:
    """One field.

    Attributes:
        options: as they stand in partner.yaml, `from` first.
        because: the evidence.
        unsure: what a person should look at.
        columns: names of the columns that it is read from.
    """

    options: dict[str, Any]
    because: str
    unsure: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)


@dataclass
class RecordDraft:
    """A client, a case or a document."""

    kind: Kind
    key: str | None = None
    type: str | dict[str, Any] | None = None
    when: dict[str, Any] | None = None
    fields: dict[str, FieldDraft] = field(default_factory=dict)
    because: str = ""
    unsure: list[str] = field(default_factory=list)


@dataclass
class SectionDraft:
    """What the rows of one part become.

    Attributes:
        names: of the parts that are read so; empty where the file is one table.
        aside: columns that become nothing, and why.
        keep: columns to keep as attributes.
    """

    names: list[str]
    rows: int
    client: RecordDraft | None = None
    case: RecordDraft | None = None
    documents: list[RecordDraft] = field(default_factory=list)
    where: dict[str, Any] | None = None
    where_because: str = ""
    keep: dict[str, str] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)
    repeats: str = ""

    def records(self) -> Iterator[RecordDraft]:
        """All that a row may yield."""
        yield from (one for one in (self.client, self.case) if one)
        yield from self.documents

    @property
    def is_empty(self) -> bool:
        """Whether its rows yield nothing."""
        return self.client is None and self.case is None


@dataclass
class FeedDraft:
    """One feed; the first section is that of the feed itself, the others are its `parts`."""

    naming: Naming
    layout: Layout
    sections: list[SectionDraft]
    none_values: dict[str, int]
    unpack: str | None
    unsure: list[str] = field(default_factory=list)
