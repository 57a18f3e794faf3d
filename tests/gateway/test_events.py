"""Facts: told in the transaction that makes them so, kept in order for each partner, acted on once."""

import threading
from collections import defaultdict
from random import Random

import pytest
from helpers.inbox import COLUMNS, as_csv, people, person
from sqlalchemy import text

from gateway import events
from gateway.errors import Transient
from gateway.events import CaseMoved, ClientChanged, ImportEnded
from gateway.jobs.claims import Claims
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kinds
from gateway.jobs.subscriptions import Subscription, Subscriptions
from gateway.office import Office
from gateway.wings import KINDS, WINGS
from ingest.load import facts

PEOPLE = (ClientChanged,)


def all_of(office, tenants, partner=None, wants=events.EVENTS):
    with office.db.firm(tenants.northgate) as session:
        return events.since(session, partner or tenants.acme, 0, wants, 10_000)


def told(office, tenants, change="created", partner=None, firm=None):
    event = ClientChanged(partner_id=partner or tenants.acme, change=change)
    with office.db.firm(firm or tenants.northgate) as session:
        office.tell(session, firm or tenants.northgate, event)
    return event


def test_an_event_comes_back_as_it_was_told(office, tenants, inbox):
    moved = CaseMoved(partner_id=tenants.acme, records=[tenants.globex], before="drafting", after="filed")
    with office.db.firm(tenants.northgate) as session:
        office.tell(session, tenants.northgate, moved)
    [(_, found)] = all_of(office, tenants)
    assert found == moved


def test_what_is_undone_was_never_told(office, tenants):
    with office.db.firm(tenants.northgate) as session:
        office.tell(session, tenants.northgate, ClientChanged(partner_id=tenants.acme, change="created"))
        session.rollback()
    assert all_of(office, tenants) == []


def test_no_firm_hears_of_anothers(office, tenants):
    told(office, tenants)
    with office.db.firm(tenants.harbor) as session:
        assert session.scalars(text("SELECT count(*) FROM events")).one() == 0
        assert events.since(session, tenants.acme, 0, events.EVENTS, 10) == []


def test_whoever_reads_on_misses_nothing_however_long_the_others_take(office, tenants):
    """Six writers, who commit long after they have told, and a reader who goes on from what it saw last."""
    ended = threading.Event()
    seen: list[int] = []

    def write(seed):
        random = Random(seed)
        for _ in range(25):
            with office.db.firm(tenants.northgate) as session:
                office.tell(session, tenants.northgate, ClientChanged(partner_id=tenants.acme, change="updated"))
                session.execute(text("SELECT pg_sleep(:pause)"), {"pause": random.random() / 200})

    def read():
        done = False
        while not done:
            done = ended.is_set()
            with office.db.firm(tenants.northgate) as session:
                found = events.since(session, tenants.acme, seen[-1] if seen else 0, PEOPLE, 10)
            seen.extend(seq for seq, _ in found)
            done = done and not found

    writers = [threading.Thread(target=write, args=[seed]) for seed in range(6)]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    reader.join()
    assert seen == sorted(seq for seq, _ in all_of(office, tenants))
    assert len(seen) == 150


# ---------------------------------------------------------------- what imports tell


def in_the_audit_log(inbox):
    """Ids by kind and action: an account of the same import that is kept independently."""
    found = defaultdict(set)
    for (changes,) in inbox.sql("SELECT changes FROM audit_log WHERE actor_kind = 'import'"):
        for one in changes:
            found[one["kind"], one["action"]].add(one["id"])
    return dict(found)


def in_the_events(office, tenants):
    words = {"client.changed": "client", "case.changed": "case", "document.changed": "document"}
    found = defaultdict(set)
    for _, event in all_of(office, tenants):
        kind = events.kind_of(type(event))
        if kind in words:
            found[words[kind], event.change].update(map(str, event.records))
        if kind == "case.opened":
            found["case", "created"].update(map(str, event.records))
    return dict(found)


def test_an_import_tells_what_its_audit_entries_tell(office, tenants, inbox):
    inbox.drop("roster_20260301.csv", people(12))
    inbox.drop("roster_20260302.csv", [*people(10, without=(3,)), person(3, salary="61000"), person(13)])
    kept, heard = in_the_audit_log(inbox), in_the_events(office, tenants)
    assert {key: len(ids) for key, ids in heard.items() if key[0] == "client"} == {
        ("client", "created"): 13,
        ("client", "updated"): 1,
        ("client", "closed"): 2,
    }
    assert heard == kept


def test_an_import_tells_its_end_last_and_a_held_file_tells_nothing_else(office, tenants, inbox):
    inbox.drop("roster_20260301.csv", people(30))
    held = inbox.drop("roster_20260302.csv", people(10))  # too many vanish
    inbox.refuse(held, "Too few")
    found = [event for _, event in all_of(office, tenants)]
    ends = [at for at, event in enumerate(found) if isinstance(event, ImportEnded)]
    assert [found[at].state for at in ends] == ["loaded", "held", "refused"]
    assert ends == [len(found) - 3, len(found) - 2, len(found) - 1]


def test_many_records_are_told_in_few_events(office, tenants, inbox, monkeypatch):
    monkeypatch.setattr(facts, "AT_ONCE", 50)
    inbox.drop("roster_20260301.csv", as_csv(people(120)))
    created = [event for _, event in all_of(office, tenants) if getattr(event, "change", "") == "created"]
    clients = [event for event in created if isinstance(event, ClientChanged)]
    assert sum(len(event.records) for event in clients) == 120
    assert len(clients) == 3


def test_a_case_that_moves_says_from_where_to_where(office, tenants, inbox, roster):
    inbox.apply(roster.replace("    documents:", CASES + "    documents:", 1))
    inbox.drop("roster_20260301.csv", cases("drafting", "drafting", "review"))
    inbox.drop("roster_20260302.csv", cases("filed", "drafting", "filed"))
    moved = [event for _, event in all_of(office, tenants, wants=(CaseMoved,))]
    assert sorted((event.before, event.after, len(event.records)) for event in moved) == [
        ("drafting", "filed", 1),
        ("review", "filed", 1),
    ]


CASES = """    case:
      key: case_number
      fields:
        case_number: {from: CASE, required: true}
        stage: {from: STAGE, type: code, map: {drafting: drafting, review: review, filed: filed}}
"""


def cases(*stages):
    rows = [person(number) | {"CASE": f"C-{number}", "STAGE": stage} for number, stage in enumerate(stages, 1)]
    return as_csv(rows, [*COLUMNS, "CASE", "STAGE"])


# ---------------------------------------------------------------- subscribers


class Subscriber:
    """Acts by remembering; `trouble` makes it fail."""

    def __init__(self):
        self.acted, self.trouble = [], False
        self.subscription = Subscription("tests", "normal", PEOPLE, self.act)

    def act(self, office, session, event):
        if self.trouble:
            raise Transient("away", "The subscriber's server is away.")
        self.acted.append(event.change)


@pytest.fixture
def subscriber():
    return Subscriber()


@pytest.fixture
def heard(db, settings, subscriber):
    return Office.of(db, settings, Subscriptions([subscriber.subscription]).wake)


@pytest.fixture
def work(heard, subscriber):
    """Do the jobs that wait, as a worker does, and say how many failed."""
    from datetime import timedelta

    def run(*, dies=False):
        failed = 0
        claims = Claims(heard.db, "normal", "w", timedelta(seconds=30))
        while (job := claims.next()) is not None:
            handling = Handling(heard, job)
            try:
                subscriber.subscription.kind.handler(handling)
                if dies:
                    return failed
            except Transient:
                failed += 1
                continue
            with heard.db.system() as session:
                handling.finish(session)
        return failed

    return run


def test_a_subscriber_acts_on_what_it_wants_in_order_and_once(heard, tenants, subscriber, work):
    for change in ("created", "updated", "closed"):
        told(heard, tenants, change)
    with heard.db.firm(tenants.northgate) as session:
        heard.tell(session, tenants.northgate, ImportEnded(partner_id=tenants.acme, state="loaded"))
    work()
    work()
    assert subscriber.acted == ["created", "updated", "closed"]


def test_a_worker_that_died_after_acting_leaves_nothing_to_be_done_twice(heard, tenants, subscriber, work):
    told(heard, tenants)
    work(dies=True)
    with heard.db.system() as session:
        session.execute(text("UPDATE jobs SET state = 'waiting', lease_until = NULL"))
    work()
    assert subscriber.acted == ["created"]


def test_what_fails_keeps_the_later_ones_of_its_partner_waiting_and_no_others(heard, tenants, subscriber, work):
    told(heard, tenants, "created")
    subscriber.trouble = True
    assert work() == 1
    told(heard, tenants, "updated")
    told(heard, tenants, "restored", partner=tenants.globex)
    subscriber.trouble = False
    with heard.db.system() as session:  # the ladder's wait is over
        session.execute(text("UPDATE jobs SET state = 'waiting', lease_until = NULL WHERE state = 'running'"))
    work()
    assert [one for one in subscriber.acted if one != "restored"] == ["created", "updated"]
    assert "restored" in subscriber.acted


def test_a_new_subscriber_begins_with_the_first_fact_that_it_hears(office, heard, tenants, subscriber, work):
    told(office, tenants, "created")
    told(heard, tenants, "updated")
    work()
    assert subscriber.acted == ["updated"]


def test_a_subscribers_jobs_are_known_to_workers():
    assert {kind.name for wing in WINGS for one in wing.subscriptions for kind in [one.kind]} <= set(KINDS)
    assert Kinds(Subscriptions([Subscriber().subscription]).kinds)["events.tests"].queue == "normal"
