"""Who can take cases, who got which and why, what waits for somebody, and what is to pass on."""

from alembic import op

from gateway.db.security import UNWALLED, allow, isolate, wall

revision = "0046"
down_revision = "0045"

OF_CASES = ("assignments", "unassigned_cases", "handovers")


def upgrade() -> None:
    op.execute(ATTORNEYS)
    op.execute(TABLES)
    for table in ("expertise", "time_off", "assignment_policies", *OF_CASES):
        for statement in isolate(table):
            op.execute(statement)
    for table in ("expertise", "time_off", "unassigned_cases"):
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute(allow("SELECT, INSERT", "assignment_policies"))
    op.execute(allow("SELECT, INSERT, UPDATE (until, reason, note)", "assignments"))
    op.execute(allow("SELECT, INSERT, UPDATE (state, ended_at), DELETE", "handovers"))
    for table in OF_CASES:
        seen = f"EXISTS (SELECT FROM cases c WHERE c.firm_id = {table}.firm_id AND c.id = {table}.case_id)"
        op.execute(wall(table, f"{UNWALLED} OR {seen}", "SELECT"))


ATTORNEYS = """
ALTER TABLE attorneys
    ADD COLUMN senior boolean DEFAULT false NOT NULL,
    ADD COLUMN languages text[] DEFAULT '{}' NOT NULL,
    ADD COLUMN certifications text[] DEFAULT '{}' NOT NULL,
    ALTER COLUMN capacity SET DEFAULT 20,
    ADD CONSTRAINT attorneys_capacity_check CHECK (capacity BETWEEN 0 AND 200);
CREATE INDEX cases_held ON cases (firm_id, attorney_id) WHERE status = 'open' AND attorney_id IS NOT NULL
"""

TABLES = """
CREATE TABLE expertise (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, attorney_id uuid NOT NULL, case_type text NOT NULL,
    level integer NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT expertise_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT expertise_attorney_id_fkey FOREIGN KEY (firm_id, attorney_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT expertise_firm_id_attorney_id_case_type_key UNIQUE (firm_id, attorney_id, case_type),
    CONSTRAINT expertise_level_check CHECK (level BETWEEN 1 AND 5)
);
CREATE TABLE time_off (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, attorney_id uuid NOT NULL, starts_on date NOT NULL,
    ends_on date NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT time_off_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT time_off_attorney_id_fkey FOREIGN KEY (firm_id, attorney_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT time_off_order_check CHECK (ends_on >= starts_on)
);
CREATE INDEX time_off_firm_id_attorney_id_ends_on_idx ON time_off (firm_id, attorney_id, ends_on);
CREATE TABLE assignment_policies (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, version integer NOT NULL, rule text NOT NULL,
    settings jsonb DEFAULT '{}' NOT NULL, by text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT assignment_policies_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT assignment_policies__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT assignment_policies_firm_id_version_key UNIQUE (firm_id, version)
);
CREATE TABLE assignments (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, case_id uuid NOT NULL, attorney_id uuid NOT NULL,
    previous_id uuid, kind text NOT NULL, rule text, policy_version integer, complexity integer, score numeric(9, 6),
    reason text NOT NULL, note text, decision jsonb, by_kind text NOT NULL, by text NOT NULL,
    at timestamptz DEFAULT gateway_now() NOT NULL, until timestamptz,
    CONSTRAINT assignments_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT assignments_case_id_fkey FOREIGN KEY (firm_id, case_id) REFERENCES cases (firm_id, id),
    CONSTRAINT assignments_attorney_id_fkey FOREIGN KEY (firm_id, attorney_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT assignments_previous_id_fkey FOREIGN KEY (firm_id, previous_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT assignments_kind_check CHECK (kind IN ('assigned', 'reassigned', 'undone'))
);
CREATE UNIQUE INDEX assignments_current ON assignments (firm_id, case_id) WHERE until IS NULL;
CREATE INDEX assignments_firm_id_attorney_id_at_idx ON assignments (firm_id, attorney_id, at);
CREATE INDEX assignments_firm_id_case_id_at_idx ON assignments (firm_id, case_id, at);
CREATE TABLE unassigned_cases (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, case_id uuid NOT NULL,
    since timestamptz DEFAULT gateway_now() NOT NULL, tried_at timestamptz, code text, reason text,
    excluded jsonb DEFAULT '{}' NOT NULL, forecast_on date, policy_version integer, told_at timestamptz,
    CONSTRAINT unassigned_cases_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT unassigned_cases_case_id_fkey FOREIGN KEY (firm_id, case_id) REFERENCES cases (firm_id, id),
    CONSTRAINT unassigned_cases_firm_id_case_id_key UNIQUE (firm_id, case_id)
);
CREATE INDEX unassigned_cases_firm_id_since_idx ON unassigned_cases (firm_id, since);
CREATE TABLE handovers (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, case_id uuid NOT NULL, plan_id uuid,
    from_id uuid NOT NULL, to_id uuid NOT NULL, reason text NOT NULL, note text, state text DEFAULT 'proposed' NOT NULL,
    by_kind text NOT NULL, by text NOT NULL, at timestamptz DEFAULT gateway_now() NOT NULL, ended_at timestamptz,
    CONSTRAINT handovers_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT handovers_case_id_fkey FOREIGN KEY (firm_id, case_id) REFERENCES cases (firm_id, id),
    CONSTRAINT handovers_from_id_fkey FOREIGN KEY (firm_id, from_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT handovers_to_id_fkey FOREIGN KEY (firm_id, to_id) REFERENCES attorneys (firm_id, id),
    CONSTRAINT handovers_state_check CHECK (state IN ('proposed', 'accepted', 'declined', 'withdrawn'))
);
CREATE UNIQUE INDEX handovers_open ON handovers (firm_id, case_id) WHERE state = 'proposed';
CREATE INDEX handovers_firm_id_plan_id_idx ON handovers (firm_id, plan_id)
"""
