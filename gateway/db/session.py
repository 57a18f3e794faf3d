"""Transactions: who acts, for which firm, at what time; and the only commit in the code base.

Each transaction opens with its settings in one round trip, and they end with it (SET LOCAL), so a pooler between us and
the server may hand the connection to anybody afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import migrate
from gateway.db.cluster import APP, SIGN_IN, SYSTEM
from gateway.db.embedded import Embedded, ensure_running
from gateway.db.engine import Addresses, begin, make_engine, process_name, translating
from gateway.db.lookup import look_up
from gateway.logging import get_logger
from gateway.settings import Settings

PARTITION_DAYS = 31  # how far ahead the audit log can be written when nothing makes partitions any more

_CONNECTIONS = 10  # of each role in one process; opened when needed
_SPEAKING = 2  # beside the pools: one that listens, and one that wakes workers
_STORE = 0x73746F72  # the first of two halves of advisory locks: "stor" in ASCII
_STANDSTILL = {APP: "5min", SIGN_IN: "5min", SYSTEM: "1min"}  # after which the server ends who does nothing in between
_WORDS = "gateway.words"  # in a session's info: what is to be told once it has committed

log = get_logger(__name__)


class Database:
    """A database that is up, migrated and ready to be written for the coming month.

    Attributes:
        addresses: where each role logs in, for connections that are no transactions: LISTEN and NOTIFY.
        tell: is told after a commit what its transaction gave to `tell_after_commit`, each word once. It must not
            wait: it holds up whoever has just committed.
    """

    def __init__(
        self, addresses: Addresses, embedded: Embedded | None = None, *, connections: int = _CONNECTIONS
    ) -> None:
        self.addresses = addresses
        self.tell: Callable[[str], None] | None = None
        name = process_name(2 * connections + _SPEAKING)
        self._app = make_engine(addresses.app, connections=connections, name=name)
        self._system = make_engine(addresses.system, connections=connections, name=name)
        self._embedded = embedded

    @classmethod
    def open(cls, settings: Settings, *, connections: int = _CONNECTIONS) -> Database:
        """Reach the database of these settings; without an address, start the embedded one.

        Args:
            settings: of this installation.
            connections: the most of each role in this process; opened when needed.

        Raises:
            Permanent: it cannot be started, migrated, or is newer than this program.
            Transient: it cannot be reached at the moment.
        """
        addresses, embedded = _find(settings)
        with translating():
            migrate.bring_up_to_date(addresses)
        database = cls(addresses, embedded, connections=connections)
        with database.system() as session:
            ensure_audit_partitions(session, PARTITION_DAYS)
        return database

    @contextmanager
    def firm(self, firm_id: UUID, staff_id: UUID | None = None) -> Iterator[Session]:
        """One transaction for one firm: other firms' rows do not exist in it. Commits at the end, rolls back on error.

        Args:
            firm_id: whose rows there are.
            staff_id: the member of staff for whom it works, within the ethical walls around them; without one
                (imports, partners, the command line) there are no walls.

        Raises:
            Transient: see `gateway.db.engine.translating`.
        """
        with self._telling() as words, _transaction(self._app, opening(APP, firm_id, staff_id), words) as session:
            yield session

    @contextmanager
    def nobody(self) -> Iterator[Session]:
        """One transaction for whom no firm is known yet: it sees no row, but may find out who calls."""
        with _transaction(self._app, opening(APP), set()) as session:
            yield session

    @contextmanager
    def signing_in(self) -> Iterator[Session]:
        """One transaction that finds out whose password it is, with `accounts_of`, and can do nothing else."""
        with _transaction(self._app, opening(SIGN_IN), set()) as session:
            yield session

    def look_up(self, query: str, values: Mapping[str, object], firm_id: UUID | None = None) -> list[Any]:
        """What a query finds in a firm, or where no firm is known yet: named tuples, in one round trip.

        Raises:
            Transient: see `gateway.db.engine.translating`.
        """
        with translating():
            return look_up(self._app, _settings(APP, firm_id), query, values)

    @contextmanager
    def system(self) -> Iterator[Session]:
        """One transaction across firms, for what nobody asked: sweeps, schedules, finding out which firm it is."""
        with self._telling() as words, _transaction(self._system, opening(SYSTEM), words) as session:
            yield session

    def rest(self) -> None:
        """Close all connections; there will be others when they are needed."""
        self._app.dispose()
        self._system.dispose()

    def close(self) -> None:
        """Close all connections, and give up the share in an embedded server."""
        self.rest()
        if self._embedded:
            self._embedded.leave()

    @contextmanager
    def _telling(self) -> Iterator[set[str]]:
        """Collects words, and tells them unless the transaction failed."""
        words: set[str] = set()
        yield words
        if self.tell is None:
            return
        for word in sorted(words):
            try:
                self.tell(word)
            except Exception:  # what is committed is committed: nobody may take it for undone
                log.exception("not told after a commit", word=word)


def driver(session: Session) -> psycopg.Connection[tuple[object, ...]]:
    """The driver's connection inside a session's transaction: for COPY and pipelines."""
    return _of_psycopg(session.connection().connection.driver_connection)


def _of_psycopg(found: object) -> psycopg.Connection[tuple[object, ...]]:
    if not isinstance(found, psycopg.Connection):
        raise TypeError(f"expected psycopg, found {type(found)}")
    return found


def tell_after_commit(session: Session, word: str) -> None:
    """Have `Database.tell` told a word if and when this session's transaction has committed."""
    session.info[_WORDS].add(word)


def lift_walls(session: Session) -> None:
    """Let the rest of a transaction work without the walls around whoever asked for it; it must show them nothing."""
    session.execute(text("SELECT set_config('app.staff_id', '', true)"))


def lock_partner(session: Session, partner_id: UUID) -> None:
    """Wait until nobody else imports for this partner; held to the end of the transaction.

    The key is the lower half of the id: of a UUIDv7 that is its random part, so two partners hardly ever share one.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _partner_key(partner_id)})


def is_partner_free(session: Session, partner_id: UUID) -> bool:
    """Whether nobody imports for this partner; if so, nobody else will before the end of the transaction."""
    free = session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _partner_key(partner_id)})
    return bool(free)


def note_recording(session: Session, firm_id: UUID) -> None:
    """Have stored files of a firm put on record in this transaction; nobody sweeps the firm's before it has ended."""
    session.execute(text("SELECT pg_advisory_xact_lock_shared(:kind, :firm)"), _store_key(firm_id))


def is_nothing_recorded(session: Session, firm_id: UUID) -> bool:
    """Whether nobody puts files of a firm on record; if so, nobody else will before the end of the transaction."""
    free = session.scalar(text("SELECT pg_try_advisory_xact_lock(:kind, :firm)"), _store_key(firm_id))
    return bool(free)


def moment(session: Session) -> datetime:
    """This very moment by the server's clock, for what waited: `gateway_now()` is when the transaction began."""
    pretended = "nullif(current_setting('app.now', true), '')::timestamptz"
    found: datetime = session.scalars(text(f"SELECT coalesce({pretended}, clock_timestamp())")).one()
    return found


def _store_key(firm_id: UUID) -> dict[str, int]:
    return {"kind": _STORE, "firm": int.from_bytes(firm_id.bytes[12:], signed=True)}


def _partner_key(partner_id: UUID) -> int:
    return int.from_bytes(partner_id.bytes[8:], signed=True)


def ensure_audit_partitions(session: Session, days: int) -> None:
    """Make the daily partitions of the audit log from yesterday to `days` ahead; cheap when they exist."""
    session.execute(text("SELECT ensure_audit_partitions(:days)"), {"days": days})


@contextmanager
def _transaction(engine: Engine, opened_by: str, words: set[str]) -> Iterator[Session]:
    """The session joins a transaction that it does not own: a `commit` in the code that it is lent to only flushes."""
    with translating(), begin(engine, opened_by) as connection:
        with Session(bind=connection, info={_WORDS: words}) as session:
            yield session
            session.flush()
        connection.commit()


def opening(role: str, firm_id: UUID | None = None, staff_id: UUID | None = None) -> str:
    """BEGIN and the transaction's settings as one message; a pretended day gets its audit partition as well.

    A process may stand still for hours (a machine that is paused, a network that is cut): then the server ends its
    transaction, or nobody could take over the jobs whose rows it has just locked.
    """
    settings = _settings(role, firm_id, staff_id) | {"idle_in_transaction_session_timeout": _STANDSTILL[role]}
    calls = [f"set_config('{name}', '{value}', true)" for name, value in settings.items()]
    opened = f"BEGIN; SELECT {', '.join(calls)}"
    if clock.is_pretended() and role != SIGN_IN:  # which writes nothing
        return f"{opened}; SELECT ensure_audit_partitions(1)"  # a statement of its own: the login may not call it
    return opened


def _settings(role: str, firm_id: UUID | None = None, staff_id: UUID | None = None) -> dict[str, str]:
    settings = {"role": role, "app.firm_id": str(firm_id or ""), "app.staff_id": str(staff_id or "")}
    if clock.is_pretended():
        settings["app.now"] = clock.now().isoformat()
    return settings


def _find(settings: Settings) -> tuple[Addresses, Embedded | None]:
    """The addresses in the settings, or of the embedded server; one login may play several roles."""
    if not settings.database_url:
        embedded = ensure_running(settings.data_dir)
        return Addresses(embedded.url("owner"), embedded.url("app"), embedded.url("system")), embedded
    app = settings.database_url
    return Addresses(settings.owner_database_url or app, app, settings.system_database_url or app), None
