"""What a firm wants of language models: whom to ask, and what it may cost."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    op.execute(TABLE)
    for statement in isolate("model_policies"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT", "model_policies"))


TABLE = """
CREATE TABLE model_policies (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, version integer NOT NULL,
    settings jsonb DEFAULT '{}' NOT NULL, by text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT model_policies_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT model_policies__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT model_policies_firm_id_version_key UNIQUE (firm_id, version)
)
"""
