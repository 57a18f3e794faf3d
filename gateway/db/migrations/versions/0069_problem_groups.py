"""Problems of an import that are alike, and the rows that they are of, counted once: when it ends."""

from alembic import op

from gateway.db.security import SCREENED_PARTNERS, UNWALLED, allow, isolate, outside, wall

revision = "0069"
down_revision = "0068"


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("CREATE INDEX problem_groups_firm_id_import_id_idx ON problem_groups (firm_id, import_id)")
    op.execute("ALTER TABLE imports ADD COLUMN wrong_rows integer DEFAULT 0 NOT NULL")
    op.execute(COUNTED)  # before it is isolated: forced, that hides all rows from us, their owner
    for one in isolate("problem_groups"):
        op.execute(one)
    op.execute(wall("problem_groups", f"{UNWALLED} OR {_IMPORT}"))
    op.execute(allow("SELECT, INSERT, DELETE", "problem_groups"))


TABLE = """
CREATE TABLE problem_groups (
    firm_id uuid NOT NULL, id uuid DEFAULT uuidv7() NOT NULL, import_id uuid NOT NULL, severity text NOT NULL,
    code text NOT NULL, column_name text, value text, problems integer NOT NULL, first_place integer NOT NULL,
    message text NOT NULL, fix text NOT NULL,
    CONSTRAINT problem_groups_pkey PRIMARY KEY (firm_id, id),
    CONSTRAINT problem_groups_import_id_fkey FOREIGN KEY (firm_id, import_id) REFERENCES imports (firm_id, id)
)
"""

COUNTED = """
ALTER TABLE row_errors NO FORCE ROW LEVEL SECURITY;
ALTER TABLE imports NO FORCE ROW LEVEL SECURITY;
INSERT INTO problem_groups
    (firm_id, import_id, severity, code, column_name, value, problems, first_place, message, fix)
SELECT firm_id, import_id, severity, code, column_name, value, count(*), min(place), min(message), min(fix)
FROM row_errors GROUP BY firm_id, import_id, severity, code, column_name, value;
UPDATE imports i SET wrong_rows = wrong.rows
FROM (
    SELECT firm_id, import_id, count(DISTINCT place) AS rows FROM row_errors WHERE severity = 'error' GROUP BY 1, 2
) wrong
WHERE i.firm_id = wrong.firm_id AND i.id = wrong.import_id;
ALTER TABLE row_errors FORCE ROW LEVEL SECURITY;
ALTER TABLE imports FORCE ROW LEVEL SECURITY;
"""

# as of the problems themselves: what is wrong in a file may name whom a wall stands around
_IMPORT = (
    "EXISTS (SELECT FROM imports i WHERE i.firm_id = problem_groups.firm_id AND i.id = problem_groups.import_id"
    f" AND {outside('i.partner_id', SCREENED_PARTNERS)})"
)
