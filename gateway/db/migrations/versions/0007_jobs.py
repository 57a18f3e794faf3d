"""The ledger of jobs, schedules, and leases."""

from alembic import op

from gateway.db.cluster import APP, SYSTEM
from gateway.db.security import allow, isolate

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("jobs", "schedules"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE", "jobs"))
    op.execute(f"GRANT DELETE ON jobs TO {SYSTEM}")
    op.execute(f"GRANT USAGE ON SEQUENCE job_claims TO {SYSTEM}")
    op.execute(f"GRANT SELECT ON schedules TO {APP}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON schedules, leases TO {SYSTEM}")


# The rows of `jobs` change often and live on a few pages at a time: vacuumed by their number, not by a share of a month
TABLES = """
CREATE SEQUENCE job_claims;

CREATE TABLE jobs (
    id uuid DEFAULT uuidv7() NOT NULL, firm_id uuid, turn uuid NOT NULL, kind text NOT NULL, queue text NOT NULL,
    payload jsonb DEFAULT '{}' NOT NULL, key text, lane text, about uuid, state text DEFAULT 'waiting' NOT NULL,
    not_before timestamptz DEFAULT gateway_now() NOT NULL, attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer NOT NULL, claim bigint, worker text, lease_until timestamptz, progress jsonb, last_error text,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, started_at timestamptz, finished_at timestamptz,
    CONSTRAINT jobs_pkey PRIMARY KEY (id),
    CONSTRAINT jobs__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT jobs_state_check CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    CONSTRAINT jobs_turn_check CHECK (turn = coalesce(firm_id, '00000000-0000-0000-0000-000000000000')),
    CONSTRAINT jobs_lease_check CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0.02, autovacuum_analyze_threshold = 5000);
CREATE INDEX jobs_waiting ON jobs (queue, turn, not_before, id) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (queue, turn) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_one_in_a_lane ON jobs (lane) WHERE state = 'running';
CREATE INDEX jobs_served ON jobs (queue, turn, claim) WHERE state <> 'waiting';
CREATE UNIQUE INDEX jobs_key ON jobs (kind, key, firm_id) NULLS NOT DISTINCT WHERE key IS NOT NULL;
CREATE INDEX jobs_about ON jobs (about) WHERE about IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE state = 'done';
CREATE INDEX jobs_firm_id_id_idx ON jobs (firm_id, id);

CREATE TABLE schedules (
    id uuid DEFAULT uuidv7() NOT NULL, firm_id uuid, name text NOT NULL, cron text NOT NULL, time_zone text NOT NULL,
    kind text NOT NULL, payload jsonb DEFAULT '{}' NOT NULL, enabled boolean DEFAULT true NOT NULL,
    last_run timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT schedules_firm_id_name_key UNIQUE NULLS NOT DISTINCT (firm_id, name)
);

CREATE TABLE leases (
    name text NOT NULL, holder text NOT NULL, until timestamptz NOT NULL, about jsonb DEFAULT '{}' NOT NULL,
    CONSTRAINT leases_pkey PRIMARY KEY (name)
)
"""
