"""Who may see and do what in the database: roles, grants and row-level security, as SQL for migrations.

Four roles: `gateway_owner` owns the tables and changes them, `gateway_app` works for one firm at a time,
`gateway_system` sees all firms, `gateway_sign_in` finds out whose password it is and sees nothing else. None is a
superuser or bypasses row-level security. Logins play a role by SET ROLE and inherit nothing, so a statement that forgot
to choose has no rights at all.
"""

from __future__ import annotations

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ProgrammingError

from gateway.db.cluster import APP, OWNER, SIGN_IN, SYSTEM
from gateway.db.engine import Addresses
from gateway.errors import Permanent

PLATFORM = ("alembic_version", "leases", "sign_in_tries", "signing_keys", "tallies")  # tables that belong to no firm
FIRM_COLUMN = {"firms": "id"}  # where the firm of a row stands, unless in firm_id

# As a sub-select it is one InitPlan for the statement instead of a call a row. The third argument gives NULL where
# nothing was ever set; after a transaction that set it, the session holds '' instead.
CURRENT_FIRM = "(SELECT nullif(current_setting('app.firm_id', true), '')::uuid)"


def isolate(table: str) -> list[str]:
    """Row-level security for a firm's table, its owner included; without a firm set it is empty and refuses rows."""
    mine = f"{FIRM_COLUMN.get(table, 'firm_id')} = {CURRENT_FIRM}"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY one_firm ON {table} TO {APP} USING ({mine}) WITH CHECK ({mine})",
        f"CREATE POLICY all_firms ON {table} TO {SYSTEM} USING (true) WITH CHECK (true)",
    ]


# For whom a transaction works; set for staff only, so that imports, partners and sweeps meet no walls.
_ME = "(SELECT nullif(current_setting('app.staff_id', true), '')::uuid)"

# Each is one InitPlan a statement: whoever has no wall pays for an empty array or a true, never for a query a row.
WALLED_CLIENTS = f"ARRAY(SELECT w.client_id FROM walls w WHERE w.staff_id = {_ME} AND w.client_id IS NOT NULL)"
WALLED_PARTNERS = f"ARRAY(SELECT w.partner_id FROM walls w WHERE w.staff_id = {_ME} AND w.partner_id IS NOT NULL)"
SCREENED_PARTNERS = "ARRAY(SELECT screened_partners())"  # of walled clients
UNWALLED = f"(SELECT NOT EXISTS (SELECT FROM walls w WHERE w.staff_id = {_ME}))"


def outside(column: str, walled: str) -> str:
    """The condition that what a column names is not among the walled.

    The planner takes `x = ANY (unknown)` for ten equalities. Where the column has few values, such as one partner, that
    is every row, and IS NOT TRUE of it none: it joined 50,000 records to 50,000 sightings by nested loops, for minutes.
    Of a coalesce it knows nothing and takes half.
    """
    return f"NOT coalesce({column} = ANY ({walled}), false)"


def wall(table: str, seen: str, commands: str = "ALL") -> str:
    """The ethical walls of a table, on top of `isolate`: rows of which `seen` is not true do not exist.

    Args:
        table: of a firm.
        seen: a condition on its row, made of the constants above.
        commands: SELECT alone where whoever is walled may still write, such as the audit log.
    """
    return f"CREATE POLICY walls ON {table} AS RESTRICTIVE FOR {commands} TO {APP} USING ({seen})"


def allow(rights: str, table: str) -> str:
    """A grant to both working roles, such as `SELECT, INSERT, UPDATE (active)`; TRUNCATE would ignore row security."""
    return f"GRANT {rights} ON {table} TO {APP}, {SYSTEM}"


def prepare_roles(connection: Connection, addresses: Addresses) -> None:
    """Make the roles that are missing, and let each login play its own.

    Raises:
        Permanent: `roles_missing`, this login may not; the sentence holds the SQL for an administrator.
    """
    needed = _missing(connection, addresses)
    try:
        with connection.begin_nested():
            for statement in needed:
                connection.execute(text(statement))
    except ProgrammingError as error:
        raise Permanent(
            "roles_missing",
            f"The database needs roles that this login may not create ({str(error.orig).strip()}). "
            f"Let an administrator of the server run, in this database: {'; '.join(needed)};",
        ) from error


def _missing(connection: Connection, addresses: Addresses) -> list[str]:
    present = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
    roles = [f"CREATE ROLE {role} NOLOGIN" for role in (OWNER, APP, SYSTEM, SIGN_IN) if role not in present]
    return roles + _missing_memberships(connection, addresses, present) + _missing_rights(connection, present)


def _missing_memberships(connection: Connection, addresses: Addresses, present: set[str]) -> list[str]:
    """GRANTs by which each login may play its role; the system acts for single firms, too, the app signs in."""
    owner, app, system = (make_url(url).username for url in addresses)
    wanted = {(OWNER, owner), (APP, app), (SYSTEM, system), (APP, system), (SIGN_IN, app)}
    me = connection.scalar(text("SELECT current_user"))
    statements = []
    for role, login in sorted((role, login or str(me)) for role, login in wanted):
        held = role in present and connection.scalar(
            text("SELECT pg_has_role(:login, :role, 'SET')"), {"login": login, "role": role}
        )
        if not held:
            statements.append(f'GRANT {role} TO "{login}" WITH INHERIT FALSE, SET TRUE')
    return statements


def _missing_rights(connection: Connection, present: set[str]) -> list[str]:
    """The owner makes tables in the schema, the working roles make temporary ones."""
    database = connection.scalar(text("SELECT quote_ident(current_database())"))
    rights = [
        (OWNER, "has_schema_privilege(:role, 'public', 'CREATE')", f"GRANT CREATE ON SCHEMA public TO {OWNER}"),
        (APP, _TEMPORARY, f"GRANT TEMPORARY ON DATABASE {database} TO {APP}"),
        (SYSTEM, _TEMPORARY, f"GRANT TEMPORARY ON DATABASE {database} TO {SYSTEM}"),
    ]
    return [
        grant
        for role, test, grant in rights
        if role not in present or not connection.scalar(text(f"SELECT {test}"), {"role": role})
    ]


_TEMPORARY = "has_database_privilege(:role, current_database(), 'TEMPORARY')"
