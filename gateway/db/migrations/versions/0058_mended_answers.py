"""What a model was told was wrong with its answer, so that the same can be asked again by another worker."""

from alembic import op

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    op.execute("ALTER TABLE llm_calls ADD COLUMN mends text")
