"""Drafts of repairs to rejected rows."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    for table, statement in TABLES.items():
        op.execute(statement)
        for one in isolate(table):
            op.execute(one)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute("CREATE UNIQUE INDEX repairs_open ON repairs (firm_id, import_id) WHERE state = 'open'")
    op.execute(
        "CREATE UNIQUE INDEX repair_rules_one ON repair_rules (firm_id, repair_id, column_name, code, old)"
        " NULLS NOT DISTINCT"
    )


TABLES = {
    "repairs": """
CREATE TABLE repairs (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, import_id uuid NOT NULL,
    state text DEFAULT 'open' NOT NULL, opened_by text NOT NULL,
    opened_at timestamptz DEFAULT gateway_now() NOT NULL, changed_at timestamptz DEFAULT gateway_now() NOT NULL,
    sent jsonb DEFAULT '[]' NOT NULL,
    CONSTRAINT repairs_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT repairs_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT repairs_state_check CHECK (state IN ('open', 'sent', 'dropped'))
)
""",
    "repair_cells": """
CREATE TABLE repair_cells (
    firm_id uuid NOT NULL, repair_id uuid NOT NULL, place integer NOT NULL, number integer NOT NULL,
    value bytea NOT NULL, by text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT repair_cells_pkey PRIMARY KEY (firm_id, repair_id, place, number),
    CONSTRAINT repair_cells_repair_id_fkey FOREIGN KEY (firm_id, repair_id) REFERENCES repairs (firm_id, id)
)
""",
    "repair_rules": """
CREATE TABLE repair_rules (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, repair_id uuid NOT NULL, column_name text NOT NULL,
    code text NOT NULL, old text, value bytea NOT NULL, by text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT repair_rules_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT repair_rules_repair_id_fkey FOREIGN KEY (firm_id, repair_id) REFERENCES repairs (firm_id, id)
)
""",
}
