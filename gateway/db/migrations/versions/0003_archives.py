"""Files that came in an archive know it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(ARCHIVES)


ARCHIVES = """
ALTER TABLE files
    ADD COLUMN archive_id uuid,
    ADD COLUMN remarks jsonb DEFAULT '[]' NOT NULL,
    ADD CONSTRAINT files_archive_id_fkey FOREIGN KEY (firm_id, archive_id) REFERENCES files (firm_id, id)
"""
