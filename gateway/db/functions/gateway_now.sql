-- The one clock of all SQL: tests and demos pretend a day by setting app.now, which ends with their transaction. Reads
-- no table; columns take it as their default, so whoever writes a row must be able to call it.
CREATE OR REPLACE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now());
COMMENT ON FUNCTION gateway_now IS 'the instant that gateway.clock pretends, else now()';
REVOKE ALL ON FUNCTION gateway_now FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION gateway_now TO PUBLIC;
