"""The embedded PostgreSQL while it runs: started by the first process that needs it, stopped by the last.

Five files beside the cluster carry its life, three by `flock`, which the kernel drops however a process dies:

- `postgres.start`: held while somebody starts or stops the server, so that two never do so at once;
- `postgres.users`: shared by every process that uses the server; whoever can take it alone is the last;
- `postgres.running`: inherited by the server and its children, so it is free exactly when none of them lives. A process
  id would not say so: after a crash the number in postmaster.pid may belong to anybody. It holds a word once the server
  was asked to stop, so that nobody takes a server for theirs that is about to go;
- `postgres.kept`: says that this server outlasts its users, until somebody stops it;
- `postgres.log`: what the server says.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote, urlencode

import psycopg

from gateway import private
from gateway.db import cluster
from gateway.errors import Transient

Role = Literal["owner", "app", "system", "superuser"]

LOGINS: dict[Role, str] = {
    "owner": cluster.OWNER_LOGIN,
    "app": cluster.APP_LOGIN,
    "system": cluster.SYSTEM_LOGIN,
    "superuser": cluster.SUPERUSER,
}
SETTINGS = {
    "listen_addresses": "",  # the socket is the only way in
    "unix_socket_permissions": "0700",
    "max_connections": "280",
    "max_locks_per_transaction": "256",  # a revision of the audit log locks all of its days, each with its indexes
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",  # an import writes hundreds of megabytes in one go
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",  # compiling costs more than our queries take
    "TimeZone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}

_SOCKET = ".s.PGSQL.5432"
_START_SECONDS = 300.0  # recovery after a crash replays up to max_wal_size
_POLL_SECONDS = 0.005

_users: dict[Path, int] = {}  # data folder -> our shared lock on its postgres.users
_childs: dict[Path, int] = {}  # the same for a child that is being forked


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running server that this process has a share in until it exits or calls `leave`."""

    data_dir: Path
    socket_dir: str
    passwords: dict[str, str]

    def url(self, role: Role, database: str = cluster.DATABASE) -> str:
        """Where a role logs in: a libpq address, password included. Whoever uses it has no right before SET ROLE."""
        name = LOGINS[role]
        where = urlencode({"host": self.socket_dir}, quote_via=quote)
        return f"postgresql://{name}:{self.passwords[name]}@/{database}?{where}"

    def played(self, role: Role) -> str:
        """The same for a person's own tools, with the role already chosen."""
        chosen = urlencode({"options": f"-c role={cluster.PLAYS[LOGINS[role]][0]}"}, quote_via=quote)
        return f"{self.url(role)}&{chosen}"

    def keep(self) -> None:
        """Let the server outlast its users, until `stop`: for tools that we do not start."""
        os.close(_open_private(self.data_dir / "postgres.kept"))

    def leave(self) -> None:
        """Give up this process's share; the last one asks the server to stop and does not wait for it."""
        _leave(self.data_dir)


def ensure_running(data_dir: Path, *, durable: bool = True) -> Embedded:
    """Make sure that the server of this data folder runs, and share in it; the cluster is created on first use.

    Args:
        data_dir: made when missing; the cluster is its folder `postgres`.
        durable: whether a power cut loses nothing. Only tests can do without.

    Raises:
        Permanent: the binaries are missing, the folder is not ours to write, the disk is full, the server refuses.
        Transient: the server did not get ready in time.
    """
    with cluster.telling(data_dir):
        private.make_folder(data_dir)
        data_dir = data_dir.resolve()
        with _starting(data_dir):
            _join(data_dir)
            if not _answers(data_dir):
                _bring_up(data_dir, durable=durable)
            if not cluster.PLAYS.keys() <= cluster.passwords(data_dir).keys():
                _bring_along(data_dir)
        return Embedded(data_dir, _read_status(data_dir).socket_dir, cluster.passwords(data_dir))


def stop(data_dir: Path) -> bool:
    """Stop a server that was kept, and wait until it is gone; False while others use it: then the last of them does."""
    data_dir = data_dir.resolve()
    if not (data_dir / "postgres").exists():
        return True
    with _starting(data_dir):
        (data_dir / "postgres.kept").unlink(missing_ok=True)
        alone = _try_lock(data_dir / "postgres.users")
        if alone is None:
            return False
        _ask_to_stop(data_dir)
        os.close(alone)
        gone = _open_private(data_dir / "postgres.running")
        _lock(gone, fcntl.LOCK_EX)
        os.close(gone)
        return True


def _bring_up(data_dir: Path, *, durable: bool) -> None:
    """Wait out a server that is starting or stopping, start one where there is none.

    The only wait that polls: the server announces being ready, and being gone, to its pid file and its socket, and
    neither wakes anybody up.
    """
    log = data_dir / "postgres.log"
    log_start: int | None = None
    deadline = time.perf_counter() + _START_SECONDS
    while not _answers(data_dir):
        free = _try_lock(data_dir / "postgres.running")
        if free is None:
            _hurry(data_dir)
        if free is not None and log_start is not None:
            os.close(free)
            raise cluster.explain(data_dir, f"{_last_words(log, log_start)} The whole story is in {log}.")
        if free is not None:
            log_start = log.stat().st_size if log.exists() else 0
            _launch(data_dir, log, free, durable=durable)
        if time.perf_counter() > deadline:
            raise Transient("database_unavailable", f"The embedded database is still not ready; {log} says why.")
        time.sleep(_POLL_SECONDS)


def _bring_along(data_dir: Path) -> None:
    """Part roles and logins in a cluster of before they were two: whole, or done again at the next start.

    A process of an earlier version that still runs keeps its connections and gets no new ones.
    """
    words = cluster.passwords(data_dir)
    server = Embedded(data_dir, _read_status(data_dir).socket_dir, words)
    made = cluster.make_passwords() | {cluster.SUPERUSER: words[cluster.SUPERUSER]}
    with psycopg.connect(server.url("superuser", "postgres")) as connection:
        present = {name for (name,) in connection.execute("SELECT rolname::text FROM pg_roles")}
        for statement in cluster.logins_sql(made, present):
            connection.execute(statement.encode())
    cluster.keep_passwords(data_dir, made)


def _launch(data_dir: Path, log: Path, running: int, *, durable: bool) -> None:
    """Start the server as nobody's child (the shell forks it and ends), in a session of its own.

    Holding `running` proves that no process of an earlier server lives, so lock files left over are stale for certain;
    PostgreSQL would believe the process ids in them if somebody else has them now, or if nobody reaped the dead.
    """
    try:
        os.ftruncate(running, 0)
        (data_dir / "postgres.kept").unlink(missing_ok=True)  # it spoke of an earlier server
        cluster.prepare(data_dir, durable=durable)
        pgdata = data_dir / "postgres"
        socket_folder = cluster.socket_folder(data_dir)
        for stale in (pgdata / "postmaster.pid", socket_folder / f"{_SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        settings = SETTINGS | ({} if durable else FORGETFUL) | {"unix_socket_directories": str(socket_folder)}
        command = [str(cluster.find_binaries() / "postgres"), "-D", str(pgdata)]
        command += [f"-c{name}={value}" for name, value in settings.items()]
        with os.fdopen(_open_private(log, os.O_WRONLY | os.O_APPEND), "ab") as out:
            subprocess.run(  # noqa: S603 - our own binaries; every argument is passed as it is
                ["/bin/sh", "-c", '"$@" &', "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd="/",
                start_new_session=True,
                pass_fds=[running],
                check=True,
                **cluster.account(),
            )
    finally:
        os.close(running)


def _leave(data_dir: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _starting(data_dir):  # a folder that was removed took its server along
        mine = _users.pop(data_dir, None)
        if mine is None:
            return
        if not (data_dir / "postgres.kept").exists() and _lock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB):
            _ask_to_stop(data_dir)
        os.close(mine)


def _ask_to_stop(data_dir: Path) -> None:
    """Send SIGINT, a fast shutdown: open transactions roll back, a checkpoint is written, nothing is lost."""
    free = _try_lock(data_dir / "postgres.running")
    if free is not None:  # nothing runs: never signal a number from a stale pid file
        os.close(free)
        return
    pid = _read_status(data_dir).pid
    if pid:
        (data_dir / "postgres.running").write_text("stopping")
        os.kill(pid, signal.SIGINT)


def _hurry(data_dir: Path) -> None:
    """Ask a server that waits until its users have left (SIGTERM) not to: they stay, for they cannot know of it."""
    if _read_status(data_dir).stopping and not (data_dir / "postgres.running").stat().st_size:
        _ask_to_stop(data_dir)


def _answers(data_dir: Path) -> bool:
    """Whether the server takes connections and was not asked to stop."""
    status = _read_status(data_dir)
    if not status.ready or (data_dir / "postgres.running").stat().st_size:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(f"{status.socket_dir}/{_SOCKET}") == 0


class _Status(NamedTuple):
    pid: int
    socket_dir: str
    ready: bool = False
    stopping: bool = False


def _read_status(data_dir: Path) -> _Status:
    """What postmaster.pid says: lines 1, 5 and 8 (PostgreSQL's src/include/utils/pidfile.h)."""
    try:
        lines = (data_dir / "postgres" / "postmaster.pid").read_text().split("\n")
    except FileNotFoundError:
        return _Status(0, "")
    lines += [""] * (8 - len(lines))
    return _Status(abs(int(lines[0] or 0)), lines[4], lines[7].strip() == "ready", lines[7].strip() == "stopping")


def _last_words(log: Path, start: int) -> str:
    """What the server wrote since we launched it; the line that says FATAL when there is one."""
    said = log.read_bytes()[start:].decode(errors="replace").strip().splitlines()
    fatal = [line for line in said if "FATAL" in line or "PANIC" in line]
    return (fatal or said or ["It ended without a word."])[-1]


@contextmanager
def _starting(data_dir: Path) -> Iterator[None]:
    lock = _open_private(data_dir / "postgres.start")
    try:
        _lock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _join(data_dir: Path) -> None:
    if data_dir not in _users:
        _users[data_dir] = _share(data_dir)


def _share(data_dir: Path) -> int:
    lock = _open_private(data_dir / "postgres.users")
    _lock(lock, fcntl.LOCK_SH)
    return lock


def _try_lock(path: Path) -> int | None:
    file = _open_private(path)
    if _lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
        return file
    os.close(file)
    return None


def _lock(file: int, how: int) -> bool:
    """Take a lock; False when it was not to be waited for and somebody has it."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


def _open_private(path: Path, flags: int = os.O_RDWR) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def _leave_all() -> None:
    for data_dir in list(_users):
        _leave(data_dir)


def _before_fork() -> None:
    """A forked child would share its parent's lock, which then spoke for both: it gets its own, taken beforehand."""
    for data_dir in _users:
        with contextlib.suppress(FileNotFoundError):
            _childs[data_dir] = _share(data_dir)


def _after_fork_in_parent() -> None:
    _close_all(_childs)


def _after_fork_in_child() -> None:
    _close_all(_users)
    _users.update(_childs)
    _childs.clear()


def _close_all(locks: dict[Path, int]) -> None:
    for lock in locks.values():
        os.close(lock)
    locks.clear()


atexit.register(_leave_all)
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
