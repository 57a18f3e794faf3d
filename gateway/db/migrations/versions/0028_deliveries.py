"""Deliveries: lines, the parcels that leave on them, and every attempt at one."""

from alembic import op

from gateway.db.security import SCREENED_PARTNERS, WALLED_PARTNERS, allow, isolate, outside, wall

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("delivery_lines", "parcels", "parcel_attempts"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE", "delivery_lines"))
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "parcels"))
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "parcel_attempts"))
    op.execute(wall("delivery_lines", outside("partner_id", WALLED_PARTNERS), "SELECT"))
    # a parcel may name anybody of the partner's, so whoever is walled off from one of them sees none of it
    unseen = " AND ".join(outside("partner_id", walled) for walled in (WALLED_PARTNERS, SCREENED_PARTNERS))
    op.execute(wall("parcels", unseen, "SELECT"))
    op.execute(wall("parcel_attempts", _PARCEL, "SELECT"))


# as far as whoever works sees the parcel, by its own policies
_PARCEL = (
    "EXISTS (SELECT FROM parcels p WHERE p.firm_id = parcel_attempts.firm_id AND p.id = parcel_attempts.parcel_id)"
)

TABLES = """
CREATE TABLE delivery_lines (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, name text NOT NULL,
    schedule text, scheduled_to timestamptz, last_id uuid, next_at timestamptz, failing_since timestamptz,
    failures integer DEFAULT 0 NOT NULL, warned integer DEFAULT 0 NOT NULL, disabled_at timestamptz,
    disabled_code text, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT delivery_lines_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT delivery_lines_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT delivery_lines_firm_id_partner_id_name_key UNIQUE (firm_id, partner_id, name)
);

CREATE TABLE parcels (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, line_id uuid NOT NULL,
    cause text NOT NULL, due_at timestamptz, import_id uuid, event_seq bigint, part integer DEFAULT 0 NOT NULL,
    state text DEFAULT 'waiting' NOT NULL, name text, media_type text, size bigint, sha256 text, storage_key text,
    edition integer DEFAULT 1 NOT NULL, steps integer DEFAULT 0 NOT NULL, attempts integer DEFAULT 0 NOT NULL,
    next_at timestamptz, created_at timestamptz DEFAULT gateway_now() NOT NULL, ended_at timestamptz,
    destroyed_at timestamptz,
    CONSTRAINT parcels_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT parcels_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT parcels_line_id_fkey FOREIGN KEY (firm_id, line_id) REFERENCES delivery_lines (firm_id, id),
    CONSTRAINT parcels_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT parcels_state_check CHECK (state IN ('waiting', 'sent', 'dead')),
    CONSTRAINT parcels_cause_check CHECK (cause IN ('schedule', 'import', 'event'))
);
CREATE INDEX parcels_waiting ON parcels (firm_id, line_id, id) WHERE state = 'waiting';
CREATE INDEX parcels_created ON parcels (firm_id, created_at, id);
CREATE INDEX parcels_of_a_line ON parcels (firm_id, line_id, id);
CREATE INDEX parcels_ended ON parcels (ended_at) WHERE destroyed_at IS NULL;
CREATE INDEX parcels_stored ON parcels (firm_id, storage_key) WHERE storage_key IS NOT NULL;

CREATE TABLE parcel_attempts (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, parcel_id uuid NOT NULL, number integer NOT NULL,
    begun_at timestamptz DEFAULT gateway_now() NOT NULL, outcome text DEFAULT 'sending' NOT NULL, code text,
    answer text, seconds double precision,
    CONSTRAINT parcel_attempts_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT parcel_attempts_parcel_id_fkey FOREIGN KEY (firm_id, parcel_id) REFERENCES parcels (firm_id, id),
    CONSTRAINT parcel_attempts_firm_id_parcel_id_number_key UNIQUE (firm_id, parcel_id, number),
    CONSTRAINT parcel_attempts_outcome_check
        CHECK (outcome IN ('sending', 'delivered', 'declined', 'unreachable', 'closed', 'lost'))
)
"""
