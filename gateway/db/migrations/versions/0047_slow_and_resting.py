"""How long the last look at a place took, and which deliveries lead to names for examples."""

from alembic import op

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    op.execute("ALTER TABLE places ADD COLUMN seconds double precision")
    op.execute("ALTER TABLE delivery_lines ADD COLUMN rests boolean DEFAULT false NOT NULL")
