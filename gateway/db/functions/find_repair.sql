-- Which rejected rows somebody may repair who shows this, asked before any firm is known: what stands in a link, or what
-- a browser was given that opened one (visit_id). It runs as the owner, whom the policies named by_address and sign_in let
-- read repair_links, repair_visits, partners and firms of all firms; it writes nothing. Nothing can be learned without the
-- token: its SHA-256 is what is kept. A link to a partner that was deactivated is none.
CREATE OR REPLACE FUNCTION find_repair(proof bytea) RETURNS TABLE (
    firm_id uuid, link_id uuid, visit_id uuid, import_id uuid, partner_id uuid, partner text, firm text, time_zone text,
    expires_at timestamptz, openings integer, asked_at timestamptz, ended_at timestamptz, ended_code text,
    rows_sent integer, rows_left integer
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    WITH shown AS (
        SELECT l.firm_id, l.id AS link_id, NULL::uuid AS visit_id FROM repair_links l WHERE l.digest = proof
        UNION ALL
        SELECT v.firm_id, v.link_id, v.id FROM repair_visits v WHERE v.digest = proof AND v.expires_at > gateway_now()
    )
    SELECT l.firm_id, l.id, s.visit_id, l.import_id, l.partner_id, p.slug, f.name, f.time_zone, l.expires_at, l.openings,
           l.asked_at, l.ended_at, l.ended_code, l.rows_sent, l.rows_left
    FROM shown s
    JOIN repair_links l ON l.firm_id = s.firm_id AND l.id = s.link_id
    JOIN firms f ON f.id = l.firm_id AND f.status = 'active'
    JOIN partners p ON p.firm_id = l.firm_id AND p.id = l.partner_id AND p.status = 'active';
END;
COMMENT ON FUNCTION find_repair IS 'the link to rejected rows whose token, or whose visitor''s token, has this SHA-256';
REVOKE ALL ON FUNCTION find_repair FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION find_repair TO gateway_app, gateway_system;
