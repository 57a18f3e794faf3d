-- Who calls, asked before any firm is known. It runs as the owner, whom the policies named sign_in let read
-- credentials, access_tokens, partners, firms and rate_limits of all firms; it writes nothing. Whoever holds the secret
-- is the caller: nothing about credentials can be learned without one. An access token is good as long as the OAuth
-- client that fetched it is.
--
-- The caller brings along what the firm set for the tier of the partner, for its files, and for all its partners
-- together.
CREATE OR REPLACE FUNCTION sign_in(proof bytea) RETURNS TABLE (
    firm_id uuid, partner_id uuid, credential_id uuid, kind text, prefix text, partner text, time_zone text,
    rate_tier text, name text, scopes text[], is_idle boolean, limits jsonb
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT c.firm_id, c.partner_id, c.id, found.kind, c.prefix, p.slug, p.time_zone, p.rate_tier, c.name, found.scopes,
           c.last_used_at IS NULL OR c.last_used_at < gateway_now() - interval '1 minute',
           (SELECT jsonb_object_agg(tier, windows) FROM (
                SELECT l.tier, jsonb_object_agg(l."window", l.most) AS windows FROM rate_limits l
                WHERE l.firm_id = c.firm_id AND l.tier IN (p.rate_tier, 'files', 'firm') GROUP BY l.tier) own)
    FROM (
        SELECT k.firm_id, k.id, k.kind, k.scopes FROM credentials k
        WHERE k.digest = proof AND k.kind IN ('api_key', 'oauth_client')
        UNION ALL
        SELECT t.firm_id, t.credential_id, 'access_token', t.scopes FROM access_tokens t
        WHERE t.digest = proof AND t.expires_at > gateway_now()
    ) found
    JOIN credentials c ON c.firm_id = found.firm_id AND c.id = found.id
    JOIN partners p ON p.firm_id = c.firm_id AND p.id = c.partner_id AND p.status = 'active'
    JOIN firms f ON f.id = c.firm_id AND f.status = 'active'
    WHERE c.revoked_at IS NULL AND (c.expires_at IS NULL OR c.expires_at > gateway_now());
END;
COMMENT ON FUNCTION sign_in IS 'the live credential, or access token, whose secret has this SHA-256';
REVOKE ALL ON FUNCTION sign_in FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION sign_in TO gateway_app, gateway_system;
