"""Transactions: who acts, for which firm, at what time; and the only commit in the code base.

Each transaction opens with its settings in one round trip, and they end with it (SET LOCAL), so a pooler between us and
the server may hand the connection to anybody afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db import migrate
from gateway.db.cluster import APP, SYSTEM
from gateway.db.embedded import Embedded, ensure_running
from gateway.db.engine import Addresses, begin, make_engine, translating
from gateway.settings import Settings

PARTITION_DAYS = 31  # how far ahead the audit log can be written when nothing makes partitions any more

_CONNECTIONS = 10  # of each role in one process; opened when needed


class Database:
    """A database that is up, migrated and ready to be written for the coming month."""

    def __init__(self, addresses: Addresses, embedded: Embedded | None = None) -> None:
        self._app = make_engine(addresses.app, connections=_CONNECTIONS)
        self._system = make_engine(addresses.system, connections=_CONNECTIONS)
        self._embedded = embedded

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """Reach the database of these settings; without an address, start the embedded one.

        Raises:
            Permanent: it cannot be started, migrated, or is newer than this program.
            Transient: it cannot be reached at the moment.
        """
        addresses, embedded = _find(settings)
        with translating():
            migrate.bring_up_to_date(addresses)
        database = cls(addresses, embedded)
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
        with _transaction(self._app, _opening(APP, firm_id, staff_id)) as session:
            yield session

    @contextmanager
    def nobody(self) -> Iterator[Session]:
        """One transaction for whom no firm is known yet: it sees no row, but may find out who calls."""
        with _transaction(self._app, _opening(APP)) as session:
            yield session

    @contextmanager
    def system(self) -> Iterator[Session]:
        """One transaction across firms, for what nobody asked: sweeps, schedules, finding out which firm it is."""
        with _transaction(self._system, _opening(SYSTEM)) as session:
            yield session

    def close(self) -> None:
        """Close all connections, and give up the share in an embedded server."""
        self._app.dispose()
        self._system.dispose()
        if self._embedded:
            self._embedded.leave()


def driver(session: Session) -> psycopg.Connection[tuple[object, ...]]:
    """The driver's connection inside a session's transaction: for COPY and pipelines."""
    found = session.connection().connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError(f"expected psycopg, found {type(found)}")
    return found


def lock_partner(session: Session, partner_id: UUID) -> None:
    """Wait until nobody else imports for this partner; held to the end of the transaction.

    The key is the lower half of the id: of a UUIDv7 that is its random part, so two partners hardly ever share one.
    """
    key = int.from_bytes(partner_id.bytes[8:], signed=True)
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def ensure_audit_partitions(session: Session, days: int) -> None:
    """Make the daily partitions of the audit log from yesterday to `days` ahead; cheap when they exist."""
    session.execute(text("SELECT ensure_audit_partitions(:days)"), {"days": days})


@contextmanager
def _transaction(engine: Engine, opening: str) -> Iterator[Session]:
    """The session joins a transaction that it does not own: a `commit` in the code that it is lent to only flushes."""
    with translating(), begin(engine, opening) as connection:
        with Session(bind=connection) as session:
            yield session
            session.flush()
        connection.commit()


def _opening(role: str, firm_id: UUID | None = None, staff_id: UUID | None = None) -> str:
    """BEGIN and the transaction's settings as one message; a pretended day gets its audit partition as well."""
    settings = {"role": role, "app.firm_id": str(firm_id or ""), "app.staff_id": str(staff_id or "")}
    if clock.is_pretended():
        settings["app.now"] = clock.now().isoformat()
    calls = [f"set_config('{name}', '{value}', true)" for name, value in settings.items()]
    if clock.is_pretended():
        calls.append("ensure_audit_partitions(1)")
    return f"BEGIN; SELECT {', '.join(calls)}"


def _find(settings: Settings) -> tuple[Addresses, Embedded | None]:
    """The addresses in the settings, or of the embedded server; one login may play several roles."""
    if not settings.database_url:
        embedded = ensure_running(settings.data_dir)
        return Addresses(embedded.url("owner"), embedded.url("app"), embedded.url("system")), embedded
    app = settings.database_url
    return Addresses(settings.owner_database_url or app, app, settings.system_database_url or app), None
