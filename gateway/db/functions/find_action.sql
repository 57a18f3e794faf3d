-- What a press would do, asked before any firm is known. It runs as the owner, whom the policies named by_address and
-- sign_in let read action_links, staff, partners and firms of all firms; it writes nothing. Nothing can be learned without
-- the token: its SHA-256 is what is kept. A link of somebody who left the firm, or of a partner that was deactivated, is
-- none.
CREATE OR REPLACE FUNCTION find_action(proof bytea) RETURNS TABLE (
    firm_id uuid, link_id uuid, act text, dispatch_id uuid, notice_id uuid, staff_id uuid, client_id uuid, partner_id uuid,
    contact text, is_open boolean, used_at timestamptz, firm text, time_zone text, email text, partner text
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT l.firm_id, l.id, l.act, l.dispatch_id, l.notice_id, l.staff_id, l.client_id, l.partner_id, l.contact,
           l.expires_at > gateway_now(), l.used_at, f.name, f.time_zone, s.email, p.slug
    FROM action_links l
    JOIN firms f ON f.id = l.firm_id AND f.status = 'active'
    LEFT JOIN staff s ON s.firm_id = l.firm_id AND s.id = l.staff_id AND s.active
    LEFT JOIN partners p ON p.firm_id = l.firm_id AND p.id = l.partner_id AND p.status = 'active'
    WHERE l.digest = proof AND (l.staff_id IS NULL OR s.id IS NOT NULL) AND (l.contact IS NULL OR p.id IS NOT NULL);
END;
COMMENT ON FUNCTION find_action IS 'the action link whose token has this SHA-256, and for whom it acts';
REVOKE ALL ON FUNCTION find_action FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION find_action TO gateway_app, gateway_system;
