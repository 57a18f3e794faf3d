"""Imports left to workers: queued with their cause, run once whoever comes, receipts written, progress followed."""

import threading

import pytest
from helpers.inbox import ME, SENDER, as_csv, people
from helpers.servers import PATIENCE, until
from sqlalchemy import text

from gateway import clock
from gateway.db.session import Database, lock_partner
from gateway.domain.partners.homes import find_home
from gateway.jobs import ledger
from gateway.jobs.broker.listening import Bulletin
from gateway.jobs.following import follow
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import enqueue
from gateway.jobs.ledger import LeaseLost
from gateway.jobs.worker import Worker, connections_for
from gateway.wings import KINDS, office_of
from ingest import jobs, receipts, running
from ingest.arrival import Asked
from ingest.holds import release
from ingest.reception import receive
from ingest.running import finish
from ingest.standing import standing


@pytest.fixture
def send(office, inbox):
    """Leave a file of acme's to a worker."""

    def one(name="roster_20260301.csv", rows=None, **more):
        home = find_home(office, "acme")
        content = [as_csv(people(10) if rows is None else rows)]
        return receive(office, home, name, content, via="test", by=SENDER, asked=Asked(), queued=True, **more)

    return one


@pytest.fixture
def worker(addresses, settings):
    database = Database(addresses, connections=connections_for({"ingest": 2}))
    one = Worker(office_of(database, settings), KINDS, {"ingest": 2})

    def start():
        one.start()
        return one

    yield start
    if hasattr(one, "_broker"):
        one.stop()
    database.close()


def jobs_of(inbox):
    return inbox.sql("SELECT kind, state FROM jobs WHERE kind LIKE 'ingest.%%' ORDER BY id")


def test_a_queued_file_is_on_record_together_with_its_job(inbox, send, tenants):
    import_id = send()
    assert inbox.sql("SELECT kind, queue, about, lane, payload FROM jobs WHERE kind LIKE 'ingest.%%'") == [
        ("ingest.run", "ingest", import_id, str(tenants.acme), {"import_id": str(import_id)})
    ]
    assert inbox.account(import_id)["state"] == "received"


def test_a_file_that_nobody_queued_has_no_job(inbox):
    inbox.drop("roster_20260301.csv", people(3))
    assert jobs_of(inbox) == []


def test_a_worker_takes_files_to_their_end_in_order_and_writes_receipts(inbox, send, worker):
    first = send("roster_20260301.csv", people(10))
    second = send("roster_20260302.csv", people(10, salary="70000"))
    worker()
    until(lambda: {state for _, state in jobs_of(inbox)} == {"done"})
    assert [inbox.account(one)["state"] for one in (first, second)] == ["loaded", "loaded"]
    assert inbox.account(second)["rows"]["updated"] == 10
    assert inbox.account(first)["receipts"]
    assert inbox.account(second)["receipts"]


def test_a_release_can_be_left_to_a_worker(inbox, send, office, worker):
    inbox.drop("roster_20260301.csv", people(200))
    held = inbox.drop("roster_20260302.csv", people(200, without=range(100, 200)))
    assert held["state"] == "held"
    worker()
    from uuid import UUID

    with office.acting(inbox.firm_id, ME) as acting:
        release(acting, UUID(held["import_id"]), None, queued=True)
    until(lambda: inbox.account(held["import_id"])["state"] == "released")
    until(lambda: jobs_of(inbox) == [("ingest.run", "done")])


def test_a_command_and_a_worker_at_the_same_import_do_it_once(inbox, send, office, worker, tenants):
    import_id = send(rows=people(300))
    with office.db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)
        worker()
        until(lambda: jobs_of(inbox) == [("ingest.run", "running")])
        thread = threading.Thread(target=finish, args=[office, find_home(office, "acme"), import_id])
        thread.start()
    thread.join(PATIENCE)
    until(lambda: jobs_of(inbox) == [("ingest.run", "done")])
    assert inbox.sql("SELECT count(*) FROM audit_log WHERE actor_kind = 'import'") == [(300,)]
    assert inbox.account(import_id)["rows"]["created"] == 300


def claimed(office, settings):
    from datetime import timedelta

    from gateway.jobs.claims import Claims

    return Handling(office, Claims(office.db, "ingest", "w", timedelta(seconds=30)).next())


def lose(office):
    with office.db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'waiting', lease_until = NULL"))


def test_an_import_whose_job_was_taken_over_does_not_commit(inbox, send, office, settings):
    import_id = send()
    handling = claimed(office, settings)
    lose(office)
    with pytest.raises(LeaseLost):
        jobs.run(handling)
    assert inbox.account(import_id)["state"] == "running"
    assert inbox.clients() == {}


def test_earlier_files_that_a_job_finishes_on_its_way_are_fenced_as_well(inbox, send, office, settings):
    receive(
        office,
        find_home(office, "acme"),
        "roster_20260301.csv",
        [as_csv(people(5))],
        via="test",
        by=SENDER,
        asked=Asked(),
    )
    send("roster_20260302.csv", people(6))
    handling = claimed(office, settings)
    lose(office)
    with pytest.raises(LeaseLost):
        jobs.run(handling)
    assert inbox.clients() == {}


def test_an_import_that_fails_by_a_bug_is_fenced_as_well(inbox, send, office, settings, monkeypatch):
    import_id = send()
    handling = claimed(office, settings)
    lose(office)

    def bug(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(running.pipeline, "run", bug)
    with pytest.raises(LeaseLost):
        jobs.run(handling)
    assert inbox.account(import_id)["state"] == "running"


def test_a_file_that_brings_down_every_worker_is_set_aside(inbox, send, office, settings):
    import_id = send()
    with office.db.system() as session:
        session.execute(text("UPDATE imports SET attempts = 3"))
        session.execute(text("UPDATE jobs SET last_error = :died"), {"died": ledger.WORKER_DIED})
    jobs.run(claimed(office, settings))
    assert inbox.account(import_id)["state"] == "failed"


def test_a_file_whose_attempts_were_only_unlucky_is_not_set_aside(inbox, send, office, settings):
    import_id = send()
    with office.db.system() as session:
        session.execute(text("UPDATE imports SET attempts = 3"))
        session.execute(text("UPDATE jobs SET last_error = 'The database is busy.'"))
    jobs.run(claimed(office, settings))
    assert inbox.account(import_id)["state"] == "loaded"


def test_a_receipt_that_cannot_be_written_is_tried_again(inbox, send, office, settings, monkeypatch):
    import_id = send()

    def full(*_):
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(receipts, "whole", full)
        from gateway.errors import Transient

        with pytest.raises(Transient, match="receipt"):
            jobs.run(claimed(office, settings))
    assert inbox.account(import_id)["state"] == "loaded"
    lose(office)
    jobs.run(claimed(office, settings))
    assert inbox.sql("SELECT receipt_at IS NOT NULL FROM imports") == [(True,)]


@pytest.fixture
def swept(office, settings):
    """Runs the sweep once."""

    def run():
        from datetime import timedelta

        from gateway.jobs.claims import Claims

        with office.db.system() as session:
            enqueue(session, jobs.SWEEP, {}, firm_id=None)
        jobs.sweep(Handling(office, Claims(office.db, "normal", "s", timedelta(seconds=30)).next()))
        with office.db.system() as session:
            return session.execute(text("SELECT kind, about FROM jobs WHERE kind <> 'ingest.sweep' ORDER BY id")).all()

    return run


def make_old(office):
    with office.db.system() as session:
        session.execute(
            text(
                "UPDATE imports SET received_at = received_at - interval '2 min', finished_at = finished_at - interval '2 min'"
            )
        )


def test_the_sweep_finds_an_import_that_a_killed_command_left_open(inbox, office, swept):
    left = receive(
        office,
        find_home(office, "acme"),
        "roster_20260301.csv",
        [as_csv(people(5))],
        via="test",
        by=SENDER,
        asked=Asked(),
    )
    assert swept() == [], "a command may be just about to take it"
    make_old(office)
    assert swept() == [("ingest.run", left)]
    assert swept() == [("ingest.run", left)], "it has its job"


def test_the_sweep_leaves_an_import_alone_that_somebody_is_at(inbox, office, swept, tenants):
    receive(
        office,
        find_home(office, "acme"),
        "roster_20260301.csv",
        [as_csv(people(5))],
        via="test",
        by=SENDER,
        asked=Asked(),
    )
    make_old(office)
    with office.db.firm(tenants.northgate) as session:
        lock_partner(session, tenants.acme)
        assert swept() == []


def test_the_sweep_finds_missing_receipts_and_a_worker_writes_them(inbox, office, swept, worker):
    told = inbox.drop("roster_20260301.csv", people(5))
    with office.db.system() as session:
        session.execute(text("UPDATE imports SET receipt_at = NULL"))
    assert swept() == []
    make_old(office)
    assert [kind for kind, _ in swept()] == ["ingest.receipts"]
    worker()
    until(lambda: inbox.sql("SELECT receipt_at IS NOT NULL FROM imports") == [(True,)])
    until(lambda: ("ingest.receipts", "done") in jobs_of(inbox))
    assert told["state"] == "loaded"


def test_the_sweep_leaves_what_is_dead_to_a_person(inbox, send, office, swept):
    send()
    make_old(office)
    with office.db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'dead'"))
    assert len(swept()) == 1


@pytest.fixture
def bulletin(office):
    made = Bulletin(office.db.addresses.app, ledger.PROGRESS)
    yield made
    made.close()


def looking(office, firm_id, import_id):
    def look():
        with office.db.firm(firm_id) as session:
            return standing(session, import_id)

    return look


def test_an_import_can_be_followed_to_its_end(inbox, send, office, worker, tenants, bulletin):
    import_id = send(rows=people(2000))
    seen = []
    follower = threading.Thread(
        target=lambda: seen.extend(follow(looking(office, tenants.northgate, import_id), bulletin))
    )
    follower.start()
    until(lambda: seen)
    worker()
    follower.join(PATIENCE)
    assert seen[0].state == "received"
    assert seen[0].is_open
    assert seen[-1].state == "loaded"
    assert not seen[-1].is_open


def test_progress_reaches_a_follower_as_it_is_noted(inbox, send, office, settings, tenants, bulletin):
    from datetime import timedelta

    import_id = send()
    handling = claimed(office, settings)
    following = follow(looking(office, tenants.northgate, import_id), bulletin)
    assert next(following).rows is None
    with office.db.system() as session:
        ledger.keep(session, [(handling.job, {"rows": 5, "position": 100, "size": 300})], timedelta(seconds=30))
    begun = clock.now()
    now = next(following)
    assert (now.rows, now.position, now.size) == (5, 100, 300)
    assert (clock.now() - begun).total_seconds() < 1.5
    following.close()


def test_another_firms_import_cannot_be_followed(inbox, send, office, tenants, bulletin):
    from gateway.errors import NotFound

    import_id = send()
    with pytest.raises(NotFound):
        next(follow(looking(office, tenants.harbor, import_id), bulletin))
