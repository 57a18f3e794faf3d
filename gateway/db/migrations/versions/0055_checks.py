"""Eligibility checks: what was asked and heard, what follows, what attorneys say of it, and what calls took."""

from alembic import op

from gateway.db.security import UNWALLED, allow, isolate, wall

revision = "0055"
down_revision = "0054"

OF_PERSONS = ("eligibility_checks", "recommendations", "reviews")


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    for table in (*OF_PERSONS, "llm_calls"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    for table in OF_PERSONS:
        person = f"EXISTS (SELECT FROM clients c WHERE c.firm_id = {table}.firm_id AND c.id = {table}.client_id)"
        op.execute(wall(table, f"{UNWALLED} OR {person}"))


_OWN = "firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL"
TABLES = (
    f"""
CREATE TABLE eligibility_checks (
    {_OWN}, client_id uuid NOT NULL, visas text[] NOT NULL, tier text NOT NULL, as_of date NOT NULL,
    profile jsonb NOT NULL, digest text NOT NULL, rules text NOT NULL, key text NOT NULL,
    policy_version integer NOT NULL, state text DEFAULT 'open' NOT NULL, heard jsonb, claims jsonb, dropped jsonb,
    provider text, model text, prompt text, problems text[] DEFAULT '{{}}' NOT NULL,
    is_degraded boolean DEFAULT false NOT NULL, cached_from uuid, error_code text, error text,
    by_kind text NOT NULL, by text NOT NULL, asked_at timestamptz DEFAULT gateway_now() NOT NULL,
    ended_at timestamptz,
    CONSTRAINT eligibility_checks_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT eligibility_checks_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT eligibility_checks_cached_from_fkey
        FOREIGN KEY (firm_id, cached_from) REFERENCES eligibility_checks (firm_id, id),
    CONSTRAINT eligibility_checks_state_check CHECK (state IN ('open', 'completed', 'failed')),
    CONSTRAINT eligibility_checks_tier_check CHECK (tier IN ('interactive', 'batch'))
)
""",
    "CREATE INDEX eligibility_checks_of_client ON eligibility_checks (firm_id, client_id, asked_at)",
    "CREATE INDEX eligibility_checks_of_asker ON eligibility_checks (firm_id, by, asked_at)",
    "CREATE INDEX eligibility_checks_open ON eligibility_checks (firm_id, asked_at) WHERE state = 'open'",
    f"""
CREATE TABLE recommendations (
    {_OWN}, check_id uuid NOT NULL, client_id uuid NOT NULL, visa text NOT NULL, score numeric(4, 1),
    told jsonb DEFAULT '{{}}' NOT NULL, review text DEFAULT 'proposed' NOT NULL, version integer DEFAULT 1 NOT NULL,
    CONSTRAINT recommendations_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT recommendations_check_id_fkey
        FOREIGN KEY (firm_id, check_id) REFERENCES eligibility_checks (firm_id, id),
    CONSTRAINT recommendations_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT recommendations_review_check CHECK (review IN ('proposed', 'accepted', 'edited', 'rejected'))
)
""",
    "CREATE UNIQUE INDEX recommendations_firm_id_check_id_visa_idx ON recommendations (firm_id, check_id, visa)",
    f"""
CREATE TABLE reviews (
    {_OWN}, recommendation_id uuid NOT NULL, client_id uuid NOT NULL, number integer NOT NULL, verdict text NOT NULL,
    reason text, edits jsonb DEFAULT '{{}}' NOT NULL, by_kind text NOT NULL, by text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT reviews_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT reviews_recommendation_id_fkey
        FOREIGN KEY (firm_id, recommendation_id) REFERENCES recommendations (firm_id, id),
    CONSTRAINT reviews_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT reviews_verdict_check CHECK (verdict IN ('accepted', 'edited', 'rejected'))
)
""",
    "CREATE UNIQUE INDEX reviews_firm_id_recommendation_id_number_idx ON reviews (firm_id, recommendation_id, number)",
    f"""
CREATE TABLE llm_calls (
    {_OWN}, check_id uuid NOT NULL, number integer NOT NULL, sends integer DEFAULT 1 NOT NULL, provider text NOT NULL,
    model text NOT NULL, prompt text, is_repair boolean DEFAULT false NOT NULL, tokens_in integer DEFAULT 0 NOT NULL,
    tokens_out integer DEFAULT 0 NOT NULL, cost numeric(12, 6), took_ms integer, outcome text DEFAULT 'begun' NOT NULL,
    code text, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT llm_calls_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT llm_calls_check_id_fkey FOREIGN KEY (firm_id, check_id) REFERENCES eligibility_checks (firm_id, id)
)
""",
    "CREATE UNIQUE INDEX llm_calls_firm_id_check_id_number_idx ON llm_calls (firm_id, check_id, number)",
    "CREATE INDEX llm_calls_firm_id_at_idx ON llm_calls (firm_id, at)",
)
