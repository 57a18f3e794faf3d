"""The records of an event are stored as they are: ids do not compress, and trying took longer than writing them."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("ALTER TABLE events ALTER COLUMN records SET STORAGE EXTERNAL")
