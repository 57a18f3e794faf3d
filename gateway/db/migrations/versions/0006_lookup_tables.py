"""The CSV tables of a partner.yaml, kept with each version of it."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE partner_configs ADD COLUMN tables jsonb DEFAULT '{}' NOT NULL")
