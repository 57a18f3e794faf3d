"""What is staged of each kind of record, and under which names; the source of all SQL identifiers in this package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from gateway.domain.people.fields import DURATION_OF_STATUS, FIELDS, MODELS, Kind
from ingest.mapping.bound import RecordPlan
from ingest.mapping.mapped import ATTRIBUTES
from ingest.mapping.plan import FeedPlan

KINDS: tuple[Kind, ...] = ("client", "case", "document")  # also the order in which every writer locks


@dataclass(frozen=True)
class Shape:
    """One kind of record as one file speaks of it.

    Attributes:
        fields: the fields that the file can say something about, in a fixed order.
        labels: (document type or None, field) -> the partner's own column name.
        with_people: the same file speaks of the persons to whom the records belong.
        order: the SQL type of what tells which row is newer; None where the order of the file does.
    """

    kind: Kind
    fields: tuple[str, ...]
    labels: dict[tuple[str | None, str], str]
    with_people: bool = False
    order: str | None = None

    @property
    def table(self) -> str:
        """The lasting table."""
        return f"{self.kind}s"

    @property
    def stage(self) -> str:
        """What the file says, row by row."""
        return f"stage_{self.kind}"

    @property
    def match(self) -> str:
        """What the file says, record by record, beside what we know."""
        return f"match_{self.kind}"

    @property
    def ending(self) -> str:
        """Known records that a full file ends by no longer listing them."""
        return f"ending_{self.kind}"

    @property
    def many(self) -> str:
        """The identities of which several rows speak."""
        return f"many_{self.kind}"

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """Fields staged as ciphertext, with their blind index beside them."""
        return frozenset(
            name for name in self.fields if name in FIELDS[self.kind] and FIELDS[self.kind][name].sensitive
        )

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The fields as columns: a sensitive field is two."""
        pairs = ((name, f"{name}_index") if name in self.sensitive else (name,) for name in self.fields)
        return tuple(column for pair in pairs for column in pair)

    @property
    def identity(self) -> tuple[str, ...]:
        """The staged columns that tell records apart (page: merging, record keys)."""
        return ("person", "doc_type", "number_index") if self.kind == "document" else ("key",)

    def label(self, field: str, doc_type: str | None = None) -> str:
        """The partner's own name for a field; documents of one type may have columns of their own."""
        return self.labels.get((doc_type, field)) or self.labels.get((None, field), field)

    def compared(self, field: str) -> str:
        """The column by which a change of a field is noticed: ciphertext differs every time, its index does not."""
        return f"{field}_index" if field in self.sensitive else field

    def sql_type(self, column: str) -> str:
        """A column's type in PostgreSQL."""
        return str(_table(self.kind).columns[column].type.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]

    def default(self, column: str) -> str | None:
        """The SQL default of a column that is never empty."""
        one = _table(self.kind).columns[column]
        if one.nullable or one.server_default is None:
            return None
        text = str(getattr(one.server_default, "arg", ""))
        return text if text.startswith("'") or text in {"true", "false"} else f"'{text}'"


def shapes_of(plans: Sequence[FeedPlan]) -> dict[Kind, Shape]:
    """The kinds of record that the parts of a file yield together."""
    shapes = {}
    with_people = any(plan.feed.client for plan in plans)
    holder: Kind = "client" if with_people else "case"
    order = next((plan.order.sql_type for plan in plans if plan.order), None)
    for kind in KINDS:
        records = [record for plan in plans for record in plan.records if record.kind == kind]
        if records:
            labels = {(_type(record), one.target.name): one.label for record in records for one in record.fields}
            mapped = {name for _, name in labels}
            if kind == holder and any(plan.keep for plan in plans):
                mapped.add(ATTRIBUTES)
            shapes[kind] = Shape(kind, tuple(_ordered(kind, mapped)), labels, with_people, order)
    return shapes


def _type(record: RecordPlan) -> str | None:
    return record.doc_type if isinstance(record.doc_type, str) else None


def _ordered(kind: Kind, mapped: Iterable[str]) -> Iterable[str]:
    names = set(mapped)
    if kind == "document":
        names |= {"number"}
        names |= {DURATION_OF_STATUS} if "expires_on" in names else set()
    if kind == "case":
        names.discard("case_number")  # it is the key
    return [column.name for column in _table(kind).columns if column.name in names]


def _table(kind: Kind) -> Table:
    table = MODELS[kind].__table__
    assert isinstance(table, Table)  # noqa: S101 - narrows FromClause for mypy
    return table
