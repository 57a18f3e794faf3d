"""Whether this installation can do its work: what is looked at, what was found, and what to do about it."""

from __future__ import annotations

import errno
import re
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from gateway import clock, private
from gateway.db import migrate
from gateway.db.cluster import APP, OWNER, SIGN_IN, SYSTEM
from gateway.db.engine import PROCESS
from gateway.db.models import OPEN_STATES, Import
from gateway.db.session import Database
from gateway.domain.access import host_key
from gateway.domain.upkeep import deliveries, notices, queues, strays
from gateway.domain.upkeep.checks import Check, Level
from gateway.errors import Problem
from gateway.jobs.broker import kind_of
from gateway.limits import ping
from gateway.settings import Settings
from gateway.storage import Store

_GIB = 1 << 30
_LITTLE_DISK, _NO_DISK = 5 * _GIB, 1 * _GIB  # a day of files takes up to 100 x 100 MB, twice
_NEAR, _FAR = timedelta(seconds=2), timedelta(seconds=60)  # between two clocks
_PARTITION_DAYS = 7  # less ahead, and whatever makes them has not run for weeks
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def examine(settings: Settings) -> Iterator[Check]:
    """All checks in order; what needs the database is left out where it cannot be reached."""
    yield _settings(settings)
    yield _data_folder(settings.data_dir)
    yield _secrets_folder(settings.secrets_dir)
    yield _config_folder(settings.config_dir)
    yield _host_key(settings)
    yield from notices.ways_out(settings)
    try:
        database = Database.open(settings)
    except Problem as problem:
        yield Check("database", "problem", problem.sentence, "Nothing works without it; the sentence says what to do.")
        return
    try:
        with database.system() as session:
            yield from _database(session, settings)
        if (settings.data_dir / "files").is_dir():  # else the data folder's check says so
            yield _stored_files(database, Store.of(settings))
        yield queues.broker_check(settings, database.addresses)
        yield _limits(settings.limits_url)
    finally:
        database.close()
    yield _master_key(settings)


def _settings(settings: Settings) -> Check:
    """What the settings choose; wrong ones do not get so far."""
    database = "a database of your own" if settings.database_url else "the embedded database"
    limits = "Redis" if settings.limits_url else "each process"
    found = f"On {database}, woken by {kind_of(settings).name}, requests counted by {limits}."
    if settings.cookies == "plain" and settings.http_host not in _LOOPBACK:
        advice = "Unset GATEWAY_COOKIES and let a proxy with TLS stand in front."
        return Check("settings", "warning", f"{found} Sign-ins go over plain http.", advice)
    return Check("settings", "ok", found)


_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def _host_key(settings: Settings) -> Check:
    """Partners compare the fingerprint before they send a password or a file."""
    try:
        found = host_key.fingerprint(settings)
    except (Problem, OSError) as error:
        return Check("sftp host key", "problem", str(error), "The endpoint does not start without one.")
    return Check("sftp host key", "ok", f"{host_key.path_of(settings)}: {found}.")


def _data_folder(folder: Path) -> Check:
    parts = (folder, folder / "files", folder / "receipts")
    for one in parts:
        try:
            _try_to_write(one)
        except OSError as error:
            remedy = _MAKE_ROOM if error.errno in {errno.ENOSPC, errno.EDQUOT} else _WHERE_DATA
            return Check("data folder", "problem", f"{one} cannot be written: {error.strerror}.", remedy)
    disks = (*parts, folder / "postgres")  # each may be a disk of its own
    free = min(shutil.disk_usage(one).free for one in disks if one.is_dir())
    level: Level = "ok" if free >= _LITTLE_DISK else "warning" if free >= _NO_DISK else "problem"
    advice = None if level == "ok" else _MAKE_ROOM
    return Check("data folder", level, f"{folder} can be written; {free / _GIB:.1f} GiB are free.", advice)


def _try_to_write(folder: Path) -> None:
    """Raises OSError where nothing can be written, and leaves nothing there."""
    private.make_folder(folder)
    probe = folder / ".doctor"
    try:
        with private.create(probe) as out:
            out.write(b"?")
    finally:
        probe.unlink(missing_ok=True)


def _stored_files(database: Database, store: Store) -> Check:
    found = strays.find(database, store)
    told = f"{found.in_firms} older than a day that no record names" if found.in_firms else ""
    odd = f"{found.elsewhere} in no folder of a firm of this database" if found.elsewhere else ""
    if not told and not odd:
        return Check("stored files", "ok", "A record names each that is older than a day.")
    advice = "The job files.sweep deletes the former at night; the latter are yours to look at (docs/operations.md)."
    return Check("stored files", "warning", f"{' and '.join(filter(None, (told, odd)))}.", advice)


_MAKE_ROOM = "Make room: files, receipts and the embedded database all lie there."
_WHERE_DATA = "Make it writable for this user, or name another folder in GATEWAY_DATA_DIR."


def _secrets_folder(folder: Path) -> Check:
    if not folder.is_dir():
        return Check("secrets", "ok", f"There is no folder {folder}; secrets come from the environment.")
    everything = (folder, *sorted(folder.rglob("*")))  # those of a firm lie in a folder of its own
    open_ones = [path for path in everything if stat.S_IMODE(path.stat().st_mode) & _OTHERS]
    if open_ones:
        named = ", ".join(str(path) for path in open_ones[:3])
        return Check("secrets", "problem", f"Others may read {named}.", f"chmod -R go= {folder}")
    return Check("secrets", "ok", f"Only their owner reads those in {folder}.")


def _config_folder(folder: Path) -> Check:
    found = len(list(folder.glob("*/partner.yaml")))
    if not found:
        advice = "Say where they are in GATEWAY_CONFIG_DIR."
        return Check("partner settings", "warning", f"There is no partner.yaml in a folder of {folder}.", advice)
    return Check("partner settings", "ok", f"{folder} holds those of {found}.")


# ---------------------------------------------------------------- the database


def _database(session: Session, settings: Settings) -> Iterator[Check]:
    where = "yours" if settings.database_url else f"embedded in {settings.data_dir}"
    version = session.scalar(text("SHOW server_version"))
    revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    newest = migrate.revisions()[-1]
    yield Check("database", "ok", f"PostgreSQL {version}, {where}; revision {revision} of {newest}.")
    yield _connections(session)
    yield _roles(session)
    yield _clocks(session)
    yield _partitions(session)
    yield _imports(session)
    yield _receipts(session)
    yield from deliveries.checks(session)
    yield from notices.checks(session)
    yield from queues.checks(session)


def _connections(session: Session) -> Check:
    """What is open, and what the pools of all processes that are connected may open; the doctor's own aside."""
    most, count = session.execute(
        text(
            "SELECT (SELECT sum(current_setting(name)::int * sign) FROM (VALUES ('max_connections', 1),"
            " ('superuser_reserved_connections', -1), ('reserved_connections', -1)) v (name, sign)),"
            " (SELECT sum(numbackends) FROM pg_stat_database)"  # pg_stat_activity hides much of other accounts'
        )
    ).one()
    names = session.scalars(
        text(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            " WHERE application_name <> current_setting('application_name')"
        )
    )
    pools = [pool for name in names if (pool := _POOL.fullmatch(name))]
    wanted = sum(int(pool["connections"]) for pool in pools)
    found = f"{count} of {most} are open; what runs may open {wanted}."
    if count >= most * _NEARLY:
        return Check("connections", "problem", found, _TOO_MANY)
    return Check("connections", "warning" if wanted > most else "ok", found, _TOO_MANY if wanted > most else None)


_POOL = re.compile(rf"{PROCESS} \d+@\S+ (?P<connections>\d+)")
_NEARLY = 0.9
_TOO_MANY = "Raise max_connections of the database, or run fewer workers (docs/jobs.md)."


def _roles(session: Session) -> Check:
    mighty = session.scalars(
        text(
            "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls)"
            " AND (rolname IN (:app, :system, :owner) OR rolname = session_user)"
        ),
        {"app": APP, "system": SYSTEM, "owner": OWNER},
    ).all()
    if mighty:
        advice = f"ALTER ROLE {mighty[0]} NOSUPERUSER NOBYPASSRLS; or log in as another role."
        return Check("roles", "problem", f"{', '.join(mighty)} may see every firm's rows, whatever we ask.", advice)
    heirs = session.execute(text(_HEIRS), {"roles": [OWNER, APP, SYSTEM, SIGN_IN]}).all()
    if heirs:
        told = ", ".join(f"{one.login} has the rights of {one.role} without SET ROLE" for one in heirs)
        advice = f'GRANT {heirs[0].role} TO "{heirs[0].login}" WITH INHERIT FALSE, SET TRUE; see docs/operations.md.'
        return Check("roles", "warning", f"{told}: a statement that forgets to choose its role is not stopped.", advice)
    return Check(
        "roles", "ok", "None is a superuser, passes by row-level security, or is there for who did not choose."
    )


_HEIRS = """
SELECT l.rolname AS login, r.rolname AS role FROM pg_roles l, pg_roles r
WHERE r.rolname = ANY (:roles) AND l.rolname <> ALL (:roles) AND l.rolcanlogin AND NOT l.rolsuper
AND pg_has_role(l.oid, r.oid, 'USAGE') ORDER BY 1, 2
"""


def _clocks(session: Session) -> Check:
    if clock.is_pretended():
        advice = "Unset GATEWAY_NOW unless this is a rehearsal."
        return Check("clock", "warning", f"GATEWAY_NOW pretends that it is {clock.now().isoformat()}.", advice)
    difference = abs(session.execute(text("SELECT clock_timestamp()")).scalar_one() - clock.now())
    level: Level = "ok" if difference < _NEAR else "warning" if difference < _FAR else "problem"
    remedy = None if level == "ok" else "Let both machines take their time from the same NTP servers."
    return Check("clock", level, f"{difference.total_seconds():.1f} s between this machine and the database.", remedy)


def _partitions(session: Session) -> Check:
    last = session.scalar(
        text(
            "SELECT max(to_date(right(c.relname, 8), 'YYYYMMDD')) FROM pg_inherits i JOIN pg_class c"
            " ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_log'::regclass"
        )
    )
    ahead = (last - clock.now().date()).days if last else -1
    if ahead < _PARTITION_DAYS:
        return Check("audit log", "problem", f"It can be written for {ahead} days only.", "Run gateway db migrate.")
    return Check("audit log", "ok", f"It can be written for the next {ahead} days.")


def _imports(session: Session) -> Check:
    counted = (
        select(Import.state, func.count().label("number")).where(Import.state.in_(_WAITING)).group_by(Import.state)
    )
    waiting = {one.state: one.number for one in session.execute(counted)}
    if not waiting:
        return Check("imports", "ok", "None is open, held or failed.")
    told = ", ".join(f"{waiting[state]} {state}" for state in _WAITING if state in waiting)
    states = " or ".join(state for state in _WAITING if state in waiting)
    advice = f"gateway import list --state {states} shows them; the partner's next file takes open ones along."
    return Check("imports", "warning", f"{told}.", advice)


_WAITING = (*OPEN_STATES, "held", "failed")


def _receipts(session: Session) -> Check:
    unwritten = select(func.count()).where(Import.receipt_at.is_(None), Import.state.not_in(OPEN_STATES))
    count = session.scalar(unwritten)
    if count:
        advice = "The partner's next file writes them."
        return Check("receipts", "warning", f"{count} are not written yet.", advice)
    return Check("receipts", "ok", "All are written.")


# ---------------------------------------------------------------- beside the database


def _limits(url: str | None) -> Check:
    if url is None:
        return Check("limits", "ok", "Each API process counts requests for itself.")
    try:
        ping(url)
    except Problem as problem:
        advice = "Start it or correct GATEWAY_LIMITS_URL; until then each API process counts for itself."
        return Check("limits", "warning", problem.sentence, advice)
    return Check("limits", "ok", "Redis counts requests for all processes.")


def _master_key(settings: Settings) -> Check:
    path = settings.data_dir / "master.key"
    if settings.master_key:
        return Check("master key", "ok", "It comes from the environment. Keep a copy elsewhere.")
    if not path.exists():
        return Check("master key", "ok", f"It will be made in {path} with the first firm.")
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        return Check("master key", "problem", f"Others may read {path}.", f"chmod 600 {path}")
    return Check("master key", "ok", f"Only its owner reads {path}. Keep a copy elsewhere: without it all is lost.")
