"""What the planner believes of records after an import; wrong by far, the next file takes minutes instead of seconds."""

from __future__ import annotations

import psycopg
import pytest
from helpers.inbox import people

from gateway.db.session import Database
from ingest.load import write

RECORDS = ["cases", "clients", "documents", "sightings"]
BELIEVED = "SELECT relname, reltuples::bigint FROM pg_class WHERE relname = ANY(%s) ORDER BY relname"
HELD = {"clients": 300, "documents": 300, "sightings": 600}


@pytest.fixture
def addresses(own_addresses):
    """A database of the test's own: of tables in which many tests left dead rows, a look at some pages tells about so."""
    return own_addresses


@pytest.fixture
def db(addresses):
    database = Database(addresses)
    yield database
    database.close()


@pytest.fixture
def owner(addresses):
    """Whoever may analyze, as autovacuum would."""
    with psycopg.connect(addresses.owner, autocommit=True) as connection:
        connection.execute("SET ROLE gateway_owner")
        yield connection


def believed(owner) -> dict[str, int]:
    return {name: rows for name, rows in owner.execute(BELIEVED, [RECORDS]) if name in HELD}


def test_whoever_looks_while_a_file_is_being_loaded_leaves_no_wrong_figures(inbox, owner, monkeypatch):
    finish = write.entries.finish

    def analyzed(*known):
        owner.execute(f"ANALYZE {', '.join(RECORDS)}")  # its view of what is not committed yet: nothing
        assert set(believed(owner).values()) == {0}
        finish(*known)

    monkeypatch.setattr(write.entries, "finish", analyzed)
    inbox.drop("roster_20260301.csv", people(300, passport="P1"))

    assert believed(owner) == HELD


def test_a_table_that_has_hardly_grown_is_not_looked_at(inbox, owner):
    inbox.drop("roster_20260301.csv", people(300, passport="P1"))
    inbox.drop("roster_20260302.csv", people(340, passport="P1"))

    assert believed(owner) == HELD


def test_walls_are_not_taken_for_hiding_everybody(inbox, owner):
    inbox.drop("roster_20260301.csv", people(300, passport="P1"))
    owner.execute("ANALYZE clients, documents")

    for table in ("clients", "documents"):
        [(plan,)] = inbox.sql(f"EXPLAIN (FORMAT json) SELECT FROM {table}")
        assert plan[0]["Plan"]["Plan Rows"] > 300 / 10, table


def test_only_records_are_analyzed(inbox):
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="staff are no records"):
        inbox.sql("SELECT analyze_records('staff')")
