"""A fresh, durable installation for one round: imports into it in child processes, and the floor beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

import psycopg
from fabricate import Roster

from gateway.db.embedded import Embedded, ensure_running, stop

TABLES = ("clients", "cases", "documents")
_PIECE = 1 << 20
_HERE = str(Path(__file__).parent)

# What is read is never looked through for waste, in the command `gateway` and its workers neither.
_CHILD = "import gc, sys; gc.disable(); import child; gc.freeze(); gc.enable(); child.main(*sys.argv[1:])"
_MIGRATE = "from gateway.cli import main; main()", "db", "migrate"


@dataclass(frozen=True)
class Laboratory:
    """One installation while its round lasts."""

    folder: Path
    server: Embedded

    def write(self, name: str, roster: Roster) -> Path:
        """Fabricate a file."""
        path = self.folder / name
        (roster.write_workbook if path.suffix == ".xlsx" else roster.write)(path)
        return path

    def load(self, path: Path, *, partner: str = "bench", forced: bool = False) -> dict[str, Any]:
        """Import a file in a child process.

        Returns:
            seconds, rss_mb, and state, rows, records and problem_count as the receipt has them.
        """
        self.settle()
        command = [sys.executable, "-c", _CHILD, str(self.server.data_dir), partner, str(path)]
        command.append("forced" if forced else "usual")
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=_HERE)
        return json.loads(ended.stdout)

    def floor(self) -> float:
        """Seconds for a binary COPY of the loaded rows into copies of their tables, in one transaction.

        The copies have the same indexes, checks, defaults and foreign keys, but no row-level security. They stand
        before the transaction begins: COPY into a table of the same transaction would skip the write-ahead log.
        """
        with psycopg.connect(self.server.url("superuser"), autocommit=True) as connection:
            dumps = {table: _dump(connection, table, self.folder / f"{table}.copy") for table in TABLES}
            for table in TABLES:
                _make_copy(connection, table)
            self.settle()
            begun = perf_counter()
            with connection.transaction():
                for table, dump in dumps.items():
                    _copy(connection, table, dump)
            seconds = perf_counter() - begun
            connection.execute(f"DROP TABLE {', '.join(f'floor_{table}' for table in TABLES)}")
        return seconds

    def settle(self) -> None:
        """Nobody pays for what was written before, and the planner knows of it, as it does a minute later anyhow."""
        with psycopg.connect(self.server.url("superuser"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            connection.execute("ANALYZE")


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """An installation in a temporary folder, with the settings of the product; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        server = ensure_running(folder / "data")
        server.keep()
        try:
            _migrate(server.data_dir)
            yield Laboratory(folder, server)
        finally:
            server.leave()
            stop(server.data_dir)


def _migrate(data_dir: Path) -> None:
    """Bring the database to its newest revision, in a process whose memory nobody counts."""
    told = os.environ | {"GATEWAY_DATA_DIR": str(data_dir)}
    subprocess.run([sys.executable, "-c", *_MIGRATE], check=True, stdout=subprocess.DEVNULL, env=told)


def _dump(connection: psycopg.Connection, table: str, path: Path) -> Path:
    with path.open("wb") as out, connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
        for piece in copy:
            out.write(piece)
    return path


def _make_copy(connection: psycopg.Connection, table: str) -> None:
    connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
    keys = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table]
    )
    for (definition,) in keys.fetchall():
        for other in TABLES:
            definition = definition.replace(f"REFERENCES {other}(", f"REFERENCES floor_{other}(")  # noqa: PLW2901
        connection.execute(f"ALTER TABLE floor_{table} ADD {definition}")


def _copy(connection: psycopg.Connection, table: str, dump: Path) -> None:
    statement = f"COPY floor_{table} FROM STDIN (FORMAT binary)"
    with dump.open("rb") as source, connection.cursor().copy(statement) as copy:
        for piece in _pieces(source):
            copy.write(piece)


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(_PIECE):
        yield piece
