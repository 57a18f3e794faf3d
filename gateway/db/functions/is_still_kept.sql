-- Whether somebody's password is what it was when it was checked: the roles that write what is kept of passwords cannot
-- read it. It runs as the owner, whom the policy named sign_in lets read staff of all firms, and names the firm itself.
-- It tells nothing that its caller does not know, for only who knows the whole hash hears yes; it writes nothing.
CREATE OR REPLACE FUNCTION is_still_kept(person uuid, kept text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM staff m WHERE m.id = person AND m.password_hash = kept
        AND m.firm_id = (SELECT nullif(current_setting('app.firm_id', true), '')::uuid));
END;
COMMENT ON FUNCTION is_still_kept IS 'whether this is what is kept of the password of somebody of the session''s firm';
REVOKE ALL ON FUNCTION is_still_kept FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION is_still_kept TO gateway_app;
