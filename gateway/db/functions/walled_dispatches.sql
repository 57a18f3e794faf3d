-- A digest tells staff of many people, and its row names none of them. So whoever is walled off from one of those people
-- gets no dispatch that tells of them, nor of a partner from whom they are walled off. Of which people that is, the
-- policies of notices and clients hide; so it runs as the owner, whom the policies named screens and erase_select let
-- read them within the session's firm. It writes nothing, and tells dispatches, never people.
CREATE OR REPLACE FUNCTION walled_dispatches() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT n.dispatch_id FROM walls w
    JOIN clients c ON c.firm_id = w.firm_id AND (c.id = w.client_id OR c.partner_id = w.partner_id)
    JOIN notices n ON n.firm_id = c.firm_id AND n.client_id = c.id AND n.dispatch_id IS NOT NULL
    WHERE w.staff_id = nullif(current_setting('app.staff_id', true), '')::uuid
    UNION
    SELECT d.id FROM walls w
    JOIN clients c ON c.firm_id = w.firm_id AND (c.id = w.client_id OR c.partner_id = w.partner_id)
    JOIN dispatches d ON d.firm_id = c.firm_id AND d.client_id = c.id
    WHERE w.staff_id = nullif(current_setting('app.staff_id', true), '')::uuid
    UNION
    SELECT d.id FROM walls w
    JOIN notifications o ON o.firm_id = w.firm_id AND o.partner_id = w.partner_id
    JOIN dispatches d ON d.firm_id = o.firm_id AND d.notification_id = o.id
    WHERE w.staff_id = nullif(current_setting('app.staff_id', true), '')::uuid;
END;
COMMENT ON FUNCTION walled_dispatches IS
    'the dispatches that tell of whom the member of staff is walled off from for whom the transaction works';
REVOKE ALL ON FUNCTION walled_dispatches FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION walled_dispatches TO gateway_app;
