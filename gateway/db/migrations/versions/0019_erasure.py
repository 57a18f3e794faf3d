"""Kept answers know what they show, files that they are to go; the reason of a wall can be blanked."""

from alembic import op

from gateway.db.security import allow

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(allow("UPDATE (reason)", "walls"))


# No index finds what an answer shows: row-level security keeps the planner from any on an array (the audit log's goes
# through a function for that), each kept answer would pay for it, and a firm's answers of one day are soon looked at.
# Answers that were kept before are NULL: nobody knows what they show, so whoever is erased takes them along, for a day.
COLUMNS = """
ALTER TABLE idempotency_keys ADD COLUMN about uuid[];
ALTER TABLE files ADD COLUMN condemned_at timestamptz
"""
