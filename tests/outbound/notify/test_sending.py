"""What waits leaves once, the urgent first; what fails climbs its ladder, and a channel that fails is left alone."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from helpers.doing import do_jobs

from gateway.db.session import driver
from gateway.jobs.kinds import LADDER, enqueue
from gateway.office import Office
from outbound.notify import bearing, claiming, handing, sending
from outbound.notify.channels.base import NotNow

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def ids_of(post_office):
    return [one["Message-ID"].partition("@")[0].removeprefix("<") for one in post_office.taken]


def test_what_waits_leaves_once_and_it_is_on_record_how(make, work, rows, attempts, post_office, inbox, office):
    made = make(3)
    work()
    work()
    assert sorted(ids_of(post_office)) == sorted(map(str, made))
    assert rows("state, attempts, steps, is_repeat") == [("sent", 1, 0, False)] * 3
    assert attempts("outcome, number") == [("taken", 1)] * 3
    [(ref, said, sent_at)] = inbox.sql("SELECT ref, said, sent_at FROM dispatches ORDER BY id LIMIT 1")
    assert (ref, sent_at is not None) == (f"<{made[0]}@northgate.example>", True)
    with office.db.firm(inbox.firm_id) as session:
        told = msgspec.json.decode(office.cipher(session, inbox.firm_id).decrypt(bytes(said), claiming.SAID))
    assert told["text"] == f"Notice {made[0]}"


def test_the_urgent_leave_first_then_the_oldest(make, work, post_office, at):
    at(NOON)
    low, normal = make(priority="low"), make(2)
    urgent, critical = make(priority="urgent"), make(priority="critical")
    work()
    assert ids_of(post_office) == [str(one) for one in [*critical, *urgent, *normal, *low]]


def test_what_is_not_due_waits_until_it_is_and_a_job_is_there_for_it(make, work, passing, at, post_office, inbox):
    at(NOON)
    make(not_before=NOON + timedelta(hours=2))
    work()
    assert post_office.taken == []
    assert inbox.sql("SELECT not_before FROM jobs WHERE kind = 'notices.send' AND state = 'waiting'") == [
        (NOON + timedelta(hours=2),)
    ]
    passing(hours=2)
    work()
    assert len(post_office.taken) == 1


def test_the_gate_stops_one_and_puts_off_another_and_the_rest_leave(make, work, rows, passing, at, post_office, inbox):
    at(NOON)
    make(ended_code="stop"), make(ended_code="delay"), make()
    work()
    assert rows("state") == [("withheld",), ("waiting",), ("sent",)]
    assert rows("ended_code")[0] == ("opted_out",)
    assert rows("not_before")[1] == (NOON + timedelta(hours=1),)
    assert inbox.sql("SELECT verdict, reason FROM gate_decisions ORDER BY id") == [
        ("stop", "opted_out"),
        ("delay", "quiet_hours"),
        ("send", "clear"),
    ]
    inbox.sql("UPDATE dispatches SET ended_code = NULL WHERE state = 'waiting'")
    passing(hours=1)
    work()
    assert (len(post_office.taken), rows("state")[1]) == (2, ("sent",))


def test_one_that_cannot_be_put_into_words_fails_alone(make, work, rows, attempts, post_office):
    make(template="broken"), make()
    work()
    assert rows("state, ended_code") == [("failed", "internal_error"), ("sent", None)]
    assert sorted(attempts()) == ["refused", "taken"]
    assert len(post_office.taken) == 1


def test_whom_the_channel_cannot_reach_fails_with_a_word(make, work, rows, attempts, inbox):
    make()
    inbox.sql("UPDATE staff SET email = 'nobody' WHERE role = 'admin'")
    work()
    assert rows("state, ended_code") == [("failed", "unreachable")]
    assert "no address" in attempts("answer, code")[0][0]


def test_a_refusal_for_good_is_not_repeated(make, work, rows, attempts, post_office, passing, at):
    at(NOON)
    post_office.answers["RCPT"] = "550 no such mailbox"
    make()
    work()
    passing(hours=3)
    work()
    assert rows("state, attempts, ended_code") == [("failed", 1, "mail_rejected")]
    assert "550 no such mailbox" in attempts("outcome, answer")[0][1]


def test_a_greylisted_one_climbs_the_ladder_and_arrives(make, work, rows, post_office, passing, at, inbox, states):
    at(NOON)
    post_office.answers["RCPT"] = "450 greylisted"
    make()
    work()
    assert rows("state, attempts, steps, not_before, path") == [
        ("waiting", 2, 2, NOON + timedelta(minutes=5), "retry")
    ], "now, and in five minutes"
    post_office.answers.clear()
    passing(minutes=5)
    work()
    assert rows("state, attempts, steps") == [("sent", 3, 0)]
    assert states("failures") == [(0,)], "the relay works"
    assert inbox.sql("SELECT path FROM gate_decisions ORDER BY id") == [("service",), ("retry",), ("retry",)]


def test_the_ladder_ends_and_what_is_dead_stays_where_people_see_it(make, work, rows, post_office, at, attempts):
    now = at(NOON)
    post_office.answers["RCPT"] = "450 greylisted"
    make()
    waits = []
    for _ in range(10):
        work()
        [(state, not_before)] = rows("state, not_before")
        if state == "dead":
            break
        waits.append(not_before - now)
        now = at(not_before)
    assert waits == list(LADDER[1:])
    assert rows("state, attempts, ended_code") == [("dead", 5, "relay_refuses")]
    assert attempts() == ["not_now"] * 5


def test_what_was_taken_when_the_line_broke_is_in_doubt_and_is_not_sent_again(make, work, rows, attempts, post_office):
    post_office.answers["DATA"] = "drop"
    make()
    work()
    post_office.answers.clear()
    work()
    assert rows("state, attempts, ended_code") == [("held", 1, "relay_away")]
    assert (attempts(), len(post_office.taken)) == (["lost"], 1)


def test_what_never_came_under_the_bell_is_put_there_and_no_repetition(make, work, rows, inbox):
    """Its worker was killed before; our own database knows for certain, so nobody has to decide."""
    make(channel="in_app")
    inbox.sql("UPDATE dispatches SET state = 'unknown', attempts = 1 RETURNING id")
    work()
    assert rows("state, is_repeat") == [("delivered", False)]
    assert inbox.sql("SELECT count(*) FROM inbox_messages") == [(1,)]


def test_what_is_urgent_and_in_doubt_is_sent_again_and_says_so(make, work, rows, attempts, post_office):
    post_office.answers["DATA"] = "drop"
    make(priority="urgent")
    handled = post_office.handle_DATA

    async def once(*given):
        answer = await handled(*given)
        post_office.answers.clear()
        return answer

    post_office.handle_DATA = once
    work()
    assert rows("state, attempts, is_repeat") == [("sent", 2, True)]
    assert attempts() == ["lost", "taken"]
    assert len(post_office.messages()) == 1, "under one Message-ID"
    assert [" again" in one.get_body(("plain",)).get_content() for one in post_office.taken] == [False, True]


# ------------------------------------------------------------------------------------------------ what channels bear


def test_a_relay_that_is_away_is_left_alone_and_nothing_is_dropped(make, work, rows, post_office, at, passing, states):
    at(NOON)
    post_office.answers["MAIL"] = "421 busy"
    make(10)
    work()
    assert states("failures, rests, rests_until") == [(3, 1, NOON + bearing.RESTS[0])]
    assert sum(attempts for (attempts,) in rows("attempts")) == 3, "the others were not tried"
    assert {state for (state,) in rows("state")} == {"waiting"}
    assert {at >= NOON + bearing.RESTS[0] for (at,) in rows("not_before")} == {True}
    passing(minutes=1)
    work()
    assert states("rests, rests_until") == [(2, NOON + timedelta(minutes=1) + bearing.RESTS[1])]
    assert sum(attempts for (attempts,) in rows("attempts")) == 4, "one trial"
    post_office.answers.clear()
    passing(minutes=30)
    work()
    assert {state for (state,) in rows("state")} == {"sent"}
    assert len(post_office.messages()) == 10
    assert states("failures, rests, rests_until, code") == [(0, 0, None, None)]


def test_failures_between_which_something_arrives_are_not_in_a_row(
    stood_in, office, tenants, work, post_office, states
):
    post_office.answers["admin@northgate.example"] = "421 busy"
    for _ in range(2):
        for role in ("admin", "attorney"):
            stood_in.make(office, tenants.northgate, tenants.staff[role])
    work()
    assert len(post_office.messages()) == 2, "all that can arrive did"
    assert states("failures, rests, rests_until") == [(2, 0, None)], "when both were repeated at once"


def test_nothing_is_counted_where_there_is_no_limit(make, work, states):
    make(3)
    work()
    assert states("taken") == [(0,)]


def test_what_waits_for_a_channel_has_it_on_record(make, work, post_office, at, inbox):
    at(NOON)
    post_office.answers["MAIL"] = "421 busy"
    make(5)
    work()
    assert ("delay", "channel_closed", NOON + timedelta(minutes=1)) in inbox.sql(
        "SELECT verdict, reason, until FROM gate_decisions"
    )


def test_a_provider_that_asks_to_be_left_alone_is(office, tenants, at, states):
    at(NOON)
    from outbound.notify.channels.email import EMAIL

    problem = NotNow("relay_refuses", "429", wait=timedelta(minutes=10))
    assert bearing.fails(office, EMAIL, tenants.northgate, problem)
    assert states("rests_until") == [(NOON + timedelta(minutes=10),)]
    assert bearing.room(office, EMAIL, tenants.harbor, 5).open_from == NOON + timedelta(minutes=10), (
        "the relay is all firms'"
    )


def test_so_many_a_day_and_the_rest_waits_for_tomorrow(make, office, rows, at, passing, post_office):
    limited = Office(office.db, office.store, msgspec.structs.replace(office.settings, email_a_day=4), office.heard)
    at(NOON)
    make(6)
    do_jobs(limited, ["notices"])
    assert sorted(rows("state")) == [("sent",)] * 4 + [("waiting",)] * 2
    assert {at for (at,) in rows("not_before") if at > NOON} == {datetime(2026, 3, 4, tzinfo=UTC)}
    passing(hours=12)
    do_jobs(limited, ["notices"])
    assert len(post_office.messages()) == 6


def test_so_many_a_second_one_after_the_other(make, office, rows, post_office, monkeypatch, at):
    at(NOON)
    limited = Office(office.db, office.store, msgspec.structs.replace(office.settings, email_a_second=20), office.heard)
    waited = []
    monkeypatch.setattr(
        handing.threading, "Event", type("Clock", (), {"wait": lambda _self, seconds: waited.append(seconds)})
    )
    make(5)
    do_jobs(limited, ["notices"])
    assert len(post_office.messages()) == 5
    assert waited == pytest.approx([0.05, 0.1, 0.15, 0.2]), "the clock stands"


def test_room_that_was_not_used_is_given_back(make, office, states, at):
    limited = Office(office.db, office.store, msgspec.structs.replace(office.settings, email_a_day=100), office.heard)
    at(NOON)
    make(3)
    do_jobs(limited, ["notices"])
    assert states("day, taken") == [(NOON.date(), 3)]


# ------------------------------------------------------------------------------------------------ jobs


def test_waking_asks_for_one_job_a_channel_and_later_ones_for_none_more(make, inbox, at):
    at(NOON)
    make(2, not_before=NOON + timedelta(hours=1))
    make(2, not_before=NOON + timedelta(hours=2))
    assert inbox.sql("SELECT not_before FROM jobs WHERE kind = 'notices.send'") == [(NOON + timedelta(hours=1),)]
    make()
    assert len(inbox.sql("SELECT 1 FROM jobs WHERE kind = 'notices.send'")) == 2


def sweep(office, work):
    with office.db.system() as session:
        enqueue(session, sending.SWEEP, {}, firm_id=None)
    work()


def test_what_no_job_sees_to_is_found_by_the_clock(make, work, rows, office, post_office):
    make()
    with office.db.system() as session:
        driver(session).execute("DELETE FROM jobs")
    work()
    assert post_office.taken == []
    sweep(office, work)
    assert rows() == [("sent", 1)]


def test_a_job_that_was_killed_to_its_end_is_followed_by_another(make, work, rows, office, inbox):
    make()
    inbox.sql("UPDATE jobs SET state = 'dead', attempts = max_attempts WHERE kind = 'notices.send' RETURNING id")
    inbox.sql(
        "INSERT INTO jobs (firm_id, turn, kind, queue, payload, lane, max_attempts, state) SELECT firm_id, turn, kind,"
        " queue, payload, 'notices/of-others', max_attempts, 'dead' FROM jobs RETURNING id"
    )
    work()
    assert rows("state") == [("waiting",)]
    sweep(office, work)
    assert rows("state") == [("sent",)]
    dead = inbox.sql("SELECT lane FROM jobs WHERE kind = 'notices.send' AND state = 'dead'")
    assert dead == [("notices/of-others",)], "what others have seen to needs nobody"


def test_the_clock_adds_nothing_where_a_job_will_see_to_it(make, work, office, inbox):
    make()
    inbox.sql("UPDATE jobs SET not_before = now() + interval '1 minute'")
    sweep(office, work)
    assert inbox.sql("SELECT count(*) FROM jobs WHERE kind = 'notices.send'") == [(1,)]


def test_one_that_is_cancelled_after_the_gate_does_not_leave(make, work, rows, post_office, monkeypatch, inbox):
    _, second, _ = make(3)
    monkeypatch.setattr(handing.Hand, "_take", _then(handing.Hand._take, lambda: take_away(inbox, second)))
    work()
    assert sorted(rows("state")) == [("cancelled",), ("sent",), ("sent",)]
    assert str(second) not in ids_of(post_office)


def take_away(inbox, dispatch_id):
    inbox.sql("UPDATE dispatches SET state = 'cancelled' WHERE id = %s AND state = 'waiting'", dispatch_id)


def _then(real, act):
    def both(*given):
        found = real(*given)
        act()
        return found

    return both


def test_what_the_gate_said_is_not_gone_by_for_long(make, work, rows, monkeypatch, inbox):
    make(2)
    monkeypatch.setattr(handing, "FRESH_SECONDS", -1.0)
    ages = iter([-1.0])
    grow_old = _then(handing.Hand._take, lambda: setattr(handing, "FRESH_SECONDS", next(ages, 5.0)))
    monkeypatch.setattr(handing.Hand, "_take", grow_old)
    work()
    assert rows() == [("sent", 1)] * 2
    assert len(inbox.sql("SELECT 1 FROM gate_decisions")) > 2, "it was asked anew"
