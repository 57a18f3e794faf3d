"""The first tables: firms and their people, partners, imports, records, and the audit log.

Plain SQL, so that what stands here is what the server is told. There is no way down: a database that must go back comes
from a backup.
"""

from alembic import op

from gateway.db.cluster import APP, SYSTEM
from gateway.db.security import allow, isolate

revision = "0001"
down_revision = None

READ, WRITE = "SELECT, INSERT", "SELECT, INSERT, UPDATE"
RIGHTS = {  # records are archived, not deleted; what runs out after 400 days may go
    "firms": WRITE,
    "staff": WRITE,
    "attorneys": WRITE,
    "partners": WRITE,
    "partner_configs": f"{READ}, UPDATE (active)",
    "feeds": WRITE,
    "header_aliases": f"{WRITE}, DELETE",
    "files": f"{WRITE}, DELETE",
    "imports": f"{WRITE}, DELETE",
    "row_errors": f"{WRITE}, DELETE",
    "clients": WRITE,
    "cases": WRITE,
    "documents": WRITE,
    "sightings": f"{WRITE}, DELETE",
    "audit_log": READ,
}


def upgrade() -> None:
    op.execute(CLOCK)
    op.execute(TABLES)
    for table, rights in RIGHTS.items():
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow(rights, table))
    op.execute(SIGHTINGS)
    op.execute(PARTITIONS)
    op.execute("GRANT SELECT ON alembic_version TO PUBLIC")


CLOCK = """
CREATE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now());
COMMENT ON FUNCTION gateway_now() IS 'the instant that gateway.clock pretends, else now()'
"""

# Sightings carry no foreign keys: a look-up a row would cost a large import more than writing the rows. This looks up
# the rows of a statement as a set, and refuses one that points at nothing, or at another firm's. Planned anew each time
# (EXECUTE), for a plan kept from one row never ends with a hundred thousand; counted, for EXISTS is planned as if a
# stray were sure to be found, which took seven minutes for a set without one.
SIGHTINGS = """
CREATE FUNCTION check_sightings() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
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
CREATE TRIGGER check_inserted AFTER INSERT ON sightings
    REFERENCING NEW TABLE AS seen FOR EACH STATEMENT EXECUTE FUNCTION check_sightings();
CREATE TRIGGER check_updated AFTER UPDATE ON sightings
    REFERENCING NEW TABLE AS seen FOR EACH STATEMENT EXECUTE FUNCTION check_sightings()
"""

# A partition is made beside the log and attached: CREATE TABLE ... PARTITION OF would lock out every open import.
# Nobody but the owner has rights on a partition; the log's own rights and policies count for whoever goes through it.
PARTITIONS = f"""
CREATE FUNCTION ensure_audit_partitions(days integer) RETURNS void
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
        EXECUTE replace($policies${"; ".join(isolate("the_partition"))}$policies$, 'the_partition', part);
        EXECUTE format('ALTER TABLE audit_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       part, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION ensure_audit_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_audit_partitions TO {APP}, {SYSTEM}
"""

TABLES = """
CREATE TABLE firms (
    id uuid DEFAULT uuidv7() NOT NULL, slug text NOT NULL, name text NOT NULL,
    time_zone text DEFAULT 'America/New_York' NOT NULL, settings jsonb DEFAULT '{}' NOT NULL,
    status text DEFAULT 'active' NOT NULL, wrapped_key bytea,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT firms_pkey PRIMARY KEY (id),
    CONSTRAINT firms_status_check CHECK (status IN ('active', 'deactivated')),
    CONSTRAINT firms_slug_key UNIQUE (slug)
);

CREATE TABLE partners (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, slug text NOT NULL, name text NOT NULL,
    time_zone text NOT NULL, rate_tier text DEFAULT 'standard' NOT NULL, contacts jsonb DEFAULT '{}' NOT NULL,
    status text DEFAULT 'active' NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT partners_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT partners__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT partners_status_check CHECK (status IN ('active', 'deactivated')),
    CONSTRAINT partners_slug_key UNIQUE (slug)
);

CREATE TABLE staff (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, email text NOT NULL, name text NOT NULL,
    role text NOT NULL, password_hash text, time_zone text, phone text, active boolean DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT staff_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT staff__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT staff_firm_id_email_key UNIQUE (firm_id, email),
    CONSTRAINT staff_role_check CHECK (role IN ('admin', 'attorney', 'paralegal', 'viewer'))
);

CREATE TABLE attorneys (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, staff_id uuid NOT NULL, licence text,
    capacity integer DEFAULT 0 NOT NULL, availability jsonb DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT attorneys_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT attorneys_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT attorneys_firm_id_staff_id_key UNIQUE (firm_id, staff_id)
);

CREATE TABLE feeds (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, name text NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT feeds_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT feeds_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT feeds_firm_id_partner_id_name_key UNIQUE (firm_id, partner_id, name)
);

CREATE TABLE files (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, name text NOT NULL,
    sha256 text NOT NULL, size bigint NOT NULL, storage_key text NOT NULL, via text NOT NULL,
    received_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT files_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT files_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id)
);
CREATE INDEX files_firm_id_partner_id_sha256_idx ON files (firm_id, partner_id, sha256);

CREATE TABLE partner_configs (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, version integer NOT NULL,
    sha256 text NOT NULL, source text NOT NULL, applied_by text NOT NULL, active boolean NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT partner_configs_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT partner_configs_partner_id_fkey FOREIGN KEY (firm_id, partner_id)
        REFERENCES partners (firm_id, id),
    CONSTRAINT partner_configs_firm_id_partner_id_version_key UNIQUE (firm_id, partner_id, version)
);
CREATE UNIQUE INDEX partner_configs_one_active ON partner_configs (firm_id, partner_id) WHERE active;

CREATE TABLE header_aliases (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, feed_id uuid NOT NULL, expected text NOT NULL,
    found text NOT NULL, accepted_by text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT header_aliases_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT header_aliases_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id),
    CONSTRAINT header_aliases_firm_id_feed_id_expected_found_key UNIQUE (firm_id, feed_id, expected, found)
);

CREATE TABLE imports (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, feed_id uuid,
    file_id uuid NOT NULL, config_id uuid, corrects_import_id uuid, state text DEFAULT 'received' NOT NULL,
    code text, reason text, fix text, as_of timestamptz, confirmed_as_of timestamptz, reading text,
    forced boolean DEFAULT false NOT NULL, guards jsonb DEFAULT '[]' NOT NULL, waived jsonb DEFAULT '[]' NOT NULL,
    suggestions jsonb DEFAULT '[]' NOT NULL, remarks jsonb DEFAULT '[]' NOT NULL, header jsonb,
    counts jsonb DEFAULT '{}' NOT NULL, problem_count integer DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL, seconds double precision,
    received_at timestamptz DEFAULT gateway_now() NOT NULL, finished_at timestamptz, receipt_at timestamptz,
    CONSTRAINT imports_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT imports_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT imports_feed_id_fkey FOREIGN KEY (firm_id, feed_id) REFERENCES feeds (firm_id, id),
    CONSTRAINT imports_file_id_fkey FOREIGN KEY (firm_id, file_id) REFERENCES files (firm_id, id),
    CONSTRAINT imports_config_id_fkey FOREIGN KEY (firm_id, config_id) REFERENCES partner_configs (firm_id, id),
    CONSTRAINT imports_corrects_import_id_fkey FOREIGN KEY (firm_id, corrects_import_id)
        REFERENCES imports (firm_id, id),
    CONSTRAINT imports_state_check CHECK (state IN ('received', 'running', 'loaded', 'loaded_with_errors',
        'no_change', 'held', 'released', 'refused', 'failed'))
);
CREATE INDEX imports_firm_id_feed_id_finished_at_idx ON imports (firm_id, feed_id, finished_at);
CREATE INDEX imports_firm_id_partner_id_received_at_idx ON imports (firm_id, partner_id, received_at);

CREATE TABLE clients (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, key text NOT NULL,
    employee_id text, given_name text, middle_name text, family_name text, date_of_birth date, sex text,
    email text, phone text, citizenship text, country_of_birth text, current_location text, time_zone text,
    job_title text, employer_name text, soc_code text, work_city text, work_state text,
    annual_salary numeric(14, 2), salary_currency text, hire_date date, termination_date date, manager_email text,
    enrollment_status text DEFAULT 'active' NOT NULL, program text, eligibility_start_date date,
    eligibility_end_date date, highest_degree text, field_of_study text, university text, graduation_year integer,
    years_of_experience numeric(4, 1), publications_count integer, citations_count integer, patents_count integer,
    awards text[], media_coverage text[], skills text[], languages text[], notes text, ssn bytea, ssn_index bytea,
    a_number bytea, a_number_index bytea, attorney_id uuid, status text DEFAULT 'active' NOT NULL,
    attributes jsonb DEFAULT '{}' NOT NULL, source_import_id uuid, source_row integer,
    pins jsonb DEFAULT '{}' NOT NULL, version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, updated_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT clients_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT clients_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT clients_source_import_id_fkey FOREIGN KEY (firm_id, source_import_id)
        REFERENCES imports (firm_id, id),
    CONSTRAINT clients_attorney_id_fkey FOREIGN KEY (firm_id, attorney_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT clients_firm_id_partner_id_key_key UNIQUE (firm_id, partner_id, key),
    CONSTRAINT clients_enrollment_status_check CHECK (enrollment_status IN ('active', 'terminated', 'withdrawn')),
    CONSTRAINT clients_status_check CHECK (status IN ('active', 'archived'))
);

CREATE TABLE row_errors (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, import_id uuid NOT NULL, row integer NOT NULL,
    line integer NOT NULL, sheet text, column_name text, value text, code text NOT NULL, severity text NOT NULL,
    message text NOT NULL, fix text NOT NULL,
    CONSTRAINT row_errors_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT row_errors_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id)
);
CREATE INDEX row_errors_firm_id_import_id_row_idx ON row_errors (firm_id, import_id, row);

CREATE TABLE cases (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, partner_id uuid NOT NULL, case_number text NOT NULL,
    client_id uuid, case_type text, stage text DEFAULT 'evaluation' NOT NULL, status text DEFAULT 'open' NOT NULL,
    priority text, complexity integer, attorney_id uuid, receipt_number text, lca_number text, perm_number text,
    opened_on date, filed_on date, decided_on date, deadline_on date, premium boolean, employer_name text,
    job_title text, wage numeric(14, 2), worksite_city text, worksite_state text,
    attributes jsonb DEFAULT '{}' NOT NULL, source_import_id uuid, source_row integer,
    pins jsonb DEFAULT '{}' NOT NULL, version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, updated_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT cases_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT cases_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT cases_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT cases_source_import_id_fkey FOREIGN KEY (firm_id, source_import_id)
        REFERENCES imports (firm_id, id),
    CONSTRAINT cases_attorney_id_fkey FOREIGN KEY (firm_id, attorney_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT cases_firm_id_partner_id_case_number_key UNIQUE (firm_id, partner_id, case_number),
    CONSTRAINT cases_stage_check CHECK (stage IN ('evaluation', 'document_collection', 'drafting', 'review',
        'filed', 'rfe_received', 'rfe_response', 'decided', 'closed')),
    CONSTRAINT cases_status_check CHECK (status IN ('open', 'approved', 'denied', 'withdrawn', 'closed')),
    CONSTRAINT cases_complexity_check CHECK (complexity BETWEEN 1 AND 10)
);
CREATE INDEX cases_firm_id_client_id_idx ON cases (firm_id, client_id);

CREATE TABLE documents (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, client_id uuid NOT NULL, case_id uuid,
    doc_type text NOT NULL, number bytea, number_index bytea, country text, issued_on date, expires_on date,
    duration_of_status boolean DEFAULT false NOT NULL, status text DEFAULT 'current' NOT NULL, file_id uuid,
    attributes jsonb DEFAULT '{}' NOT NULL, source_import_id uuid, source_row integer,
    pins jsonb DEFAULT '{}' NOT NULL, version integer DEFAULT 1 NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, updated_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT documents_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT documents_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT documents_case_id_fkey FOREIGN KEY (firm_id, case_id) REFERENCES cases (firm_id, id),
    CONSTRAINT documents_source_import_id_fkey FOREIGN KEY (firm_id, source_import_id)
        REFERENCES imports (firm_id, id),
    CONSTRAINT documents_file_id_fkey FOREIGN KEY (firm_id, file_id) REFERENCES files (firm_id, id),
    CONSTRAINT documents_key UNIQUE NULLS NOT DISTINCT (firm_id, client_id, doc_type, number_index),
    CONSTRAINT documents_status_check CHECK (status IN ('current', 'superseded', 'void')),
    CONSTRAINT documents_one_end_check CHECK (NOT (duration_of_status AND expires_on IS NOT NULL))
);

CREATE TABLE sightings (
    firm_id uuid NOT NULL, feed_id uuid NOT NULL, record_id uuid NOT NULL, kind text NOT NULL,
    import_id uuid NOT NULL, as_of timestamptz NOT NULL, present boolean DEFAULT true NOT NULL,
    CONSTRAINT sightings_pkey PRIMARY KEY (firm_id, feed_id, record_id)
) WITH (fillfactor = 50); -- every file updates them all: with room on the page, no index entry is written

CREATE TABLE audit_log (
    firm_id uuid NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL, id uuid DEFAULT uuidv7() NOT NULL,
    actor_kind text NOT NULL, actor_id uuid, actor text NOT NULL, action text NOT NULL, origin text,
    client_id uuid, case_id uuid, import_id uuid, row integer, changes jsonb, digest bytea,
    CONSTRAINT audit_log_pkey PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX audit_log_firm_id_case_id_at_idx ON audit_log (firm_id, case_id, at)
    WHERE client_id IS NULL AND case_id IS NOT NULL;
CREATE INDEX audit_log_firm_id_client_id_at_idx ON audit_log (firm_id, client_id, at) WHERE client_id IS NOT NULL
"""
