"""Messages under the bell, browsers that take pushes, senders of texts and who said STOP."""

from alembic import op

from gateway.db.security import WALLED_CLIENTS, WALLED_PARTNERS, allow, isolate, wall

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("inbox_messages", "inbox_counters", "push_subscriptions", "sms_senders", "sms_stops", "sms_heard"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    unseen = f"NOT clients && {WALLED_CLIENTS} AND NOT partners && {WALLED_PARTNERS}"
    op.execute(wall("inbox_messages", unseen))


TABLES = """
CREATE TABLE inbox_messages (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid NOT NULL, dispatch_id uuid NOT NULL,
    seq bigint NOT NULL, priority text NOT NULL, words bytea NOT NULL, clients uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    partners uuid[] DEFAULT '{}'::uuid[] NOT NULL, read_at timestamptz,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT inbox_messages_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT inbox_messages_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT inbox_messages_dispatch_id_fkey
        FOREIGN KEY (firm_id, dispatch_id) REFERENCES dispatches (firm_id, id) ON DELETE CASCADE,
    CONSTRAINT inbox_messages_seq UNIQUE (firm_id, staff_id, seq),
    CONSTRAINT inbox_messages_dispatch UNIQUE (firm_id, dispatch_id)
);
CREATE INDEX inbox_messages_unread ON inbox_messages (firm_id, staff_id) WHERE read_at IS NULL;

CREATE TABLE inbox_counters (
    firm_id uuid NOT NULL, staff_id uuid NOT NULL, last bigint NOT NULL,
    CONSTRAINT inbox_counters_pkey PRIMARY KEY (firm_id, staff_id),
    CONSTRAINT inbox_counters_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id)
);

CREATE TABLE push_subscriptions (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid NOT NULL, digest bytea NOT NULL,
    browser bytea NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT push_subscriptions_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT push_subscriptions_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT push_subscriptions_firm_id_digest_key UNIQUE (firm_id, digest)
);

CREATE TABLE sms_senders (
    firm_id uuid NOT NULL, sender text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT sms_senders_pkey PRIMARY KEY (firm_id, sender),
    CONSTRAINT sms_senders__fkey FOREIGN KEY (firm_id) REFERENCES firms (id)
);

CREATE TABLE sms_stops (
    firm_id uuid NOT NULL, number bytea NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT sms_stops_pkey PRIMARY KEY (firm_id, number),
    CONSTRAINT sms_stops__fkey FOREIGN KEY (firm_id) REFERENCES firms (id)
);

CREATE TABLE sms_heard (
    firm_id uuid NOT NULL, sid text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT sms_heard_pkey PRIMARY KEY (firm_id, sid),
    CONSTRAINT sms_heard__fkey FOREIGN KEY (firm_id) REFERENCES firms (id)
)
"""
