"""What is seen from outside: tallies of all processes, what is unfinished, traces of jobs."""

from alembic import op

from gateway.db.cluster import SYSTEM

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute(TABLES)
    # of no firm, so the system's alone
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON tallies TO {SYSTEM}")


# The indexes hold what is unfinished only, so they stay small however many imports and jobs there have been
TABLES = """
CREATE TABLE tallies (
    metric text NOT NULL, labels text NOT NULL, part text NOT NULL, value double precision NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (metric, labels, part)
) WITH (fillfactor = 70);

CREATE INDEX imports_unfinished ON imports (state, partner_id, received_at)
    WHERE state IN ('received', 'running', 'held', 'failed');
CREATE INDEX imports_without_receipt ON imports (finished_at) WHERE receipt_at IS NULL;
CREATE INDEX jobs_dead ON jobs (kind) WHERE state = 'dead';

ALTER TABLE jobs ADD COLUMN trace text
"""
