-- Whose password is to be tried, asked before any firm is known: one address may have accounts in several. It runs as
-- the owner, whom the policies named sign_in let read staff, sessions and firms of all firms; it writes nothing. It
-- tells hashes, so only the role that signs people in may call it, and that role may do nothing else.
CREATE OR REPLACE FUNCTION accounts_of(address text, came_from text) RETURNS TABLE (
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
COMMENT ON FUNCTION accounts_of IS
    'the people who may sign in with an e-mail address, and whether they did so lately from this network address';
REVOKE ALL ON FUNCTION accounts_of FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION accounts_of TO gateway_sign_in;
