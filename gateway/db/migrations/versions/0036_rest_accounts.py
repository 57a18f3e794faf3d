"""Accounts at providers of HRIS systems, which feeds share; the trail of a list's pages; versions of records."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("rest_accounts", "rest_versions"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    # who is asked next notes the account; breakers begin anew, and what was spent stays with the feeds
    op.execute("""
        ALTER TABLE rest_sources ADD COLUMN account text, ADD COLUMN poll_trail jsonb, ADD COLUMN history_trail jsonb,
            DROP COLUMN paused_until
    """)
    op.execute("UPDATE rest_sources SET failures = 0, opened_at = NULL")


TABLES = """
CREATE TABLE rest_accounts (
    firm_id uuid NOT NULL, partner_id uuid NOT NULL, account text NOT NULL, hourly integer, daily integer,
    paused_until timestamptz, failures integer DEFAULT 0 NOT NULL, opened_at timestamptz,
    CONSTRAINT rest_accounts_pkey PRIMARY KEY (firm_id, partner_id, account),
    CONSTRAINT rest_accounts_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id)
);
CREATE TABLE rest_versions (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, digest bytea NOT NULL, changed_at timestamptz NOT NULL,
    CONSTRAINT rest_versions_pkey PRIMARY KEY (firm_id, feed_id, digest),
    CONSTRAINT rest_versions_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id)
)
"""
