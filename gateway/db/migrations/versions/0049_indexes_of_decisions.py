"""What a decision reads of a firm is found by index: the family of a person, and what an attorney has decided."""

from alembic import op

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    op.execute("CREATE INDEX clients_of_employee ON clients (firm_id, partner_id, employee_id)")
    op.execute("CREATE INDEX cases_decided ON cases (firm_id, case_type, decided_on) WHERE decided_on IS NOT NULL")
