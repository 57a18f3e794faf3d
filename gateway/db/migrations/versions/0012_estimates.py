"""What the planner believes of records: that walls hide few, and that what an import added is there."""

from alembic import op

from gateway.db.cluster import APP
from gateway.db.security import WALLED_CLIENTS, WALLED_PARTNERS, outside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table, seen in SEEN.items():
        op.execute(f"ALTER POLICY walls ON {table} USING ({seen})")
    op.execute(ANALYZE_RECORDS)


_PARTNER = outside("partner_id", WALLED_PARTNERS)

SEEN = {
    "clients": f"{_PARTNER} AND {outside('id', WALLED_CLIENTS)}",
    "cases": f"{_PARTNER} AND {outside('client_id', WALLED_CLIENTS)}",
    "partners": outside("id", WALLED_PARTNERS),
    "files": _PARTNER,
    "imports": _PARTNER,
}

# Only the owner of a table may analyze it. What somebody else is analyzing or vacuuming is left to them.
ANALYZE_RECORDS = f"""
CREATE FUNCTION analyze_records(kind text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF kind NOT IN ('clients', 'cases', 'documents', 'sightings') THEN
        RAISE invalid_parameter_value USING MESSAGE = kind || ' are no records';
    END IF;
    EXECUTE format('ANALYZE (SKIP_LOCKED) %I', kind);
END $$;
REVOKE EXECUTE ON FUNCTION analyze_records FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analyze_records TO {APP};
COMMENT ON FUNCTION analyze_records(text) IS
    'statistics of a table that this transaction has made much larger, its own rows included'
"""
