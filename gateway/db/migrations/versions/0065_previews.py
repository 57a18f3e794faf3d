"""Previews of what an import would do."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    op.execute(TABLE)
    for one in isolate("import_previews"):
        op.execute(one)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "import_previews"))


TABLE = """
CREATE TABLE import_previews (
    firm_id uuid NOT NULL, import_id uuid NOT NULL, of text NOT NULL, state text NOT NULL,
    accepted jsonb, asked_at timestamptz DEFAULT gateway_now() NOT NULL,
    told bytea, reason text, saw timestamptz,
    CONSTRAINT import_previews_pkey PRIMARY KEY (firm_id, import_id, of),
    CONSTRAINT import_previews_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT import_previews_of_check CHECK (of IN ('release', 'repair')),
    CONSTRAINT import_previews_state_check CHECK (state IN ('waiting', 'done', 'failed'))
)
"""
