"""No table that can name a person is left out of an erasure, and no column of one does without saying what it holds."""

import pytest
from sqlalchemy import Column, LargeBinary, NullPool, Table, create_engine, text

from gateway.db.engine import driver_url
from gateway.db.models import Base
from gateway.wings import ERASERS, WINGS

# every other table, and why nobody needs to take a person out of it
OTHERS = {
    "access_tokens": "of partners' programs",
    "alembic_version": "a number",
    "assignment_policies": "words and numbers",
    "attorneys": "of the firm's staff",
    "channel_states": "numbers and times; answers of providers to whom no person was named",
    "credentials": "of partners' programs",
    "delivery_lines": "names in partner.yaml, times and numbers",
    "escalation_policies": "roles of staff and numbers",
    "event_cursors": "numbers",
    "events": "ids of records, words and stages; what they hold is read where somebody acts",
    "expertise": "of the firm's staff",
    "feed_alarms": "days and counts",
    "feeds": "names in partner.yaml",
    "firms": "the firm itself",
    "header_aliases": "names of columns that somebody read and accepted",
    "inbox_counters": "numbers",
    "jobs": "ids and words, never facts; errors are sentences of ours",
    "lead_policies": "types of documents and numbers",
    "leases": "of processes",
    "llm_calls": "numbers, names of models, times",
    "link_clicks": "days and numbers",
    "message_texts": "words that a firm wrote for all its messages",
    "model_policies": "names of providers and models, addresses of providers, and numbers",
    "notice_budgets": "numbers",
    "notice_preferences": "of the firm's staff",
    "partner_configs": "settings that somebody read and applied",
    "partners": "employers; their contacts are whom the firm writes to",
    "place_files": "names of a feed's files, which are its own, and digests",
    "places": "addresses in partner.yaml",
    "quiet_hours": "of the firm's staff",
    "rate_limits": "numbers",
    "repair_links": "addresses of a file's rows, which are nobody's once the file is destroyed; numbers and times",
    "repair_visits": "digests and times",
    "rest_accounts": "names in partner.yaml, numbers and times",
    "rest_persons": "digests; ids that partners use, encrypted, until they are asked about within minutes",
    "rest_sources": "how far partners' systems are read",
    "rest_spent": "numbers",
    "rest_versions": "digests and times",
    "schedules": "of the platform's jobs",
    "sessions": "of the firm's staff",
    "short_links": "addresses that the firm and partners give to anybody",
    "sightings": "ids and days: which feed saw which record, and the tombstone is one",
    "sign_in_tries": "digests of what was typed to sign in",
    "signing_keys": "keys",
    "push_subscriptions": "of the firm's staff",
    "sms_heard": "ids of the provider's",
    "sms_senders": "numbers of ours",
    "sms_stops": "keyed digests of numbers whose owners said STOP, so that nobody writes to them again",
    "staff": "of the firm's staff",
    "tallies": "numbers",
    "time_off": "of the firm's staff",
    "webhook_calls": "digests of what senders call their calls",
}
BLANKED = (
    "clients",
    "cases",
    "documents",
    "walls",
    "files",
    "imports",
    "assignments",
    "eligibility_checks",
    "config_drafts",
)  # the rows of the others go

TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
OF_PERSONS = """
SELECT DISTINCT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'client_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
UNION SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = 'clients'::regclass
UNION SELECT 'clients'
"""


def unanswered(owner, erasers):
    """Tables for which nobody answers, more than one does, or an eraser and a reason; of persons, no reason will do."""
    claims = [table for eraser in erasers for table in eraser.tables]
    persons = set(owner.scalars(text(OF_PERSONS)))
    tables = set(owner.scalars(text(TABLES)))
    return {one for one in tables if claims.count(one) + (one in OTHERS and one not in persons) != 1}


def undeclared(table):
    """Columns that do not say what they hold; and personal ones that cannot be empty, and do not say what else."""
    silent = {one.name for one in table.columns if one.info.get("nature") not in {"personal", "sensitive", "ours"}}
    stuck = {
        one.name
        for one in table.columns
        if table.name in BLANKED and "blank" in one.info and not one.nullable and one.info["blank"] is None
    }
    return silent | stuck


def told_apart(table):
    """Sensitive columns of which a pair lacks the other half: ciphertext and blind index are blanked together."""
    natures = {one.name: one.info["nature"] for one in table.columns}
    halves = {name.removesuffix("_index") for name in natures if name.endswith("_index")}
    return {one for one in halves if {natures.get(one), natures[f"{one}_index"]} != {"sensitive"}}


@pytest.fixture
def owner(addresses):
    engine = create_engine(
        driver_url(addresses.owner), poolclass=NullPool, connect_args={"options": "-c role=gateway_owner"}
    )
    with engine.connect() as connection:
        yield connection


def test_each_table_has_one_eraser_or_a_reason(owner):
    assert unanswered(owner, ERASERS) == set()


def test_reasons_and_erasers_are_of_tables_that_there_are(owner):
    tables = set(owner.scalars(text(TABLES)))
    assert set(OTHERS) - tables == set()
    assert {table for eraser in ERASERS for table in eraser.tables} - tables == set()


@pytest.mark.parametrize("left_out", ERASERS, ids=lambda eraser: "+".join(eraser.tables))
def test_an_eraser_that_is_left_out_is_noticed(owner, left_out):
    assert unanswered(owner, [one for one in ERASERS if one is not left_out]) == set(left_out.tables)


@pytest.mark.parametrize("wing", [wing for wing in WINGS if wing.erasers])
def test_erasers_of_every_wing_are_asked(wing):
    assert set(wing.erasers) <= set(ERASERS)


@pytest.mark.parametrize(
    "bad",
    [
        "CREATE TABLE bad (firm_id uuid, note text)",
        "CREATE TABLE bad (firm_id uuid, client_id uuid)",
        "CREATE TABLE bad (firm_id uuid, whom uuid, FOREIGN KEY (firm_id, whom) REFERENCES clients (firm_id, id))",
        "ALTER TABLE staff ADD COLUMN client_id uuid",
    ],
)
def test_a_table_that_nobody_thought_of_is_noticed(owner, bad):
    owner.exec_driver_sql(bad)
    assert len(unanswered(owner, ERASERS)) == 1


DECLARING = [Base.metadata.tables[name] for eraser in ERASERS for name in eraser.tables]


@pytest.mark.parametrize("table", [*DECLARING, Base.metadata.tables["sightings"]], ids=lambda table: table.name)
def test_each_column_of_a_table_that_can_name_a_person_says_what_it_holds(table):
    assert undeclared(table) == set()
    assert told_apart(table) == set()
    assert {
        one.name for one in table.columns if isinstance(one.type, LargeBinary) and one.info["nature"] == "ours"
    } <= {
        "digest",
        "fingerprint",
        "source",  # of a draft: settings as somebody writes them
    }


def test_a_column_that_does_not_say_what_it_holds_is_noticed():
    nature = {"nature": "personal", "blank": None}
    bad = Table("clients", type(Base.metadata)(), Column("hobby"), Column("name", nullable=False, info=nature))
    assert undeclared(bad) == {"hobby", "name"}
