"""Short links with their clicks, and links that act when pressed; found by what stands in the address alone."""

from alembic import op

from gateway.db.cluster import OWNER
from gateway.db.security import WALLED_CLIENTS, WALLED_PARTNERS, allow, isolate, outside, wall

revision = "0043"
down_revision = "0042"

functions = {
    "find_action": "3d88454a33ac",
    "follow_link": "68fe771584e7",
}


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("short_links", "link_clicks", "action_links"):
        for statement in isolate(table):
            op.execute(statement)
        op.execute(allow("SELECT, INSERT, UPDATE, DELETE", table))
    op.execute(wall("short_links", outside("partner_id", WALLED_PARTNERS)))
    op.execute(wall("link_clicks", "EXISTS (SELECT FROM short_links l WHERE l.id = link_id)"))
    op.execute(wall("action_links", outside("client_id", WALLED_CLIENTS)))
    # the functions run as the owner, whom forced row-level security shows nothing otherwise
    for table in ("short_links", "action_links"):
        op.execute(f"CREATE POLICY by_address ON {table} FOR SELECT TO {OWNER} USING (true)")


TABLES = """
CREATE TABLE short_links (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, code text NOT NULL, target text NOT NULL,
    partner_id uuid, created_by text NOT NULL, created_at timestamptz DEFAULT gateway_now() NOT NULL,
    expires_at timestamptz, disabled_at timestamptz,
    CONSTRAINT short_links_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT short_links__fkey FOREIGN KEY (firm_id) REFERENCES firms (id),
    CONSTRAINT short_links_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT short_links_code_key UNIQUE (code)
);
CREATE INDEX short_links_firm_id_created_at_idx ON short_links (firm_id, created_at);

CREATE TABLE link_clicks (
    firm_id uuid NOT NULL, link_id uuid NOT NULL, day date NOT NULL, kind text NOT NULL,
    clicks integer DEFAULT 0 NOT NULL,
    CONSTRAINT link_clicks_pkey PRIMARY KEY (firm_id, link_id, day, kind),
    CONSTRAINT link_clicks_link_id_fkey
        FOREIGN KEY (firm_id, link_id) REFERENCES short_links (firm_id, id) ON DELETE CASCADE
);

CREATE TABLE action_links (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, digest bytea NOT NULL, act text NOT NULL,
    dispatch_id uuid NOT NULL, staff_id uuid, client_id uuid, partner_id uuid, contact text,
    created_at timestamptz DEFAULT gateway_now() NOT NULL, expires_at timestamptz NOT NULL, used_at timestamptz,
    CONSTRAINT action_links_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT action_links_dispatch_id_fkey
        FOREIGN KEY (firm_id, dispatch_id) REFERENCES dispatches (firm_id, id) ON DELETE CASCADE,
    CONSTRAINT action_links_staff_id_fkey FOREIGN KEY (firm_id, staff_id) REFERENCES staff (firm_id, id),
    CONSTRAINT action_links_client_id_fkey FOREIGN KEY (firm_id, client_id) REFERENCES clients (firm_id, id),
    CONSTRAINT action_links_partner_id_fkey FOREIGN KEY (firm_id, partner_id) REFERENCES partners (firm_id, id),
    CONSTRAINT action_links_digest_key UNIQUE (digest),
    CONSTRAINT action_links_act_check CHECK (act IN ('acknowledge', 'snooze', 'unsubscribe')),
    CONSTRAINT action_links_somebody_check CHECK (num_nonnulls(staff_id, client_id, contact) = 1)
);
CREATE INDEX action_links_firm_id_dispatch_id_act_idx ON action_links (firm_id, dispatch_id, act);
CREATE INDEX action_links_firm_id_client_id_idx ON action_links (firm_id, client_id) WHERE client_id IS NOT NULL
"""
