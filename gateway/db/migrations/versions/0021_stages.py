"""Stages of cases are words of `gateway.domain.rules`, as types of cases are: one more needs no migration."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE cases DROP CONSTRAINT cases_stage_check")
