"""Sessions of staff, access tokens of partners, the keys that sign, and the tries of those who guess."""

from alembic import op

from gateway.db.cluster import APP, OWNER, SYSTEM
from gateway.db.security import allow, isolate

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("sessions", "access_tokens"):
        for statement in isolate(table):
            op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "sessions"))
    op.execute(allow("SELECT, INSERT, DELETE", "access_tokens"))
    # of no firm, so the system's alone
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON signing_keys TO {SYSTEM}")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_tries TO {SYSTEM}")
    # the functions run as the owner, whom forced row-level security shows nothing otherwise
    for table in ("staff", "sessions", "access_tokens"):
        op.execute(f"CREATE POLICY sign_in ON {table} FOR SELECT TO {OWNER} USING (true)")
    op.execute("DROP FUNCTION sign_in(bytea)")
    op.execute(SIGN_IN)
    op.execute(ACCOUNTS_OF)
    for function in ("sign_in(bytea)", "accounts_of(text, text)"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APP}, {SYSTEM}")


TABLES = """
CREATE TABLE sessions (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid NOT NULL, csrf_digest bytea NOT NULL,
    origin text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT sessions_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT sessions_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id)
);
CREATE INDEX sessions_firm_id_staff_id_origin_idx ON sessions (firm_id, staff_id, origin);

CREATE TABLE access_tokens (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, credential_id uuid NOT NULL, digest bytea NOT NULL,
    scopes text[] NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz NOT NULL,
    CONSTRAINT access_tokens_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT access_tokens_credential_id_fkey FOREIGN KEY (firm_id, credential_id)
        REFERENCES credentials (firm_id, id),
    CONSTRAINT access_tokens_digest_key UNIQUE (digest)
);
CREATE INDEX access_tokens_firm_id_credential_id_expires_at_idx ON access_tokens (firm_id, credential_id, expires_at);

CREATE TABLE signing_keys (
    id uuid DEFAULT uuidv7() NOT NULL, wrapped_key bytea NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, ends_at timestamptz,
    CONSTRAINT signing_keys_pkey PRIMARY KEY (id)
);

CREATE TABLE sign_in_tries (
    digest bytea NOT NULL, tries integer NOT NULL, last_at timestamptz NOT NULL, blocked_until timestamptz,
    CONSTRAINT sign_in_tries_pkey PRIMARY KEY (digest)
);
CREATE INDEX sign_in_tries_last_at_idx ON sign_in_tries (last_at);

CREATE INDEX staff_email_idx ON staff (email)
"""

# Whoever holds the secret is the caller: nothing about credentials can be learned without one. An access token is good
# as long as the OAuth client that fetched it is.
SIGN_IN = """
CREATE FUNCTION sign_in(proof bytea) RETURNS TABLE (
    firm_id uuid, partner_id uuid, credential_id uuid, kind text, prefix text, partner text, time_zone text,
    rate_tier text, name text, scopes text[], is_idle boolean, limits jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT c.firm_id, c.partner_id, c.id, found.kind, c.prefix, p.slug, p.time_zone, p.rate_tier, c.name, found.scopes,
           c.last_used_at IS NULL OR c.last_used_at < gateway_now() - interval '1 minute',
           (SELECT jsonb_object_agg(tier, windows) FROM (
                SELECT l.tier, jsonb_object_agg(l."window", l.most) AS windows FROM rate_limits l
                WHERE l.firm_id = c.firm_id AND l.tier IN (p.rate_tier, 'firm') GROUP BY l.tier) own)
    FROM (
        SELECT k.firm_id, k.id, k.kind, k.scopes FROM credentials k WHERE k.digest = proof
        UNION ALL
        SELECT t.firm_id, t.credential_id, 'access_token', t.scopes FROM access_tokens t
        WHERE t.digest = proof AND t.expires_at > gateway_now()
    ) found
    JOIN credentials c ON c.firm_id = found.firm_id AND c.id = found.id
    JOIN partners p ON p.firm_id = c.firm_id AND p.id = c.partner_id AND p.status = 'active'
    JOIN firms f ON f.id = c.firm_id AND f.status = 'active'
    WHERE c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > gateway_now());
END;
COMMENT ON FUNCTION sign_in(bytea) IS 'the live credential, or access token, whose secret has this SHA-256'
"""

ACCOUNTS_OF = """
CREATE FUNCTION accounts_of(address text, came_from text) RETURNS TABLE (
    firm_id uuid, firm text, staff_id uuid, email text, password_hash text, was_here boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT m.firm_id, f.slug, m.id, m.email, m.password_hash,
           EXISTS (SELECT FROM sessions s WHERE s.firm_id = m.firm_id AND s.staff_id = m.id AND s.origin = came_from
                   AND s.created_at > gateway_now() - interval '30 days')
    FROM staff m
    JOIN firms f ON f.id = m.firm_id AND f.status = 'active'
    WHERE m.email = address AND m.active AND m.password_hash IS NOT NULL;
END;
COMMENT ON FUNCTION accounts_of(text, text) IS
    'the people who may sign in with an e-mail address, and whether they did so lately from this network address'
"""
