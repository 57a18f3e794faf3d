"""Statements over many rows at once: an array for each column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, TextClause, bindparam, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Values = tuple[object, ...]


def over(sql: str, *kinds: type[TypeEngine[Any]] | TypeEngine[Any]) -> TextClause:
    """A statement over rows, which it calls `r`, with columns of these types, `c0` and on."""
    names = [f"c{place}" for place in range(len(kinds))]
    rows = f"unnest({', '.join(f':{name}' for name in names)}) r ({', '.join(names)})"
    return text(sql.format(rows=rows)).bindparams(
        *(bindparam(name, type_=ARRAY(kind)) for name, kind in zip(names, kinds, strict=True))
    )


def do(session: Session, statement: TextClause, rows: Sequence[Values]) -> None:
    """Run it, where there are any rows."""
    if rows:
        session.execute(statement, _columns(rows))


def made(session: Session, statement: TextClause, rows: Sequence[Values]) -> Sequence[Any]:
    """The rows that a statement over rows returns."""
    return session.execute(statement, _columns(rows)).all() if rows else []


def _columns(rows: Sequence[Values]) -> dict[str, list[object]]:
    return {f"c{place}": list(column) for place, column in enumerate(zip(*rows, strict=True))}
