"""Answers to notices, notices that come again, supervisors, and firms' own escalation."""

from alembic import op

from gateway.db.security import WALLED_CLIENTS, allow, isolate, outside, wall

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    op.execute(NOTICES)
    op.execute(STAFF)
    op.execute(allow("SELECT (supervisor_id)", "staff"))
    op.execute(TABLES)
    for table in ("notice_answers", "escalation_policies"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute(wall("notice_answers", outside("client_id", WALLED_CLIENTS), "SELECT"))
    op.execute(
        "CREATE POLICY walls_of_partners ON notice_answers AS RESTRICTIVE FOR SELECT TO gateway_app"
        " USING (EXISTS (SELECT FROM clients c WHERE c.firm_id = notice_answers.firm_id"
        " AND c.id = notice_answers.client_id))"
    )


NOTICES = """
ALTER TABLE notices
    ADD COLUMN again integer DEFAULT 0 NOT NULL,
    ADD COLUMN needs_answer boolean DEFAULT false NOT NULL,
    ADD COLUMN snoozed_until timestamptz,
    DROP CONSTRAINT notices_key,
    ADD CONSTRAINT notices_key
        UNIQUE NULLS NOT DISTINCT (firm_id, document_id, expires_on, lead, step, staff_id, channel, again);
CREATE INDEX notices_unplanned ON notices (firm_id, document_id) WHERE state = 'waiting' AND dispatch_id IS NULL
"""

STAFF = """
ALTER TABLE staff
    ADD COLUMN supervisor_id uuid,
    ADD CONSTRAINT staff_supervisor_id_fkey FOREIGN KEY (firm_id, supervisor_id) REFERENCES staff (firm_id, id),
    ADD CONSTRAINT staff_supervisor_check CHECK (supervisor_id <> id)
"""

TABLES = """
CREATE TABLE notice_answers (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, notice_id uuid NOT NULL, client_id uuid NOT NULL,
    document_id uuid NOT NULL, expires_on date NOT NULL, lead integer NOT NULL, kind text NOT NULL, until timestamptz,
    by_kind text NOT NULL, by text NOT NULL, via text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT notice_answers_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT notice_answers_notice_id_fkey FOREIGN KEY (firm_id, notice_id) REFERENCES notices (firm_id, id),
    CONSTRAINT notice_answers_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT notice_answers_document_id_fkey FOREIGN KEY (firm_id, document_id) REFERENCES documents (firm_id, id),
    CONSTRAINT notice_answers_kind_check CHECK (kind IN ('acknowledge', 'snooze')),
    CONSTRAINT notice_answers_until_check CHECK ((kind = 'snooze') = (until IS NOT NULL))
);
CREATE UNIQUE INDEX notice_answers_acknowledged ON notice_answers (firm_id, document_id, expires_on, lead)
    WHERE kind = 'acknowledge' AND by_kind <> 'client';
CREATE INDEX notice_answers_of ON notice_answers (firm_id, document_id, expires_on, lead);

CREATE TABLE escalation_policies (
    firm_id uuid NOT NULL, chain text[] NOT NULL, at_least integer[] NOT NULL, days integer[] NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT escalation_policies_pkey PRIMARY KEY (firm_id),
    CONSTRAINT escalation_policies__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT escalation_policies_bands_check CHECK (cardinality(at_least) = cardinality(days))
)
"""
