"""A database of one's own: logins that play our roles, made by us where we may, else by an administrator."""

import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gateway.db.cluster import APP, OWNER, PLAYS, SIGN_IN, SYSTEM
from gateway.db.embedded import Embedded, ensure_running
from gateway.db.session import Database
from gateway.errors import Permanent
from gateway.settings import Settings

LOGINS = ("deploy", "web", "robot")


@pytest.fixture
def bare():
    """A server that has never heard of us, with a database of the login deploy."""
    with tempfile.TemporaryDirectory(prefix="gateway-", ignore_cleanup_errors=True) as folder:
        server = ensure_running(Path(folder), durable=False)
        with psycopg.connect(server.url("superuser", "postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE gateway")
            connection.execute(f"DROP ROLE {OWNER}, {APP}, {SYSTEM}, {SIGN_IN}, {', '.join(PLAYS)}")
            for login in LOGINS:
                connection.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'secret'")
            connection.execute("CREATE DATABASE office OWNER deploy")
        yield server
        server.leave()


def administer(server: Embedded, statement: str):
    with psycopg.connect(server.url("superuser", "office"), autocommit=True) as connection:
        connection.execute(statement)


def settings(server: Embedded) -> Settings:
    owner, app, system = (f"postgresql://{login}:secret@/office?host={server.socket_dir}" for login in LOGINS)
    folder = server.data_dir
    return Settings(
        data_dir=folder,
        config_dir=folder,
        secrets_dir=folder,
        database_url=app,
        system_database_url=system,
        owner_database_url=owner,
    )


def play(database: Database):
    """Who logs in and who acts, for both kinds of transaction."""
    who = text("SELECT session_user::text, current_user::text")
    with database.system() as session:
        firm = session.scalar(text("INSERT INTO firms (slug, name) VALUES ('n', 'N') RETURNING id"))
        system = tuple(session.execute(who).one())
    with database.firm(firm) as session:
        assert session.scalar(text("SELECT count(*) FROM firms")) == 1
        return system, tuple(session.execute(who).one())


def test_a_login_that_may_create_roles_sets_everything_up(bare):
    administer(bare, "ALTER ROLE deploy CREATEROLE")
    database = Database.open(settings(bare))
    assert play(database) == (("robot", "gateway_system"), ("web", "gateway_app"))
    database.close()
    with psycopg.connect(settings(bare).owner_database_url) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
        logins = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'gateway%' AND rolcanlogin"
        ).fetchall()
    assert (owners, logins) == ([("gateway_owner",)], [])


def test_a_login_that_may_not_is_told_the_sql_that_an_administrator_must_run(bare):
    with pytest.raises(Permanent) as caught:
        Database.open(settings(bare))
    assert caught.value.code == "roles_missing"
    administer(bare, caught.value.sentence.split("in this database: ")[1])
    database = Database.open(settings(bare))
    assert play(database) == (("robot", "gateway_system"), ("web", "gateway_app"))
    database.close()


def test_a_login_inherits_nothing_from_the_role_that_it_plays(bare):
    administer(bare, "ALTER ROLE deploy CREATEROLE")
    Database.open(settings(bare)).close()
    with (
        psycopg.connect(settings(bare).system_database_url) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM firms")


def test_two_processes_that_find_no_tables_migrate_once(bare):
    administer(bare, "ALTER ROLE deploy CREATEROLE")
    one = settings(bare)
    code = (
        "import sys; from pathlib import Path; from gateway.settings import Settings; from gateway.db.session import Database;"
        "folder = Path(sys.argv[1]); Database.open(Settings(data_dir=folder, config_dir=folder, secrets_dir=folder,"
        " database_url=sys.argv[2], system_database_url=sys.argv[3], owner_database_url=sys.argv[4]))"
    )
    command = [
        sys.executable,
        "-c",
        code,
        str(one.data_dir),
        one.database_url,
        one.system_database_url,
        one.owner_database_url,
    ]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(each.communicate(timeout=60)[1], each.returncode) for each in both] == [("", 0), ("", 0)]


def test_opening_a_current_database_imports_no_alembic(settings_of_tests):
    code = (
        "import sys; from gateway.settings import load; from gateway.db.session import Database; Database.open(load());"
        "print([name for name in ('alembic', 'mako') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=settings_of_tests, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def settings_of_tests(addresses, tmp_path):
    """The environment of a command on this test's database."""
    return {
        "GATEWAY_DATA_DIR": str(tmp_path),
        "GATEWAY_DATABASE_URL": addresses.app,
        "GATEWAY_SYSTEM_DATABASE_URL": addresses.system,
        "GATEWAY_OWNER_DATABASE_URL": addresses.owner,
    }
