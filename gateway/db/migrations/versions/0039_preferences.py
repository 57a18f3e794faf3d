"""How people want to be told: preferences, quiet hours, opt-outs, budgets; what the gate let through, by time."""

from alembic import op

from gateway.db.security import WALLED_CLIENTS, allow, isolate, outside, wall

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("notice_preferences", "quiet_hours", "opt_outs", "notice_budgets"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute(wall("opt_outs", outside("client_id", WALLED_CLIENTS), "SELECT"))
    # of the partner's people as well: as far as whoever works sees the client, by its own policies
    op.execute(
        "CREATE POLICY walls_of_partners ON opt_outs AS RESTRICTIVE FOR SELECT TO gateway_app"
        " USING (client_id IS NULL OR EXISTS"
        " (SELECT FROM clients c WHERE c.firm_id = opt_outs.firm_id AND c.id = opt_outs.client_id))"
    )


TABLES = """
CREATE TABLE notice_preferences (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid, doc_type text, channel text NOT NULL,
    pace text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT notice_preferences_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT notice_preferences__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT notice_preferences_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT notice_preferences_key UNIQUE NULLS NOT DISTINCT (firm_id, staff_id, doc_type, channel),
    CONSTRAINT notice_preferences_pace_check CHECK (pace IN ('immediate', 'daily', 'weekly', 'off'))
);

CREATE TABLE quiet_hours (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid, begins time NOT NULL, ends time NOT NULL,
    working_days integer[] NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT quiet_hours_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT quiet_hours__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT quiet_hours_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT quiet_hours_key UNIQUE NULLS NOT DISTINCT (firm_id, staff_id),
    CONSTRAINT quiet_hours_days_check CHECK (cardinality(working_days) > 0 AND working_days <@ '{1,2,3,4,5,6,7}')
);

CREATE TABLE opt_outs (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, channel text NOT NULL, staff_id uuid, client_id uuid,
    partner_id uuid, contact text, how text NOT NULL, by text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL, ended_at timestamptz, ended_how text, ended_by text,
    CONSTRAINT opt_outs_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT opt_outs_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT opt_outs_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT opt_outs_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT opt_outs_how_check CHECK (how IN ('stop_word', 'one_click', 'staff', 'provider')),
    CONSTRAINT opt_outs_ended_how_check CHECK (ended_how IN ('start_word', 'staff')),
    CONSTRAINT opt_outs_ended_check CHECK ((ended_at IS NULL) = (ended_how IS NULL)),
    CONSTRAINT opt_outs_somebody_check CHECK (num_nonnulls(staff_id, client_id, contact) = 1),
    CONSTRAINT opt_outs_contact_check CHECK ((contact IS NULL) = (partner_id IS NULL))
);
CREATE UNIQUE INDEX opt_outs_standing ON opt_outs (firm_id, channel, staff_id, client_id, partner_id, contact)
    NULLS NOT DISTINCT WHERE ended_at IS NULL;
CREATE INDEX opt_outs_of_client ON opt_outs (firm_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE notice_budgets (
    firm_id uuid NOT NULL, channel text NOT NULL, kind text NOT NULL, a_day integer,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT notice_budgets_pkey PRIMARY KEY (firm_id, channel, kind),
    CONSTRAINT notice_budgets__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT notice_budgets_kind_check CHECK (kind IN ('staff', 'client', 'contact')),
    CONSTRAINT notice_budgets_a_day_check CHECK (a_day > 0)
);

CREATE INDEX gate_decisions_sent ON gate_decisions (firm_id, at) WHERE verdict = 'send'
"""
