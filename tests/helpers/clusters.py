"""Database servers of tests: what is costly about them is done once, or not at all."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from gateway.db import migrate
from gateway.db.embedded import Embedded, ensure_running, stop
from gateway.db.engine import Addresses


def lighten(server: Embedded) -> None:
    """Let its passwords be proved in one round of hashing, not in thousands: each connection would take milliseconds."""
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as superuser:
        superuser.execute("SET scram_iterations = 1")
        for name, word in server.passwords.items():
            superuser.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(word)))


def put_cluster(data_dir: Path) -> None:
    """Lay a migrated cluster into a new data folder, as the first command would have made it.

    It asks no disk to keep what it writes: a journey kills processes, and cuts nobody's power.
    """
    data_dir.mkdir(mode=0o700)
    subprocess.run(["cp", "-a", f"{_migrated()}/.", str(data_dir)], check=True)


@functools.cache
def _migrated() -> Path:
    """A data folder whose server is not running; this process's, until its end."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-cluster-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = ensure_running(folder, durable=False)
    lighten(server)
    migrate.bring_up_to_date(Addresses(server.url("owner"), server.url("app"), server.url("system")))
    server.leave()
    assert stop(folder)
    with (folder / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("fsync = off\n")
    return folder
