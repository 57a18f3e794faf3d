"""Until when a partner's server asked to be left alone, on the attempt at which it did."""

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("ALTER TABLE parcel_attempts ADD COLUMN asked_until timestamptz")
