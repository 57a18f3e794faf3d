"""What a draft of settings would do with the partner's last files."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0067"
down_revision = "0066"


def upgrade() -> None:
    op.execute(TABLE)
    for one in isolate("config_trials"):
        op.execute(one)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "config_trials"))


TABLE = """
CREATE TABLE config_trials (
    firm_id uuid NOT NULL, draft_id uuid NOT NULL, feed text NOT NULL, state text NOT NULL,
    asked_at timestamptz DEFAULT gateway_now() NOT NULL, told bytea, reason text, saw timestamptz,
    tried text, against integer,
    CONSTRAINT config_trials_pkey PRIMARY KEY (firm_id, draft_id),
    CONSTRAINT config_trials_draft_id_fkey FOREIGN KEY (firm_id, draft_id)
        REFERENCES config_drafts (firm_id, id) ON DELETE CASCADE,
    CONSTRAINT config_trials_state_check CHECK (state IN ('waiting', 'done', 'failed'))
)
"""
