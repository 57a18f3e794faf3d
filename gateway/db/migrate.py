"""Bringing a database up to the newest revision, by whoever comes first.

Alembic is imported only when there is something to do: whoever finds the database current should not wait for it.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import Connection, NullPool, create_engine, text

from gateway.db.cluster import OWNER
from gateway.db.engine import Addresses, driver_url
from gateway.db.security import prepare_roles
from gateway.errors import Permanent

MIGRATIONS = Path(__file__).with_name("migrations")

_ONE_AT_A_TIME = 0x6761746577617900  # the advisory lock of migrations: "gateway" in ASCII


def revisions() -> list[str]:
    """All revisions, oldest first; a file is named by its revision and what it does: 0001_tables.py."""
    return sorted(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def bring_up_to_date(addresses: Addresses) -> None:
    """Migrate when the database is behind, as the owner, in one transaction.

    Raises:
        Permanent: the database is newer than this program, or the roles cannot be made.
    """
    found = _revision_of(addresses.system)
    if found and found not in revisions():
        raise Permanent(
            "database_newer",
            f"The database is at revision {found}, which this version does not know; install a newer one.",
        )
    if found != revisions()[-1]:
        upgrade(addresses)


def _revision_of(url: str) -> str | None:
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return str(row[0]) if row else None


def upgrade(addresses: Addresses, revision: str = "head") -> None:
    """Migrate up to a revision, in one transaction; with the newest come the functions (`gateway.db.functions`).

    Whoever waited at the lock finds the work done.
    """
    engine = create_engine(driver_url(addresses.owner), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        prepare_roles(connection, addresses)
        connection.execute(text(f"SET LOCAL ROLE {OWNER}"))
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))  # waiting for a lock makes all later readers wait too
        _run_alembic(connection, revision)


def _run_alembic(connection: Connection, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - takes longer than opening a current database
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
