-- Makes the days of the audit log, from yesterday to `days` ahead: without its day an entry cannot be written, and
-- there is no default partition. It runs as the owner, for only who owns the log may add to it; it creates and attaches
-- tables named audit_log_YYYYMMDD and touches no row.
--
-- A partition is made beside the log and attached: CREATE TABLE ... PARTITION OF would lock out every open import.
-- Nobody but the owner has rights on a partition; the log's own rights and policies count for whoever goes through it.
-- Its policies are those of isolate() in gateway/db/security.py.
CREATE OR REPLACE FUNCTION ensure_audit_partitions(days integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    yesterday date := (gateway_now() AT TIME ZONE 'UTC')::date - 1;
    day date;
    part text;
BEGIN
    FOR day IN
        SELECT yesterday + n FROM generate_series(0, least(days, 400) + 1) n
        WHERE to_regclass('audit_log_' || to_char(yesterday + n, 'YYYYMMDD')) IS NULL
    LOOP
        part := 'audit_log_' || to_char(day, 'YYYYMMDD');
        PERFORM pg_advisory_xact_lock(hashtext('ensure_audit_partitions'));
        -- somebody may have been faster; to_regclass would answer from before the lock
        CONTINUE WHEN EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = 'public'::regnamespace);
        EXECUTE format('CREATE TABLE %I (LIKE audit_log INCLUDING ALL)', part);
        EXECUTE replace($policies$
            ALTER TABLE the_partition ENABLE ROW LEVEL SECURITY;
            ALTER TABLE the_partition FORCE ROW LEVEL SECURITY;
            CREATE POLICY one_firm ON the_partition TO gateway_app
                USING (firm_id = (SELECT nullif(current_setting('app.firm_id', true), '')::uuid))
                WITH CHECK (firm_id = (SELECT nullif(current_setting('app.firm_id', true), '')::uuid));
            CREATE POLICY all_firms ON the_partition TO gateway_system USING (true) WITH CHECK (true)
        $policies$, 'the_partition', part);
        EXECUTE format('ALTER TABLE audit_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;
COMMENT ON FUNCTION ensure_audit_partitions IS
    'the days of the audit log from yesterday to so many ahead, where they are missing';
REVOKE ALL ON FUNCTION ensure_audit_partitions FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION ensure_audit_partitions TO gateway_app, gateway_system;
