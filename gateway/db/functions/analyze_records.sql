-- Tells the planner what an import added: nobody else can until its transaction ends. It runs as the owner, for only
-- who owns a table may analyze it; it takes four tables and no other, and reads them for their statistics alone. What
-- somebody else is analyzing or vacuuming is left to them.
CREATE OR REPLACE FUNCTION analyze_records(kind text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF kind NOT IN ('clients', 'cases', 'documents', 'sightings') THEN
        RAISE invalid_parameter_value USING MESSAGE = kind || ' are no records';
    END IF;
    EXECUTE format('ANALYZE (SKIP_LOCKED) %I', kind);
END $$;
COMMENT ON FUNCTION analyze_records IS
    'statistics of a table that this transaction has made much larger, its own rows included';
REVOKE ALL ON FUNCTION analyze_records FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION analyze_records TO gateway_app;
