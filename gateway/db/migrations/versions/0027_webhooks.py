"""Calls to webhooks: one that comes again is the one that was taken, however much later."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.execute(CALLS)
    for statement in isolate("webhook_calls"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT", "webhook_calls"))


CALLS = """
CREATE TABLE webhook_calls (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, digest bytea NOT NULL, import_id uuid NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT webhook_calls_pkey PRIMARY KEY (firm_id, feed_id, digest),
    CONSTRAINT webhook_calls_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id),
    CONSTRAINT webhook_calls_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id)
)
"""
