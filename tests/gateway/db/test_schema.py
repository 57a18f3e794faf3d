"""What must hold for every table, read from pg_catalog; each check is shown a table that breaks it."""

import pytest
from sqlalchemy import NullPool, create_engine, text

from gateway.db import migrate
from gateway.db.engine import driver_url
from gateway.db.models import Base
from gateway.db.security import FIRM_COLUMN, PLATFORM, isolate

NO_FOREIGN_KEY = "checked for a whole statement by the trigger check_sightings"
BY_STATEMENT = "checked for a whole statement by the trigger check_notices"
OUTLIVES = "the audit log outlives what it speaks of"
EXEMPT = {
    "audit_log.actor_id": OUTLIVES,
    "audit_log.client_id": OUTLIVES,
    "audit_log.case_id": OUTLIVES,
    "audit_log.import_id": OUTLIVES,
    "delivery_lines.last_id": "the highest id that was drawn, whether its parcel is still kept or not",
    "handovers.plan_id": "the same for those that one press carries out; there is nothing more to say of it",
    "idempotency_keys.caller_id": "a member of staff or a credential",
    "notices.client_id": BY_STATEMENT,
    "notices.document_id": BY_STATEMENT,
    "notices.staff_id": BY_STATEMENT,
    "report_orders.actor_id": "a member of staff or a credential",
    "sightings.feed_id": NO_FOREIGN_KEY,
    "sightings.record_id": NO_FOREIGN_KEY,
    "sightings.import_id": NO_FOREIGN_KEY,
}

COLUMNS = """
SELECT c.relname AS table, a.attname AS column, a.atttypid = 'uuid'::regtype AS is_uuid
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
SECURED = """
SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
       (SELECT array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles)
        WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL) AS roles
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
FOREIGN_KEYS = """
SELECT k.conrelid::regclass::text AS table, k.confrelid::regclass::text AS target,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = ANY (k.conkey)) AS columns,
       ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = ANY (k.confkey)) AS targets
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.contype = 'f' AND NOT c.relispartition
"""


def unsecured(owner):
    """Tables whose rows belong to a firm and that somebody could see through."""
    firms = {row.table for row in owner.execute(text(COLUMNS)) if row.column == "firm_id"} | set(FIRM_COLUMN)
    whole = {
        row.relname
        for row in owner.execute(text(SECURED))
        if row.relrowsecurity and row.relforcerowsecurity and row.roles == ["gateway_app", "gateway_system"]
    }
    return firms - whole


def homeless(owner):
    """Tables that belong to no firm although nobody said that they may."""
    columns = [(row.table, row.column) for row in owner.execute(text(COLUMNS))]
    firms = {table for table, column in columns if column == "firm_id"} | set(FIRM_COLUMN)
    return {table for table, _ in columns} - firms - set(PLATFORM)


def crossing(owner):
    """Foreign keys by which a row could point at another firm's."""
    keys = list(owner.execute(text(FOREIGN_KEYS)))
    return {
        (key.table, *key.columns)
        for key in keys
        if "firm_id" not in key.columns or (key.target != "firms" and "firm_id" not in key.targets)
    }


def dangling(owner):
    """Columns that look like a reference and are none."""
    covered = {(key.table, column) for key in owner.execute(text(FOREIGN_KEYS)) for column in key.columns}
    partitions = set(owner.scalars(text("SELECT relname FROM pg_class WHERE relispartition")))
    return {
        f"{row.table}.{row.column}"
        for row in owner.execute(text(COLUMNS))
        if row.is_uuid and row.column.endswith("_id") and row.column != "firm_id" and row.table not in partitions
        if (row.table, row.column) not in covered
    }


@pytest.fixture
def owner(addresses):
    """The owner's connection; what a test does to the schema is rolled back."""
    engine = create_engine(
        driver_url(addresses.owner), poolclass=NullPool, connect_args={"options": "-c role=gateway_owner"}
    )
    with engine.connect() as connection:
        yield connection


def test_every_table_of_a_firm_has_forced_row_security_for_both_roles(owner):
    assert unsecured(owner) == set()


def test_every_table_without_a_firm_is_named_as_the_platforms(owner):
    assert homeless(owner) == set()


def test_every_foreign_key_stays_within_the_firm(owner):
    assert crossing(owner) == set()


def test_every_reference_has_a_foreign_key_or_a_reason(owner):
    assert dangling(owner) == set(EXEMPT)


SECURE = ";".join(isolate("bad"))


@pytest.mark.parametrize(
    ("check", "bad"),
    [
        (unsecured, "CREATE TABLE bad (firm_id uuid)"),
        (unsecured, f"CREATE TABLE bad (firm_id uuid);{SECURE};ALTER TABLE bad NO FORCE ROW LEVEL SECURITY"),
        (unsecured, f"CREATE TABLE bad (firm_id uuid);{SECURE};ALTER TABLE bad DISABLE ROW LEVEL SECURITY"),
        (unsecured, f"CREATE TABLE bad (firm_id uuid);{SECURE};DROP POLICY one_firm ON bad"),
        (
            unsecured,
            f"CREATE TABLE bad (firm_id uuid);{SECURE};CREATE POLICY more ON bad TO gateway_app USING (true) WITH CHECK (true)",
        ),
        (homeless, "CREATE TABLE bad (id uuid)"),
        (
            crossing,
            "CREATE TABLE aim (firm_id uuid, id uuid UNIQUE); CREATE TABLE bad (firm_id uuid, aim_id uuid REFERENCES aim (id))",
        ),
        (dangling, "CREATE TABLE bad (firm_id uuid, partner_id uuid)"),
    ],
)
def test_each_check_notices_a_table_that_breaks_it(owner, check, bad):
    before = check(owner)
    owner.exec_driver_sql(bad)
    assert any("bad" in str(each) for each in check(owner) - before)


def test_models_and_migrations_describe_the_same_tables(owner):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(
        owner,
        opts={
            "compare_server_default": True,
            "include_name": lambda name, kind, _: not (kind == "table" and name.startswith("audit_log_")),
        },
    )
    assert compare_metadata(context, Base.metadata) == []


def test_constraints_are_named_as_the_models_name_them(owner):
    named = {str(constraint.name) for table in Base.metadata.tables.values() for constraint in table.constraints}
    found = owner.scalars(
        text(
            "SELECT conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE contype <> 'n'"
            " AND connamespace = 'public'::regnamespace AND NOT c.relispartition AND relname <> 'alembic_version'"
        )
    )
    assert set(found) == named


def test_a_default_partition_never_hides_a_missing_day(owner):
    bounds = owner.scalars(
        text("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relkind = 'r'")
    )
    assert all(bound != "DEFAULT" for bound in bounds)


def test_the_newest_revision_is_the_one_that_the_database_is_at(owner):
    assert owner.scalar(text("SELECT version_num FROM alembic_version")) == migrate.revisions()[-1]
