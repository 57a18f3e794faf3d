"""From a batch of rows to columns of records, with every problem named and every row accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress

from gateway.domain.people.fields import DURATION_OF_STATUS, Kind
from gateway.values.base import BadValue, alternatives
from ingest.catalogue import RowProblem, mask, shorten
from ingest.formats.base import Batch, Flaw
from ingest.formats.text import presentable
from ingest.mapping.bound import FieldPlan, RecordPlan, TypePlan, stored
from ingest.mapping.cleaners import strip
from ingest.mapping.column import ColumnResult
from ingest.mapping.drafts import Draft, Fillable
from ingest.mapping.mapped import ATTRIBUTES, Mapped, Records
from ingest.mapping.plan import FeedPlan
from ingest.mapping.rules import Found, broken_rules

_DOUBTED = frozenset({"stray_quote"})  # flaws of cells that are believed all the same


def map_batch(batch: Batch, plan: FeedPlan) -> Mapped:
    """Apply a compiled feed to a batch."""
    return _BatchMapper(batch, plan).run()


class _BatchMapper:
    """The steps of one batch; rows are spoken of by their index in it."""

    def __init__(self, batch: Batch, plan: FeedPlan) -> None:
        self.batch = batch
        self.plan = plan
        self.out = Mapped(batch.rows, batch.lines, batch.sheet)
        self.bad: set[int] = set()
        self.flaws = [flaw for flaw in batch.flaws if not self._is_agreed(flaw)]
        self.flawed = {(flaw.index, flaw.column) for flaw in self.flaws if flaw.code not in _DOUBTED}
        self.errors = {(flaw.index, flaw.column) for flaw in self.flaws if flaw.code == "formula_error"}
        self.order: list[object | None] = []

    def run(self) -> Mapped:
        kept = self._keep_where()
        self._tell_flaws(set(kept))
        self._read_order(kept)
        values = [self._apply(record, kept) for record in self.plan.records]
        self._enrich(values, kept)
        self._check_rules(values, kept)
        people = self._people(values)
        self._emit(values, people, kept)
        self._tell_broken()
        return self.out

    def _is_agreed(self, flaw: Flaw) -> bool:
        """An error such as #N/A that the feed itself has as a word says what the feed says that it does."""
        if flaw.code != "formula_error" or flaw.column is None:
            return False
        cell = self.batch.cells[flaw.index][flaw.column].strip()
        return cell in self.plan.feed.none_values or cell in self.plan.asked.get(flaw.column, ())

    def _keep_where(self) -> list[int]:
        everything = range(len(self.batch.cells))
        if self.plan.where is None:
            return list(everything)
        kept = [self.plan.where(row) for row in self.batch.cells]
        for index, column in self.errors:
            kept[index] |= column == self.plan.where_at  # it cannot be told that the row is none; it will be rejected
        self.out.skipped.update(row for row, keep in zip(self.batch.rows, kept, strict=True) if not keep)
        return list(compress(everything, kept))

    def _tell_flaws(self, kept: set[int]) -> None:
        labels = {place: one for record in self.plan.records for one in record.fields for place in one.places}
        for flaw in self.flaws:
            if flaw.index in kept and self._matters(flaw, labels):
                known = labels.get(flaw.column) if flaw.column is not None else None
                secret = known is not None and known.target.sensitive and flaw.code != "formula_error"
                label = known.label if known else self._label(flaw.column)
                doubted = flaw.code in _DOUBTED
                if not doubted:
                    self.bad.add(flaw.index)
                self._tell(flaw.index, flaw.code, label, None if secret else flaw.value, flaw.details, warn=doubted)
        for note in self.batch.notes:
            if note.index in kept:
                self._tell(note.index, note.code, self._label(note.column), None, note.details, warn=True)

    def _matters(self, flaw: Flaw, labels: Mapping[int, FieldPlan]) -> bool:
        """Where errors of formulas are read, they are told with the value; a doubt about what nothing reads is none."""
        if flaw.code == "formula_error":
            return flaw.column in self.plan.asked
        return flaw.code not in _DOUBTED or flaw.column in self.plan.asked or flaw.column in labels

    def _read_order(self, kept: list[int]) -> None:
        """How new each row is; which of a person's rows counts cannot be told where that is bad."""
        if (order := self.plan.order) is None:
            return
        rows, good = self.batch.cells, set(kept)
        self.order, wrong = order.read(rows)
        for index, bad in wrong:
            if index in good and not any((index, place) in self.flawed for place in order.places):
                self._reject(index, bad.code, order.label, rows[index][order.places[0]].strip(), bad.details)

    def _label(self, column: int | None) -> str | None:
        """The partner's own name of a column, where it has one."""
        return None if column is None else self.plan.names[column].strip() or f"column {column + 1}"

    # ---------------------------------------------------------------------------------------- values

    def _apply(self, record: RecordPlan, kept: list[int]) -> Draft:
        cells = self.batch.cells
        indexes = kept if record.when is None else [index for index in kept if record.when(cells[index])]
        values = Draft(record, indexes)
        if record.kind == "document":
            self._type_documents(values)
        rows = cells if len(values.indexes) == len(cells) else [cells[index] for index in values.indexes]
        for one in record.fields:
            self._apply_field(values, one, rows)
        return values

    def _type_documents(self, values: Draft) -> None:
        told = values.plan.doc_type
        if not isinstance(told, TypePlan):
            values.doc_types = [told] * len(values.indexes)
            return
        words = [self.batch.cells[index][told.place].strip() for index in values.indexes]
        for index, word in zip(values.indexes, words, strict=True):
            is_odd = word not in told.blanks and word.casefold() not in told.known
            if is_odd and (index, told.place) not in self.flawed:
                self._reject(index, "bad_code", told.label, word, {"expected": alternatives(told.words)})
        known = [word.casefold() in told.known for word in words]
        values.indexes = list(compress(values.indexes, known))
        values.doc_types = [told.known[word.casefold()] for word in compress(words, known)]

    def _apply_field(self, values: Draft, one: FieldPlan, rows: Sequence[Sequence[str]]) -> None:
        cells = one.cells(rows)
        result = one.column(cells)
        self._doubt_parts(one, result, rows)
        name = one.target.name
        for place, bad in result.bad:
            self._tell_bad(values, one, place, bad, cells[place])
        values.clears.update((place, name) for place in result.cleared)
        values.denied.update(_denials(one, result, cells))
        column = stored(one.target, result.values)
        if self.errors:
            self._tell_errors(values, one, cells, column)
        values.columns[name] = column
        if name == "expires_on":
            self._end_of_stay(values, result, column)

    def _doubt_parts(self, one: FieldPlan, result: ColumnResult, rows: Sequence[Sequence[str]]) -> None:
        if spoiled := one.spoiled(rows):
            known = {place for place, _ in result.bad}
            result.bad += [(place, BadValue("lost_digits")) for place in spoiled if place not in known]
            for place in spoiled:
                result.values[place] = None

    def _end_of_stay(self, values: Draft, result: ColumnResult, ends: list[object | None]) -> None:
        """D/S and a date exclude each other: whichever the file says takes the place of the other; a clear, of both."""
        stays: list[object | None] = [None if end is None else False for end in ends]
        values.clears.update((place, DURATION_OF_STATUS) for place in result.cleared)
        for place, _ in result.tokens:
            stays[place] = True
            values.clears.add((place, "expires_on"))
        values.columns[DURATION_OF_STATUS] = stays

    def _tell_bad(self, values: Draft, one: FieldPlan, place: int, bad: BadValue, cell: str) -> None:
        index = values.indexes[place]
        if any((index, column) in self.flawed for column in one.places):
            return  # told as the flaw that it is
        self._tell_value(values, one, place, bad, mask(cell.strip()) if one.target.sensitive else cell)

    def _tell_errors(self, values: Draft, one: FieldPlan, cells: list[str], column: list[object | None]) -> None:
        """A cell that holds #N/A has no value, and matters only where a value is read from it; never a secret."""
        for place, index in enumerate(values.indexes):
            odd = [at for at in one.places if (index, at) in self.errors]
            if odd:
                column[place] = None
                if not any(at in self.plan.asked for at in odd):
                    self._tell_value(values, one, place, BadValue("formula_error"), cells[place])

    def _tell_value(self, values: Draft, one: FieldPlan, place: int, bad: BadValue, shown: str) -> None:
        index = values.indexes[place]
        label = one.label
        if bad.code == "missing_value":
            shown, blank = "", one.lacking(self.batch.cells[index])
            label = " + ".join(self.plan.names[at] for at in blank) or label
        if not one.drops or bad.code == "missing_value":
            self._reject(index, bad.code, label, shown, bad.details)
            return
        self._tell(index, bad.code, label, shown, bad.details, warn=True)
        if one.target.name == "number":
            values.without.add(place)

    def _reject(self, index: int, code: str, column: str | None, value: str | None, details: dict[str, object]) -> None:
        self.bad.add(index)
        self._tell(index, code, column, value, details, warn=False)

    def _tell(
        self, index: int, code: str, column: str | None, value: str | None, details: dict[str, object], *, warn: bool
    ) -> None:
        self.out.problems.append(
            RowProblem(
                self.batch.rows[index],
                self.batch.lines[index],
                code,
                column,
                shorten(presentable(value)) if value else None,
                self.batch.sheet,
                "warning" if warn else "error",
                details,
            )
        )

    # ---------------------------------------------------------------------------------------- rows

    def _enrich(self, values: list[Draft], kept: list[int]) -> None:
        if not self.plan.steps:
            return
        fillable = Fillable(values)
        for step in self.plan.steps:
            for told in step.run(fillable, self.batch.cells, kept):
                if told.rejects:
                    self._reject(told.index, told.code, told.label, told.value, told.details)
                else:
                    self._tell(told.index, told.code, told.label, told.value, told.details, warn=True)

    def _check_rules(self, values: list[Draft], kept: list[int]) -> None:
        if not self.plan.feed.rules:
            return
        found: Found = {}
        for one in values:
            prefix = f"documents.{one.plan.doc_type}" if one.plan.kind == "document" else one.plan.kind
            for part in one.plan.fields:
                column = dict(zip(one.indexes, one.columns[part.target.name], strict=True))
                _, before = found.get(f"{prefix}.{part.target.name}", (part, {}))
                said = {index: value for index, value in column.items() if value is not None}
                found[f"{prefix}.{part.target.name}"] = (part, before | said)
        errors = (problem for problem in self.out.problems if problem.severity == "error")
        told = {(problem.row, problem.column) for problem in errors}  # what is bad is not missing as well
        for broken in broken_rules(self.plan, found, self.batch.cells, kept):
            if (self.batch.rows[broken.index], broken.label) not in told:
                self._reject(broken.index, broken.code, broken.label, broken.value, broken.details)

    def _people(self, values: list[Draft]) -> dict[int, str]:
        """Whom each row is about: the key of its client, or its case number where the feed has no client."""
        for kind in ("client", "case"):
            for one in values:
                if one.plan.kind == kind and one.plan.key in one.columns:
                    pairs = zip(one.indexes, one.columns[one.plan.key], strict=True)
                    return {index: str(key) for index, key in pairs if key is not None}
        return {}

    def _emit(self, values: list[Draft], people: dict[int, str], kept: list[int]) -> None:
        rows = self.batch.rows
        yielding: set[int] = set()
        has_client = self.plan.feed.client is not None
        for one in values:
            records, sources = self._records(one, people if has_client else {})
            self.out.records.append(records)
            yielding.update(sources)
        self._account_rejected(people)
        for one in values:
            self.out.shielded.update(
                people[one.indexes[place]] for place in one.without if one.indexes[place] in people
            )
        silent = {index for index in kept if index not in yielding and index not in self.bad}
        self.out.skipped.update(rows[index] for index in silent)
        for one in values:
            self._tell_lacking(one, silent)

    def _tell_lacking(self, values: Draft, silent: set[int]) -> None:
        """Say which part of a key is blank, where the row yields nothing for it, or was to bring that very record.

        Whoever such a row is about is not absent.
        """
        key = next((one for one in values.plan.fields if one.target.name == values.plan.key and one.joint), None)
        if key is None:
            return
        for place, index in enumerate(values.indexes):
            if values.columns[key.target.name][place] is not None or index in self.bad:
                continue
            blank = key.lacking(self.batch.cells[index]) if values.plan.when or index in silent else []
            if blank:
                label = " + ".join(self.plan.names[at] for at in blank)
                self._tell(index, "key_part_blank", label, None, {"expected": key.label}, warn=True)
                if values.plan.kind == "client":
                    self.out.unreadable.append(self.batch.rows[index])

    def _account_rejected(self, people: dict[int, str]) -> None:
        for index in self.bad:
            row = self.batch.rows[index]
            self.out.rejected.add(row)
            if index in people:
                self.out.shielded.add(people[index])
            else:
                self.out.unreadable.append(row)

    def _records(self, values: Draft, people: dict[int, str]) -> tuple[Records, list[int]]:
        record = values.plan
        chosen = self._chosen(values, people)
        indexes = [values.indexes[place] for place in chosen]
        every = len(chosen) == len(values.indexes)
        columns = {name: col if every else [col[place] for place in chosen] for name, col in values.columns.items()}
        records = Records(
            record.kind,
            rows=[self.batch.rows[index] for index in indexes],
            keys=[None if key is None else str(key) for key in columns[record.key]]
            if record.key
            else [None] * len(indexes),
            people=[people.get(index) for index in indexes],
            doc_types=[str(values.doc_types[place]) for place in chosen] if values.doc_types else [],
            fields=columns,
            clears=_moved(values.clears, chosen),
            order=[self.order[index] for index in indexes] if self.order else [],
        )
        self._keep_attributes(records, indexes)
        return records, indexes

    def _chosen(self, values: Draft, people: dict[int, str]) -> list[int]:
        """The places that yield a record: the row is good, the key is there, and a document says something."""
        record = values.plan
        if record.key:
            keys = values.columns[record.key]
            return [
                place for place, index in enumerate(values.indexes) if index not in self.bad and keys[place] is not None
            ]
        said = values.said()
        return [
            place
            for place, index in enumerate(values.indexes)
            if index not in self.bad and place not in values.without and said[place] and index in people
        ]

    def _keep_attributes(self, records: Records, indexes: list[int]) -> None:
        holder: Kind = "client" if self.plan.feed.client else "case"
        if self.plan.keep and records.kind == holder:
            cells = self.batch.cells
            kept = ({name: cells[index][place].strip() for name, place in self.plan.keep} for index in indexes)
            stripped = ({name: text for name, text in one.items() if text} for one in kept)
            records.fields[ATTRIBUTES] = [json.dumps(one, ensure_ascii=False) if one else None for one in stripped]

    def _tell_broken(self) -> None:
        for broken in self.batch.broken:
            flaw = broken.flaw
            column = None if flaw.column is None else f"column {flaw.column + 1}"
            self.out.problems.append(
                RowProblem(broken.row, broken.line, flaw.code, column, None, self.batch.sheet, "error", flaw.details)
            )
            self.out.rejected.add(broken.row)
            self.out.unreadable.append(broken.row)


def _denials(one: FieldPlan, result: ColumnResult, cells: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Where the row says in so many words that there is no value: a blank cell may be filled, such a one may not."""
    yield from ((place, one.target.name) for place, _ in result.tokens)
    if one.clear_token is not None:
        cleared = (place for place in result.cleared if strip(cells[place]) == one.clear_token)
        yield from ((place, one.target.name) for place in cleared)


def _moved(clears: set[tuple[int, str]], chosen: list[int]) -> list[tuple[int, str]]:
    if not clears:
        return []
    moved = {place: index for index, place in enumerate(chosen)}
    return sorted((moved[place], name) for place, name in clears if place in moved)
