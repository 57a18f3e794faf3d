-- Where a short link leads, asked by anybody and before any firm is known. It runs as the owner, whom the policies named
-- by_address and sign_in let read short_links and firms of all firms; it writes nothing. Whoever knows a code learns its
-- target, which is what a short link is for. It also says which day it is at the firm, for whoever counts.
CREATE OR REPLACE FUNCTION follow_link(asked text) RETURNS TABLE (
    firm_id uuid, link_id uuid, target text, is_open boolean, today date
) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT l.firm_id, l.id, l.target,
           l.disabled_at IS NULL AND (l.expires_at IS NULL OR l.expires_at > gateway_now()),
           (gateway_now() AT TIME ZONE f.time_zone)::date
    FROM short_links l
    JOIN firms f ON f.id = l.firm_id AND f.status = 'active'
    WHERE l.code = asked;
END;
COMMENT ON FUNCTION follow_link IS 'the short link with this code: where it leads, and whether it still does';
REVOKE ALL ON FUNCTION follow_link FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION follow_link TO PUBLIC;
