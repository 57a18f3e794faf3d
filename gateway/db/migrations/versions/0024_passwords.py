"""What is kept of passwords is read by the role that signs people in, and by no other."""

from alembic import op

from gateway.db.cluster import APP, SYSTEM
from gateway.db.security import allow

revision = "0024"
down_revision = "0023"

functions = {
    "accounts_of": "598ed5b42e77",
    "is_still_kept": "bff9ebc5c87f",
}


def upgrade() -> None:
    op.execute(f"REVOKE SELECT ON staff FROM {APP}, {SYSTEM}")
    # all but password_hash, which both may still write
    op.execute(allow("SELECT (firm_id, id, email, name, role, time_zone, phone, active, created_at)", "staff"))
