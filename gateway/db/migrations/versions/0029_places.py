"""Places where we look for files, what is remembered of the files there, and feeds that kept silent."""

from alembic import op

from gateway.db.cluster import SYSTEM
from gateway.db.security import allow, isolate

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("places", "place_files", "feed_alarms"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE", table))
    op.execute(allow("DELETE", "place_files"))
    op.execute(f"GRANT DELETE ON feed_alarms TO {SYSTEM}")


TABLES = """
CREATE TABLE places (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, place text NOT NULL,
    via text NOT NULL, in_force boolean DEFAULT true NOT NULL, due_at timestamptz, looked_at timestamptz,
    listed integer DEFAULT 0 NOT NULL, failures integer DEFAULT 0 NOT NULL, failing_since timestamptz, code text,
    error text, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT places_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT places_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT places_firm_id_partner_id_place_key UNIQUE (firm_id, partner_id, place)
);
CREATE INDEX places_due ON places (due_at) WHERE in_force;

CREATE TABLE place_files (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, place_id uuid NOT NULL, key text NOT NULL,
    name text NOT NULL, size bigint NOT NULL, mark text NOT NULL, looks integer DEFAULT 1 NOT NULL,
    first_seen_at timestamptz DEFAULT gateway_now() NOT NULL, steady_since timestamptz DEFAULT gateway_now() NOT NULL,
    seen_at timestamptz DEFAULT gateway_now() NOT NULL, turn integer DEFAULT 0 NOT NULL, sha256 text, taken_mark text,
    done_mark text, import_id uuid, taken_at timestamptz, settled_at timestamptz, waits text,
    CONSTRAINT place_files_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT place_files_place_id_fkey FOREIGN KEY (firm_id, place_id) REFERENCES places (firm_id, id),
    CONSTRAINT place_files_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT place_files_firm_id_place_id_key_key UNIQUE (firm_id, place_id, key)
);
CREATE INDEX place_files_waiting ON place_files (firm_id, place_id) WHERE waits IS NOT NULL;

CREATE TABLE feed_alarms (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, feed_id uuid, place_id uuid,
    kind text NOT NULL, due_on date, said jsonb DEFAULT '{}' NOT NULL,
    raised_at timestamptz DEFAULT gateway_now() NOT NULL, cleared_at timestamptz, told_at timestamptz,
    CONSTRAINT feed_alarms_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT feed_alarms_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT feed_alarms_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id),
    CONSTRAINT feed_alarms_place_id_fkey FOREIGN KEY (firm_id, place_id) REFERENCES places (firm_id, id),
    CONSTRAINT feed_alarms_firm_id_feed_id_kind_due_on_key UNIQUE (firm_id, feed_id, kind, due_on)
);
CREATE UNIQUE INDEX feed_alarms_one_of_a_place ON feed_alarms (firm_id, place_id)
    WHERE place_id IS NOT NULL AND cleared_at IS NULL
"""
