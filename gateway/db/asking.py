"""Several questions to the database in one round trip: a decision asks a dozen, and each would wait for its answer.

Beside the waiting it saves most of what a statement costs in the session, for it is compiled once and its rows are the
driver's.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from psycopg.rows import namedtuple_row
from sqlalchemy import BindParameter, Dialect, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from gateway.db.session import driver

_DIALECT: Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
_AT_HAND = 64  # statements that are kept compiled


class Question(NamedTuple):
    """A query that is built once, and its values by name.

    Attributes:
        values: lists as arrays; the query says no other but its own.
    """

    query: Select[*tuple[Any, ...]]
    values: Mapping[str, object] = {}


def ask(session: Session, *questions: Question) -> list[list[Any]]:
    """The rows of each question, as named tuples, in a session's transaction."""
    session.flush()
    connection = driver(session)
    with connection.pipeline():
        cursors = [connection.cursor(row_factory=namedtuple_row) for _ in questions]
        for cursor, one in zip(cursors, questions, strict=True):
            statement = _compiled(one.query, tuple(one.values))
            cursor.execute(statement.sql, {**statement.fixed, **one.values})
    return [cursor.fetchall() for cursor in cursors]


class _Compiled(NamedTuple):
    """A statement as the driver takes it, with the values that never change."""

    sql: str
    fixed: Mapping[str, object]


@functools.lru_cache(maxsize=_AT_HAND)
def _compiled(query: Select[*tuple[Any, ...]], names: Collection[str]) -> _Compiled:
    compiled = query.compile(dialect=_DIALECT)
    state = compiled.construct_expanded_state(dict.fromkeys(names))
    fixed = {name: _sent(compiled.binds.get(name), one) for name, one in state.parameters.items() if name not in names}
    return _Compiled(state.statement, fixed)


def _sent(parameter: BindParameter[Any] | None, value: object) -> object:
    """As the driver takes it; an item of a list is no parameter of the query's, and goes as it is."""
    process = parameter.type.dialect_impl(_DIALECT).bind_processor(_DIALECT) if parameter is not None else None
    return process(value) if process else value
