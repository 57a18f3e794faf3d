"""Which rejected rows came back, and in which file; and links that end because the firm sent what was left."""

from alembic import op

from gateway.db.security import allow, isolate

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    op.execute(TABLE)
    for one in isolate("returned_rows"):
        op.execute(one)
    op.execute(allow("SELECT, INSERT, DELETE", "returned_rows"))
    op.execute(
        "CREATE INDEX returned_rows_firm_id_corrects_number_idx ON returned_rows (firm_id, corrects_import_id, number)"
    )
    op.execute("ALTER TABLE repair_links DROP CONSTRAINT repair_links_ended_code_check")
    op.execute(
        "ALTER TABLE repair_links ADD CONSTRAINT repair_links_ended_code_check"
        " CHECK (ended_code IN ('sent', 'sent_by_firm', 'revoked', 'replaced'))"
    )


TABLE = """
CREATE TABLE returned_rows (
    firm_id uuid NOT NULL, import_id uuid NOT NULL, place integer NOT NULL, corrects_import_id uuid NOT NULL,
    sheet text, number integer NOT NULL, origin integer NOT NULL,
    CONSTRAINT returned_rows_pkey PRIMARY KEY (firm_id, import_id, place),
    CONSTRAINT returned_rows_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id),
    CONSTRAINT returned_rows_corrects_import_id_fkey
        FOREIGN KEY (firm_id, corrects_import_id) REFERENCES imports (firm_id, id)
)
"""
