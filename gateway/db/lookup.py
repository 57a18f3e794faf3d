"""One look into the database in one round trip: for what happens at every request, such as finding out who calls.

A session takes three (BEGIN and settings, the query, COMMIT) and costs several times the processor time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, PoolProxiedConnection

T = TypeVar("T")


def look_up(engine: Engine, settings: Mapping[str, str], query: str, values: Mapping[str, object]) -> list[Any]:
    """The rows of a query, as named tuples, under settings that last as long as it does.

    A pipeline is one transaction until it ends.

    Args:
        engine: whose pool lends the connection.
        settings: of the transaction, by name.
        query: SELECT, with `%(name)s` for values.
        values: by name.
    """
    setting = "SELECT " + ", ".join(f"set_config('{name}', %({name})s, true)" for name in settings)
    lent, rows = first_answer(engine, lambda connection: _rows(connection, setting, settings, query, values))
    lent.close()
    return rows


def first_answer(engine: Engine, ask: Callable[[Any], T]) -> tuple[PoolProxiedConnection, T]:
    """A connection of psycopg's, to be given back, and what it answered to a first question.

    Connections that died while idle in the pool, all of them when the server was restarted, show here and are given up
    until one answers.
    """
    while True:
        lent = engine.raw_connection()
        connection: Any = lent.driver_connection
        try:
            return lent, ask(connection)
        except BaseException as error:
            is_dead = isinstance(error, psycopg.OperationalError) and connection.closed
            if is_dead:
                lent.invalidate(error)
            lent.close()
            if not is_dead:
                raise


def _rows(
    connection: Any,  # noqa: ANN401 - psycopg's, which the pool does not say
    setting: str,
    settings: Mapping[str, str],
    query: str,
    values: Mapping[str, object],
) -> list[Any]:
    with connection.pipeline(), connection.cursor(row_factory=namedtuple_row) as cursor:
        connection.execute(setting, settings)
        found: list[Any] = cursor.execute(query, values).fetchall()
    return found
