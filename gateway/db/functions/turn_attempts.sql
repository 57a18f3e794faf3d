-- How some attempts ended and that the next ones begin, in one round trip and one commit, for a firm's worker at a
-- channel. It runs as whoever calls it, so every row that it meets passes row-level security. The job's row is locked
-- first and to the end: whoever takes the job over waits for that, and finds everything as it says here. An attempt that
-- somebody else has ended meanwhile is left as they have it; a dispatch that no longer waits is not begun.
--
-- Left to itself the planner would plan anew at each call, for arrays of four seem less than those that it takes for
-- granted: that takes longer than all the rest.
CREATE OR REPLACE FUNCTION turn_attempts(
    firm uuid, job uuid, job_attempt integer, job_worker text,
    ended uuid[], numbers integer[], due timestamptz[], states text[], outcomes text[], answers text[], codes text[],
    refs text[], climbed integer[], waits interval[], begun uuid[], words bytea[]
) RETURNS integer[] LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    begins integer[] := '{}';
BEGIN
    PERFORM FROM jobs j
    WHERE j.id = job AND j.attempts = job_attempt AND j.worker = job_worker AND j.state = 'running'
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF cardinality(ended) > 0 THEN
        WITH told AS MATERIALIZED (
            SELECT * FROM unnest(ended, numbers, due, states, outcomes, answers, codes, refs, climbed, waits)
                t (id, number, due_at, state, outcome, answer, code, ref, steps, wait)
        ), settled AS (
            UPDATE dispatches d
            SET state = t.state, ref = coalesce(t.ref, d.ref),
                ended_code = CASE WHEN t.state <> 'waiting' THEN t.code END, steps = t.steps,
                path = CASE WHEN t.state = 'waiting' THEN coalesce(d.path, 'retry') END, due_at = t.due_at,
                settled_at = gateway_now(), not_before = coalesce(gateway_now() + t.wait, d.not_before),
                sent_at = CASE WHEN t.outcome = 'taken' THEN gateway_now() ELSE d.sent_at END
            FROM told t
            WHERE d.firm_id = firm AND d.id = t.id AND d.state = 'attempting' AND d.attempts = t.number
            RETURNING d.id, t.number, t.outcome, t.answer, t.code
        ), noted AS (
            UPDATE dispatch_attempts a
            SET outcome = s.outcome, code = s.code, answer = s.answer, ended_at = gateway_now()
            FROM settled s
            WHERE a.firm_id = firm AND a.dispatch_id = s.id AND a.number = s.number
        )
        UPDATE notices n SET state = 'told', ended_at = gateway_now()
        FROM settled s
        WHERE s.outcome = 'taken' AND n.firm_id = firm AND n.dispatch_id = s.id AND n.state = 'waiting';
    END IF;
    IF cardinality(begun) > 0 THEN
        WITH wanted AS MATERIALIZED (
            SELECT * FROM unnest(begun, words) WITH ORDINALITY w (id, said, place)
        ), started AS (
            UPDATE dispatches d
            SET state = 'attempting', attempts = d.attempts + 1, said = w.said, settled_at = gateway_now()
            FROM wanted w
            WHERE d.firm_id = firm AND d.id = w.id AND d.state = 'waiting' AND d.not_before <= gateway_now()
            RETURNING d.id, d.attempts
        ), added AS (
            INSERT INTO dispatch_attempts (firm_id, dispatch_id, number) SELECT firm, s.id, s.attempts FROM started s
        )
        SELECT array_agg(s.attempts ORDER BY w.place) FROM wanted w LEFT JOIN started s ON s.id = w.id INTO begins;
    END IF;
    RETURN begins;
END $$;
COMMENT ON FUNCTION turn_attempts IS
    'what attempts came to, and the numbers of those that begin; NULL where the job is no longer the worker''s';
REVOKE ALL ON FUNCTION turn_attempts FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION turn_attempts TO gateway_app;
