"""What the sender of notices keeps: steps of the ladder, what channels bear; walls around dispatches."""

from alembic import op

from gateway.db.cluster import APP, OWNER
from gateway.db.security import CURRENT_FIRM, UNWALLED, allow, isolate, wall

revision = "0040"
down_revision = "0039"

functions = {"walled_dispatches": "869e3a7162af"}


def upgrade() -> None:
    op.execute(TABLES)
    for statement in isolate("channel_states"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "channel_states"))
    for table in ("notices", "dispatches", "notifications"):
        op.execute(f"CREATE POLICY screens ON {table} FOR SELECT TO {OWNER} USING (firm_id = {CURRENT_FIRM})")
    op.execute(WALLED)
    op.execute("REVOKE ALL ON FUNCTION walled_dispatches() FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION walled_dispatches() TO {APP}")
    op.execute(wall("dispatches", f"{UNWALLED} OR id <> ALL (ARRAY(SELECT walled_dispatches()))", "SELECT"))
    for table in ("dispatch_attempts", "gate_decisions"):
        op.execute(wall(table, f"{UNWALLED} OR {_DISPATCH.format(table=table)}", "SELECT"))


_DISPATCH = "EXISTS (SELECT FROM dispatches d WHERE d.firm_id = {table}.firm_id AND d.id = {table}.dispatch_id)"

TABLES = """
ALTER TABLE dispatches
    ADD COLUMN steps integer DEFAULT 0 NOT NULL,
    ADD COLUMN path text,
    ADD COLUMN due_at timestamptz DEFAULT gateway_now() NOT NULL;
CREATE INDEX dispatches_newest ON dispatches (firm_id, created_at, id);
CREATE INDEX dispatches_of_client ON dispatches (firm_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX dispatches_of_staff ON dispatches (firm_id, staff_id) WHERE staff_id IS NOT NULL;
CREATE INDEX dispatches_ended ON dispatches (settled_at) WHERE settled_at IS NOT NULL;
CREATE INDEX notices_of_client ON notices (firm_id, client_id);

CREATE TABLE channel_states (
    id uuid DEFAULT uuidv7() NOT NULL, firm_id uuid, channel text NOT NULL, failures integer DEFAULT 0 NOT NULL,
    rests integer DEFAULT 0 NOT NULL, rests_until timestamptz, code text, problem text, paced_until timestamptz,
    day date, taken integer DEFAULT 0 NOT NULL,
    CONSTRAINT channel_states_pkey PRIMARY KEY (id),
    CONSTRAINT channel_states__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT channel_states_key UNIQUE NULLS NOT DISTINCT (firm_id, channel)
)
"""

# as of its day; see gateway/db/functions
WALLED = """
CREATE FUNCTION walled_dispatches() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT NULL::uuid WHERE false;
END
"""
