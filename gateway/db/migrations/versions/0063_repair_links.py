"""Links by which a partner's people repair rejected rows without an account, and the browsers that opened one."""

from alembic import op

from gateway.db.cluster import OWNER
from gateway.db.security import WALLED_PARTNERS, allow, isolate, outside, wall

revision = "0063"
down_revision = "0062"

functions = {"find_repair": "95b36e31c5a5"}


def upgrade() -> None:
    for table, statement in TABLES.items():
        op.execute(statement)
        for one in isolate(table):
            op.execute(one)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
        # the function runs as the owner, whom forced row-level security shows nothing otherwise
        op.execute(f"CREATE POLICY by_address ON {table} FOR SELECT TO {OWNER} USING (true)")
    op.execute(wall("repair_links", outside("partner_id", WALLED_PARTNERS)))
    op.execute(wall("repair_visits", "EXISTS (SELECT FROM repair_links l WHERE l.id = link_id)"))
    op.execute("CREATE INDEX repair_links_firm_id_import_id_idx ON repair_links (firm_id, import_id)")
    op.execute("CREATE INDEX repair_visits_firm_id_link_id_idx ON repair_visits (firm_id, link_id)")


TABLES = {
    "repair_links": """
CREATE TABLE repair_links (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, digest bytea NOT NULL, import_id uuid NOT NULL,
    partner_id uuid NOT NULL, contact text NOT NULL, created_by text NOT NULL,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz NOT NULL,
    openings integer DEFAULT 0 NOT NULL, asked_at timestamptz, ended_at timestamptz, ended_code text,
    rows_sent integer, rows_left integer,
    CONSTRAINT repair_links_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT repair_links_digest_key UNIQUE (digest),
    CONSTRAINT repair_links_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT repair_links_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT repair_links_ended_code_check CHECK (ended_code IN ('sent', 'revoked', 'replaced')),
    CONSTRAINT repair_links_ended_check CHECK ((ended_at IS NULL) = (ended_code IS NULL))
)
""",
    "repair_visits": """
CREATE TABLE repair_visits (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, link_id uuid NOT NULL, digest bytea NOT NULL,
    opened_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz NOT NULL,
    CONSTRAINT repair_visits_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT repair_visits_digest_key UNIQUE (digest),
    CONSTRAINT repair_visits_link_id_fkey
        FOREIGN KEY (firm_id, link_id) REFERENCES repair_links (firm_id, id) ON DELETE CASCADE
)
""",
}
