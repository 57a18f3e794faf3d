"""Years of the audit log: every question is answered, whole, without locking more than a month of it."""

from __future__ import annotations

import random
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import event, insert, text

from gateway import clock
from gateway.db.models import AuditEntry, Case, Client
from gateway.db.paging import Paging
from gateway.db.session import Database
from gateway.db.windows import Window, windows
from gateway.domain import audit
from gateway.domain.audit import EntryFilter
from gateway.office import Actor

DAYS = 1_100  # before them a question that locks all days fails; with 3,000 nothing differs but the time it takes
A_WINDOW = 33 * 8  # locks: 31 days touch 32 dates, each a table with seven indexes, as the log itself
NOW = clock.now()
PEOPLE = [UUID(int=100 + number) for number in range(4)]
CASES = {UUID(int=200 + number): person for number, person in enumerate([*PEOPLE[:3], PEOPLE[0], None])}
NOBODY = UUID(int=999)
ME = Actor("staff", "me@northgate.example")
LOCKED = """
SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = %s AND c.relname LIKE 'audit\\_log%%'
"""


@pytest.fixture(scope="module")
def said():
    """Entries of all kinds on days throughout, many of them on the same; as a model in plain Python keeps them."""
    chance = random.Random(1)
    days = [chance.randrange(DAYS - 10) for _ in range(60)]
    return [entry(chance, NOW - timedelta(days=chance.choice(days), seconds=chance.randrange(3))) for _ in range(400)]


def entry(chance, at):
    kind = chance.choice(["client", "client", "case", "case of a client", "list", "import"])
    case = chance.choice(list(CASES)) if "case" in kind else None
    person = CASES[case] if kind == "case of a client" else chance.choice(PEOPLE)
    seen = chance.sample([*PEOPLE, *CASES], 3) if kind == "list" else [case or person]
    of_import = kind == "import"
    return {
        "id": uuid4(),
        "at": at,
        "actor_kind": "import" if of_import else "staff",
        "actor": "acme/roster" if of_import else chance.choice(["ana@northgate.example", "ben@northgate.example"]),
        "action": "import.row" if of_import else chance.choice(["client.view", "case.update"]),
        "client_id": None if kind in {"list", "case"} else person,
        "case_id": case,
        "changes": [{"kind": "client", "id": str(one), "action": "seen", "new": {"a": 1}} for one in seen],
    }


@pytest.fixture(scope="module")
def years(modules_addresses, said):
    """An installation that is older than the law asks for, through one connection."""
    with psycopg.connect(modules_addresses.system, autocommit=True) as connection:
        connection.execute("SET ROLE gateway_system")
        for behind in range(DAYS, -400, -400):
            then = NOW - timedelta(days=behind)
            connection.execute("SELECT set_config('app.now', %s, false)", [then.isoformat()])
            connection.execute("SELECT ensure_audit_partitions(399)")
    database = Database(modules_addresses, connections=1)
    yield database
    database.close()


@pytest.fixture(scope="module")
def firm(years, said):
    northgate, acme = (UUID(f"01900000-0000-7000-8000-{number:012x}") for number in (0xA000, 0xA001))
    with years.firm(northgate) as session:
        for number, person in enumerate(PEOPLE):
            session.add(Client(firm_id=northgate, id=person, partner_id=acme, key=f"E{number}"))
        session.flush()
        for number, (case, person) in enumerate(CASES.items()):
            session.add(Case(firm_id=northgate, id=case, partner_id=acme, client_id=person, case_number=f"C{number}"))
        session.flush()
        session.execute(insert(AuditEntry).inline(), [{"firm_id": northgate, **one} for one in said])
    return northgate


def answered(said, wanted):
    """What the model finds, the newest first."""
    found = [one for one in said if all(holds(one, wanted))]
    return [one["id"] for one in sorted(found, key=lambda one: (one["at"], one["id"]), reverse=True)]


def holds(one, wanted):
    of_none = one["client_id"] is None and one["case_id"] is None
    names = {UUID(change["id"]) for change in one["changes"]}
    person = wanted.person
    yield person is None or (
        one["client_id"] == person
        or (one["client_id"] is None and CASES.get(one["case_id"]) == person)
        or (of_none and person in names)
    )
    record = wanted.record
    owner = CASES.get(record)
    yield record is None or (
        one["client_id"] == record
        or (one["client_id"] is None and one["case_id"] == record)
        or (owner is not None and one["client_id"] == owner and (one["case_id"] == record or record in names))
        or (of_none and record in names)
    )
    yield wanted.actor is None or one["actor"] == wanted.actor
    yield wanted.action is None or one["action"] == wanted.action
    yield wanted.from_ is None or one["at"] >= wanted.from_
    yield wanted.to is None or one["at"] < wanted.to


def pages(years, firm, wanted, limit):
    """All that is found, page by page, each in a transaction of its own."""
    after = None
    while True:
        with years.firm(firm) as session:
            found = audit.newest(session, wanted, Paging(limit, after))
            yield from [one.id for one in found.rows]
        if found.following is None:
            return
        after = found.following


def questions(chance):
    """Any question, most of them narrow in one way or two."""
    ends = [None, None, *(NOW - timedelta(days=chance.randrange(DAYS)) for _ in range(2))]
    return EntryFilter(
        person=chance.choice([None, None, *PEOPLE, NOBODY]),
        record=chance.choice([None, None, *PEOPLE, *CASES, NOBODY]),
        actor=chance.choice([None, None, "ana@northgate.example", "acme/roster"]),
        action=chance.choice([None, None, "client.view", "import.row"]),
        from_=chance.choice(ends),
        to=chance.choice(ends),
    )


@pytest.mark.parametrize("seed", range(25))
def test_every_question_finds_all_that_there_is(years, firm, said, seed):
    chance = random.Random(seed)
    wanted = questions(chance)
    assert list(pages(years, firm, wanted, chance.choice([3, 20, 100]))) == answered(said, wanted)


def test_a_page_that_ends_at_one_instant_is_continued_within_it(years, firm, said):
    instants = [one["at"] for one in said]
    assert len(set(instants)) < len(instants), "the example has no two entries of one instant"
    assert list(pages(years, firm, EntryFilter(), 1)) == answered(said, EntryFilter())


@contextmanager
def watching(session, onlooker):
    """Counts the locks on the log that a session holds, after each of its statements; keeps the most."""
    session.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))  # what a server may come to by itself
    most = [0]
    pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()

    def look(*_):
        [held] = onlooker.execute(LOCKED, [pid]).fetchone()
        most.append(max(held, most[-1]))

    connection = session.connection()
    event.listen(connection, "after_cursor_execute", look)
    yield most
    event.remove(connection, "after_cursor_execute", look)


@pytest.fixture
def onlooker(modules_addresses):
    with psycopg.connect(modules_addresses.owner, autocommit=True) as connection:
        yield connection


ASKED = {
    "person": EntryFilter(person=PEOPLE[0]),
    "client": EntryFilter(record=PEOPLE[0]),
    "case": EntryFilter(record=next(iter(CASES))),
    "actor": EntryFilter(actor="ana@northgate.example"),
    "import": EntryFilter(actor="acme/roster"),
    "action": EntryFilter(action="client.view"),
    "since": EntryFilter(from_=NOW - timedelta(days=2_000)),
    "until": EntryFilter(to=NOW - timedelta(days=900)),
    "all": EntryFilter(),
}


@pytest.mark.parametrize("wanted", ASKED.values(), ids=ASKED)
def test_a_question_asked_twenty_times_locks_no_more_than_a_window(years, firm, onlooker, wanted):
    for _ in range(20):
        with years.firm(firm) as session:
            audit.newest(session, wanted, Paging(5))
    with years.firm(firm) as session, watching(session, onlooker) as most:
        assert audit.newest(session, wanted, Paging(5)).rows
    assert 0 < most[-1] <= A_WINDOW
    assert audit_locks_at_the_end(years, firm, onlooker, wanted) < 10


def audit_locks_at_the_end(years, firm, onlooker, wanted):
    with years.firm(firm) as session:
        audit.newest(session, wanted, Paging(5))
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        return onlooker.execute(LOCKED, [pid]).fetchone()[0]


@pytest.mark.parametrize("wanted", [EntryFilter(person=NOBODY), EntryFilter(record=NOBODY), EntryFilter(actor="x")])
def test_a_question_without_an_answer_looks_at_all_days_and_keeps_none(years, firm, onlooker, wanted):
    with years.firm(firm) as session, watching(session, onlooker) as most:
        assert audit.newest(session, wanted, Paging(50)).rows == []
    assert 0 < most[-1] <= A_WINDOW


def test_the_history_of_a_person_walks_likewise(years, firm, said, onlooker):
    person = PEOPLE[1]
    changed = sorted((one for one in said if one["client_id"] == person), key=lambda one: (one["at"], one["id"]))
    with years.firm(firm) as session, watching(session, onlooker) as most:
        found = audit.newest_changes(session, person, Paging(1_000))
    assert [one.id for one in found.rows] == [one["id"] for one in reversed(changed)]
    assert most[-1] <= A_WINDOW


def test_what_is_noted_locks_its_day_alone(years, firm, onlooker):
    for _ in range(20):
        with years.firm(firm) as session, watching(session, onlooker) as most:
            audit.write(session, firm, ME, "client.view", client_id=NOBODY)
        assert most[-1] < 20


def test_erasing_blanks_all_days_and_locks_those_that_it_writes(years, firm, said, onlooker):
    person = PEOPLE[0]
    theirs = [one for one in said if (one["client_id"] or CASES.get(one["case_id"])) == person]
    days = {one["at"].date() for one in theirs}
    with years.firm(firm) as session:
        look = session.begin_nested()
        session.execute(text("UPDATE clients SET erased_at = gateway_now() WHERE id = :id"), {"id": person})
        with watching(session, onlooker) as most:
            assert audit.blank(session, person) == len(theirs)
        session.expire_all()
        blanked = {one.id for one in audit.newest(session, EntryFilter(), Paging(1_000)).rows if is_blank(one)}
        assert blanked == {one["id"] for one in theirs}
        look.rollback()  # the other tests ask the same entries
    assert most[-1] <= A_WINDOW + 9 * len(days)


def is_blank(entry):
    return any(one["new"] == {"a": "erased"} for one in entry.changes or [])


def test_windows_are_seamless_and_newest_first():
    reach = Window(NOW - timedelta(days=100.5), NOW)
    found = list(windows(reach))
    assert found[0].until == reach.until
    assert found[-1].since == reach.since
    assert [one.since for one in found[:-1]] == [one.until for one in found[1:]]
    assert [(one.until - one.since).days for one in found] == [7, 14, 28, 31, 20]
    assert list(windows(Window(NOW, NOW))) == []
