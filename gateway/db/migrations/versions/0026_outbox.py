"""Files that wait for a partner to fetch them."""

from alembic import op

from gateway.db.security import SCREENED_PARTNERS, WALLED_PARTNERS, allow, isolate, outside, wall

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(TABLES)
    for statement in isolate("outbox_files"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE (fetched_at), DELETE", "outbox_files"))
    # such a file may name anybody of the partner's, so whoever is walled off from one of them sees none of it
    unseen = " AND ".join(outside("partner_id", walled) for walled in (WALLED_PARTNERS, SCREENED_PARTNERS))
    op.execute(wall("outbox_files", unseen, "SELECT"))


TABLES = """
CREATE TABLE outbox_files (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, name text NOT NULL,
    media_type text NOT NULL, sha256 text NOT NULL, size bigint NOT NULL, storage_key text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL, fetched_at timestamptz,
    CONSTRAINT outbox_files_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT outbox_files_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id)
);
CREATE INDEX outbox_files_firm_id_partner_id_at_idx ON outbox_files (firm_id, partner_id, at);
CREATE INDEX outbox_files_storage_key_idx ON outbox_files (firm_id, storage_key)
"""
