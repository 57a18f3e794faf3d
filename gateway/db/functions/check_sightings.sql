-- The trigger that stands in for the foreign keys of sightings: a look-up a row would cost a large import more than
-- writing the rows. It looks up the rows of a statement as a set, and refuses one that points at nothing, or at another
-- firm's. It runs as whoever writes, so it reads feeds, imports, clients, cases and documents through their policies;
-- it writes nothing.
--
-- Planned anew each time (EXECUTE), for a plan kept from one row never ends with a hundred thousand; counted, for
-- EXISTS is planned as if a stray were sure to be found, which took seven minutes for a set without one.
CREATE OR REPLACE FUNCTION check_sightings() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    strays bigint;
BEGIN
    EXECUTE $look$
        SELECT count(*) FROM seen s
        LEFT JOIN feeds f ON f.firm_id = s.firm_id AND f.id = s.feed_id
        LEFT JOIN imports i ON i.firm_id = s.firm_id AND i.id = s.import_id
        LEFT JOIN clients c ON s.kind = 'client' AND c.firm_id = s.firm_id AND c.id = s.record_id
        LEFT JOIN cases m ON s.kind = 'case' AND m.firm_id = s.firm_id AND m.id = s.record_id
        LEFT JOIN documents d ON s.kind = 'document' AND d.firm_id = s.firm_id AND d.id = s.record_id
        WHERE f.id IS NULL OR i.id IS NULL OR coalesce(c.id, m.id, d.id) IS NULL
    $look$ INTO strays;
    IF strays > 0 THEN
        RAISE foreign_key_violation USING MESSAGE = strays || ' sightings point at a feed, import or record not there';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION check_sightings IS 'refuses sightings of a feed, an import or a record that the firm does not have';
REVOKE ALL ON FUNCTION check_sightings FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION check_sightings TO PUBLIC;
