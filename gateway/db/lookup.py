"""One look into the database in one round trip: for what happens at every request, such as finding out who calls.

A session takes three (BEGIN and settings, the query, COMMIT) and costs several times the processor time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine


def look_up(engine: Engine, settings: Mapping[str, str], query: str, values: Mapping[str, object]) -> list[Any]:
    """The rows of a query, as named tuples, under settings that last as long as it does.

    A pipeline is one transaction until it ends. Connections that died while idle in the pool, all of them when the
    server was restarted, show here and are given up until one answers.

    Args:
        engine: whose pool lends the connection.
        settings: of the transaction, by name.
        query: SELECT, with `%(name)s` for values.
        values: by name.
    """
    setting = "SELECT " + ", ".join(f"set_config('{name}', %({name})s, true)" for name in settings)
    while True:
        lent = engine.raw_connection()
        connection: Any = lent.driver_connection
        try:
            return _rows(connection, setting, settings, query, values)
        except psycopg.OperationalError as error:
            is_dead = connection.closed
            lent.invalidate(error)  # alive or not, it may never leave its pipeline again
            if not is_dead:
                raise
        finally:
            lent.close()


def _rows(
    connection: Any,  # noqa: ANN401 - psycopg's, which the pool does not say
    setting: str,
    settings: Mapping[str, str],
    query: str,
    values: Mapping[str, object],
) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        with connection.pipeline():  # what is asked for within it would cost a round trip of its own
            connection.execute(setting, settings)
            cursor.execute(query, values)
        found: list[Any] = cursor.fetchall()
    return found
