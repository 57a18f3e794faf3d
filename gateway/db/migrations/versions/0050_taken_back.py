"""Who took a case back from the first attorney that it was given to."""

from alembic import op

from gateway.db.security import allow

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    op.execute("ALTER TABLE assignments ADD COLUMN taken_back_by text")
    op.execute(allow("UPDATE (taken_back_by)", "assignments"))
