"""What one message tells of many papers: planned recipient by recipient, and answered paper by paper."""

from alembic import op

revision = "0048"
down_revision = "0047"

functions = {
    "find_action": "ea35e2ad5f1d",
}


def upgrade() -> None:
    op.execute("DROP INDEX notices_unplanned")
    op.execute(
        "CREATE INDEX notices_unplanned ON notices (firm_id, coalesce(staff_id, client_id), document_id)"
        " WHERE state = 'waiting' AND dispatch_id IS NULL"
    )
    op.execute(
        "ALTER TABLE action_links ADD COLUMN notice_id uuid, ADD CONSTRAINT action_links_notice_id_fkey"
        " FOREIGN KEY (firm_id, notice_id) REFERENCES notices (firm_id, id)"
    )
    op.execute(
        "CREATE INDEX action_links_firm_id_notice_id_idx ON action_links (firm_id, notice_id)"
        " WHERE notice_id IS NOT NULL"
    )
