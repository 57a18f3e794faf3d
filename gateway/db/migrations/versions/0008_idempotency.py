"""Answers that are given again when a request is sent again."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(KEYS)
    for statement in isolate("idempotency_keys"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, DELETE", "idempotency_keys"))


KEYS = """
CREATE TABLE idempotency_keys (
    firm_id uuid NOT NULL, caller_id uuid NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL,
    status integer NOT NULL, headers jsonb DEFAULT '{}' NOT NULL, body bytea NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (firm_id, caller_id, key),
    CONSTRAINT idempotency_keys__fkey FOREIGN KEY (firm_id) REFERENCES firms (id)
)
"""
