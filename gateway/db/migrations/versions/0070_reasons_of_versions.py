"""Why a version of a partner's settings was put in force, and of which older one it is the text again."""

from alembic import op

revision = "0070"
down_revision = "0063"


def upgrade() -> None:
    op.execute("ALTER TABLE partner_configs ADD COLUMN reason text, ADD COLUMN text_of integer")
