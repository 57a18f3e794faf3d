"""What fields and records are once they are bound to the columns of one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.domain.people.fields import Field, Kind
from gateway.values.spoiled import is_spoiled, may_be_spoiled
from ingest.feed import FieldSpec
from ingest.mapping.column import Column
from ingest.mapping.headers import Headers

Cells = Sequence[str]
Test = Callable[[Cells], bool]


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """One field bound to one file.

    Attributes:
        places: the columns it is read from; none for a constant.
        label: the partner's own name for it.
        constant: what every row says.
        joint: stands between columns that are joined; None where there is one column, or none.
        whole: a joined value counts only when every part is there (keys).
        blanks: what the feed writes for "no value"; such a part is not joined.
        drops: a bad value is dropped, where others reject their row.
        clear_token: asks for the value on record to go.
    """

    target: Field
    column: Column
    places: tuple[int, ...]
    label: str
    constant: str | None = None
    joint: str | None = None
    whole: bool = False
    blanks: frozenset[str] = frozenset()
    drops: bool = False
    clear_token: str | None = None

    def cells(self, rows: Sequence[Cells]) -> list[str]:
        """The field's text, row by row."""
        if self.constant is not None:
            return [self.constant] * len(rows)
        if self.joint is None:
            [place] = self.places
            return [row[place] for row in rows]
        parts = self._parts(rows)
        if all(map(self.blanks.isdisjoint, parts)):
            return list(map(self.joint.join, zip(*parts, strict=True)))
        return [self._join(said, self.joint) for said in zip(*parts, strict=True)]

    def lacking(self, row: Cells) -> list[int]:
        """The columns of a key put together that are blank where others are not, so that it is no key."""
        if not self.whole or self.joint is None:
            return []
        blank = [place for place in self.places if row[place].strip() in self.blanks]
        return blank if len(blank) < len(self.places) else []

    def shown(self, row: Cells) -> str:
        """The field's text in one row, as the partner wrote it."""
        return self.cells([row])[0].strip()

    def spoiled(self, rows: Sequence[Cells]) -> list[int]:
        """The rows in which a part of a joined identifier lost its digits; of one column, that is its own to tell."""
        if self.joint is None or not self.column.identifies:
            return []
        doubtful = (part for part in self._parts(rows) if may_be_spoiled("".join(part)))
        return sorted({index for part in doubtful for index, cell in enumerate(part) if is_spoiled(cell)})

    def _parts(self, rows: Sequence[Cells]) -> list[list[str]]:
        """Of joined columns each on its own, row by row."""
        return [[row[place].strip() for row in rows] for place in self.places]

    def _join(self, parts: Sequence[str], joint: str) -> str:
        said = [part for part in parts if part not in self.blanks]
        if self.whole and len(said) < len(parts):
            return ""
        return joint.join(said)


@dataclass(frozen=True, slots=True)
class TypePlan:
    """The column that tells the type of a document.

    Attributes:
        known: the partner's word, folded -> our type.
        words: the partner's words as agreed, for sentences.
    """

    place: int
    label: str
    known: dict[str, str]
    words: tuple[str, ...]
    blanks: frozenset[str]


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """One record that a row may yield.

    Attributes:
        key: the field that identifies it; None for documents, which their number identifies.
        doc_type: of documents: fixed, or told by a column.
    """

    kind: Kind
    key: str | None
    fields: tuple[FieldPlan, ...]
    when: Test | None = None
    doc_type: str | TypePlan | None = None


def bind_field(
    target: Field, spec: FieldSpec, column: Column, headers: Headers, *, whole: bool, blanks: frozenset[str]
) -> FieldPlan | None:
    """The field at its columns; None where the file lacks them, and so says nothing about it."""
    if spec.value is not None:
        return _planned(target, spec, column, (), target.name, whole=whole, blanks=blanks)
    names = spec.join if spec.join is not None else [spec.from_]
    found = [headers.index(name) for name in names if name is not None]
    places = tuple(place for place in found if place is not None)
    if len(places) < len(found) and (whole or not places):
        return None
    label = " + ".join(headers.found[place] for place in places)
    return _planned(target, spec, column, places, label, whole=whole, blanks=blanks)


def _planned(
    target: Field,
    spec: FieldSpec,
    column: Column,
    places: tuple[int, ...],
    label: str,
    *,
    whole: bool,
    blanks: frozenset[str],
) -> FieldPlan:
    return FieldPlan(
        target,
        column,
        places,
        label,
        constant=spec.value,
        joint=None if spec.join is None else spec.with_,
        whole=whole,
        blanks=blanks,
        drops=spec.if_bad == "drop",
        clear_token=spec.clear_token,
    )


def stored(target: Field, values: list[object | None]) -> list[object | None]:
    """Values as their field holds them: a list of words comes as one text, `A; B`."""
    return [_words(value) for value in values] if target.holds == "words" else values


def _words(value: object | None) -> list[str] | None:
    return None if value is None else [word for part in str(value).split(";") if (word := part.strip())]
