"""What staff know of people for eligibility checks."""

from alembic import op

from gateway.db.security import UNWALLED, allow, isolate, wall

revision = "0054"
down_revision = "0053"


def upgrade() -> None:
    op.execute(TABLE)
    for statement in isolate("profile_entries"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE (until, ended), DELETE", "profile_entries"))
    seen = (
        "EXISTS (SELECT FROM clients c WHERE c.firm_id = profile_entries.firm_id AND c.id = profile_entries.client_id)"
    )
    op.execute(wall("profile_entries", f"{UNWALLED} OR {seen}"))


TABLE = """
CREATE TABLE profile_entries (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, client_id uuid NOT NULL, kind text NOT NULL,
    number integer NOT NULL, version integer NOT NULL, facts jsonb DEFAULT '{}' NOT NULL, backing text NOT NULL,
    document_id uuid, proof text, by_kind text NOT NULL, by text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL, until timestamptz, ended text,
    CONSTRAINT profile_entries_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT profile_entries_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT profile_entries_document_id_fkey FOREIGN KEY (firm_id, document_id) REFERENCES documents (firm_id, id),
    CONSTRAINT profile_entries_backing_check CHECK (backing IN ('asserted', 'documented', 'corroborated')),
    CONSTRAINT profile_entries_ended_check CHECK (ended IN ('changed', 'withdrawn'))
);
CREATE UNIQUE INDEX profile_entries_current ON profile_entries (firm_id, client_id, kind, number) WHERE until IS NULL;
CREATE UNIQUE INDEX profile_entries_firm_id_client_id_kind_number_version_idx
    ON profile_entries (firm_id, client_id, kind, number, version)
"""
