"""Files know that their bytes were destroyed."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE files ADD COLUMN destroyed_at timestamptz")
