-- What erase_audit puts in place of values: the names of the fields stay, and whether there was a value. Reads no
-- table.
CREATE OR REPLACE FUNCTION erased_values(told jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN (SELECT jsonb_object_agg(name, CASE WHEN value = 'null' THEN value ELSE '"erased"' END)
        FROM jsonb_each(told) AS one(name, value));
COMMENT ON FUNCTION erased_values IS 'the fields that an entry of the audit log told, each value blanked';
REVOKE ALL ON FUNCTION erased_values FROM PUBLIC, gateway_app, gateway_system;
GRANT EXECUTE ON FUNCTION erased_values TO PUBLIC;
