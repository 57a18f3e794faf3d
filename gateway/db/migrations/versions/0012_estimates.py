"""What the planner believes of records: that walls hide few, and that what an import added is there."""

from alembic import op

from gateway.db.cluster import APP
from gateway.db.security import WALLED_CLIENTS, WALLED_PARTNERS

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for table, seen in SEEN.items():
        op.execute(f"ALTER POLICY walls ON {table} USING ({seen})")
    op.execute(ANALYZE_RECORDS)


# The planner takes `x = ANY (unknown)` for ten equalities. Where a column has few values, such as one partner, that is
# every row, and IS NOT TRUE of it none: it joined 50,000 records to 50,000 sightings by nested loops, for minutes. Of a
# coalesce it knows nothing and takes half.
_OUTSIDE = "NOT coalesce({column} = ANY ({walled}), false)"
_PARTNER = _OUTSIDE.format(column="partner_id", walled=WALLED_PARTNERS)

SEEN = {
    "clients": f"{_PARTNER} AND {_OUTSIDE.format(column='id', walled=WALLED_CLIENTS)}",
    "cases": f"{_PARTNER} AND {_OUTSIDE.format(column='client_id', walled=WALLED_CLIENTS)}",
    "partners": _OUTSIDE.format(column="id", walled=WALLED_PARTNERS),
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
