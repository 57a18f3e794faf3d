"""The functions in the database are those of gateway/db/functions, whatever the database was before."""

import re
import runpy
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from gateway.db import functions, migrate
from gateway.db.cluster import APP, OWNER, SIGN_IN, SYSTEM
from gateway.db.engine import driver_url
from gateway.db.security import CURRENT_FIRM, isolate

INSTALLED = """
SELECT p.proname, pg_get_functiondef(p.oid) AS definition, pg_get_userbyid(p.proowner) AS owner,
       obj_description(p.oid, 'pg_proc') AS comment,
       ARRAY(SELECT a::text FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) a ORDER BY 1) AS rights
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname, definition
"""
HANGING = """
SELECT pg_describe_object(classid, objid, objsubid) AS what, refobjid::regprocedure::text AS function
FROM pg_depend WHERE refclassid = 'pg_proc'::regclass
     AND refobjid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
     AND pg_describe_object(classid, objid, objsubid) NOT LIKE '%table audit_log_2%'
ORDER BY 1, 2
"""
POLICIES = "SELECT * FROM pg_policies WHERE schemaname = 'public' AND tablename NOT LIKE 'audit_log_2%' ORDER BY 3, 2"


@contextmanager
def played(addresses):
    """The owner's connection, as the role that owns the functions; what is done to them is rolled back."""
    engine = create_engine(driver_url(addresses.owner), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"SET LOCAL ROLE {OWNER}")
        yield connection


@pytest.fixture
def owner(addresses):
    with played(addresses) as connection:
        yield connection


def rows(connection, query):
    return [tuple(row) for row in connection.execute(text(query))]


def differing(connection):
    """Names of functions that are not the same in the database and in the files, or in one of the two only.

    The files are installed where there is no function left, so that nothing that they forget is there from before.
    """
    found = rows(connection, INSTALLED)
    with connection.begin_nested() as aside:
        everything = "string_agg(oid::regprocedure::text, ', ')"
        known = f"SELECT {everything} FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        connection.exec_driver_sql(f"DROP FUNCTION {connection.scalar(text(known))} CASCADE")
        functions.install(connection)
        wanted = rows(connection, INSTALLED)
        aside.rollback()
    return {row[0] for row in [*found, *wanted] if found.count(row) != wanted.count(row)}


def stated():
    """What the revisions say of functions: by name, the fingerprint that the last of them tells."""
    said = {}
    for revision in migrate.revisions():
        [file] = (migrate.MIGRATIONS / "versions").glob(f"{revision}_*.py")
        said |= runpy.run_path(str(file)).get("functions", {})
    return {name: told for name, told in said.items() if told}


def unstated(definitions):
    """Files that were edited, added or taken away, and no revision says so: databases would never hear of it."""
    printed = {name: functions.fingerprint(definition) for name, definition in definitions.items()}
    said = stated()
    return {name: printed.get(name) for name in printed.keys() | said.keys() if printed.get(name) != said.get(name)}


def definitions():
    return {name: functions.definition(name) for name in functions.names()}


def test_every_function_is_one_file_and_every_file_one_function(owner):
    assert [row[0] for row in rows(owner, INSTALLED)] == sorted(functions.names())


def test_the_functions_in_the_database_are_those_of_the_files(owner):
    assert differing(owner) == set()


def test_every_function_says_what_it_is_for(owner):
    assert [row[0] for row in rows(owner, INSTALLED) if not row[3]] == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("CREATE FUNCTION stray() RETURNS integer LANGUAGE sql RETURN 1", "stray"),
        ("CREATE FUNCTION sign_in(proof text) RETURNS integer LANGUAGE sql RETURN 1", "sign_in"),
        ("DROP FUNCTION entries_naming", "entries_naming"),
        ("ALTER FUNCTION erased_values RENAME TO blanked_values", "erased_values"),
        ("ALTER FUNCTION analyze_records SECURITY INVOKER", "analyze_records"),
        ("ALTER FUNCTION sign_in SET search_path = public", "sign_in"),
        ("ALTER FUNCTION accounts_of VOLATILE", "accounts_of"),
        ("GRANT EXECUTE ON FUNCTION erase_audit TO gateway_system", "erase_audit"),
        ("GRANT EXECUTE ON FUNCTION erase_audit TO PUBLIC", "erase_audit"),
        ("REVOKE EXECUTE ON FUNCTION sign_in FROM gateway_app", "sign_in"),
        ("REVOKE EXECUTE ON FUNCTION gateway_now FROM PUBLIC", "gateway_now"),
        ("COMMENT ON FUNCTION answer_checks IS 'something else'", "answer_checks"),
    ],
)
def test_a_function_that_is_another_than_its_file_is_noticed_and_mended_where_a_file_owns_it(owner, change, name):
    owner.exec_driver_sql(change)
    assert name in differing(owner)
    functions.install(owner)
    assert differing(owner) <= {"stray", "blanked_values"}


def test_every_edit_of_a_file_is_stated_by_a_revision():
    assert unstated(definitions()) == {}, "a new revision must say functions = {...} with these fingerprints"


def test_an_edit_that_no_revision_states_is_noticed():
    files = definitions()
    edited = files | {"sign_in": files["sign_in"].replace("1 minute", "2 minutes")}
    assert unstated(edited) == {"sign_in": functions.fingerprint(edited["sign_in"])}
    assert set(unstated(files | {"more": "CREATE OR REPLACE FUNCTION more()"})) == {"more"}
    del edited["sign_in"]
    assert unstated(edited) == {"sign_in": None}
    assert unstated(files | {"sign_in": "-- told anew\n" + files["sign_in"]}) == {}


@pytest.mark.parametrize("revision", migrate.revisions()[:-1])
def test_an_older_database_comes_to_the_functions_and_policies_of_a_new_one(empty_addresses, owner, revision):
    migrate.upgrade(empty_addresses, revision)
    migrate.bring_up_to_date(empty_addresses)
    with played(empty_addresses) as connection:
        for query in (INSTALLED, HANGING, POLICIES):
            assert rows(connection, query) == rows(owner, query)


def test_a_revision_that_is_not_the_newest_leaves_the_functions_of_its_day(empty_addresses):
    migrate.upgrade(empty_addresses, "0009")
    with played(empty_addresses) as connection:
        found = {row[0]: row[1] for row in rows(connection, INSTALLED)}
    assert "'files'" not in found["sign_in"]
    assert "answer_checks" not in found


def test_whoever_finds_the_database_current_leaves_its_functions_alone(own_addresses):
    touched = "SELECT oid, xmin::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY oid"
    with played(own_addresses) as connection:
        before = rows(connection, touched)
    migrate.upgrade(own_addresses)
    with played(own_addresses) as connection:
        assert rows(connection, touched) == before


def test_functions_that_are_replaced_stay_the_same_and_keep_what_hangs_on_them(owner):
    identities = "SELECT proname, oid, proowner FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
    before = [rows(owner, query) for query in (identities, HANGING, POLICIES)]
    assert {"default value for column created_at of table firms", "trigger check_inserted on table sightings"} <= {
        what for what, _ in before[1]
    }
    functions.install(owner)
    assert [rows(owner, query) for query in (identities, HANGING, POLICIES)] == before


def test_a_function_whose_result_was_another_is_dropped_first(owner):
    owner.exec_driver_sql(
        "DROP FUNCTION sign_in; CREATE FUNCTION sign_in(proof bytea) RETURNS integer LANGUAGE sql RETURN 1"
    )
    functions.install(owner)
    assert differing(owner) == set()


def test_a_function_on_which_something_hangs_is_not_dropped_behind_its_back(owner):
    owner.exec_driver_sql(
        "CREATE FUNCTION sign_in(proof text) RETURNS integer LANGUAGE sql RETURN 1;"
        "CREATE VIEW hanging AS SELECT sign_in('a'::text)"
    )
    with pytest.raises(DBAPIError, match="view hanging depends on function sign_in"):
        functions.install(owner)


def test_a_function_comes_after_those_that_it_calls():
    order = functions.names()
    assert order.index("gateway_now") < order.index("sign_in") < order.index("answer_checks")
    assert order.index("erased_values") < order.index("erase_audit")


@pytest.mark.parametrize("name", functions.names())
def test_a_file_names_only_roles_that_there_are_and_states_all_rights(name):
    told = functions.definition(name)
    assert set(re.findall(r"\bgateway_\w+", told)) <= {APP, SYSTEM, OWNER, SIGN_IN, "gateway_now"}
    assert f"\nCREATE OR REPLACE FUNCTION {name}(" in told
    assert (
        f"\nREVOKE ALL ON FUNCTION {name} FROM PUBLIC, {APP}, {SYSTEM};\nGRANT EXECUTE ON FUNCTION {name} TO " in told
    )
    assert told.startswith("-- ")


def test_what_functions_repeat_of_the_policies_is_the_same_there():
    for name in ("entries_naming", "erase_audit"):
        assert CURRENT_FIRM in functions.definition(name)
    laid_out = " ".join(functions.definition("ensure_audit_partitions").split())
    assert "; ".join(isolate("the_partition")) in laid_out
