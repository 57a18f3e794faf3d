-- By what a partner may log in to the SFTP endpoint, asked before any firm is known: the user name is the partner's slug.
-- It runs as the owner, whom the policies named sign_in let read credentials, partners and firms of all firms; it writes
-- nothing. It tells hashes, so only the role that signs people in may call it, and that role may do nothing else.
CREATE OR REPLACE FUNCTION sftp_logins(login text, came_from text) RETURNS TABLE (
    firm_id uuid, partner_id uuid, partner text, time_zone text, credential_id uuid, kind text, prefix text,
    scopes text[], public_key text, password_hash text, was_here boolean
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT c.firm_id, c.partner_id, p.slug, p.time_zone, c.id, c.kind, c.prefix, c.scopes, c.public_key,
           c.password_hash, came_from = ANY (c.usual_from) AND c.last_used_at > gateway_now() - interval '30 days'
    FROM partners p
    JOIN credentials c ON c.firm_id = p.firm_id AND c.partner_id = p.id AND c.kind IN ('ssh_key', 'sftp_password')
    JOIN firms f ON f.id = p.firm_id AND f.status = 'active'
    WHERE p.slug = login AND p.status = 'active' AND c.revoked_at IS NULL
      AND (c.expires_at IS NULL OR c.expires_at > gateway_now());
END;
COMMENT ON FUNCTION sftp_logins IS
    'the live keys and passwords of a partner for the SFTP endpoint, and whether each was lately used from this address';
REVOKE ALL ON FUNCTION sftp_logins FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION sftp_logins TO gateway_sign_in;
