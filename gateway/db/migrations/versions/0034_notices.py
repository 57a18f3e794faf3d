"""Who is told that a paper ends, and firms' own lead times."""

from alembic import op

from gateway.db.security import WALLED_CLIENTS, allow, isolate, outside, wall

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("notices", "lead_policies"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "notices"))
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "lead_policies"))
    op.execute(wall("notices", outside("client_id", WALLED_CLIENTS), "SELECT"))
    # of the partner's people as well: as far as whoever works sees the client, by its own policies
    op.execute(
        "CREATE POLICY walls_of_partners ON notices AS RESTRICTIVE FOR SELECT TO gateway_app"
        " USING (EXISTS (SELECT FROM clients c WHERE c.firm_id = notices.firm_id AND c.id = notices.client_id))"
    )


TABLES = """
CREATE TABLE notices (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, client_id uuid NOT NULL, document_id uuid NOT NULL,
    expires_on date NOT NULL, lead integer NOT NULL, days_left integer NOT NULL, role text NOT NULL, staff_id uuid,
    channel text NOT NULL, due_on date NOT NULL, state text DEFAULT 'waiting' NOT NULL, ended_code text,
    ended_at timestamptz, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT notices_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT notices_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT notices_document_id_fkey FOREIGN KEY (firm_id, document_id) REFERENCES documents (firm_id, id),
    CONSTRAINT notices_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT notices_key UNIQUE NULLS NOT DISTINCT (firm_id, document_id, expires_on, lead, staff_id, channel),
    CONSTRAINT notices_state_check CHECK (state IN ('waiting', 'cancelled')),
    CONSTRAINT notices_role_check CHECK (role IN ('attorney', 'paralegal', 'admin', 'client')),
    CONSTRAINT notices_channel_check CHECK (channel IN ('email', 'sms')),
    CONSTRAINT notices_somebody_check CHECK ((role = 'client') = (staff_id IS NULL))
);
CREATE INDEX notices_waiting ON notices (firm_id, document_id) WHERE state = 'waiting';

CREATE TABLE lead_policies (
    firm_id uuid NOT NULL, doc_type text NOT NULL, days integer[] NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT lead_policies_pkey PRIMARY KEY (firm_id, doc_type),
    CONSTRAINT lead_policies__fkey FOREIGN KEY (firm_id) REFERENCES firms (id)
)
"""
