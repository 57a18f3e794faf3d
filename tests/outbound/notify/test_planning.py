"""Planning as people meet it: what leaves at once, what gathers, and that nothing is missing or doubled."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Event

import pytest
from helpers.doing import do_jobs
from helpers.killing import kill
from helpers.servers import until
from sqlalchemy import select, text, update

from gateway.db.models import Dispatch, Document, JobRow, Notice, Notification, Staff
from gateway.domain.expiry.sweep import sweep
from gateway.domain.preferences import quiet
from gateway.domain.preferences.quiet import Hours
from gateway.jobs.schedule import tick
from gateway.wings import KINDS
from outbound.notify import telling, unplanned
from outbound.notify.planning import Planned, plan
from outbound.notify.telling import HANDFUL

HEADER = "EMP_ID,Last Name,DOB,Salary,SSN,Passport,Passport Expiry,I94 Expiry\n"
FRIDAY = datetime(2026, 6, 5, 14, 7, tzinfo=UTC)  # ten in the morning at the firm
MONDAY = datetime(2026, 6, 8, 12, tzinfo=UTC)  # eight there


@pytest.fixture
def at(monkeypatch):
    """Sets the clock."""

    def to(instant):
        monkeypatch.setenv("GATEWAY_NOW", instant.isoformat())

    to(FRIDAY)
    return to


@pytest.fixture
def papers(inbox, at):
    """People whose stays end so many days after that Friday."""

    def arrive(*days):
        ends = [FRIDAY.date() + timedelta(days=one) for one in days]
        lines = [f"E{n},Okafor,02/03/1990,70000,,,,{end:%m/%d/%Y}\n" for n, end in enumerate(ends)]
        inbox.drop("roster_20260301.csv", (HEADER + "".join(lines)).encode())

    return arrive


def daily(_session, wanted):
    return dict.fromkeys(wanted, "daily")


def dispatches(db, *conditions):
    with db.system() as session:
        found = select(Notification.kind, Notification.priority, Dispatch.channel, Dispatch.state, Dispatch.not_before)
        joined = found.join(Dispatch, Dispatch.notification_id == Notification.id)
        return [tuple(one) for one in session.execute(joined.where(*conditions).order_by(Dispatch.id)).all()]


def sound(db):
    """Nothing is missing and nothing doubled: every notice has a dispatch of its own recipient and channel."""
    with db.system() as session:
        for notice, dispatch in session.execute(
            select(Notice, Dispatch).outerjoin(Dispatch, Dispatch.id == Notice.dispatch_id)
        ):
            assert (dispatch.staff_id, dispatch.channel) == (notice.staff_id, notice.channel)
        told = text("SELECT count(*), count(DISTINCT dispatch_id), (SELECT count(*) FROM dispatches) FROM notices")
        return session.execute(told).one()


def test_what_is_told_at_once_rings_in_the_browser_too(office, db, papers):
    papers(60)
    sweep(office)
    planned = plan(office)
    assert planned == Planned(notices=4, immediate=4)  # an admin for the attorney that nobody named, and a paralegal
    found = dispatches(db)
    assert {one[:2] for one in found} == {("expiry", "normal")}
    assert sorted(one[2] for one in found) == ["email", "email", "in_app", "in_app"]
    assert {one[4] for one in found} == {FRIDAY}
    with db.system() as session:
        assert session.scalar(text("SELECT count(*) FROM notifications")) == 2
    assert plan(office) == Planned()


@pytest.mark.parametrize(("left", "priority"), [(15, "normal"), (14, "urgent"), (1, "urgent"), (0, "urgent")])
def test_what_is_near_its_end_is_urgent(office, db, papers, left, priority):
    papers(left)
    sweep(office)
    plan(office)
    assert {one[1] for one in dispatches(db)} == {priority}


def test_what_can_wait_gathers_in_one_digest_of_the_next_working_day(office, db, papers):
    papers(60, 58, 40, 7)
    sweep(office)
    assert plan(office, daily).digests == 2
    found = [one for one in dispatches(db) if one[0] == "digest"]
    assert found == [("digest", "normal", "email", "waiting", MONDAY)] * 2
    urgent = [one for one in dispatches(db) if one[0] != "digest"]
    assert {one[1] for one in urgent} == {"urgent"}, "which waits for no digest"
    with db.system() as session:
        kept = select(Notification.key).where(Notification.kind == "digest")
        assert all(key.endswith("/email/2026-06-08T12:00Z") for key in session.scalars(kept))
        in_digests = (
            "SELECT count(*) FROM notices n JOIN dispatches d ON d.id = n.dispatch_id WHERE d.not_before > :now"
        )
        assert session.scalar(text(in_digests), {"now": FRIDAY}) == 6


def test_more_joins_a_digest_that_waits(office, db, papers, at):
    papers(60)
    sweep(office)
    plan(office, daily)
    papers(60, 59)
    at(FRIDAY + timedelta(hours=1))
    sweep(office)
    assert plan(office, daily) == Planned(notices=2)
    assert len(dispatches(db)) == 2
    at(MONDAY)
    papers(60, 59, 61)
    sweep(office)
    assert plan(office, daily).digests == 2, "those of Tuesday"


def test_what_turns_untrue_drops_out_and_an_empty_digest_is_cancelled(office, db, papers):
    papers(60, 59)
    sweep(office)
    plan(office, daily)
    with db.system() as session:
        one = session.scalars(select(Document.id).limit(1)).one()
        session.execute(update(Document).where(Document.id == one).values(status="void"))
    sweep(office)
    assert plan(office, daily).cancelled == 0
    with db.system() as session:
        session.execute(update(Document).values(status="void"))
    assert plan(office, daily).cancelled == 2, "without another sweep"
    assert {one[3] for one in dispatches(db)} == {"cancelled"}
    with db.system() as session:
        session.execute(update(Document).values(status="current"))
    sweep(office)
    assert plan(office, daily) == Planned(notices=4)
    assert {one[3] for one in dispatches(db)} == {"waiting"}


def test_a_digest_that_is_leaving_takes_nothing_more(office, db, papers):
    papers(60)
    sweep(office)
    plan(office, daily)
    with db.system() as session:
        session.execute(update(Dispatch).values(state="attempting"))
    papers(60, 59)
    sweep(office)
    assert plan(office, daily) == Planned()
    with db.system() as session:
        session.execute(update(Dispatch).values(state="sent"))
        assert session.scalar(text("SELECT count(*) FROM notices WHERE dispatch_id IS NULL AND state = 'waiting'")) == 2


def test_a_zone_that_is_none_keeps_nobody_from_being_told(office, db, papers):
    papers(60)
    with db.system() as session:
        session.execute(update(Staff).values(time_zone="Mars/Olympus"))
    sweep(office)
    assert plan(office, daily).digests == 2
    assert {one[4] for one in dispatches(db)} == {MONDAY}


def gathered(db):
    """How many notices each digest tells, by channel, the priority, and whether it belongs to a window."""
    counted = (
        "SELECT d.channel, t.priority, t.key IS NULL, d.not_before, count(n.id) FROM notifications t"
        " JOIN dispatches d ON d.notification_id = t.id JOIN notices n ON n.dispatch_id = d.id WHERE t.kind = 'digest'"
        " GROUP BY d.id, 1, 2, 3, 4 ORDER BY 1, 2, 5 DESC"
    )
    with db.system() as session:
        return [tuple(one) for one in session.execute(text(counted))]


def test_more_than_a_handful_for_one_recipient_at_once_is_one_message(office, db, papers):
    papers(*range(121, 121 + HANDFUL + 1))
    sweep(office)
    assert plan(office) == Planned(notices=24, immediate=4)
    assert gathered(db) == [(way, "normal", True, FRIDAY, 6) for way in ("email", "email", "in_app", "in_app")]
    assert sound(db) == (24, 4, 4)
    assert plan(office) == Planned()


def test_a_handful_leaves_one_by_one(office, db, papers):
    papers(*range(121, 121 + HANDFUL))
    sweep(office)
    assert plan(office) == Planned(notices=20, immediate=20)
    assert gathered(db) == []


def test_what_is_urgent_gathers_as_well_and_makes_the_message_urgent(office, db, papers):
    papers(0, 5, 40, 50, 60, 70)
    sweep(office)
    plan(office)
    assert {one[1:3] for one in gathered(db)} == {("urgent", True)}
    assert next(one for one in gathered(db) if one[0] == "email")[4] == 6, "the admin's, today's paper among them"


def test_what_is_snoozed_together_comes_again_together_and_at_that_time(office, db, papers, at):
    papers(*range(121, 131))
    sweep(office)
    plan(office)
    later = FRIDAY + timedelta(days=1)
    with db.system() as session:
        session.execute(update(Notice).values(snoozed_until=later, dispatch_id=None))
    assert plan(office).immediate == 4
    assert {one[3] for one in gathered(db)} == {later}
    at(later + timedelta(hours=1))
    with db.system() as session:
        session.execute(update(Notice).values(dispatch_id=None))
    plan(office)
    assert later + timedelta(hours=1) in {one[3] for one in gathered(db)}, "what was snoozed until a moment ago"


def hold(db, **values):
    """As the gate does over a weekend."""
    with db.system() as session:
        session.execute(update(Dispatch).values({"not_before": MONDAY} | values))


def test_what_comes_later_goes_with_many_that_are_held_back(office, db, papers, at):
    papers(*range(121, 121 + HANDFUL + 1))
    sweep(office)
    plan(office)
    hold(db)
    at(FRIDAY + timedelta(days=1))
    sweep(office)
    assert plan(office) == Planned(notices=4), "the first of them has 120 days left"
    assert gathered(db) == [(way, "normal", True, MONDAY, 7) for way in ("email", "email", "in_app", "in_app")]
    papers(*range(121, 121 + HANDFUL + 1), 5)
    sweep(office)
    assert plan(office).immediate == 0
    assert {one[1:4] for one in gathered(db)} == {("urgent", True, MONDAY)}
    assert plan(office) == Planned()


def test_what_is_switched_off_or_snoozed_goes_with_nobody(office, db, papers, at):
    papers(*range(121, 121 + HANDFUL + 1))
    sweep(office)
    plan(office)
    hold(db)
    at(FRIDAY + timedelta(days=1))
    sweep(office)
    with db.system() as session:
        mine = (Notice.dispatch_id.is_(None), Notice.role == "paralegal")
        session.execute(update(Notice).where(*mine).values(snoozed_until=MONDAY + timedelta(days=1)))
    off = plan(
        office, lambda _session, wanted: {one: "off" if one.channel == "email" else "immediate" for one in wanted}
    )
    assert off.immediate == 3, "by mail to both, and the bell of whoever snoozed it"
    assert sorted(one[4] for one in gathered(db)) == [6, 6, 6, 7]


@pytest.mark.parametrize(
    "values",
    [
        {"not_before": FRIDAY + timedelta(days=1, seconds=59)},
        {"path": "release"},
        {"attempts": 1, "path": "retry"},
        {"attempts": 1},
        {"state": "attempting"},
        {"state": "sent"},
    ],
)
def test_what_may_be_on_its_way_takes_nothing_more(office, db, papers, at, values):
    papers(*range(121, 121 + HANDFUL + 1))
    sweep(office)
    plan(office)
    hold(db, **values)
    at(FRIDAY + timedelta(days=1))
    sweep(office)
    assert plan(office) == Planned(notices=4, immediate=4)
    assert {one[4] for one in gathered(db)} == {6}


def test_nothing_waits_for_a_snooze_of_others(office, db, papers, at):
    papers(*range(121, 121 + HANDFUL + 1))
    sweep(office)
    plan(office)
    with db.system() as session:
        session.execute(update(Notice).values(snoozed_until=MONDAY))
    hold(db)
    at(FRIDAY + timedelta(days=1))
    sweep(office)
    assert plan(office).immediate == 4


def test_a_weekly_digest_waits_for_the_next_week(office, db, papers, at):
    at(MONDAY)
    papers(60)
    sweep(office)
    plan(office, lambda _session, wanted: dict.fromkeys(wanted, "weekly"))
    assert {one[4] for one in dispatches(db)} == {MONDAY + timedelta(days=7)}


def test_a_digest_goes_by_the_days_on_which_its_recipient_works(office, db, papers, admin, tenants):
    with admin() as acting:
        quiet.change(acting, None, Hours(working_days=frozenset({7, 1, 2, 3, 4})))
        quiet.change(acting, tenants.staff["paralegal"], Hours(working_days=frozenset({2, 6})))
    papers(60)
    sweep(office)
    plan(office, daily)
    assert {one[4] for one in dispatches(db)} == {MONDAY - timedelta(days=1), MONDAY - timedelta(days=2)}


def test_what_somebody_wants_not_at_all_takes_nothing_with_it(office, db, papers):
    papers(*range(121, 131))
    sweep(office)
    plan(office, lambda _session, wanted: {one: "off" if one.channel == "email" else "immediate" for one in wanted})
    assert {one[0] for one in gathered(db)} == {"in_app"}
    assert sum(one[2] == "email" for one in dispatches(db)) == 20, "for the gate to withhold, each by itself"


def test_a_message_tells_of_so_many_papers_as_a_relay_takes(office, db, papers, monkeypatch):
    monkeypatch.setattr(telling, "MOST", 8)
    papers(*range(121, 141))
    sweep(office)
    plan(office)
    assert [one[4] for one in gathered(db) if one[0] == "email"] == [8, 8, 8, 8, 4, 4]


def test_a_recipient_is_not_cut_in_two_however_few_are_planned_together(office, db, papers, monkeypatch):
    monkeypatch.setattr(unplanned, "_AT_ONCE", 3)
    papers(*range(121, 131))
    sweep(office)
    plan(office)
    assert [one[4] for one in gathered(db)] == [10] * 4


def test_two_plannings_at_once_gather_all_of_a_recipient_in_one(office, db, papers, monkeypatch):
    monkeypatch.setattr(unplanned, "_AT_ONCE", 3)
    papers(*range(121, 131))
    sweep(office)
    both = Barrier(2)

    def run(_):
        both.wait()
        return plan(office)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert [one[4] for one in gathered(db)] == [10] * 4
    assert sound(db) == (40, 4, 4)


def test_one_planning_at_a_time_is_at_work(office, db, papers):
    papers(60)
    sweep(office)
    begun, go_on = Event(), Event()

    def slowly(_session, _wanted):
        begun.set()
        assert go_on.wait(60)
        return {}

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(plan, office, slowly)
        assert begun.wait(60)
        second = pool.submit(plan, office)
        until(lambda: waits_for_its_turn(db))
        go_on.set()
        assert (first.result().notices, second.result().notices) == (4, 0)


def waits_for_its_turn(db):
    with db.system() as session:
        return session.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))


def test_what_somebody_holds_is_planned_later_and_keeps_nobody_else_waiting(office, db, papers, monkeypatch):
    monkeypatch.setattr(unplanned, "_AT_ONCE", 1)
    papers(60)
    sweep(office)
    with db.system() as session:
        first = "SELECT id FROM notices ORDER BY firm_id, coalesce(staff_id, client_id) LIMIT 1 FOR UPDATE"
        session.execute(text(first))
        assert plan(office).notices == 2
    assert plan(office).notices == 2


def test_two_plannings_at_once_give_everybody_one_dispatch(office, db, papers):
    papers(*range(15, 175))
    sweep(office)
    for prefer in (daily, lambda _session, wanted: dict.fromkeys(wanted, "immediate")):
        both = Barrier(2)

        def run(_, prefer=prefer, both=both):
            both.wait()
            return plan(office, prefer)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, range(2)))
        counts = sound(db)
        assert counts[0] == (320 if prefer is daily else 640)
        assert counts[1:] == ((2, 2) if prefer is daily else (4, 4))
        with db.system() as session:
            session.execute(text("UPDATE notices SET dispatch_id = NULL"))
            session.execute(text("DELETE FROM dispatches"))
            session.execute(text("DELETE FROM notifications"))


# ------------------------------------------------------------------------------------------------ by the clock


def jobs(db):
    with db.system() as session:
        found = select(JobRow.kind, JobRow.state).where(JobRow.kind.in_(("expiry.sweep", "notices.plan")))
        return sorted(map(tuple, session.execute(found)))


def test_the_clock_sweeps_each_hour_and_plans_what_it_found(office, db, papers, at):
    papers(60)
    tick(db, KINDS, "one")
    for hour in range(3):
        at(FRIDAY + timedelta(hours=hour))
        tick(db, KINDS, "one")
        assert tick(db, KINDS, "another") == [], "one leads"
        do_jobs(office, ["normal"])
    assert jobs(db) == [("expiry.sweep", "done")] * 2 + [("notices.plan", "done")] * 2
    assert sound(db)[0] == 4


@pytest.mark.journey
@pytest.mark.parametrize("table", ["notices", "notifications", "dispatches"])
def test_a_worker_killed_anywhere_between_sweep_and_planning_leaves_nothing_out(
    office, db, papers, at, locks, worker_process, table
):
    papers(60, 59, 30)
    tick(db, KINDS, "one")
    at(FRIDAY + timedelta(hours=1))
    tick(db, KINDS, "one")
    locks.kill_at(table, lambda: worker_process("normal"))
    last = worker_process("normal")
    until(lambda: jobs(db) == [("expiry.sweep", "done"), ("notices.plan", "done")])
    kill(last)
    assert sound(db) == (12, 12, 12)
    assert plan(office) == Planned()


def test_the_command_plans_and_says_what_it_did(gateway, office, papers):
    papers(60)
    sweep(office)
    said = json.loads(gateway("expiry", "plan", "--json").stdout)
    assert said == {"notices": 4, "immediate": 4, "digests": 0, "cancelled": 0}
    assert "0 notices planned" in gateway("expiry", "plan").stdout


def test_the_day_of_the_firm_counts(office, db, papers, at):
    """In the first hour of a day in New York it is that day there, whatever day it is in UTC."""
    papers(14)
    at(datetime(2026, 6, 5, 4, 7, tzinfo=UTC))
    sweep(office)
    with db.system() as session:
        assert set(session.scalars(select(Notice.due_on))) == {date(2026, 6, 5)}
