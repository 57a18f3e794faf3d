"""An archive is an import of its own: it is unpacking, and at its end it is unpacked."""

from alembic import op

revision = "0025"
down_revision = "0024"

OPEN = "'received', 'running', 'unpacking'"


def upgrade() -> None:
    op.execute(f"""ALTER TABLE imports DROP CONSTRAINT imports_state_check, ADD CONSTRAINT imports_state_check CHECK (
        state IN ({OPEN}, 'unpacked', 'loaded', 'loaded_with_errors', 'no_change', 'held', 'released', 'refused',
        'failed'))""")
    op.execute("DROP INDEX imports_unfinished")
    op.execute(f"""CREATE INDEX imports_unfinished ON imports (state, partner_id, received_at)
        WHERE state IN ({OPEN}, 'held', 'failed')""")
