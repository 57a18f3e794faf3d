-- The trigger that stands in for the foreign keys of notices to people, papers and staff: three look-ups a row, each
-- with a lock, would cost a sweep half of its time. It looks up the rows of a statement as a set, and refuses one whose
-- paper is not its person's, or whose recipient does not work at the firm; papers themselves point at people who are
-- there. Nobody who works may change these columns, or delete what they point at, so it is asked once. It runs as
-- whoever writes, so it reads documents and staff through their policies; it writes nothing.
--
-- Planned anew each time (EXECUTE), and counted, for the reasons that `check_sightings` gives.
CREATE OR REPLACE FUNCTION check_notices() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    strays bigint;
BEGIN
    EXECUTE $look$
        SELECT count(*) FROM made n
        LEFT JOIN documents d ON d.firm_id = n.firm_id AND d.id = n.document_id AND d.client_id = n.client_id
        LEFT JOIN staff s ON s.firm_id = n.firm_id AND s.id = n.staff_id
        WHERE d.id IS NULL OR (n.staff_id IS NOT NULL AND s.id IS NULL)
    $look$ INTO strays;
    IF strays > 0 THEN
        RAISE foreign_key_violation USING MESSAGE = strays || ' notices point at a paper, person or member of staff not there';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION check_notices IS 'refuses notices of a paper, a person or a member of staff that the firm does not have';
REVOKE ALL ON FUNCTION check_notices FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION check_notices TO PUBLIC;
