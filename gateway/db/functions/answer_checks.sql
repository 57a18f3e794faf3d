-- A real-time check in one statement, and so in one round trip: who asks, that they asked, and what is true. It runs as
-- whoever calls it and plays the app, so every row that it meets passes row-level security; a login may call it because
-- it may play the app. It reads clients, marks a credential as used, and writes one entry of the audit log for each
-- that was asked about, known or not, in the same statement: nobody can tell the two apart by the time that it takes,
-- or have the answer without the entry. Nor by what it reads: a row costs its policies, 50 microseconds that ten
-- thousand questions would show, so the next person by key stands in for one whom nobody knows, the first for the last.
-- Both places are looked up each time, and exactly one of them has a row: a look that finds nothing takes time, too.
--
-- Left to itself the planner plans anew at each call, for it guesses ten people where most ask about one: that takes
-- longer than all the rest.
CREATE OR REPLACE FUNCTION answer_checks(
    proof bytea, scope text, came_from text, slugs text[], asked_keys text[], asked_births date[]
) RETURNS TABLE (
    firm_id uuid, partner_id uuid, credential_id uuid, kind text, prefix text, partner text, time_zone text,
    rate_tier text, name text, scopes text[], is_idle boolean, limits jsonb,
    known boolean[], enrollment_statuses text[], programs text[], start_dates date[], end_dates date[]
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', 'gateway_app', true), set_config('app.firm_id', '', true);
    SELECT s.* FROM sign_in(proof) s
    INTO firm_id, partner_id, credential_id, kind, prefix, partner, time_zone, rate_tier, name, scopes, is_idle, limits;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF kind = 'oauth_client' OR scope <> ALL (scopes) OR NOT slugs <@ ARRAY[partner] THEN
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM set_config('app.firm_id', firm_id::text, true);
    IF is_idle THEN
        UPDATE credentials c SET last_used_at = gateway_now() WHERE c.id = credential_id;
    END IF;
    WITH asked AS MATERIALIZED (
        SELECT a.place, here.*, first.id AS stand_in
        FROM unnest(asked_keys, asked_births) WITH ORDINALITY AS a (key, birth, place)
        LEFT JOIN LATERAL (
            SELECT c.id, c.key, c.date_of_birth, c.status, c.enrollment_status, c.program, c.eligibility_start_date,
                   c.eligibility_end_date
            FROM clients c
            WHERE c.firm_id = answer_checks.firm_id AND c.partner_id = answer_checks.partner_id AND c.key >= a.key
            ORDER BY c.key LIMIT 1
        ) read ON true
        LEFT JOIN LATERAL (
            SELECT c.id FROM clients c
            WHERE c.firm_id = answer_checks.firm_id AND c.partner_id = answer_checks.partner_id
              AND c.key >= CASE WHEN read.id IS NULL THEN '' ELSE U&'\+10FFFF' END
            ORDER BY c.key LIMIT 1
        ) first ON true
        LEFT JOIN LATERAL (SELECT read.*) here
            ON read.key = a.key AND read.date_of_birth = a.birth AND read.status = 'active'
        ORDER BY a.place
    ), noted AS (
        INSERT INTO audit_log (firm_id, actor_kind, actor_id, actor, action, origin, client_id)
        SELECT answer_checks.firm_id, 'partner', credential_id, partner, 'eligibility.check', came_from, a.id
        FROM asked a ORDER BY a.place
    )
    SELECT array_agg(a.id IS NOT NULL), array_agg(a.enrollment_status), array_agg(a.program),
           array_agg(a.eligibility_start_date), array_agg(a.eligibility_end_date)
    FROM asked a INTO known, enrollment_statuses, programs, start_dates, end_dates;
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION answer_checks IS
    'whose secret has this SHA-256, and what is true of each that was asked about, in order; NULL where it may not ask';
REVOKE ALL ON FUNCTION answer_checks FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION answer_checks TO PUBLIC;
