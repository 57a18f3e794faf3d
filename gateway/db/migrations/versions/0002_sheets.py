"""Rows of workbooks: a problem and an audit entry name the row as its sheet shows it, and the sheet."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(SHEETS)


SHEETS = """
ALTER TABLE audit_log ADD COLUMN sheet text;
ALTER TABLE row_errors ADD COLUMN place integer;
ALTER TABLE row_errors NO FORCE ROW LEVEL SECURITY; -- forced, it hides all rows from us, their owner
UPDATE row_errors SET place = row;
ALTER TABLE row_errors FORCE ROW LEVEL SECURITY;
ALTER TABLE row_errors ALTER COLUMN place SET NOT NULL;
DROP INDEX row_errors_firm_id_import_id_row_idx;
CREATE INDEX row_errors_firm_id_import_id_place_idx ON row_errors (firm_id, import_id, place)
"""
