"""Firms' own words of messages, version by version."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute(TABLE)
    for statement in isolate("message_texts"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT", "message_texts"))


TABLE = """
CREATE TABLE message_texts (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, name text NOT NULL, form text NOT NULL,
    version integer NOT NULL, source text, created_by text NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT message_texts_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT message_texts__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT message_texts_key UNIQUE (firm_id, name, form, version),
    CONSTRAINT message_texts_form_check CHECK (form IN ('subject', 'text', 'html', 'short'))
)
"""
