-- The log is append-only for everybody; this is the one way in. It takes values out, of one person of the session's
-- firm, once that person's record says that it was erased. Who, when, what act, which fields: all of that stays. It
-- runs as the owner, whom the policies named erase_select and erase_update let read clients, cases and audit_log, and
-- change `changes` of the log. It names the firm itself: erase_select shows it the log of all of them.
CREATE OR REPLACE FUNCTION erase_audit(person uuid, since timestamptz, until timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    firm uuid := (SELECT nullif(current_setting('app.firm_id', true), '')::uuid);
    matters uuid[] := ARRAY(SELECT id FROM cases WHERE firm_id = firm AND client_id = person);
    blanked bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM clients WHERE firm_id = firm AND id = person AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'only of an erased client may values be taken out of the audit log';
    END IF;
    UPDATE audit_log a
    SET changes = (
        SELECT jsonb_agg(
            one || CASE WHEN jsonb_typeof(one -> 'old') = 'object'
                        THEN jsonb_build_object('old', erased_values(one -> 'old')) ELSE '{}' END
                || CASE WHEN jsonb_typeof(one -> 'new') = 'object'
                        THEN jsonb_build_object('new', erased_values(one -> 'new')) ELSE '{}' END
            ORDER BY place)
        FROM jsonb_array_elements(a.changes) WITH ORDINALITY AS told(one, place))
    WHERE a.firm_id = firm AND a.at >= since AND a.at < until AND jsonb_typeof(a.changes) = 'array' AND a.changes <> '[]'
      AND (a.client_id = person
           OR a.client_id IS NULL AND a.case_id = ANY (matters)); -- a query here would keep both indexes from use
    GET DIAGNOSTICS blanked = ROW_COUNT;
    RETURN blanked;
END $$;
COMMENT ON FUNCTION erase_audit IS 'blanks the values of an erased client in the audit log; counts the entries';
REVOKE ALL ON FUNCTION erase_audit FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION erase_audit TO gateway_app;
