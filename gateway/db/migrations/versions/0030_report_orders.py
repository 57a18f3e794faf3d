"""Reports that were ordered, and what was made of the orders."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.execute(TABLES)
    for statement in isolate("report_orders"):
        op.execute(statement)
    op.execute(allow("SELECT, INSERT, UPDATE, DELETE", "report_orders"))


TABLES = """
CREATE TABLE report_orders (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, report text NOT NULL, form text NOT NULL,
    filters jsonb DEFAULT '{}' NOT NULL, about_id uuid, actor_kind text NOT NULL, actor text NOT NULL, actor_id uuid,
    origin text, partner_id uuid, storage_key text, size bigint, problem text,
    ordered_at timestamptz DEFAULT gateway_now() NOT NULL, ready_at timestamptz, expires_at timestamptz,
    destroyed_at timestamptz,
    CONSTRAINT report_orders_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT report_orders__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT report_orders_about_id_fkey FOREIGN KEY (firm_id, about_id) REFERENCES partners (firm_id, id),
    CONSTRAINT report_orders_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id)
);
CREATE INDEX report_orders_storage_key_idx ON report_orders (firm_id, storage_key);
CREATE INDEX report_orders_ordered_at_idx ON report_orders (ordered_at)
"""
