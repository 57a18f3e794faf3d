"""Partners' API keys and OAuth2 clients, and the one function by which a caller is found before a firm is known."""

from alembic import op

from gateway.db.cluster import APP, OWNER, SYSTEM
from gateway.db.security import allow, isolate

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(CREDENTIALS)
    for statement in isolate("credentials"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE", "credentials"))
    # the function runs as the owner, whom forced row-level security shows nothing otherwise
    for table in ("firms", "partners", "credentials"):
        op.execute(f"CREATE POLICY sign_in ON {table} FOR SELECT TO {OWNER} USING (true)")
    op.execute(SIGN_IN)
    op.execute("REVOKE ALL ON FUNCTION sign_in(bytea) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION sign_in(bytea) TO {APP}, {SYSTEM}")


CREDENTIALS = """
CREATE TABLE credentials (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, kind text NOT NULL,
    name text NOT NULL, prefix text NOT NULL, digest bytea NOT NULL, scopes text[] NOT NULL, created_by text NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz, revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT credentials_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT credentials_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT credentials_prefix_key UNIQUE (prefix),
    CONSTRAINT credentials_digest_key UNIQUE (digest),
    CONSTRAINT credentials_kind_check CHECK (kind IN ('api_key', 'oauth_client'))
)
"""

# Whoever holds the secret is the caller: nothing about credentials can be learned without one.
SIGN_IN = """
CREATE FUNCTION sign_in(proof bytea) RETURNS TABLE (
    firm_id uuid, partner_id uuid, credential_id uuid, kind text, partner text, time_zone text, rate_tier text,
    name text, scopes text[], is_idle boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT c.firm_id, c.partner_id, c.id, c.kind, p.slug, p.time_zone, p.rate_tier, c.name, c.scopes,
           c.last_used_at IS NULL OR c.last_used_at < gateway_now() - interval '1 minute'
    FROM credentials c
    JOIN partners p ON p.firm_id = c.firm_id AND p.id = c.partner_id AND p.status = 'active'
    JOIN firms f ON f.id = c.firm_id AND f.status = 'active'
    WHERE c.digest = proof AND c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > gateway_now());
END;
COMMENT ON FUNCTION sign_in(bytea) IS 'the live credential whose secret has this SHA-256'
"""
