"""A worker killed at every step of sending: nothing is missing, and nothing comes twice but what says that it may have."""

import signal
import threading

import pytest
from helpers.commanding import commander
from helpers.killing import PROGRAMS, QUICK, environment_of, kill
from helpers.servers import PATIENCE, until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

COUNT = 6
STEPS = {  # where it dies -> what it was about to do, or had done
    "what was lost is not noted": ("handing.Hand.run", "before"),
    "nothing is claimed": ("handing.Hand._take", "before"),
    "claimed, nothing begun": ("handing.Hand._take", "after"),
    "gate crossed, not committed": ("claiming._made_ready", "before"),
    "in words, not committed": ("claiming._made_ready", "after"),
    "about to begin": ("handing.turn", "before"),
    "begun, not handed over": ("handing.Hand._handed", "before"),
    "handed over, not settled": ("handing.Hand._handed", "after"),
    "learned, not settled": ("handing.Hand._learn", "after"),
    "settled in the end": ("handing.Hand._settle", "after"),
    "all done, the job not": ("handing.Hand.run", "after"),
}
IN_DOUBT = {"begun, not handed over", "handed over, not settled", "learned, not settled"}
ARRIVED = IN_DOUBT - {"begun, not handed over"}


@pytest.fixture
def worker(settings):
    started = []

    def start(*step):
        more = {"GATEWAY_SMTP_URL": settings.smtp_url, "GATEWAY_MAIL_FROM": settings.mail_from}
        environment = environment_of(settings, **QUICK, **more)
        started.append(commander().start(step, environment, program=PROGRAMS / "dispatches.py"))
        return started[-1]

    yield start
    for one in started:
        kill(one)


def ended(rows):
    return lambda: all(state in ("sent", "held") for (state,) in rows("state"))


def came(post_office):
    ids = [one["Message-ID"].partition("@")[0].removeprefix("<") for one in post_office.taken]
    return {one: ids.count(one) for one in ids}


@pytest.mark.parametrize(
    ("step", "priority"), [*((step, "normal") for step in STEPS), *((step, "urgent") for step in sorted(IN_DOUBT))]
)
def test_a_worker_killed_at_a_step(make, worker, rows, attempts, post_office, step, priority):
    made = {str(one) for one in make(COUNT, priority=priority)}
    first = worker(*STEPS[step])
    assert first.wait(PATIENCE) == -signal.SIGKILL, step
    worker()
    until(ended(rows))
    found = came(post_office)
    states = {str(one): (state, is_repeat) for one, state, is_repeat in rows("id, state, is_repeat")}
    doubtful = {one for one, told in states.items() if told in {("held", False), ("sent", True)}}
    assert len(doubtful) == (step in IN_DOUBT), "one at most"
    assert {one for one, number in found.items() if number > 1} == (
        doubtful if priority == "urgent" and step in ARRIVED else set()
    )
    assert made - set(found) == (doubtful if priority == "normal" and step not in ARRIVED else set()), "held, if any"
    assert attempts().count("lost") == (step in IN_DOUBT)


MANY, LINES = 60, 3  # so many that leave side by side


@pytest.mark.parametrize("step", sorted(IN_DOUBT))
def test_of_those_that_leave_side_by_side_one_a_line_is_in_doubt(make, worker, rows, post_office, step):
    made = {str(one) for one in make(MANY)}
    first = worker(*STEPS[step])
    assert first.wait(PATIENCE) == -signal.SIGKILL
    worker()
    until(ended(rows))
    held = {str(one) for one, state in rows("id, state") if state == "held"}
    assert 1 <= len(held) <= LINES
    assert set(came(post_office).values()) <= {1}
    assert made - set(came(post_office)) <= held


def test_two_workers_at_once_send_each_once(make, worker, rows, post_office, inbox):
    made = {str(one) for _ in range(5) for one in make(20)}
    worker(), worker()
    until(ended(rows))
    assert came(post_office) == dict.fromkeys(made, 1)
    assert inbox.sql("SELECT DISTINCT state, attempts, is_repeat FROM dispatches") == [("sent", 1, False)]


def test_a_worker_taken_for_dead_that_wakes_up_corrects_what_it_left(make, worker, rows, attempts, post_office, inbox):
    """What it knows counts: the person who was to decide need not."""
    arrived, awake = threading.Event(), threading.Event()
    handled = post_office.handle_DATA

    async def slowly(*given):
        import asyncio

        answer = await handled(*given)
        arrived.set()
        await asyncio.to_thread(awake.wait, PATIENCE)
        return answer

    post_office.handle_DATA = slowly
    make(1)
    first = worker()
    assert arrived.wait(PATIENCE)
    first.send_signal(signal.SIGSTOP)
    worker()
    until(lambda: rows("state") == [("held",)])
    awake.set()
    first.send_signal(signal.SIGCONT)
    until(lambda: rows("state") == [("sent",)])
    assert (attempts(), came(post_office)) == (["taken"], {str(rows("id")[0][0]): 1})
