"""Statements asked from the event loop, without a thread: for requests that are one statement and one round trip.

Handing such a request to a thread and opening a transaction around it costs more than the statement itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from psycopg import AsyncConnection, OperationalError
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool

from gateway import clock
from gateway.db.cluster import APP
from gateway.db.engine import process_name, translating
from gateway.db.session import opening

_CONNECTIONS = 12  # opened when needed; whoever waits for one costs more than the statement does
_WAIT_SECONDS = 2.0  # for one of them, and for the server to be back


class Direct:
    """A few connections of one process; used as an asynchronous context manager."""

    def __init__(self, url: str, connections: int = _CONNECTIONS) -> None:
        self._pool = AsyncConnectionPool(
            url.replace("postgresql+psycopg://", "postgresql://", 1),
            kwargs={
                "autocommit": True,
                "row_factory": namedtuple_row,
                "application_name": process_name(connections),
            },
            min_size=0,
            max_size=connections,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=_WAIT_SECONDS,  # whoever asks next tries anew; the pool alone would wait ever longer
            open=False,
        )

    async def __aenter__(self) -> Self:
        await self._pool.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.close()

    async def ask(self, query: str, values: Sequence[object]) -> list[Any]:
        """What a statement of its own transaction tells: named tuples.

        It is asked again where a connection turns out to have died in the pool.

        Raises:
            Transient: see `gateway.db.engine.translating`.
        """
        with translating():
            while True:
                async with self._pool.connection() as connection:
                    try:
                        return await _rows(connection, query, values)
                    except OperationalError:
                        if not connection.closed:
                            raise


async def _rows(connection: AsyncConnection[Any], query: str, values: Sequence[object]) -> list[Any]:
    if not clock.is_pretended():
        return await (await connection.execute(query, values)).fetchall()
    await connection.execute(opening(APP))
    rows = await (await connection.execute(query, values)).fetchall()
    await connection.execute("COMMIT")
    return rows
