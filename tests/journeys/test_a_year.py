"""A year of one firm, day by day, through the real gate and channels: who got what, and that it gives nobody away."""

from __future__ import annotations

import os
import random
import re
import sys
import time as stopwatch
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy
from itertools import chain, cycle
from uuid import UUID

import psycopg
import pytest
from helpers.callers import asking
from helpers.doing import do_jobs
from helpers.firms_world import World, store
from helpers.gate_model import Gated
from helpers.private_facts import Made, furnish, given_away
from helpers.told_model import Key
from msgspec import structs
from sqlalchemy import text

from gateway import crypto
from gateway.db.session import Database
from gateway.domain.expiry import answers
from gateway.domain.preferences import budgets, opt_outs, paces, quiet
from gateway.domain.preferences.quiet import Hours
from gateway.domain.preferences.whom import Whom
from gateway.errors import Problem
from gateway.jobs.kinds import enqueue
from gateway.logging import configure
from gateway.office import Actor
from outbound.notify import handing, inbox, planning

FIRST = date(2028, 2, 26)  # a leap day and a change of clocks come soon
PEOPLE = int(os.environ.get("YEAR_PEOPLE", "12"))
DAYS = int(os.environ.get("YEAR_DAYS", "17"))  # 500 people and 366 days take a while
SEED = int(os.environ.get("YEAR_SEED", "7"))
MONTH = 31  # after which a scanner opens whatever was sent
LOOKS = max(1, PEOPLE // 60)  # days from one look at the whole account to the next
ANSWERS = max(3, PEOPLE // 25)  # each half day
ME = Actor("system", "test")

pytestmark = [pytest.mark.journey, pytest.mark.timeout(max(600, PEOPLE * DAYS // 10))]


@pytest.fixture
def addresses(own_addresses):
    """A database that nobody else gets: a year leaves a partition of the log for each day."""
    return own_addresses


@pytest.fixture
def settings(settings):
    """Text messages leave as fast as they can: their pace is one of seconds, and here nothing passes but days."""
    return structs.replace(settings, sms_a_second=0)


@pytest.fixture
def db(own_addresses):
    one = Database(own_addresses)
    yield one
    one.close()


@pytest.fixture
def digest_of_all(server, own_addresses):
    """What stands in every table, in short."""
    name = own_addresses.app.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server.url("superuser", name), autocommit=True) as superuser:
        tables = [row[0] for row in superuser.execute(TABLES)]
        each = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"
        yield lambda: {one: superuser.execute(each.format(one)).fetchone()[0] for one in tables}


TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"


class FirmsYear(World):
    """One firm whose days are quieter than a world's, and most of whose people want digests."""

    def settle(self, firms=1, people=PEOPLE, today=FIRST):
        super().settle(firms, people, today)
        for one, pace in zip(self.members, cycle(("immediate", "daily", "weekly", "off")), strict=False):
            self.preferences[one.id, "email"] = pace
        self.days = {one.id: frozenset({7, 1, 2, 3, 4}) for one in self.members[1::3]}  # some rest on other days

    def live(self, today):
        """What happens from one day to the next: most often a renewal, or somebody new with papers that are late."""
        often = (self.renew, self.renew, self.renew, self.arrive, self.leave, self.give_notice, self.move_on)
        seldom = (self.mark, self.archive, self.come_and_go, self.wall_off, self.prefer, self.supervise)
        for _ in range(max(3, len(self.people) // 60)):
            self.random.choice((*often, *often, *seldom))(today)
        if self.random.random() < 0.02:
            self.random.choice((self.set_leads, self.set_escalation))(today)


@pytest.fixture
def year(office, db, settings, monkeypatch):
    return Year(office, db, settings, monkeypatch)


class Year:
    """The firm, what a model says of it, and the house that does its jobs."""

    def __init__(self, office, db, settings, monkeypatch):
        self.office, self.db, self.settings, self.patch = office, db, settings, monkeypatch
        self.patch.setattr(handing, "FRESH_SECONDS", 60.0)  # what the gate said is as fresh as the day
        self.world = FirmsYear(random.Random(SEED), documents=0, papers_each=2)
        self.world.settle()
        self.firm = self.world.firms[0][0]
        self.model = Gated(self.world)
        self.made: dict[UUID, Made] = {}
        self.wishes: dict[tuple[UUID, str], str] = {}
        self.read = Counter()  # messages, by channel
        self.links: dict[str, UUID] = {}  # an address of a message, and the dispatch
        self.put_at(datetime.combine(FIRST, time(13, 7), UTC))
        self.open_firm()

    def put_at(self, moment):
        self.model.now = moment
        self.patch.setenv("GATEWAY_NOW", moment.isoformat())

    def open_firm(self):
        store(self.db, self.world)
        key = crypto.make_data_key(self.firm, self.settings.master_key)
        with self.db.system() as session:
            session.execute(text("UPDATE firms SET wrapped_key = :key WHERE id = :id"), {"key": key, "id": self.firm})
        with self.office.acting(self.firm, ME) as acting:
            budgets.change(acting, "email", "staff", None)
            for who, days in self.world.days.items():
                quiet.change(acting, who, Hours(working_days=days))

    def day(self):
        """What happened is on record; once or twice the house sweeps, plans and sends, and people answer."""
        store(self.db, self.world)
        furnish(self.office, self.world, self.made)
        self.wish()
        for hours in self.world.random.choice(((0,), (0,), (0,), (0, 7), (5,), (9,))):
            self.put_at(self.model.now + timedelta(hours=hours))
            self.work()
            self.answer()
        today = self.model.now.date() + timedelta(days=1)
        self.put_at(datetime.combine(today, time(13, 7), UTC))
        self.world.live(today)

    def wish(self):
        """What has changed of how people want to be told."""
        with self.office.acting(self.firm, ME) as acting:
            for (who, way), pace in self.world.preferences.items() - self.wishes.items():
                paces.change(acting, who, way, None, pace)
        self.wishes = dict(self.world.preferences)

    def work(self):
        self.model.sweep()
        self.model.plan()
        with self.db.system() as session:
            enqueue(session, planning.SWEEP, {}, firm_id=None)
        do_jobs(self.office, ["normal"])
        self.model.cross(self.order())
        do_jobs(self.office, ["notices"])

    def order(self):
        due = "JOIN dispatches d ON d.firm_id = n.firm_id AND d.id = n.dispatch_id AND d.state = 'waiting'"
        found = self.rows(f"SELECT {NAMES}, d.id FROM notices n {due} WHERE d.not_before <= gateway_now()")
        return {Key(*row[:-1]): row[-1] for row in found}

    # ------------------------------------------------------------ what people say
    def answer(self):
        """Some of what was sent of late is answered, and now and then somebody wants no more."""
        recent = f"SELECT {NAMES}, n.id FROM notices n WHERE n.due_on > gateway_now()::date - 9 ORDER BY n.id"
        ids = {Key(*row[:-1]): row[-1] for row in self.rows(recent)}
        known = sorted(ids, key=lambda key: [str(one) for one in key])
        for key in self.world.random.sample(known, min(ANSWERS, len(known))):
            self.say(key, ids[key], self.world.random.choice((None, None, 1, 20, 47, 100, 300)))
        if self.world.random.random() < 0.15:
            self.opt_out(self.world.random.choice(self.world.people), self.world.random.choice(("email", "sms")))

    def say(self, key, notice_id, hours):
        until, refused = hours and self.model.now + timedelta(hours=hours), None
        try:
            with self.office.acting(self.firm, ME) as acting:
                if until:
                    answers.snooze(acting, [notice_id], until, "cli")
                else:
                    answers.acknowledge(acting, [notice_id], "cli")
        except Problem as problem:
            refused = problem.code
        assert refused == (self.model.snooze(key, until) if until else self.model.acknowledge(key)), key

    def opt_out(self, person, way):
        with self.office.acting(self.firm, ME) as acting:
            opt_outs.opt_out(acting, Whom(client_id=person.id), way, "one_click")
        self.model.out.add((person.id, way))

    # ------------------------------------------------------------ what was written
    def look_through(self, printed, *, links):
        """Read what was sent since the last time, which is then put away, and what was printed."""
        secrets = self.secrets()
        assert given_away(printed, secrets) == set(), printed
        for path in (*self.files("eml"), *self.files("txt")):
            is_mail = path.suffix == ".eml"
            said = whole(read(self, path)) if is_mail else path.read_text()
            assert given_away(said, secrets) == set(), said
            self.links |= dict.fromkeys(links_in(said) if links else (), UUID(path.stem))
            self.read["email" if is_mail else "sms"] += 1
            path.unlink()

    def secrets(self):
        return {one for made in self.made.values() for one in made.secrets | made.names}

    # ------------------------------------------------------------ on record
    def agrees(self):
        found = self.rows(
            f"SELECT {NAMES}, n.state, n.ended_code, n.due_on, n.snoozed_until, n.needs_answer, {MESSAGE}"
            " FROM notices n LEFT JOIN dispatches d ON d.firm_id = n.firm_id AND d.id = n.dispatch_id"
            " LEFT JOIN notifications t ON t.firm_id = d.firm_id AND t.id = d.notification_id"
        )
        told = {Key(*row[:7]): (*row[7:12], tuple(row[12:]) if row[12] else None) for row in found}
        said = self.model.account()
        odd = [
            (key, told.get(key), said.get(key)) for key in told.keys() | said.keys() if told.get(key) != said.get(key)
        ]
        assert not odd, "\n".join(map(str, (self.model.now, len(odd), *odd[:6])))

    def rows(self, query):
        with self.db.system() as session:
            return session.execute(text(query)).all()

    def kept(self, table):
        """The rows of a table as text, some at a time; of sealed bytes no more than how they begin."""
        shortened = f"SELECT regexp_replace(t::text, '(x[0-9a-f]{{40}})[0-9a-f]+', '\\1', 'g') FROM {table} t"
        with self.db.system() as session:
            yield from session.scalars(text(shortened), execution_options={"yield_per": 500})

    def addresses(self):
        """What stands in messages and under bells as an address, and whether who was given it is still at work."""
        told = dict(map(tuple, self.rows("SELECT id, staff_id FROM dispatches")))
        is_there = {one.id: one.active for one in self.world.members} | {None: True}
        rung = {link: who for who, said in self.rung() for link in links_in(said)}
        return {link: is_there[who] for link, who in rung.items()} | {
            link: is_there[told[one]] for link, one in self.links.items()
        }

    def rung(self):
        """What everybody reads under the bell."""
        for one in self.world.members:
            after, shown = 0, None
            with self.office.acting(self.firm, Actor("staff", "somebody", one.id)) as acting:
                while shown is None or shown.has_more:
                    shown = inbox.listed(acting, after=after, limit=500)
                    for message in shown.data:
                        after = message.seq
                        yield one.id, f"{message.subject}\n{message.text}\n{message.link}"

    def files(self, ending):
        return sorted((self.settings.data_dir / "sent").glob(f"*.{ending}"))


NAMES = "n.document_id, n.expires_on, n.lead, n.step, n.again, n.staff_id, n.channel"
MESSAGE = """t.kind, t.priority, d.channel, d.not_before, CASE WHEN d.ended_code = 'empty' THEN 'empty'
    WHEN d.state = 'delivered' THEN 'sent' ELSE d.state END"""


def test_a_year_of_a_firm_tells_everybody_what_is_due_and_gives_nobody_away(year, digest_of_all, capfd):
    configure(year.settings, "worker")
    begun, scanned = stopwatch.perf_counter(), 0
    for day in range(DAYS):
        year.day()
        year.look_through("".join(capfd.readouterr()), links=day <= MONTH)
        if day % LOOKS == 0 or day == DAYS - 1:
            year.agrees()
        if day == min(MONTH, DAYS - 1):
            scanned = scan(year, digest_of_all)
        if day % MONTH == MONTH - 1:
            say(capfd, f"day {day + 1}: {len(year.model.notices)} notices, {len(year.model.messages)} messages")
    counts = Counter((one.way, one.state) for one in year.model.messages)
    assert year.read == Counter({way: counts[way, "sent"] for way in ("email", "sms")})
    assert len(year.rows("SELECT id FROM inbox_messages")) == counts["in_app", "sent"]
    year.look_through("".join(capfd.readouterr()), links=False)
    gives_nobody_away(year)
    seconds = stopwatch.perf_counter() - begun
    told = f"{len(year.world.people)} people, {DAYS} days, {seconds:.0f} s, {scanned} links opened"
    ended = Counter(one.code or one.state for one in year.model.notices.values())
    say(capfd, f"{told}, {len(year.model.notices)} notices, {dict(ended)}, {dict(counts)}")


def say(capfd, sentence):
    """To whoever waits for a whole year."""
    with capfd.disabled():
        sys.stderr.write(f"{sentence}\n")


# ------------------------------------------------------------------------------------------------ a message


def read(year, path):
    """A message as a strict reader has it: both parts, a name of its own, and a way out for those who need one."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default + policy.strict)
    body = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert all(one is not None and one.get_content().strip() for one in body), path
    assert message["Message-ID"] == f"<{path.stem}@{year.settings.mail_from.rpartition('@')[2]}>"
    is_person = message["To"].endswith("@acme.example")
    assert is_person == (message["List-Unsubscribe"] is not None) == (message["List-Unsubscribe-Post"] is not None)
    assert not is_person or re.fullmatch(r"<https?://\S+/l/u/\S+>", message["List-Unsubscribe"])
    return message


def whole(message):
    headers = [f"{name}: {value}" for name, value in message.items()]
    return "\n".join([*headers, *(message.get_body((kind,)).get_content() for kind in ("plain", "html"))])


HOW = ("GET", "HEAD")
LINKS = int(os.environ.get("YEAR_LINKS", "400"))  # that are opened at most; all of the slice
MISSES = 25  # twice: an address may miss sixty times a minute, and here no minute passes
COUNTED = ("tallies",)  # how many calls were answered


def scan(year, digest_of_all):
    """Open every address of every message so far, as scanners of mail do; nothing must change by it."""
    base, found = year.settings.reached_at, year.addresses()
    assert found
    assert all(one.startswith(f"{base}/l/") for one in found)
    live, gone = ([link for link in sorted(found) if found[link] is here] for here in (True, False))
    draw = random.Random(SEED)
    links = draw.sample(live, min(LINKS, len(live))) + draw.sample(gone, min(MISSES, len(gone)))
    before = digest_of_all()
    with asking(year.settings) as client:
        told = {(how, one): client.request(how, one.removeprefix(base)) for one in links for how in HOW}
    after = digest_of_all()
    odd = [(which, one.text) for which, one in told.items() if (one.status_code == 200) is not found[which[1]]]
    assert not odd, (len(odd), odd[:3])
    assert {one.status_code for one in told.values()} <= {200, 404}
    secrets = year.secrets()
    assert [one.text for one in told.values() if given_away(f"{one.headers}\n{one.text}", secrets)] == []
    assert [one for one in before if before[one] != after[one] and one not in COUNTED] == []
    return len(links)


# ------------------------------------------------------------------------------------------------ what is not said


def links_in(written):
    return {link.replace("&amp;", "&") for link in re.findall(r"https?://[^\s<>\"')]+", written)}


def gives_nobody_away(year):
    secrets = year.secrets()
    with asking(year.settings) as client:
        metrics = client.get("/metrics").text
    for one in chain([metrics], (said for _, said in year.rung()), *map(year.kept, OPEN)):
        assert given_away(one, secrets) == set(), one


OPEN = (
    "notifications",
    "dispatches",
    "dispatch_attempts",
    "gate_decisions",
    "action_links",
    "jobs",
    "events",
    "channel_states",
)  # of the tables along the way; what is sensitive in them is sealed


SOMEBODY = Made("Wanda", "Zobek", "123456789", "A987654321", "K12345678", date(1980, 3, 7))


@pytest.mark.parametrize(
    "written",
    [
        "Your number 123-45-6789 was seen.",
        "SSN 123456789",
        "ref=00123456789",
        "A987 654 321",
        "A-987654321 is yours",
        "K 12345678",
        "passport K12345678,",
        "born 1980-03-07",
        "03/07/1980",
        "7 March 1980",
        "March 7, 1980",
        "Dear Wanda",
        "wrote to Zobek.",
    ],
)
def test_what_may_not_be_said_is_found_however_it_is_spelled(written):
    assert given_away(written, SOMEBODY.secrets | SOMEBODY.names)


def test_what_may_be_said_is_not_taken_for_a_secret():
    plain = f"W.Z.: passport, ends on 7 March 2028, 30 days left; case 123-45, {SOMEBODY.born.replace(year=2030)}"
    assert given_away(plain, SOMEBODY.secrets | SOMEBODY.names) == set()
