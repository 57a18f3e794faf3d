"""The CSV tables of a partner.yaml, kept with each version of it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE partner_configs ADD COLUMN tables jsonb DEFAULT '{}' NOT NULL")
