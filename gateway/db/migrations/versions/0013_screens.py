"""Walls around what hangs on a partner only: rejected rows, which may name a walled client, and credentials."""

from alembic import op

from gateway.db.cluster import APP, OWNER
from gateway.db.security import CURRENT_FIRM, SCREENED_PARTNERS, UNWALLED, WALLED_PARTNERS, outside, wall

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    # the function runs as the owner, whom forced row-level security shows nothing otherwise
    op.execute(f"CREATE POLICY screens ON walls FOR SELECT TO {OWNER} USING (firm_id = {CURRENT_FIRM})")
    op.execute(SCREENED)
    op.execute("REVOKE ALL ON FUNCTION screened_partners() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION screened_partners() TO {APP}")
    op.execute(f"ALTER POLICY walls ON row_errors USING ({UNWALLED} OR {_IMPORT})")
    op.execute(wall("credentials", outside("partner_id", WALLED_PARTNERS)))


# A rejected row belongs to nobody: its key may be what was wrong with it. So whoever is walled off from one of a
# partner's people gets no rejected row of that partner. Of which partner that is, the policies of `clients` hide.
SCREENED = """
CREATE FUNCTION screened_partners() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT DISTINCT c.partner_id FROM walls w JOIN clients c ON c.firm_id = w.firm_id AND c.id = w.client_id
    WHERE w.staff_id = nullif(current_setting('app.staff_id', true), '')::uuid;
END;
COMMENT ON FUNCTION screened_partners() IS
    'the partners of the clients from whom the member of staff is walled off for whom the transaction works'
"""

_IMPORT = (
    "EXISTS (SELECT FROM imports i WHERE i.firm_id = row_errors.firm_id AND i.id = row_errors.import_id"
    f" AND {outside('i.partner_id', SCREENED_PARTNERS)})"
)
