"""An account of ladder and line in plain Python, kept apart from the code, and held against the real thing.

The model knows a list of parcels and a clock, and nothing of rows, jobs or transactions. Hypothesis decides what the
other side answers, when time passes, when something new is told, when somebody resumes or replays.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from helpers.inbox import ME
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from gateway.domain.partners.homes import find_home
from gateway.events import ImportEnded
from outbound import desk

START = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
STEPS = [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]  # seconds, as the design has them
FIVE_DAYS = 5 * 86_400
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
STATUSES = [200, 422, 503, 410]


@dataclass
class Model:
    """What should happen.

    Attributes:
        queue: what waits, in order: [number, steps climbed, not before].
        sent: numbers in the order in which they arrived; again if replayed.
        tried: (number, outcome) of every attempt.
        notices: percentages, in the order in which they were given.
    """

    now: int = 0
    told: int = 0
    queue: list[list[int]] = field(default_factory=list)
    dead: set[int] = field(default_factory=set)
    sent: list[int] = field(default_factory=list)
    tried: list[tuple[int, str]] = field(default_factory=list)
    notices: list[int] = field(default_factory=list)
    failing_since: int | None = None
    failures: int = 0
    line_waits_until: int = 0
    warned: int = 0
    is_off: bool = False

    def tell(self) -> None:
        self.queue.append([self.told, 0, 0])
        self.told += 1

    def run(self, status: int) -> None:
        """All that may happen at this moment, where the other side always answers this."""
        while self.queue and not self.is_off and self.now >= max(self.line_waits_until, self.queue[0][2]):
            {200: self.arrive, 422: self.refuse, 503: self.fail, 410: self.close}[status](self.queue[0])

    def arrive(self, head: list[int]) -> None:
        self.tried.append((head[0], "delivered"))
        self.sent.append(head[0])
        self.queue.pop(0)
        self.works()

    def refuse(self, head: list[int]) -> None:
        self.tried.append((head[0], "declined"))
        self.works()
        if head[1] == len(STEPS):
            self.queue.pop(0)
            self.dead.add(head[0])
        else:
            head[2] = self.now + STEPS[head[1]]
            head[1] += 1

    def fail(self, head: list[int]) -> None:
        self.tried.append((head[0], "unreachable"))
        if self.failing_since is None:
            self.failing_since = self.now
        self.line_waits_until = self.now + (STEPS + [36_000] * 99)[self.failures]
        given_up = self.failing_since + FIVE_DAYS
        if self.now < given_up < self.line_waits_until:
            self.line_waits_until = given_up
        self.failures += 1
        passed = [one for one in (50, 90, 100) if (self.now - self.failing_since) * 100 >= one * FIVE_DAYS]
        if passed and passed[-1] > self.warned:
            self.warned = passed[-1]
            self.notices.append(passed[-1])
        if 100 in passed:
            self.is_off = True

    def close(self, head: list[int]) -> None:
        self.tried.append((head[0], "closed"))
        self.notices.append(100)
        self.is_off = True

    def works(self) -> None:
        self.failing_since, self.failures, self.line_waits_until, self.warned = None, 0, 0, 0

    def resume(self) -> None:
        self.is_off = False
        self.works()
        for one in self.queue:
            one[2] = 0

    def replay(self, number: int) -> None:
        self.queue = sorted([one for one in self.queue if one[0] != number] + [[number, 0, 0]])
        self.dead.discard(number)


act = st.one_of(
    st.just(("tell",)),
    st.tuples(
        st.just("pass"), st.sampled_from([1, 5, 6, 299, 300, 1_800, 7_200, 18_000, 36_000, 43_200, 90_000, 216_000])
    ),
    st.tuples(st.just("answer"), st.sampled_from(STATUSES)),
    st.just(("resume",)),
    st.tuples(st.just("replay"), st.integers(0, 5)),
)


class Real:
    """What does happen, driven as the model is."""

    def __init__(self, inbox, receiver, work, monkeypatch):
        self.inbox, self.receiver, self.work, self.monkeypatch = inbox, receiver, work, monkeypatch
        self.now = 0
        self.status = 200
        receiver.answer = lambda _one: self.status
        self.move(0)

    def move(self, seconds):
        self.now += seconds
        self.monkeypatch.setenv("GATEWAY_NOW", (START + dt.timedelta(seconds=self.now)).isoformat())

    def tell(self):
        home = find_home(self.inbox.office, "acme")
        with self.inbox.office.db.firm(home.firm_id) as session:
            import_id = session.scalar(text("SELECT id FROM imports LIMIT 1"))
            ended = ImportEnded(partner_id=home.partner_id, import_id=import_id, state="loaded")
            self.inbox.office.tell(session, home.firm_id, ended)
        self.work(["deliveries"])

    def acting(self):
        return self.inbox.office.acting(self.inbox.firm_id, ME)

    def resume(self):
        with self.acting() as acting:
            desk.resume(acting, "acme", "ends")

    def replay(self, number):
        with self.acting() as acting:
            desk.replay(acting, self.ids()[number])

    def ids(self):
        return [one for (one,) in self.inbox.sql("SELECT id FROM parcels ORDER BY id")]

    def account(self):
        numbers = {one: number for number, one in enumerate(self.ids())}
        tried = self.inbox.sql("SELECT parcel_id, outcome FROM parcel_attempts ORDER BY id")
        notices = self.inbox.sql("SELECT said FROM events WHERE kind = 'delivery.failing' ORDER BY seq")
        states = self.inbox.sql("SELECT id, state, steps FROM parcels ORDER BY id")
        return {
            "tried": [(numbers[parcel], outcome) for parcel, outcome in tried],
            "sent": [numbers[dt_id] for dt_id in self.taken()],
            "notices": [said["percent"] for (said,) in notices],
            "waiting": [(numbers[one], steps) for one, state, steps in states if state == "waiting"],
            "dead": {numbers[one] for one, state, _ in states if state == "dead"},
            "off": self.inbox.sql("SELECT disabled_at IS NOT NULL FROM delivery_lines") == [(True,)],
        }

    def taken(self):
        return [UUID(one.id) for one in self.receiver.taken]


def account_of(model: Model) -> dict[str, object]:
    return {
        "tried": model.tried,
        "sent": model.sent,
        "notices": model.notices,
        "waiting": [(number, steps) for number, steps, _ in model.queue],
        "dead": model.dead,
        "off": model.is_off,
    }


@pytest.mark.timeout(600)
def test_the_line_does_what_the_model_says(partner, receiver, work, monkeypatch):
    monkeypatch.setenv("GATEWAY_NOW", START.isoformat())
    inbox = partner(
        f"  ends: {{trigger: on_change, events: [import.ended], carrier: {{via: https, url: '{receiver.url}', secret: ACME_HOOK}}}}\n"
    )
    inbox.drop("roster_20260301.csv", [])
    forget(inbox)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(act, min_size=5, max_size=20))
    def hold(acts):
        forget(inbox)
        receiver.received.clear()
        receiver.taken.clear()
        model, real = Model(), Real(inbox, receiver, work, monkeypatch)
        for one in [("tell",), *acts]:
            take(model, real, *one)
            assert real.account() == account_of(model), one

    hold()
    monkeypatch.delenv("GATEWAY_NOW")


def take(model, real, verb, *what):
    match verb:
        case "tell":
            model.tell()
            real.tell()
        case "pass":
            model.now += what[0]
            real.move(what[0])
        case "answer":
            real.status = what[0]
        case "resume":
            model.resume()
            real.resume()
        case "replay" if what[0] < model.told:
            model.replay(what[0])
            real.replay(what[0])
    model.run(real.status)
    real.work(["deliveries"])


def forget(inbox):
    with inbox.office.db.system() as session:
        session.execute(text("DELETE FROM parcel_attempts"))
        session.execute(text("DELETE FROM parcels"))
        session.execute(
            text(
                "UPDATE delivery_lines SET failing_since = NULL, failures = 0, warned = 0, next_at = NULL, disabled_at = NULL, disabled_code = NULL"
            )
        )
        session.execute(text("DELETE FROM jobs"))
        session.execute(text("DELETE FROM events WHERE kind = 'delivery.failing'"))
