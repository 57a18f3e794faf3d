"""What firms set of their partners' limits; who signs in brings them along."""

from alembic import op

from gateway.db.cluster import APP, OWNER, SYSTEM
from gateway.db.security import allow, isolate

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(LIMITS)
    for statement in isolate("rate_limits"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "rate_limits"))
    op.execute(f"CREATE POLICY sign_in ON rate_limits FOR SELECT TO {OWNER} USING (true)")
    op.execute("DROP FUNCTION sign_in(bytea)")
    op.execute(SIGN_IN)
    op.execute("REVOKE ALL ON FUNCTION sign_in(bytea) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION sign_in(bytea) TO {APP}, {SYSTEM}")


LIMITS = """
CREATE TABLE rate_limits (
    firm_id uuid NOT NULL, tier text NOT NULL, "window" text NOT NULL, most integer NOT NULL,
    CONSTRAINT rate_limits_pkey PRIMARY KEY (firm_id, tier, "window"),
    CONSTRAINT rate_limits__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT rate_limits_most_check CHECK (most > 0)
)
"""

# As in 0004, and with what the firm set for the partner's tier and for all its partners together.
SIGN_IN = """
CREATE FUNCTION sign_in(proof bytea) RETURNS TABLE (
    firm_id uuid, partner_id uuid, credential_id uuid, kind text, partner text, time_zone text, rate_tier text,
    name text, scopes text[], is_idle boolean, limits jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT c.firm_id, c.partner_id, c.id, c.kind, p.slug, p.time_zone, p.rate_tier, c.name, c.scopes,
           c.last_used_at IS NULL OR c.last_used_at < gateway_now() - interval '1 minute',
           (SELECT jsonb_object_agg(tier, windows) FROM (
                SELECT l.tier, jsonb_object_agg(l."window", l.most) AS windows FROM rate_limits l
                WHERE l.firm_id = c.firm_id AND l.tier IN (p.rate_tier, 'firm') GROUP BY l.tier) own)
    FROM credentials c
    JOIN partners p ON p.firm_id = c.firm_id AND p.id = c.partner_id AND p.status = 'active'
    JOIN firms f ON f.id = c.firm_id AND f.status = 'active'
    WHERE c.digest = proof AND c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > gateway_now());
END;
COMMENT ON FUNCTION sign_in(bytea) IS 'the live credential whose secret has this SHA-256'
"""
