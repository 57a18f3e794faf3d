"""The embedded server's life: who starts it, who stops it, and what survives a kill."""

import contextlib
import errno
import fcntl
import json
import os
import pwd
import re
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from gateway.db import cluster, embedded
from gateway.db.embedded import ensure_running
from gateway.db.session import Database
from gateway.errors import Full, Permanent
from gateway.settings import Settings

# Python 3.12 and later warn of forks beside threads, such as pytest-xdist's; these children touch nothing of theirs.
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

USE = """
import os, sys
from pathlib import Path
from gateway.db.embedded import ensure_running
server = ensure_running(Path(sys.argv[1]), durable=False)
print(server.url("app"), flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def a_process(data_dir, **kwargs):
    """Another process that uses the server until its standard input says something; gives it and the address."""
    command = [sys.executable, "-c", USE, str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **kwargs) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.communicate("\n", timeout=30)


def address(process):
    return process.stdout.readline().strip()


def who(url):
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT current_user::text").fetchone()[0]


def wait_until_stopped(data_dir):
    """Blocks in the kernel until no process of the server is left; pytest-timeout ends a wait that is in vain."""
    with (data_dir / "postgres.running").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def postmaster(data_dir):
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def kill_and_wait(pid):
    """A signal is sent before it is received: wait for the death itself."""
    death = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    select.select([death], [], [])
    os.close(death)


@pytest.fixture
def root():
    """Not below pytest's own folder: each run that starts closes that to other accounts, such as root's servers have."""
    with tempfile.TemporaryDirectory(prefix="gateway-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def data_dir(root):
    """A data folder whose server is told to stop afterwards."""
    folder = root / "data"
    yield folder
    with contextlib.suppress(Exception):
        embedded._leave(folder)
    if (folder / "postgres.running").exists():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(postmaster(folder), signal.SIGINT)
        wait_until_stopped(folder)


def test_the_server_runs_while_anybody_uses_it_and_stops_with_the_last(data_dir):
    with a_process(data_dir) as first:
        url = address(first)
        with a_process(data_dir) as second:
            assert address(second) == url
        assert who(url) == "gateway_app_login"
    wait_until_stopped(data_dir)
    assert not (data_dir / "postgres" / "postmaster.pid").exists()


def test_two_processes_that_start_at_once_share_one_server(data_dir):
    with a_process(data_dir) as first, a_process(data_dir) as second:
        assert address(first) == address(second) != ""
    wait_until_stopped(data_dir)


def test_whoever_comes_while_the_server_stops_gets_a_new_one(data_dir):
    for _ in range(3):
        server = ensure_running(data_dir, durable=False)
        assert who(server.url("app")) == "gateway_app_login"
        server.leave()


def test_a_killed_process_holds_no_share(data_dir):
    with a_process(data_dir) as first, a_process(data_dir) as second:
        url = address(first)
        address(second)
        first.kill()
        first.wait()
        assert who(url) == "gateway_app_login"
    wait_until_stopped(data_dir)


def test_a_server_left_alone_by_kills_is_taken_over(data_dir):
    with a_process(data_dir) as first:
        url = address(first)
        pid = postmaster(data_dir)
        first.kill()
        first.wait()
    server = ensure_running(data_dir, durable=False)
    assert (postmaster(data_dir), server.url("app")) == (pid, url)
    server.leave()
    wait_until_stopped(data_dir)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux tells us when a stranger's process has died")
def test_a_killed_server_recovers_what_was_committed(data_dir):
    server = ensure_running(data_dir)
    with psycopg.connect(server.played("owner")) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    pid = postmaster(data_dir)
    kill_and_wait(pid)
    again = ensure_running(data_dir)
    with psycopg.connect(again.played("owner")) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
    assert postmaster(data_dir) != pid


def test_a_server_that_waits_for_its_users_to_leave_does_not_keep_whoever_comes_waiting(data_dir):
    server = ensure_running(data_dir, durable=False)
    with contextlib.closing(psycopg.connect(server.url("app"))) as stays:
        pid = postmaster(data_dir)
        os.kill(pid, signal.SIGTERM)
        while not embedded._read_status(data_dir).stopping:
            pass
        assert who(ensure_running(data_dir, durable=False).url("app")) == "gateway_app_login"
        assert postmaster(data_dir) != pid
        with pytest.raises(psycopg.OperationalError):
            stays.execute("SELECT 1")


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(data_dir):
    ensure_running(data_dir, durable=False).leave()
    wait_until_stopped(data_dir)
    with subprocess.Popen(["sleep", "60"], **cluster.account()) as stranger:
        stale = f"{stranger.pid}\n{data_dir}/postgres\n1\n5432\n{data_dir}/postgres\n\n 1 1\nready   \n"
        (data_dir / "postgres" / "postmaster.pid").write_text(stale)
        server = ensure_running(data_dir, durable=False)
        assert who(server.url("system")) == "gateway_system_login"
        stranger.kill()


@forks
def test_a_forked_child_that_ends_does_not_stop_the_server(data_dir):
    server = ensure_running(data_dir, durable=False)
    child = os.fork()
    if not child:
        embedded._leave_all()
        os._exit(0)
    os.waitpid(child, 0)
    assert who(server.url("app")) == "gateway_app_login"


@forks
def test_a_forked_child_keeps_the_server_when_its_parent_leaves(data_dir):
    server = ensure_running(data_dir, durable=False)
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        os.read(told, 1)
        os._exit(0)
    server.leave()
    assert who(server.url("app")) == "gateway_app_login"
    os.write(tell, b"x")
    os.waitpid(child, 0)
    os.close(told)
    os.close(tell)


@pytest.mark.parametrize("role", embedded.LOGINS)
def test_each_role_logs_in_with_its_password_and_only_so(server, role):
    assert who(server.url(role, "postgres")) == embedded.LOGINS[role]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        who(server.url(role).replace(":", ":wrong", 2).replace("postgresql:wrong", "postgresql:"))


def test_a_login_is_none_of_the_roles_and_inherits_nothing_of_them(server):
    with psycopg.connect(server.url("superuser")) as connection:
        able = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'gateway%' AND rolcanlogin ORDER BY 1"
        logins = ["gateway_app_login", "gateway_owner_login", "gateway_system_login"]
        assert [row[0] for row in connection.execute(able)] == logins
        assert connection.execute(HEIRS).fetchall() == []
        assert sorted(connection.execute(PLAYS).fetchall()) == [
            ("gateway_app_login", "gateway_app"),
            ("gateway_app_login", "gateway_sign_in"),
            ("gateway_owner_login", "gateway_owner"),
            ("gateway_system_login", "gateway_app"),
            ("gateway_system_login", "gateway_system"),
        ]


HEIRS = """
SELECT l.rolname, r.rolname FROM pg_roles l, pg_roles r
WHERE l.rolname LIKE 'gateway%' AND r.rolname LIKE 'gateway%' AND l <> r AND pg_has_role(l.oid, r.oid, 'USAGE')
"""
PLAYS = """
SELECT l.rolname::text, r.rolname::text FROM pg_roles l, pg_roles r
WHERE l.rolname LIKE 'gateway%' AND r.rolname LIKE 'gateway%' AND l <> r AND pg_has_role(l.oid, r.oid, 'SET')
"""

EARLIER = """
CREATE ROLE gateway_owner LOGIN PASSWORD 'o'; CREATE ROLE gateway_app LOGIN PASSWORD 'a';
CREATE ROLE gateway_system LOGIN PASSWORD 's'; GRANT gateway_app TO gateway_system WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE gateway OWNER gateway_owner
"""


@pytest.fixture
def of_an_earlier_version(data_dir):
    """A stopped cluster whose roles log in themselves; gives the owner's rows in it."""
    server = ensure_running(data_dir, durable=False)
    with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE gateway")
        made = connection.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'gateway%'").fetchall()
        connection.execute(f"DROP ROLE {', '.join(name for (name,) in made)}")
        for statement in EARLIER.split(";"):
            connection.execute(statement)
    kept = data_dir / "postgres-passwords.json"
    words = {"postgres": json.loads(kept.read_text())["postgres"]}
    kept.write_text(json.dumps(words | {"gateway_owner": "o", "gateway_app": "a", "gateway_system": "s"}))
    server.leave()
    wait_until_stopped(data_dir)


@pytest.mark.usefixtures("of_an_earlier_version")
def test_a_cluster_whose_roles_logged_in_themselves_is_brought_along(data_dir):
    server = ensure_running(data_dir, durable=False)
    assert [who(server.url(role)) for role in ("owner", "app", "system")] == [
        "gateway_owner_login",
        "gateway_app_login",
        "gateway_system_login",
    ]
    test_a_login_is_none_of_the_roles_and_inherits_nothing_of_them(server)
    folder = server.socket_dir
    for name, word in (("gateway_owner", "o"), ("gateway_app", "a"), ("gateway_system", "s")):
        with pytest.raises(psycopg.OperationalError, match=r"password authentication failed|not permitted to log in"):
            who(f"postgresql://{name}:{word}@/gateway?host={folder}")
    Database.open(Settings(data_dir=data_dir, config_dir=data_dir, secrets_dir=data_dir)).close()
    server.leave()


@pytest.mark.usefixtures("of_an_earlier_version")
def test_a_cluster_that_was_brought_along_half_way_is_brought_along_again(data_dir, monkeypatch):
    def cut_off(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(cluster, "keep_passwords", cut_off)  # a process that ends between the two
        with pytest.raises(KeyboardInterrupt):
            ensure_running(data_dir, durable=False)
    server = ensure_running(data_dir, durable=False)
    test_a_login_is_none_of_the_roles_and_inherits_nothing_of_them(server)
    assert who(server.url("system")) == "gateway_system_login"
    server.leave()


def test_passwords_are_for_this_user_alone(server):
    kept = server.data_dir / "postgres-passwords.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(set(json.loads(kept.read_text()).values())) == 4


def test_settings_that_the_design_rests_on(server):
    expected = {
        "jit": "off",
        "TimeZone": "UTC",
        "max_connections": "280",
        "listen_addresses": "",
        "wal_level": "minimal",
        "server_encoding": "UTF8",
    }
    with psycopg.connect(server.url("app")) as connection:
        found = {name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()[0] for name in expected}
        provider = connection.execute(
            "SELECT datlocprovider::text, datlocale FROM pg_database WHERE datname = 'gateway'"
        )
        assert provider.fetchone() == ("b", "C.UTF-8")
    assert found == expected


def test_a_path_too_long_for_a_socket_gets_a_private_folder(root):
    deep = root / ("deep" * 20) / ("deeper" * 5)
    server = ensure_running(deep, durable=False)
    folder = Path(server.socket_dir)
    assert who(server.url("app")) == "gateway_app_login"
    assert folder.stat().st_mode & 0o777 == 0o700
    server.leave()
    wait_until_stopped(deep)
    assert ensure_running(deep, durable=False).socket_dir == str(folder)
    embedded._leave(deep)
    wait_until_stopped(deep)
    folder.rmdir()


def test_a_creation_that_was_cut_off_is_begun_again(data_dir):
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    assert who(ensure_running(data_dir, durable=False).url("app")) == "gateway_app_login"


def test_another_major_version_is_refused(data_dir):
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Permanent, match="PostgreSQL 15"):
        ensure_running(data_dir)


def test_a_server_that_will_not_start_is_told_with_its_own_words(data_dir):
    ensure_running(data_dir, durable=False).leave()
    wait_until_stopped(data_dir)
    (data_dir / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(Permanent, match=r"pg_control.*postgres\.log"):
        ensure_running(data_dir, durable=False)


def test_a_full_disk_is_told(data_dir, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(Full) as caught:
        ensure_running(data_dir)
    monkeypatch.undo()
    assert caught.value.code == "disk_full"


def test_a_disk_that_cannot_be_written_is_told_as_a_sentence(data_dir, monkeypatch):
    def read_only(path, *_args, **_kwargs):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(Permanent) as caught:
        ensure_running(data_dir)
    monkeypatch.undo()
    assert re.search(r"cannot start: /\S+ cannot be written: Read-only file system\.$", caught.value.sentence)


def test_missing_binaries_are_told(data_dir, monkeypatch):
    monkeypatch.setattr(cluster, "VERSION", "99")
    with pytest.raises(Permanent) as caught:
        ensure_running(data_dir)
    assert caught.value.code == "postgres_missing"


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@as_root
def test_root_hands_the_server_to_nobody(data_dir):
    ensure_running(data_dir, durable=False)
    assert Path(f"/proc/{postmaster(data_dir)}").stat().st_uid == pwd.getpwnam("nobody").pw_uid


@as_root
def test_folders_get_search_permission_and_nothing_more(root):
    closed = root / "closed"
    closed.mkdir(mode=0o700)
    server = ensure_running(closed / "data", durable=False)
    assert closed.stat().st_mode & 0o777 == 0o701
    server.leave()
    wait_until_stopped(closed / "data")


def in_a_child_as_nobody(work):
    """Run work in a fork that became `nobody`; the interpreter itself may lie where nobody may look. Gives its error."""
    nobody = pwd.getpwnam("nobody")
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            work()
        except BaseException as error:  # noqa: BLE001 - told to the parent
            os.write(write, repr(error).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        error = said.read()
    os.waitpid(child, 0)
    return error


@pytest.fixture
def nobodys(root):
    """A folder that belongs to `nobody`, and that nobody can reach."""
    folder = root / "nobodys"
    folder.mkdir()
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    root.chmod(0o711)
    return folder


@as_root
@forks
def test_a_normal_user_runs_the_server_as_themselves(nobodys):
    def work():
        server = ensure_running(nobodys / "data", durable=False)
        assert Path(f"/proc/{postmaster(nobodys / 'data')}").stat().st_uid == os.getuid() != 0
        assert who(server.url("app")) == "gateway_app_login"
        server.leave()
        wait_until_stopped(nobodys / "data")

    assert in_a_child_as_nobody(work) == ""


@as_root
@forks
def test_a_folder_that_is_not_ours_to_write_is_told(nobodys):
    nobodys.chmod(0o500)
    assert "cannot be written: Permission denied" in in_a_child_as_nobody(lambda: ensure_running(nobodys / "data"))
