"""Ethical walls, erasure of a person, and an audit log that answers by person, record, actor and action."""

from alembic import op

from gateway.db.cluster import APP, OWNER
from gateway.db.security import CURRENT_FIRM, UNWALLED, WALLED_CLIENTS, WALLED_PARTNERS, allow, isolate, wall

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(TABLES)
    for statement in isolate("walls"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, DELETE", "walls"))
    for table, seen in SEEN.items():
        op.execute(wall(table, seen))
    for table, seen in READ.items():
        op.execute(wall(table, seen, "SELECT"))
    for table, commands in OWNED.items():  # forced row-level security shows the function's owner nothing otherwise
        for command in commands.split():
            name = f"erase_{command.lower()}"
            op.execute(f"CREATE POLICY {name} ON {table} FOR {command} TO {OWNER} USING (firm_id = {CURRENT_FIRM})")
    op.execute(ERASE)
    op.execute("REVOKE ALL ON FUNCTION erase_audit(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION erase_audit(uuid) TO {APP}")


TABLES = """
CREATE TABLE walls (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid NOT NULL, client_id uuid, partner_id uuid,
    reason text NOT NULL, created_by text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT walls_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT walls_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT walls_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT walls_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT walls_key UNIQUE NULLS NOT DISTINCT (firm_id, staff_id, client_id, partner_id),
    CONSTRAINT walls_one_side_check CHECK (num_nonnulls(client_id, partner_id) = 1)
);
ALTER TABLE clients ADD COLUMN erased_at timestamptz;
CREATE INDEX clients_erased ON clients (firm_id, partner_id) WHERE erased_at IS NOT NULL;
ALTER TABLE audit_log ADD COLUMN line integer;
-- the firm first: otherwise a quiet firm's newest entries lie behind everything that the others did since
ALTER TABLE audit_log DROP CONSTRAINT audit_log_pkey, ADD CONSTRAINT audit_log_pkey PRIMARY KEY (firm_id, at, id);
CREATE INDEX audit_log_firm_id_actor_at_idx ON audit_log (firm_id, actor, at) WHERE actor_kind <> 'import';
CREATE INDEX audit_log_firm_id_action_at_idx ON audit_log (firm_id, action, at) WHERE actor_kind <> 'import';
CREATE INDEX audit_log_firm_id_import_id_idx ON audit_log (firm_id, import_id)
    WHERE actor_kind <> 'import' AND import_id IS NOT NULL;
CREATE INDEX audit_log_changes_idx ON audit_log USING gin (changes jsonb_path_ops)
    WHERE client_id IS NULL AND case_id IS NULL AND import_id IS NULL
"""

# A look at `clients` in a policy goes through the walls of `clients`, so it finds nobody who is walled off.
_CLIENT = "EXISTS (SELECT FROM clients c WHERE c.firm_id = {0}.firm_id AND c.id = {0}.{1})"
_CASE = "EXISTS (SELECT FROM cases m WHERE m.firm_id = {0}.firm_id AND m.id = {0}.{1})"
_DOCUMENT = "EXISTS (SELECT FROM documents d WHERE d.firm_id = {0}.firm_id AND d.id = {0}.{1})"
_IMPORT = "EXISTS (SELECT FROM imports i WHERE i.firm_id = {0}.firm_id AND i.id = {0}.{1})"
_PARTNER = f"(partner_id = ANY ({WALLED_PARTNERS})) IS NOT TRUE"

SEEN = {
    "clients": f"{_PARTNER} AND (id = ANY ({WALLED_CLIENTS})) IS NOT TRUE",
    "cases": f"{_PARTNER} AND (client_id = ANY ({WALLED_CLIENTS})) IS NOT TRUE",
    "documents": f"{UNWALLED} OR {_CLIENT.format('documents', 'client_id')}",
}
READ = {
    "partners": f"(id = ANY ({WALLED_PARTNERS})) IS NOT TRUE",
    "files": _PARTNER,
    "imports": _PARTNER,
    "row_errors": f"{UNWALLED} OR {_IMPORT.format('row_errors', 'import_id')}",
    "sightings": f"{UNWALLED} OR "
    + " OR ".join(one.format("sightings", "record_id") for one in (_CLIENT, _CASE, _DOCUMENT)),
    # an entry about a list names many people at once: whoever has a wall sees none of them
    "audit_log": f"{UNWALLED} OR (action NOT LIKE '%.list'"
    f" AND (client_id IS NULL OR {_CLIENT.format('audit_log', 'client_id')})"
    f" AND (case_id IS NULL OR {_CASE.format('audit_log', 'case_id')})"
    f" AND (import_id IS NULL OR {_IMPORT.format('audit_log', 'import_id')}))",
}

OWNED = {"clients": "SELECT", "cases": "SELECT", "audit_log": "SELECT UPDATE"}

# The log is append-only for everybody; this is the one way in. It takes values out, of one person of the session's
# firm, once that person's record says that it was erased. Who, when, what act, which fields: all of that stays.
ERASE = f"""
CREATE FUNCTION erased_values(told jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN (SELECT jsonb_object_agg(name, CASE WHEN value = 'null' THEN value ELSE '"erased"' END)
        FROM jsonb_each(told) AS one(name, value));

CREATE FUNCTION erase_audit(person uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    firm uuid := {CURRENT_FIRM};
    matters uuid[] := ARRAY(SELECT id FROM cases WHERE firm_id = firm AND client_id = person);
    blanked bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM clients WHERE firm_id = firm AND id = person AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'only of an erased client may values be taken out of the audit log';
    END IF;
    UPDATE audit_log a
    SET changes = (
        SELECT jsonb_agg(
            one || CASE WHEN jsonb_typeof(one -> 'old') = 'object'
                        THEN jsonb_build_object('old', erased_values(one -> 'old')) ELSE '{{}}' END
                || CASE WHEN jsonb_typeof(one -> 'new') = 'object'
                        THEN jsonb_build_object('new', erased_values(one -> 'new')) ELSE '{{}}' END
            ORDER BY place)
        FROM jsonb_array_elements(a.changes) WITH ORDINALITY AS told(one, place))
    WHERE a.firm_id = firm AND jsonb_typeof(a.changes) = 'array' AND a.changes <> '[]'
      AND (a.client_id = person
           OR a.client_id IS NULL AND a.case_id = ANY (matters)); -- a query here would keep both indexes from use
    GET DIAGNOSTICS blanked = ROW_COUNT;
    RETURN blanked;
END $$;
COMMENT ON FUNCTION erase_audit(uuid) IS 'blanks the values of an erased client in the audit log; counts the entries'
"""
