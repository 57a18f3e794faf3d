"""The order of everything: five lines, two workers that are killed, a receiver of many moods, and an account of it.

The account is plain Python over what the receiver saw. On each line a request is for the first parcel that is neither
taken nor dead, or repeats the one before; nothing is left out but what is dead, and that is on record.
"""

from __future__ import annotations

import collections
import os
import random
import signal
import threading

import pytest
from helpers.inbox import ME
from helpers.servers import until
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.events import ImportEnded
from gateway.jobs.broker.nudging import Nudger
from outbound import desk, ladder

pytestmark = [pytest.mark.journey, pytest.mark.timeout(1_200)]

LINES = [f"line_{number}" for number in range(5)]
EVENTS = 200
KILLS = 6
HOPELESS, AWAY, UNHEARD, CLOSED = 0.01, 0.04, 0.02, 0.01  # how often


class Moods:
    """What the receiver does: a hopeless parcel is refused whenever it comes, the rest is chance.

    Attributes:
        seen: (line, id, what became of it) of each request, in order.
    """

    def __init__(self, seed: int) -> None:
        self._seed, self._chance, self._lock = seed, random.Random(seed), threading.Lock()
        self.seen: list[tuple[str, str, str]] = []

    def answer(self, one):
        with self._lock:
            status, became = self._decide(one.id)
            self.seen.append((one.path.rpartition("/")[2], one.id, became))
        return status

    def is_hopeless(self, parcel: str) -> bool:
        return random.Random(f"{self._seed}/{parcel}").random() < HOPELESS

    def _decide(self, parcel: str) -> tuple[int, str]:
        chance = self._chance.random()
        if chance < AWAY:
            return 503, "away"
        if chance < AWAY + CLOSED:
            return 410, "closed"
        if self.is_hopeless(parcel):
            return 422, "refused"
        return (503, "unheard") if chance < AWAY + CLOSED + UNHEARD else (200, "taken")


@pytest.fixture
def moods(receiver):
    one = Moods(int.from_bytes(os.urandom(3)))
    receiver.answer = one.answer
    return one


@pytest.fixture
def told(partner, receiver, office, addresses, monkeypatch):
    """Tells so many facts, each of which leaves on all lines; their numbers, in order, are what it returns."""
    lines = "".join(
        f"  {name}: {{trigger: on_change, events: [import.ended], carrier: {{via: https, url: '{receiver.url}/{name}', secret: ACME_HOOK}}}}\n"
        for name in LINES
    )
    inbox = partner(lines)
    inbox.drop("roster_20260301.csv", [])
    home, nudger = find_home(office, "acme"), Nudger(office.settings, addresses)
    monkeypatch.setattr(office.db, "tell", nudger.nudge)

    def tell(count):
        with office.db.firm(home.firm_id) as session:
            import_id = session.scalar(text("SELECT id FROM imports LIMIT 1"))
            for _ in range(count):
                office.tell(session, home.firm_id, ImportEnded(partner_id=home.partner_id, import_id=import_id, state="loaded"))  # fmt: skip
        return [seq for (seq,) in inbox.sql("SELECT seq FROM events WHERE kind = 'import.ended' ORDER BY seq")]

    yield tell
    nudger.close()


def resume_what_waits(inbox):
    """What time and people do: whatever waits for its next attempt, or is disabled, is tried now."""
    stuck = inbox.sql(
        "SELECT DISTINCT l.name FROM delivery_lines l JOIN parcels p ON p.line_id = l.id AND p.state = 'waiting'"
        " WHERE l.disabled_at IS NOT NULL OR l.next_at > now() OR p.next_at > now()"
    )
    for (name,) in stuck:
        with inbox.office.acting(inbox.firm_id, ME) as acting:
            desk.resume(acting, "acme", name)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def test_five_lines_under_two_workers_lose_nothing_and_keep_their_order(told, moods, inbox, worker_process):
    chance, workers, kills = random.Random(), [worker_process("deliveries"), worker_process("deliveries")], 0
    known = told(0)
    while len(known) <= EVENTS:
        known = told(chance.randint(1, 8))
        resume_what_waits(inbox)

    def is_done():
        nonlocal kills
        if kills < KILLS and len(moods.seen) > (kills + 1) * EVENTS * len(LINES) // (KILLS + 1):
            place, kills = chance.randrange(2), kills + 1
            kill(workers[place])
            workers[place] = worker_process("deliveries")
        resume_what_waits(inbox)
        return inbox.sql("SELECT count(*) FILTER (WHERE state <> 'waiting') FROM parcels") == [
            (len(known) * len(LINES),)
        ]

    until(is_done, seconds=1_000)
    assert kills == KILLS
    for name in LINES:
        hold(inbox, moods, name, known)


def hold(inbox, moods, name, known):
    """One line against the account of what its receiver saw."""
    rows = inbox.sql(
        "SELECT p.id::text, p.event_seq, p.state, (SELECT count(*)::int FROM parcel_attempts a WHERE a.parcel_id = p.id)"
        " FROM parcels p JOIN delivery_lines l ON l.id = p.line_id WHERE l.name = %s ORDER BY p.id",
        name,
    )
    assert [seq for _, seq, _, _ in rows] == known, "each fact is one parcel, in the order in which they were told"
    seen = [(parcel, became) for line, parcel, became in moods.seen if line == name]
    assert [one for one, _ in seen] == sorted(one for one, _ in seen), "none after a later one"
    assert list(dict.fromkeys(one for one, _ in seen)) == [one for one, _, _, _ in rows], "no gap"
    became = collections.defaultdict(list)
    for parcel, what in seen:
        became[parcel].append(what)
    for parcel, _, state, attempts in rows:
        assert state == ("dead" if moods.is_hopeless(parcel) else "sent")
        assert account_fits(became[parcel], state, attempts), (parcel, state, attempts, became[parcel])


def account_fits(came, state, attempts):
    """Whether what came of one parcel is what its record says; a worker may die once it is on record, or answered."""
    if not len(came) <= attempts <= len(came) + KILLS:
        return False
    if state == "dead":
        return (
            set(came) <= {"refused", "away", "closed"}
            and 0 <= came.count("refused") - (1 + len(ladder.LADDER)) <= KILLS
        )
    return came[-1] == "taken" and came.count("taken") - 1 <= KILLS
