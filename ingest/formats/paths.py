"""Cells out of nested values: a dotted path for every plain value of a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.formats.base import MAX_COLUMNS
from ingest.formats.json_stream import TOO_DEEP, Doubled, NoValue

_MAX_DEPTH = 100
_WORDS = {True: "true", False: "false", None: ""}

Cells = dict[str, str]  # by path, in the order of the file


class BadRecord(Exception):  # noqa: N818 - a row that is told, not a mistake of ours
    """A value that makes no row; says why."""


def rows_of(record: object, explode: str | None) -> Iterator[Cells | BadRecord]:
    """One row, or one an element of the list to explode, each with the rest of the record; what is wrong costs itself.

    A record without that list, or with an empty one, is one row.
    """
    elements: list[Any] = []
    try:
        if type(record) is dict and explode:
            record, elements = _parted(record, explode.split("."))
        cells = _cells("", record)
    except BadRecord as bad:
        yield bad
        return
    if not elements:
        yield cells
    for element in elements:
        yield _joined(cells, str(explode), element)


def _parted(record: dict[str, Any], path: list[str]) -> tuple[dict[str, Any], list[Any]]:
    """A record without the list at a path, and that list."""
    inner = record.get(path[0])
    if len(path) == 1:
        found = inner if isinstance(inner, list) else []
        rest = {key: value for key, value in record.items() if key != path[0]} if found or inner == [] else record
        return rest, found
    if type(inner) is not dict:
        return record, []
    rest, found = _parted(inner, path[1:])
    return record | {path[0]: rest}, found


def _joined(cells: Cells, path: str, element: object) -> Cells | BadRecord:
    try:
        return _cells(path, element, cells)
    except BadRecord as bad:
        return bad


def _cells(path: str, value: object, shared: Cells | None = None) -> Cells:
    if not path and type(value) is not dict and type(value) is not Doubled:
        raise BadRecord("a record must be an object")
    cells = dict(shared or {})
    _flatten(cells, path, value, 1)
    return cells


def _flatten(cells: Cells, path: str, value: object, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise BadRecord(TOO_DEEP)
    if isinstance(value, dict):
        _flatten_object(cells, f"{path}." if path else "", value, depth)
    elif not isinstance(value, list):
        _put(cells, path, _text(path, value))
    elif any(isinstance(one, dict | list) for one in value):
        for index, one in enumerate(value):
            _flatten(cells, f"{path}.{index}", one, depth + 1)
    else:
        _put(cells, path, "; ".join(_text(path, one) for one in value))


def _flatten_object(cells: Cells, prefix: str, value: dict[str, Any], depth: int) -> None:
    if type(value) is Doubled:
        raise BadRecord("a key stands twice in one object")
    for key, inner in value.items():
        if type(inner) is str:
            _put(cells, prefix + key, inner)
        else:
            _flatten(cells, prefix + key, inner, depth + 1)


def _put(cells: Cells, path: str, text: str) -> None:
    if path in cells:
        raise BadRecord("two of its values have the same path")
    if len(cells) == MAX_COLUMNS:
        raise BadRecord(f"it has more than {MAX_COLUMNS:,} values")
    cells[path] = text


def _text(path: str, value: Any) -> str:  # noqa: ANN401 - whatever plain value JSON has
    if type(value) is str:
        return value
    if type(value) is NoValue:
        raise BadRecord(f"{path} is {value}, which JSON does not have")
    return _WORDS[value]
