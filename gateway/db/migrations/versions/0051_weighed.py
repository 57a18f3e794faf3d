"""What each current assignment weighs, in its index: what attorneys hold is added up without reading decisions."""

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.execute("DROP INDEX assignments_current")
    op.execute(
        "CREATE UNIQUE INDEX assignments_current ON assignments (firm_id, case_id) INCLUDE (complexity)"
        " WHERE until IS NULL"
    )
