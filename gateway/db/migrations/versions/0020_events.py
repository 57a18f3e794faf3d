"""Events: facts that subscribers act on, in order for each partner, and how far each subscriber has come."""

from alembic import op

from gateway.db.cluster import SYSTEM
from gateway.db.security import allow, isolate

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("events", "event_cursors"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(allow("SELECT, INSERT", "events"))
    op.execute(f"GRANT DELETE ON events TO {SYSTEM}")
    op.execute(allow("SELECT, INSERT, UPDATE", "event_cursors"))


TABLES = """
CREATE TABLE events (
    firm_id uuid NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL, partner_id uuid NOT NULL, import_id uuid, kind text NOT NULL,
    records uuid[] DEFAULT '{}' NOT NULL, said jsonb DEFAULT '{}' NOT NULL,
    CONSTRAINT events_pkey PRIMARY KEY (firm_id, seq),
    CONSTRAINT events_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT events_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id)
);
CREATE INDEX events_in_order ON events (firm_id, partner_id, seq);
CREATE INDEX events_at ON events (at);

CREATE TABLE event_cursors (
    firm_id uuid NOT NULL, subscriber text NOT NULL, partner_id uuid NOT NULL, seq bigint NOT NULL,
    CONSTRAINT event_cursors_pkey PRIMARY KEY (firm_id, subscriber, partner_id),
    CONSTRAINT event_cursors_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id)
)
"""
