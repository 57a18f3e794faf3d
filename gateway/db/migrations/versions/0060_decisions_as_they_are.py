"""Decisions are written as they are: packing a hundred attorneys takes longer than all the rest of an assignment."""

from alembic import op

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    op.execute("ALTER TABLE assignments ALTER COLUMN decision SET STORAGE EXTERNAL")
