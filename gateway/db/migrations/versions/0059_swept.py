"""A sweep writes less: what notices point at is looked up a statement at a time, and one index finds what waits."""

from alembic import op

from gateway.db.cluster import APP, SYSTEM
from gateway.db.security import allow

revision = "0059"
down_revision = "0058"

functions = {"check_notices": "9e7d2f83646a"}

CHANGED = "state, dispatch_id, ended_code, ended_at, days_left, due_on, role, needs_answer, snoozed_until"


def upgrade() -> None:
    op.execute(TRIGGER)
    op.execute(f"REVOKE UPDATE ON notices FROM {APP}, {SYSTEM}")
    op.execute(allow(f"UPDATE ({CHANGED})", "notices"))
    op.execute(INDEXES)


# its text comes from gateway/db/functions after the newest revision; until then nothing is written
TRIGGER = """
CREATE FUNCTION check_notices() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER check_inserted AFTER INSERT ON notices
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION check_notices();
ALTER TABLE notices
    DROP CONSTRAINT notices_client_id_fkey, DROP CONSTRAINT notices_document_id_fkey,
    DROP CONSTRAINT notices_staff_id_fkey
"""

INDEXES = """
DROP INDEX notices_unplanned;
DROP INDEX notices_waiting;
CREATE INDEX notices_waiting ON notices (firm_id, coalesce(staff_id, client_id), document_id) WHERE state = 'waiting'
"""
