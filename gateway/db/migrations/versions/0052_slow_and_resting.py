"""How long the last look at a place took."""

from alembic import op

revision = "0052"
down_revision = "0045"


def upgrade() -> None:
    op.execute("ALTER TABLE places ADD COLUMN seconds double precision")
