"""Questions to the audit log are answered by its indexes, under row-level security: the log has millions of entries."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import event, text

from gateway import clock
from gateway.db.session import driver
from gateway.db.windows import Window
from gateway.domain import audit
from gateway.domain.audit import EntryFilter

PEOPLE = 200  # of ten entries each

PERSON, CASE = UUID(int=7), UUID(int=1_007)
ENTRIES = """
INSERT INTO audit_log (firm_id, actor_kind, actor, action, client_id, case_id, changes)
SELECT :firm, 'staff', 'somebody@northgate.example', CASE WHEN n % 10 = 9 THEN 'client.list' ELSE 'client.view' END,
    CASE WHEN n % 10 < 8 THEN lpad(to_hex(p), 32, '0')::uuid END,
    CASE WHEN n % 10 = 8 THEN lpad(to_hex(p + 1000), 32, '0')::uuid END,
    CASE WHEN n % 10 = 9 THEN jsonb_build_array(jsonb_build_object('id', lpad(to_hex(p), 32, '0')::uuid)) END
FROM (SELECT n, n / 10 AS p FROM generate_series(0, :last) n) entries
"""
MATTER = (
    "INSERT INTO cases (firm_id, id, partner_id, client_id, case_number) VALUES (:firm, :id, :partner, :person, 'C')"
)
SOMEBODY = "INSERT INTO clients (firm_id, id, partner_id, key) VALUES (:firm, :person, :partner, 'E')"
NAMING = text("SELECT * FROM entries_naming(:id, :since, :until)")
USED = """
SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_user_indexes
WHERE relname = :day AND indexrelname LIKE '%changes%'
"""


@pytest.fixture
def log(db, tenants, addresses):
    """A firm's day, and what the planner knows of it."""
    about = {"firm": tenants.northgate, "partner": tenants.acme, "person": PERSON, "id": CASE}
    with db.firm(tenants.northgate) as session:
        for statement in (SOMEBODY, MATTER):
            session.execute(text(statement), about)
        session.execute(text(ENTRIES), {"firm": tenants.northgate, "last": 10 * PEOPLE - 1})
    with psycopg.connect(addresses.owner, autocommit=True) as owner:
        owner.execute("SET ROLE gateway_owner")
        owner.execute("ANALYZE audit_log")
    return f"audit_log_{clock.now():%Y%m%d}"


def plans(db, tenants, wanted):
    """How each query for these entries is answered, and how many entries it found."""
    found = []
    with db.firm(tenants.northgate) as session:
        for query in audit.entries(session, wanted):
            with Caught(session) as asked:
                number = len(session.scalars(query, window()._asdict()).all())
            [(statement, values)] = asked
            lines = [line for (line,) in driver(session).execute(f"EXPLAIN {statement}", values)]
            found.append((number, "\n".join(lines)))
    return found


def window():
    """Today, so that plans name its partition alone."""
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(midnight, midnight + timedelta(days=1))


class Caught:
    """The statements that a session sends meanwhile."""

    def __init__(self, session):
        self._connection, self._asked = session.connection(), []

    def __enter__(self):
        event.listen(self._connection, "before_cursor_execute", self._note)
        return self._asked

    def __exit__(self, *_):
        event.remove(self._connection, "before_cursor_execute", self._note)

    def _note(self, _connection, _cursor, statement, values, _context, _many):
        self._asked.append((statement, values))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EntryFilter(person=PERSON), {"client_id_at_idx": 8, "case_id_at_idx": 1, "entries_naming": 1}),
        (EntryFilter(record=PERSON), {"client_id_at_idx": 8, "case_id_at_idx": 0, "entries_naming": 1}),
        (EntryFilter(record=CASE), {"client_id_at_idx": 0, "case_id_at_idx": 1, "entries_naming": 0}),
    ],
)
def test_each_query_has_its_index(db, tenants, log, wanted, expected):
    for number, plan in plans(db, tenants, wanted):
        used = [name for name in expected if f"{log}_firm_id_{name}" in plan or f"Function Scan on {name}" in plan]
        assert used, plan
        assert number in {expected[name] for name in used}, plan


def test_lists_that_name_a_record_are_found_by_the_index_into_what_they_say(db, tenants, log):
    def scans():
        with db.system() as session:
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
            return session.scalar(text(USED), {"day": log})

    before = scans()
    with db.firm(tenants.northgate) as session:
        found = session.execute(NAMING, {"id": PERSON, **window()._asdict()}).all()
        session.execute(text("SELECT pg_stat_force_next_flush()"))
    assert len(found) == 1
    assert scans() > before


def test_which_entries_name_a_record_is_told_of_ones_own_firm_only(db, tenants, log):
    with db.firm(tenants.harbor) as session:
        assert session.execute(NAMING, {"id": PERSON, **window()._asdict()}).all() == []
    with db.nobody() as session:
        assert session.execute(NAMING, {"id": PERSON, **window()._asdict()}).all() == []
