-- A rejected row belongs to nobody: its key may be what was wrong with it. So whoever is walled off from one of a
-- partner's people gets no rejected row of that partner. Of which partner that is, the policies of clients hide; so it
-- runs as the owner, whom the policies named screens and erase_select let read walls and clients of the session's firm.
-- It writes nothing, and tells partners, never people.
CREATE OR REPLACE FUNCTION screened_partners() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
BEGIN ATOMIC
    SELECT DISTINCT c.partner_id FROM walls w JOIN clients c ON c.firm_id = w.firm_id AND c.id = w.client_id
    WHERE w.staff_id = nullif(current_setting('app.staff_id', true), '')::uuid;
END;
COMMENT ON FUNCTION screened_partners IS
    'the partners of the clients from whom the member of staff is walled off for whom the transaction works';
REVOKE ALL ON FUNCTION screened_partners FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION screened_partners TO gateway_app;
