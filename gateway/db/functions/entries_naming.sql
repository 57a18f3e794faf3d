-- Which entries of the audit log name a record. A policy with a condition keeps the planner from the index on JSON,
-- whose operators it does not trust; so this runs as the owner, whom the policy erase_select shows all entries, and
-- names the firm itself. It tells places only: whoever asks reads the entries themselves, through the policies of the
-- log. It looks between two instants, for whoever looks at all days locks them all (gateway/db/windows.py).
CREATE OR REPLACE FUNCTION entries_naming(record uuid, since timestamptz, until timestamptz)
RETURNS TABLE (at timestamptz, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 200 SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT a.at, a.id FROM audit_log a
    WHERE a.at >= since AND a.at < until AND a.client_id IS NULL AND a.case_id IS NULL AND a.import_id IS NULL
      AND a.changes @> jsonb_build_array(jsonb_build_object('id', record))
      AND a.firm_id = (SELECT nullif(current_setting('app.firm_id', true), '')::uuid);
END;
COMMENT ON FUNCTION entries_naming IS
    'when the entries of the session''s firm were made that name a record and are about no one person, and their ids';
REVOKE ALL ON FUNCTION entries_naming FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION entries_naming TO gateway_app;
