"""Names of columns whose header takes several rows: groups above, names below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest.formats.base import filled


def grouped(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names below groups, each of which goes on until another begins beside it or above it.

    That is what becomes of a merged cell in delimited text. A column in which no row says anything has no name.
    """
    width = max(map(len, rows))
    lines = [[*row, *[""] * (width - len(row))] for row in rows]
    named = [filled(column) for column in zip(*lines, strict=True)]
    for place in range(1, width):
        for line in lines[:-1]:
            if line[place].strip():
                break
            line[place] = line[place - 1]
    return [
        joined(column) if has_name else "" for column, has_name in zip(zip(*lines, strict=True), named, strict=True)
    ]


def joined(names: Iterable[str]) -> str:
    """Street below Address is Address Street; a name that stands in both rows is one name."""
    return " ".join(dict.fromkeys(filter(None, (name.strip() for name in names))))
