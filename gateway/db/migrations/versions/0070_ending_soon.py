"""What ends soon, and what was asked of it, is found without a look at everybody; who has no wall pays for none."""

from alembic import op

from gateway.db.security import UNWALLED

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    op.execute("CREATE INDEX documents_ending ON documents (firm_id, expires_on) WHERE status = 'current'")
    op.execute("CREATE INDEX notices_asking ON notices (firm_id, document_id) WHERE needs_answer")
    for table in ("notices", "notice_answers"):
        seen = f"EXISTS (SELECT FROM clients c WHERE c.firm_id = {table}.firm_id AND c.id = {table}.client_id)"
        op.execute(f"ALTER POLICY walls_of_partners ON {table} USING ({UNWALLED} OR {seen})")
