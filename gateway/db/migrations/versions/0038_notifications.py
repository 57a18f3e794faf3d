"""What is told to people: notifications, dispatches, attempts, what the gate said; notices leave with a dispatch."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(NOTICES)
    for table in ("notifications", "dispatches", "dispatch_attempts", "gate_decisions"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))


TABLES = """
CREATE TABLE notifications (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, kind text NOT NULL, template text NOT NULL,
    priority text DEFAULT 'normal' NOT NULL, key text, partner_id uuid, data bytea, created_by text NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT notifications_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT notifications__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT notifications_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT notifications_key UNIQUE (firm_id, key),
    CONSTRAINT notifications_priority_check CHECK (priority IN ('critical', 'urgent', 'normal', 'low'))
);

CREATE TABLE dispatches (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, notification_id uuid NOT NULL, staff_id uuid,
    client_id uuid, partner_id uuid, contact text, channel text NOT NULL, state text DEFAULT 'waiting' NOT NULL,
    not_before timestamptz DEFAULT gateway_now() NOT NULL, attempts integer DEFAULT 0 NOT NULL,
    is_repeat boolean DEFAULT false NOT NULL, ref text, said bytea, ended_code text, sent_at timestamptz,
    settled_at timestamptz, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT dispatches_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT dispatches_notification_id_fkey
        FOREIGN KEY (firm_id, notification_id) REFERENCES notifications (firm_id, id),
    CONSTRAINT dispatches_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT dispatches_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT dispatches_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT dispatches_key
        UNIQUE NULLS NOT DISTINCT (firm_id, notification_id, staff_id, client_id, partner_id, contact, channel),
    CONSTRAINT dispatches_state_check CHECK (state IN ('waiting', 'attempting', 'sent', 'delivered', 'opened', 'failed',
        'unknown', 'held', 'dead', 'cancelled', 'withheld')),
    CONSTRAINT dispatches_somebody_check CHECK (num_nonnulls(staff_id, client_id, contact) = 1),
    CONSTRAINT dispatches_contact_check CHECK ((contact IS NULL) = (partner_id IS NULL))
);
CREATE INDEX dispatches_waiting ON dispatches (firm_id, not_before) WHERE state = 'waiting';
CREATE INDEX dispatches_open ON dispatches (firm_id, state) WHERE state IN ('attempting', 'unknown', 'held');
CREATE INDEX dispatches_ref ON dispatches (firm_id, channel, ref) WHERE ref IS NOT NULL;

CREATE TABLE dispatch_attempts (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, dispatch_id uuid NOT NULL, number integer NOT NULL,
    outcome text DEFAULT 'sending' NOT NULL, code text, answer text, at timestamptz DEFAULT gateway_now() NOT NULL,
    ended_at timestamptz,
    CONSTRAINT dispatch_attempts_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT dispatch_attempts_dispatch_id_fkey
        FOREIGN KEY (firm_id, dispatch_id) REFERENCES dispatches (firm_id, id),
    CONSTRAINT dispatch_attempts_key UNIQUE (firm_id, dispatch_id, number),
    CONSTRAINT dispatch_attempts_outcome_check CHECK (outcome IN ('sending', 'taken', 'not_now', 'refused', 'lost'))
);

CREATE TABLE gate_decisions (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, dispatch_id uuid NOT NULL, path text NOT NULL,
    verdict text NOT NULL, reason text NOT NULL, until timestamptz, facts jsonb DEFAULT '{}' NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT gate_decisions_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT gate_decisions_dispatch_id_fkey FOREIGN KEY (firm_id, dispatch_id) REFERENCES dispatches (firm_id, id),
    CONSTRAINT gate_decisions_verdict_check CHECK (verdict IN ('send', 'delay', 'stop'))
);
CREATE INDEX gate_decisions_of ON gate_decisions (firm_id, dispatch_id, at)
"""

NOTICES = """
ALTER TABLE notices
    ADD COLUMN step integer DEFAULT 0 NOT NULL,
    ADD COLUMN dispatch_id uuid,
    ADD CONSTRAINT notices_dispatch_id_fkey FOREIGN KEY (firm_id, dispatch_id) REFERENCES dispatches (firm_id, id),
    DROP CONSTRAINT notices_key,
    ADD CONSTRAINT notices_key
        UNIQUE NULLS NOT DISTINCT (firm_id, document_id, expires_on, lead, step, staff_id, channel),
    DROP CONSTRAINT notices_state_check,
    ADD CONSTRAINT notices_state_check CHECK (state IN ('waiting', 'told', 'withheld', 'cancelled')),
    DROP CONSTRAINT notices_role_check,
    ADD CONSTRAINT notices_role_check CHECK (role IN ('attorney', 'paralegal', 'supervisor', 'admin', 'client')),
    DROP CONSTRAINT notices_channel_check;
CREATE INDEX notices_of_dispatch ON notices (firm_id, dispatch_id) WHERE dispatch_id IS NOT NULL
"""
