-- From where people lately signed in, asked before any firm is known, so that a flood of strangers keeps nobody out of
-- their usual places. It runs as the owner, whom the policies named sign_in let read sessions and firms of all firms; it
-- writes nothing, and says neither who it was nor at which firm. Only the role that signs people in may call it.
CREATE OR REPLACE FUNCTION usual_places() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT DISTINCT s.origin FROM sessions s
    JOIN firms f ON f.id = s.firm_id AND f.status = 'active'
    WHERE s.created_at > gateway_now() - interval '30 days';
END;
COMMENT ON FUNCTION usual_places IS 'network addresses from which staff of any firm signed in within 30 days';
REVOKE ALL ON FUNCTION usual_places FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION usual_places TO gateway_sign_in;
