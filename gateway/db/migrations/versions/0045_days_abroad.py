"""Days abroad, which are no part of the longest stay in H-1B or L-1."""

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE documents ADD COLUMN days_abroad integer,"
        " ADD CONSTRAINT documents_days_abroad_check CHECK (days_abroad >= 0)"
    )
