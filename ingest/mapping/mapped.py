"""What a batch of rows comes to once it is mapped: columns of records, problems, and every row accounted for."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.domain.people.fields import Kind
from ingest.catalogue import RowProblem

ATTRIBUTES = "attributes"  # the field of a record that holds the columns that are kept as they came


@dataclass(slots=True)
class Records:
    """Records of one plan from one batch, as columns of equal length.

    Attributes:
        rows: the file row that yields each record.
        keys: what identifies each; None throughout for documents.
        people: the key of the row's client, None where the feed has no client.
        doc_types: for documents; empty otherwise.
        fields: field name -> values, None where the row says nothing.
        clears: (index, field name) where the row says that the value shall go.
        order: what tells how new each is; empty where the order of the file does.
    """

    kind: Kind
    rows: list[int] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    people: list[str | None] = field(default_factory=list)
    doc_types: list[str] = field(default_factory=list)
    fields: dict[str, list[object | None]] = field(default_factory=dict)
    clears: list[tuple[int, str]] = field(default_factory=list)
    order: list[object | None] = field(default_factory=list)


@dataclass(slots=True)
class Mapped:
    """What became of one batch.

    Attributes:
        positions: file row -> (line, sheet) order of all data rows: rows[i] starts at lines[i].
        skipped, rejected: file rows; every other row yields at least one record.
        unreadable: rejected rows that do not say whom they are about.
        shielded: people about whom the file says more than we could read: they are not absent, their documents stay.
    """

    rows: list[int]
    lines: list[int]
    sheet: str | None
    skipped: set[int] = field(default_factory=set)
    rejected: set[int] = field(default_factory=set)
    problems: list[RowProblem] = field(default_factory=list)
    records: list[Records] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    shielded: set[str] = field(default_factory=set)
