"""How cases ended that are none of the records: the firm's past, and what is published."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    op.execute(TABLE)
    for statement in isolate("historical_cases"):
        op.execute(statement)
    changed = "stage, visa, outcome, received_on, decided_on, soc_code, fiscal_year, imported_at"
    op.execute(allow(f"SELECT, INSERT, UPDATE ({changed}), DELETE", "historical_cases"))


TABLE = """
CREATE TABLE historical_cases (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, source text NOT NULL, case_number text NOT NULL,
    stage text NOT NULL, visa text, outcome text NOT NULL, received_on date, decided_on date, soc_code text,
    fiscal_year integer, imported_at timestamptz DEFAULT gateway_now() NOT NULL,
    CONSTRAINT historical_cases_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT historical_cases__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT historical_cases_firm_id_source_case_number_key UNIQUE (firm_id, source, case_number),
    CONSTRAINT historical_cases_stage_check CHECK (stage IN ('petition', 'labor_condition', 'labor_certification')),
    CONSTRAINT historical_cases_outcome_check CHECK (outcome IN ('approved', 'denied', 'withdrawn', 'pending')),
    CONSTRAINT historical_cases_visa_check CHECK (stage <> 'petition' OR visa IS NOT NULL)
);
CREATE INDEX historical_cases_decided ON historical_cases (firm_id, visa, decided_on)
    WHERE stage = 'petition' AND outcome IN ('approved', 'denied')
"""
