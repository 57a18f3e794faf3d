"""Copies mapped batches into temporary tables; sensitive values are encrypted on the way and never staged in clear."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any

from psycopg import Connection, sql

from gateway.crypto import FirmCipher
from gateway.domain.people.fields import FIELDS, Kind
from ingest.catalogue import RowProblem
from ingest.load.shapes import Shape
from ingest.mapping.mapped import Mapped, Records
from ingest.numbering import Numbering

PROBLEM_COLUMNS = ("place", "row", "line", "sheet", "column_name", "value", "code", "severity", "message", "fix")

_COMMON = "n bigint GENERATED ALWAYS AS IDENTITY, row int NOT NULL, clears text[]"
_KEYS: dict[Kind, str] = {
    "client": "key text NOT NULL",
    "case": "key text NOT NULL, person text",
    "document": "person text NOT NULL, doc_type text NOT NULL",
}


_Copy = tuple[sql.Composed, str]  # a COPY statement, and what it takes in


class Stage:
    """The temporary tables of one import, and the way into them.

    While the server takes in one batch, in the thread of the courier, the next one is read and mapped.
    """

    def __init__(
        self,
        connection: Connection[Any],
        shapes: dict[Kind, Shape],
        key_field: str,
        cipher: FirmCipher,
        courier: Executor,
        numbering: Numbering,
    ) -> None:
        self._connection = connection
        self._numbering = numbering
        self.shapes = shapes
        self._cipher = cipher
        self._key_field = key_field
        self._courier = courier
        self._sending: Future[None] | None = None
        self._create()

    def _create(self) -> None:
        told = ", ".join(f"{name} text" for name in PROBLEM_COLUMNS[3:])
        tables = [
            "stage_rows (row int NOT NULL, line int NOT NULL, sheet text)",
            "stage_shielded (key text NOT NULL)",
            f"stage_problems (n bigint GENERATED ALWAYS AS IDENTITY, place int, row int, line int, {told})",
            *(self._stage_table(shape) for shape in self.shapes.values()),
        ]
        for table in tables:
            self._connection.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP")

    def _stage_table(self, shape: Shape) -> str:
        columns = [f"{name} {'text' if _is_array(shape, name) else shape.sql_type(name)}" for name in shape.columns]
        order = [f"ord {shape.order}"] if shape.order else []
        return f"{shape.stage} ({', '.join([_COMMON, _KEYS[shape.kind], *order, *columns])})"

    def add(self, mapped: Mapped) -> None:
        """Stage one batch: its good rows, its records, whom its unread rows name, and its problems."""
        copies = [*self._copies(mapped)]
        self.settle()
        self._sending = self._courier.submit(self._send, copies)

    def settle(self) -> None:
        """Wait until all that was added is staged, or raise what kept it from being so."""
        if self._sending:
            self._sending.result()

    def add_problems(self, problems: Iterable[RowProblem]) -> None:
        """Stage problems as they will be told."""
        self._send([self._problems(problems)])

    def _send(self, copies: Iterable[_Copy]) -> None:
        for command, text in copies:
            if text:
                with self._connection.cursor().copy(command) as copy:
                    copy.write(text)

    def _copies(self, mapped: Mapped) -> Iterator[_Copy]:
        gone = mapped.skipped | mapped.rejected
        good = [
            (row, line, mapped.sheet) for row, line in zip(mapped.rows, mapped.lines, strict=True) if row not in gone
        ]
        yield _copy("stage_rows", ("row", "line", "sheet"), good)
        for records in mapped.records:
            if records.rows:
                yield self._records(records)
        yield _copy("stage_shielded", ("key",), ((key,) for key in self._keys(sorted(mapped.shielded))))
        yield self._problems(mapped.problems)

    def _records(self, records: Records) -> _Copy:
        shape = self.shapes[records.kind]
        columns: dict[str, Sequence[object | None]] = {"row": records.rows}
        if records.kind == "document":
            columns |= {"person": self._keys(records.people), "doc_type": records.doc_types}
        elif records.kind == "case":
            columns |= {"key": records.keys, "person": self._keys(records.people)}
        else:
            columns |= {"key": self._keys(records.keys)}
        for name, values in records.fields.items():
            if name in shape.fields:
                columns |= self._field(shape, name, values)
        if records.order:
            columns["ord"] = records.order
        if records.clears:
            columns["clears"] = _clears(records)
        return _copy(shape.stage, tuple(columns), zip(*columns.values(), strict=True))

    def _field(self, shape: Shape, name: str, values: list[object | None]) -> dict[str, Sequence[object | None]]:
        if name in shape.sensitive:
            return self._sealed(name, [None if value is None else str(value) for value in values])
        if _is_array(shape, name):
            return {name: [None if value is None else _array(value) for value in values]}
        return {name: values}

    def _sealed(self, name: str, texts: list[str | None]) -> dict[str, Sequence[object | None]]:
        sealed = self._cipher.encrypt_column(texts, name)
        indexed = self._cipher.index_column(texts, name)
        return {name: _hex(sealed), f"{name}_index": _hex(indexed)}

    def _problems(self, problems: Iterable[RowProblem]) -> _Copy:
        row = self._numbering.row
        told = (
            (p.row, row(p.row), p.line, p.sheet, p.column, p.value, p.code, p.severity, p.message, p.fix)
            for p in problems
        )
        return _copy("stage_problems", PROBLEM_COLUMNS, told)

    def _keys(self, keys: Sequence[str | None]) -> list[str | None]:
        return stored_keys(keys, self._key_field, self._cipher) if "client" in self.shapes else list(keys)


def stored_keys(keys: Sequence[str | None], key_field: str, cipher: FirmCipher) -> list[str | None]:
    """Client keys as stored: a sensitive one only as its blind index."""
    if not FIELDS["client"][key_field].sensitive:
        return list(keys)
    indexed = cipher.index_column(keys, key_field)
    return [None if one is None else f"{key_field}:{one.hex()}" for one in indexed]


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> _Copy:
    """COPY as CSV: the csv module and PostgreSQL both run it in C; None is an empty field, which reads as NULL."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    return command, buffer.getvalue()


def _is_array(shape: Shape, name: str) -> bool:
    return shape.sql_type(name).endswith("[]")


def _hex(values: Iterable[bytes | None]) -> list[object | None]:
    return [None if value is None else "\\x" + value.hex() for value in values]


def _array(words: object) -> str:
    """A list as PostgreSQL reads it (array literal, every element quoted)."""
    assert isinstance(words, list)  # noqa: S101 - `holds: words` fields are lists
    escaped = (str(word).replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in escaped) + "}"


def _clears(records: Records) -> list[object | None]:
    names: list[list[str]] = [[] for _ in records.rows]
    for index, name in records.clears:
        names[index].append(name)
    return [_array(one) if one else None for one in names]
