"""A firm's transaction sees and touches that firm's rows, whatever the SQL in it says."""

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.db.models import Base, Case, Client, Document, Import, Partner
from gateway.db.security import PLATFORM
from gateway.db.session import driver

TABLES = sorted(set(Base.metadata.tables) - set(PLATFORM))
OF_NO_FIRM = sorted(set(Base.metadata.tables) & set(PLATFORM))


@pytest.fixture
def rows(db, tenants):
    """A file, import, feed, client, case, document, sighting and audit entry of each firm; ids of the clients by firm."""
    clients = {}
    for firm, partner in [(tenants.northgate, tenants.acme), (tenants.harbor, tenants.initech)]:
        with db.firm(firm) as session:
            clients[firm] = session.execute(text(WORLD), {"firm": firm, "partner": partner}).scalar_one()
            session.execute(text(SIGHT), {"firm": firm})
    return clients


WORLD = """
WITH a AS (INSERT INTO files (firm_id, partner_id, name, sha256, size, storage_key, via)
           VALUES (:firm, :partner, 'f', '', 0, '', 'upload') RETURNING id),
     b AS (INSERT INTO imports (firm_id, partner_id, file_id) SELECT :firm, :partner, id FROM a RETURNING id),
     c AS (INSERT INTO feeds (firm_id, partner_id, name) VALUES (:firm, :partner, 'roster') RETURNING id),
     d AS (INSERT INTO clients (firm_id, partner_id, key) VALUES (:firm, :partner, 'E1') RETURNING id),
     e AS (INSERT INTO cases (firm_id, partner_id, case_number) VALUES (:firm, :partner, 'C1')),
     f AS (INSERT INTO documents (firm_id, client_id, doc_type) SELECT :firm, id, 'passport' FROM d),
     g AS (INSERT INTO audit_log (firm_id, actor_kind, actor, action) VALUES (:firm, 'system', 'test', 'made'))
SELECT id FROM d
"""
SIGHTING = "INSERT INTO sightings (firm_id, feed_id, record_id, kind, import_id, as_of)"
SIGHT = f"""
{SIGHTING}
SELECT :firm, f.id, c.id, 'client', i.id, gateway_now() FROM feeds f, clients c, imports i
"""


def column_of_firm(table):
    return "id" if table == "firms" else "firm_id"


@pytest.mark.parametrize("login", ["owner", "app", "system"])
@pytest.mark.parametrize("table", sorted(Base.metadata.tables))
def test_a_login_that_has_chosen_no_role_sees_no_table(addresses, rows, login, table):
    with (
        psycopg.connect(getattr(addresses, login)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SELECT count(*) FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_without_a_firm_a_table_is_empty(db, addresses, rows, table):
    with psycopg.connect(addresses.app) as connection:
        connection.execute("SET ROLE gateway_app")
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
        connection.execute("SET app.firm_id = ''")
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize("table", ["firms", "partners", "clients", "cases", "files", "sightings", "audit_log"])
def test_without_a_firm_nothing_can_be_inserted(db, addresses, rows, tenants, table):
    with db.system() as session:
        copy = session.execute(text(f"SELECT * FROM {table} LIMIT 1")).mappings().one()
    kept = {name: value for name, value in copy.items() if not isinstance(value, dict | list) and value is not None}
    statement = f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({', '.join(['%s'] * len(kept))})"
    with psycopg.connect(addresses.app) as connection:
        connection.execute("SET ROLE gateway_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            connection.execute(statement, list(kept.values()))


@pytest.fixture
def hashed(addresses, db, tenants):
    """Everybody of Northgate has a password; written, as a new one is, by the role that cannot read it."""
    with db.firm(tenants.northgate) as session:
        session.execute(text("UPDATE staff SET password_hash = 'the hash of ' || email"))


def played(addresses, login, role, firm):
    connection = psycopg.connect(getattr(addresses, login), autocommit=True)
    connection.execute(f"SELECT set_config('role', '{role}', false), set_config('app.firm_id', '{firm}', false)")
    return connection


@pytest.mark.usefixtures("hashed")
@pytest.mark.parametrize(
    ("login", "role"), [("app", "gateway_app"), ("system", "gateway_system"), ("system", "gateway_app")]
)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password_hash FROM staff",
        "SELECT * FROM staff",
        "SELECT staff FROM staff",
        "SELECT to_jsonb(s) FROM staff s",
        "SELECT email FROM staff WHERE password_hash LIKE '$argon2id$%'",
        "SELECT email FROM staff ORDER BY password_hash",
        "UPDATE staff SET name = password_hash",
        "UPDATE staff SET name = name RETURNING password_hash",
        "INSERT INTO staff (firm_id, email, name, role) SELECT firm_id, 'x', password_hash, 'viewer' FROM staff",
        "COPY staff (password_hash) TO STDOUT",
        "CREATE TEMPORARY TABLE mine AS TABLE staff",
        "SELECT * FROM accounts_of('admin@northgate.example', '')",
    ],
)
def test_no_working_role_can_read_what_is_kept_of_a_password(addresses, tenants, login, role, statement):
    with played(addresses, login, role, tenants.northgate) as connection:
        assert connection.execute("SELECT count(*) FROM staff").fetchone()[0] >= 4
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_all_else_of_staff_can_be_read(addresses, tenants):
    columns = [column.name for column in Base.metadata.tables["staff"].columns if column.name != "password_hash"]
    with played(addresses, "app", "gateway_app", tenants.northgate) as connection:
        connection.execute(f"SELECT {', '.join(columns)} FROM staff")


@pytest.mark.usefixtures("hashed")
def test_who_signs_people_in_can_do_nothing_else(addresses, tenants):
    with played(addresses, "app", "gateway_sign_in", tenants.northgate) as connection:
        [found] = connection.execute("SELECT email, password_hash FROM accounts_of('admin@northgate.example', '')")
        assert found == ("admin@northgate.example", "the hash of admin@northgate.example")
        for table in sorted(Base.metadata.tables):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT count(*) FROM {table}")


def test_only_the_login_of_the_app_may_sign_people_in(addresses):
    for login in ("owner", "system"):
        with (
            psycopg.connect(getattr(addresses, login)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SET ROLE gateway_sign_in")


@pytest.mark.usefixtures("hashed")
def test_whoever_knows_a_hash_may_ask_whether_it_is_still_kept(addresses, tenants):
    admin = tenants.staff["admin"]
    kept, asked = "the hash of admin@northgate.example", "SELECT is_still_kept(%s, %s)"
    with played(addresses, "app", "gateway_app", tenants.northgate) as connection:
        assert connection.execute(asked, [admin, kept]).fetchone() == (True,)
        assert connection.execute(asked, [admin, "another"]).fetchone() == (False,)
        assert connection.execute(asked, [admin, None]).fetchone() == (False,)
    with played(addresses, "app", "gateway_app", tenants.harbor) as connection:
        assert connection.execute(asked, [admin, kept]).fetchone() == (False,)


@pytest.mark.parametrize("table", OF_NO_FIRM)
def test_a_table_of_no_firm_is_the_systems_alone(db, tenants, table):
    with db.system() as session:
        session.execute(text(f"SELECT count(*) FROM {table}"))
    with db.firm(tenants.northgate) as session:
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(f"SELECT count(*) FROM {table}"))
        session.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_a_firm_sees_no_row_of_another(db, tenants, rows, table):
    with db.firm(tenants.northgate) as session:
        seen = session.scalars(text(f"SELECT DISTINCT {column_of_firm(table)} FROM {table}")).all()
    assert set(seen) <= {tenants.northgate}


def test_the_system_sees_all_firms(db, tenants, rows):
    with db.system() as session:
        assert set(session.scalars(text("SELECT firm_id FROM clients"))) == {tenants.northgate, tenants.harbor}


@pytest.mark.parametrize("table", ["firms", "partners", "clients", "cases", "documents", "imports", "files", "feeds"])
def test_a_firm_changes_no_row_of_another(db, tenants, rows, table):
    column = "created_at" if table not in ("imports", "files") else "received_at"
    with db.firm(tenants.northgate) as session:
        sql = f"UPDATE {table} SET {column} = {column} WHERE {column_of_firm(table)} = :firm"
        assert session.execute(text(sql), {"firm": tenants.harbor}).rowcount == 0
        assert session.execute(text(sql), {"firm": tenants.northgate}).rowcount > 0


def test_a_firm_deletes_no_row_of_another(db, tenants, rows):
    with db.firm(tenants.northgate) as session:
        assert (
            session.execute(text("DELETE FROM sightings WHERE firm_id = :firm"), {"firm": tenants.harbor}).rowcount == 0
        )


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "INSERT INTO partners (firm_id, slug, name, time_zone) VALUES (:harbor, 'x', 'x', 'UTC')",
            psycopg.errors.InsufficientPrivilege,
        ),
        ("UPDATE cases SET firm_id = :harbor, partner_id = :initech", psycopg.errors.InsufficientPrivilege),
        (
            "INSERT INTO clients (firm_id, partner_id, key) VALUES (:northgate, :initech, 'E2')",
            psycopg.errors.ForeignKeyViolation,
        ),
        ("UPDATE cases SET client_id = :stranger", psycopg.errors.ForeignKeyViolation),
        ("UPDATE sightings SET record_id = :stranger", psycopg.errors.ForeignKeyViolation),
        (
            f"{SIGHTING} SELECT firm_id, feed_id, :stranger, kind, import_id, as_of FROM sightings",
            psycopg.errors.ForeignKeyViolation,
        ),
        (
            f"{SIGHTING} SELECT firm_id, feed_id, uuidv7(), kind, import_id, as_of FROM sightings",
            psycopg.errors.ForeignKeyViolation,
        ),
        ("SET ROLE gateway_system", psycopg.errors.InsufficientPrivilege),
        ("SET ROLE gateway_owner", psycopg.errors.InsufficientPrivilege),
        ("TRUNCATE clients", psycopg.errors.InsufficientPrivilege),
        ("UPDATE audit_log SET actor = 'nobody'", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM audit_log", psycopg.errors.InsufficientPrivilege),
        ("UPDATE partner_configs SET source = ''", psycopg.errors.InsufficientPrivilege),
        ("CREATE TABLE mine ()", psycopg.errors.InsufficientPrivilege),
        ("ALTER TABLE clients DISABLE ROW LEVEL SECURITY", psycopg.errors.InsufficientPrivilege),
    ],
)
def test_a_firm_cannot_reach_out(db, tenants, rows, statement, error):
    ids = {
        "harbor": tenants.harbor,
        "northgate": tenants.northgate,
        "initech": tenants.initech,
        "stranger": rows[tenants.harbor],
    }
    used = {name: value for name, value in ids.items() if f":{name}" in statement}
    with db.firm(tenants.northgate) as session:
        with pytest.raises(DBAPIError) as caught:
            session.execute(text(statement), used)
        session.rollback()
    assert isinstance(caught.value.orig, error)


def test_a_partition_of_the_audit_log_is_closed_to_all_but_its_owner(db, tenants, rows):
    with db.system() as session:
        partition = session.scalars(
            text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_log'::regclass")
        ).first()
        with pytest.raises(DBAPIError, match="permission denied"):
            session.execute(text(f"SELECT * FROM {partition}"))
        session.rollback()


def test_even_the_owner_sees_nothing_through_forced_row_security(addresses, rows):
    with psycopg.connect(addresses.owner) as connection:
        connection.execute("SET ROLE gateway_owner")
        assert connection.execute("SELECT count(*) FROM clients").fetchone() == (0,)


def test_no_role_is_a_superuser_or_bypasses_row_security(db):
    with db.system() as session:
        strong = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'gateway%' AND (rolsuper OR rolbypassrls)"
        assert session.scalars(text(strong)).all() == []


def test_a_firm_may_stage_rows_in_a_temporary_table_by_copy(db, tenants):
    with db.firm(tenants.northgate) as session:
        session.execute(text("CREATE TEMPORARY TABLE staged (key text) ON COMMIT DROP"))
        with driver(session).cursor().copy("COPY staged FROM STDIN") as copy:
            copy.write_row(["E1"])
        session.execute(
            text("INSERT INTO clients (firm_id, partner_id, key) SELECT :firm, :partner, key FROM staged"),
            {"firm": tenants.northgate, "partner": tenants.acme},
        )
    with db.firm(tenants.northgate) as session:
        assert session.query(Client).count() == 1


def test_models_work_within_a_firm(db, tenants, rows):
    with db.firm(tenants.northgate) as session:
        assert {partner.slug for partner in session.query(Partner)} == {"acme", "globex"}
        assert [session.query(kind).count() for kind in (Client, Case, Document, Import)] == [1, 1, 1, 1]
