"""What the rows of one batch say of one record, before it is settled which of them yield one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.domain.people.fields import DURATION_OF_STATUS
from ingest.mapping.addresses import Address
from ingest.mapping.bound import RecordPlan


@dataclass(slots=True)
class Draft:
    """One plan applied to the rows that its `when` lets through; a place is an index into `indexes`.

    Attributes:
        indexes: the rows, by their index in the batch.
        clears: (place, field) where the value on record shall go.
        denied: (place, field) where the row says in so many words that there is no value: a token, a clear token.
        without: places whose record cannot be told apart: its number was dropped.
        doc_types: for documents, one for each place.
    """

    plan: RecordPlan
    indexes: list[int]
    columns: dict[str, list[object | None]] = field(default_factory=dict)
    clears: set[tuple[int, str]] = field(default_factory=set)
    denied: set[tuple[int, str]] = field(default_factory=set)
    without: set[int] = field(default_factory=set)
    doc_types: list[str | None] = field(default_factory=list)

    def said(self) -> list[bool]:
        """Whether any field has a value, place by place."""
        places = [False] * len(self.indexes)
        said = ([value is not None for value in column] for column in self.columns.values())
        return list(map(any, zip(places, *said, strict=True)))

    def places(self, address: Address) -> Iterator[int]:
        """The places of records of the kind, and the type, that an address names."""
        if self.plan.kind != address.kind:
            return iter(())
        if address.doc_type is None:
            return iter(range(len(self.indexes)))
        return (place for place, doc_type in enumerate(self.doc_types) if doc_type == address.doc_type)

    def values(self, address: Address) -> Iterator[tuple[int, object]]:
        """Row index and value, where there is one."""
        column = self.columns.get(address.name, [])
        for place in self.places(address) if column else ():
            if (value := column[place]) is not None:
                yield self.indexes[place], value


class Fillable:
    """The drafts of one batch as the steps of `enrich` may fill them.

    A document is filled where the row itself brings it: by its `when`, or by a value of its own.
    """

    def __init__(self, drafts: list[Draft]) -> None:
        self._drafts = drafts
        self._absent = [_absent(draft) for draft in drafts]

    def values(self, address: Address) -> dict[int, object]:
        """The values of a field, by row index; of two documents of one type, the later entry's."""
        return dict(pair for draft in self._drafts for pair in draft.values(address))

    def open(self, address: Address) -> set[int]:
        """The rows whose record has no value there, and says nothing against one."""
        return {draft.indexes[place] for draft, place in self._open(address)}

    def fill(self, address: Address, found: Mapping[int, object]) -> None:
        """Put values, by row index, where there are none."""
        for draft, place in self._open(address) if found else ():
            value = found.get(draft.indexes[place])
            if value is not None:
                draft.columns[address.name][place] = value
                draft.clears.discard((place, address.name))
                if address.name == "expires_on":
                    draft.columns[DURATION_OF_STATUS][place] = False  # a date takes the place of D/S on record

    def _open(self, address: Address) -> Iterator[tuple[Draft, int]]:
        name = address.name
        for draft, absent in zip(self._drafts, self._absent, strict=True):
            column = draft.columns.get(name, [])
            for place in draft.places(address) if column else ():
                if column[place] is None and place not in absent and (place, name) not in draft.denied:
                    yield draft, place


def _absent(draft: Draft) -> frozenset[int]:
    """The places of documents that the row does not bring."""
    if draft.plan.kind != "document" or draft.plan.when is not None:
        return frozenset()
    return frozenset(place for place, said in enumerate(draft.said()) if not said)
