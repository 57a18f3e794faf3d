"""Why a version of a partner's settings was put in force, and of which older one it is the text again."""

from alembic import op

revision = "0066"
down_revision = "0065"


def upgrade() -> None:
    op.execute("ALTER TABLE partner_configs ADD COLUMN reason text, ADD COLUMN text_of integer")
