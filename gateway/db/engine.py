"""How we reach a server: the driver, the pool, and what its errors mean to whoever may try again."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm.exc import StaleDataError

from gateway.errors import Busy, Full, Problem, Transient

T = TypeVar("T")

PROCESS = "gateway"  # by which our connections are known at the server


class Addresses(NamedTuple):
    """Where each role of ours logs in; the same address may stand for several."""

    owner: str
    app: str
    system: str


class _Meaning(NamedTuple):
    kind: type[Problem]
    code: str
    sentence: str


_CONFLICT = _Meaning(Busy, "conflict", "Somebody else changed the same record at the same moment.")
_UNAVAILABLE = _Meaning(Transient, "database_unavailable", "The database cannot be reached at the moment.")
_BROKEN_DISK = _Meaning(
    Transient, "database_disk", "The disk of the database takes nothing at the moment; whoever runs it must look at it."
)
_MEANINGS = {  # SQLSTATE, PostgreSQL manual, appendix A
    "40P01": _Meaning(Busy, "deadlock", "Two writers waited for each other; this one gave way."),
    "40001": _CONFLICT,
    "55P03": _Meaning(Busy, "locked", "Somebody else is still working on the same records."),
    "25006": _Meaning(
        Transient,
        "database_read_only",
        "The database takes no changes at the moment; a standby does not, nor one that was set so. Try again later.",
    ),
    "25P03": _Meaning(
        Transient, "stood_still", "This process stood still for so long that the database let others go on without it."
    ),
    "53300": _Meaning(Transient, "database_busy", "The database has no free connection at the moment."),
    "53100": _Meaning(Full, "disk_full", "The disk of the database is full; make room and try again."),
    "58030": _BROKEN_DISK,  # io_error
    "57P01": _UNAVAILABLE,  # admin_shutdown
    "57P02": _UNAVAILABLE,  # crash_shutdown
    "57P03": _UNAVAILABLE,  # cannot_connect_now
}
_READ_ONLY = os.strerror(errno.EROFS)


def driver_url(url: str) -> URL:
    """An address as `psql` takes it, as SQLAlchemy takes it."""
    return make_url(url).set(drivername="postgresql+psycopg")


def make_engine(url: str, *, connections: int, name: str = PROCESS) -> Engine:
    """A pool that opens connections as they are needed, and never more than `connections`, known by `name`.

    A connection's execution option `opening` is the SQL that opens each of its transactions: BEGIN and settings in one
    round trip. That is why the driver is in autocommit: it would send a BEGIN of its own.
    """
    engine = create_engine(
        driver_url(url),
        pool_size=connections,
        max_overflow=0,
        pool_use_lifo=True,  # the connection last used is warm, and the others grow old enough to be closed
        hide_parameters=True,  # in errors, which are logged whole: rows hold what must not be read there
        use_native_hstore=False,  # asking the server about a type that we do not use costs a round trip
        connect_args={"autocommit": True, "application_name": name},
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(_opening_of(connection)))
    return engine


def process_name(connections: int) -> str:
    """Whose connections they are, and how many there may be of that name: doctor adds them up over all processes."""
    return f"{PROCESS} {os.getpid()}@{socket.gethostname()[:32]} {connections}"


def begin(engine: Engine, opening: str) -> Connection:
    """A connection in a new transaction.

    One that died while idle in the pool shows here and is replaced, once, together with all that are as old as it;
    so no ping is paid beforehand.
    """
    try:
        return _begin(engine, opening)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return _begin(engine, opening)


@contextmanager
def translating() -> Iterator[None]:
    """Let errors of the database that mean something to the caller leave as a `Problem`; others pass as they are.

    Raises:
        Transient: deadlock, conflict, locked, stood_still, database_busy, database_unavailable, database_disk.
        Full: disk_full.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error, StaleDataError, NoFreeConnection) as error:
        meaning = _meaning_of(error)
        if meaning is None:
            raise
        raise meaning.kind(meaning.code, meaning.sentence) from error


def retrying(work: Callable[[], T], attempts: int = 5) -> T:
    """Do work that is a transaction of its own until it is done, or has met `attempts` transient problems, or no room.

    The pause is the point: two writers that gave way to each other must not meet again in step, so each waits for a
    random while, longer each time (at most 0.3 s in all the usual five attempts).

    Raises:
        Transient: the last one, when all attempts met one.
    """
    for attempt in range(attempts - 1):
        try:
            return work()
        except Full:
            raise  # nobody makes room in a moment
        except Transient:
            time.sleep(secrets.SystemRandom().uniform(0, 0.02 * 2**attempt))
    return work()


def _begin(engine: Engine, opening: str) -> Connection:
    connection = engine.connect().execution_options(opening=opening)
    try:
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection


def _opening_of(connection: Connection) -> str:
    opening: str = connection.get_execution_options()["opening"]
    return opening


def _meaning_of(error: Exception) -> _Meaning | None:
    if isinstance(error, StaleDataError):
        return _CONFLICT
    if isinstance(error, NoFreeConnection):
        return _MEANINGS["53300"]
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state in _MEANINGS:
        return _MEANINGS[state]
    # PostgreSQL gives a read-only disk the state of a missing right, which is a fault of ours and must stay one
    if state == "42501" and _READ_ONLY in str(cause):
        return _BROKEN_DISK
    # class 08 is connection_exception; libpq gives no state at all when the connection breaks under a query
    lost = isinstance(cause, psycopg.OperationalError) and (state is None or state.startswith("08"))
    return _UNAVAILABLE if lost else None
