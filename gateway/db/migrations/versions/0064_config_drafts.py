"""Settings of partners that somebody is still working at, with the sample that they are made for."""

from alembic import op

from gateway.db.security import WALLED_PARTNERS, allow, isolate, outside, wall

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    op.execute(TABLE)
    for one in isolate("config_drafts"):
        op.execute(one)
    op.execute(wall("config_drafts", outside("partner_id", WALLED_PARTNERS)))
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "config_drafts"))


TABLE = """
CREATE TABLE config_drafts (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, slug text NOT NULL, partner_id uuid,
    source bytea NOT NULL, proposal bytea, sample_name text, sample bytea, version integer DEFAULT 1 NOT NULL,
    opened_by text NOT NULL, opened_at timestamptz DEFAULT gateway_now() NOT NULL,
    changed_by text NOT NULL, changed_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT config_drafts_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT config_drafts__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT config_drafts_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT config_drafts_firm_id_slug_key UNIQUE (firm_id, slug),
    CONSTRAINT config_drafts_sample_check CHECK ((sample IS NULL) = (sample_name IS NULL))
)
"""
