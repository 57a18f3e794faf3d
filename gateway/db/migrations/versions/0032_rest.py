"""HRIS APIs that are pulled, and webhooks that say about whom."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("rest_sources", "rest_spent", "rest_persons"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute("ALTER TABLE webhook_calls ALTER COLUMN import_id DROP NOT NULL")


TABLES = """
CREATE TABLE rest_sources (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, connected_at timestamptz DEFAULT gateway_now() NOT NULL,
    disconnected_at timestamptz, changed_until timestamptz, polled_at timestamptz, poll_began_at timestamptz,
    poll_page text, poll_newest timestamptz, history_until timestamptz, history_page text, history_done_at timestamptz,
    paused_until timestamptz, failures integer DEFAULT 0 NOT NULL, opened_at timestamptz, last_problem text,
    token bytea, token_until timestamptz,
    CONSTRAINT rest_sources_pkey PRIMARY KEY (firm_id, feed_id),
    CONSTRAINT rest_sources_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id)
);
CREATE TABLE rest_spent (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, minute timestamptz NOT NULL, calls integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    CONSTRAINT rest_spent_pkey PRIMARY KEY (firm_id, feed_id, minute),
    CONSTRAINT rest_spent_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id)
);
CREATE TABLE rest_persons (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, digest bytea NOT NULL, person bytea, noticed_at timestamptz, day date,
    asked integer DEFAULT 0 NOT NULL,
    CONSTRAINT rest_persons_pkey PRIMARY KEY (firm_id, feed_id, digest),
    CONSTRAINT rest_persons_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id)
)
"""
