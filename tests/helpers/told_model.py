"""What people are told of papers, said once more, slowly: firm by firm, paper by paper, person by person.

It shares no line with the code that it is held against; it goes by the same world (`helpers.firms_world`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from helpers.firms_world import LEADS, WORK, ZONES, Paper, World

CHAIN = ["attorney", "supervisor", "admin"]
HANDFUL, MOST = 5, 500  # messages to somebody by one way at once; papers in a message
WAITS = {61: 14, 31: 7, 15: 3, -30: 1}


class Key(NamedTuple):
    """A notice as everybody calls it."""

    paper: UUID
    ends: date
    lead: int
    step: int
    again: int
    who: UUID | None
    way: str

    @property
    def told(self):
        """The paper at this lead time."""
        return self[:3]


@dataclass(eq=False)
class Message:
    """A dispatch."""

    kind: str
    urgent: bool
    way: str
    leaves: datetime
    state: str = "waiting"
    name: tuple | None = None  # of a digest
    heap: tuple | None = None  # whose and by which way, of many that were to leave at once


@dataclass(eq=False)
class Told:
    paper: Paper
    due: date
    state: str = "waiting"
    code: str | None = None
    until: datetime | None = None
    message: Message | None = None
    must_answer: bool = False

    def end(self, code):
        self.state, self.code = "cancelled", code


class Model:
    """Notices and dispatches of a world, as they should be."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.notices: dict[Key, Told] = {}
        self.of_papers: dict[UUID, dict[Key, Told]] = {}
        self.at_leads: dict[tuple, dict[Key, Told]] = {}
        self.messages: list[Message] = []
        self.digests: dict[tuple, Message] = {}
        self.in_hand: set[tuple] = set()
        self.snoozes: dict[tuple, list[datetime]] = {}
        self.now = datetime.min.replace(tzinfo=UTC)

    def put(self, key, told):
        self.notices[key] = self.of_papers.setdefault(key.paper, {})[key] = told
        self.at_leads.setdefault(key.told, {})[key] = told

    def beside(self, key):
        """The notices of the same paper, for the same last day."""
        return [(other, one) for other, one in self.of_papers[key.paper].items() if other.ends == key.ends]

    def today(self, firm):
        return self.now.astimezone(ZoneInfo(self.world.zones[firm])).date()

    # ------------------------------------------------------------ the sweep
    def sweep(self):
        self.cancel()
        for paper in self.world.papers:
            if self.is_watched(paper):
                self.tell(paper)
        for paper in self.world.papers:
            if self.is_watched(paper):
                self.escalate(paper)
        for key, one in self.notices.items():
            if one.state == "waiting" and (key.step or key.again):
                told = [other.lead for other, each in self.beside(key) if each.state != "cancelled" and other.who]
                if min(told, default=key.lead) < key.lead:
                    one.end("overtaken")

    def cancel(self):
        for key, one in self.notices.items():
            if one.state == "waiting" and not (self.is_watched(one.paper) and one.paper.ends == key.ends):
                one.end(self.reason(one.paper, key.ends))
        for key, one in self.notices.items():
            if one.state == "waiting" and key.told in self.in_hand and (key.step or key.again):
                one.end("acknowledged")

    def reason(self, paper, ends):
        person = paper.person
        if paper.status == "void":
            return "void"
        if paper.status != "current" or paper.ends != ends:
            return "renewed"
        if person.status != "active":
            return "archived"
        return person.enrollment if person.enrollment != "active" else "terminated"

    def is_watched(self, paper):
        one = paper.person
        today = self.today(one.firm)
        here = one.status == "active" and one.enrollment == "active" and not (one.ends_work and one.ends_work < today)
        return here and paper.status == "current" and paper.ends is not None

    def lead(self, paper):
        """The lead time at which a paper stands."""
        left = (paper.ends - self.today(paper.person.firm)).days
        reached = [one for one in self.leads(paper) if one >= left]
        return min(reached) if reached and left >= -30 else None

    def leads(self, paper):
        return [*self.world.policies.get((paper.person.firm, paper.type), LEADS[paper.type]), 0]

    def those(self, paper, lead):
        """What the staff were told, or are to be told, of a paper at a lead time."""
        found = self.at_leads.get((paper.id, paper.ends, lead), {}).items()
        return [(key, one) for key, one in found if key.who and one.state != "cancelled"]

    def tell(self, paper):
        lead = self.lead(paper)
        if lead is None or self.those(paper, lead):
            return
        today = self.today(paper.person.firm)
        must = self.must_answer(paper, (paper.ends - today).days)
        for who, way in self.recipients(paper, max((paper.ends - today).days, 0)):
            self.note(Key(paper.id, paper.ends, lead, 0, 0, who, way), paper, (who, way) in must)

    def note(self, key, paper, must_answer):
        if key not in self.notices or self.notices[key].state == "cancelled":
            self.put(key, Told(paper, self.today(paper.person.firm), must_answer=must_answer))

    # ------------------------------------------------------------ who
    def recipients(self, paper, left):
        person = paper.person
        team, open_matters = self.team(person.firm), self.open_matters(person)
        told = {(one, "email") for one in self.members("attorney", paper)}
        if left >= 1:
            told |= {(one, "email") for one in team if one.role == "paralegal"}
        if left <= 60 and not open_matters:
            told |= {(one, "email") for one in self.members("supervisor", paper)}
        if left <= 30 and not any(one.filed for one in open_matters):
            told |= {(one, "email") for one in self.members("admin", paper)}
        if left <= 14:
            told |= {(one, "sms") for one in self.members("attorney", paper) if one.phone}
        yield from ((one.id, way) for one, way in told if not self.is_walled(one, person))
        if 1 <= left <= 120 and person.email:
            yield None, "email"
        if 1 <= left <= 14 and person.phone:
            yield None, "sms"

    def must_answer(self, paper, left):
        filed = any(one.filed for one in self.open_matters(paper.person))
        return set() if filed or left > 30 else {(one.id, "email") for one in self.members("admin", paper)}

    def team(self, firm):
        return [one for one in self.world.members if one.firm == firm and one.active]

    def open_matters(self, person):
        return [one for one in self.world.matters if one.person is person and one.open]

    def members(self, role, paper):
        team = self.team(paper.person.firm)
        lawyer = self.lawyer(paper)
        admins = [one for one in team if one.role == "admin"]
        if role == "paralegal":
            return [one for one in team if one.role == "paralegal"]
        if role == "attorney":
            return [one for one in team if one is lawyer] or admins
        if role == "supervisor":
            return [one for one in team if lawyer and one.id == lawyer.above] or admins
        return admins

    def lawyer(self, paper):
        """Of the paper's own case while it is open, of the newest open case that has one, of the person."""
        own = paper.matter.attorney if paper.matter and paper.matter.open else None
        matters = sorted(self.open_matters(paper.person), key=lambda one: one.id, reverse=True)
        newest = next((one.attorney for one in matters if one.attorney), None)
        wanted = own or newest or paper.person.attorney
        return next((one for one in self.world.members if wanted and one.attorney == wanted), None)

    def is_walled(self, member, person):
        walls = self.world.walls
        return (member.id, person.id, None) in walls or (member.id, None, person.partner) in walls

    # ------------------------------------------------------------ who is next
    def escalate(self, paper):
        lead = self.lead(paper)
        before = [(key, one) for key, one in self.those(paper, lead) if not key.again] if lead is not None else []
        newer = any(
            self.those(paper, one)
            for one in {key.lead for key in self.of_papers.get(paper.id, ())}
            if one < (lead or 0)
        )
        if not before or newer or (paper.id, paper.ends, lead) in self.in_hand:
            return
        firm, today = paper.person.firm, self.today(paper.person.firm)
        left = (paper.ends - today).days
        chain, waits = self.world.escalations.get(firm, (CHAIN, WAITS))
        zone = ZoneInfo(self.world.zones[firm])
        rests = [one.astimezone(zone).date() for one in self.snoozes.get((paper.id, paper.ends, lead), [])]
        since = max([one.due for _, one in before] + rests)
        bands = [band for band in waits if band <= left]
        if not bands or today < since + timedelta(days=waits[max(bands)]):
            return
        step = max(key.step for key, _ in before)
        if step >= len(chain):
            steps = [(step + 1, chain[-1])] if 0 <= left <= 14 else []
        else:
            steps = [(number, role) for number, role in enumerate(chain, start=1) if number > step]
        for number, role in steps:
            found = [one for one in self.members(role, paper) if not self.is_walled(one, paper.person)]
            for one in found:
                self.note(Key(paper.id, paper.ends, lead, number, 0, one.id, "email"), paper, must_answer=True)
            if found:
                return

    # ------------------------------------------------------------ planning
    def plan(self):
        self.cancel()
        needed = {one.message for one in self.notices.values() if one.state == "waiting"}
        for one in self.messages:
            if one.state == "waiting" and one not in needed:
                one.state = "empty"
        leaving: list[tuple[Key, Told, bool]] = []
        for key, one in list(self.notices.items()):
            if one.state == "waiting" and one.message is None:
                self.place(key, one, leaving)
        self.send(self.join(leaving))

    def join(self, leaving):
        """Many together that wait take along what comes meanwhile; what is left over."""
        inside: dict[Message, list[Told]] = {}
        for one in self.notices.values():
            if one.state == "waiting" and one.message and one.message.heap:
                inside.setdefault(one.message, []).append(one)
        soon, held = self.now + timedelta(minutes=1), {}
        for message in self.messages:
            waits = [one.until for one in inside.get(message, ()) if one.until and one.until > self.now]
            if message in inside and message.leaves > soon and not waits:
                held[message.heap] = message
        left = []
        for key, one, urgent in sorted(leaving, key=by_end):
            message = held.get((key.who or one.paper.person.id, key.way))
            is_off = self.world.preferences.get((key.who, key.way)) == "off"
            if message is None or is_off or (one.until or self.now) > self.now or len(inside[message]) >= MOST:
                left.append((key, one, urgent))
                continue
            one.message = message
            inside[message].append(one)
            message.urgent = message.urgent or urgent
        return left

    def place(self, key, one, leaving):
        left = (key.ends - self.today(one.paper.person.firm)).days
        urgent = key.step > 0 or left <= 14
        rhythm = self.world.preferences.get((key.who, key.way))
        if not urgent and rhythm in {"daily", "weekly"}:
            self.gather(key, one, rhythm)
            return
        leaving.append((key, one, urgent))
        if key.who and key.way != "in_app":
            bell = key._replace(way="in_app")
            if bell not in self.notices or self.notices[bell].state == "cancelled":
                same = [told for other, told in self.beside(key) if other[:6] == key[:6]]
                must = any(told.must_answer for told in same if told.state != "cancelled")
                self.put(bell, Told(one.paper, one.due, until=one.until, must_answer=must))
                leaving.append((bell, self.notices[bell], urgent))

    def send(self, leaving):
        """Each alone, or together where somebody would get more than a handful at a time."""
        heaps: dict[tuple, list[tuple[Key, Told, bool]]] = {}
        for key, one, urgent in leaving:
            wish = self.world.preferences.get((key.who, key.way))
            if wish == "off":
                self.send_alone(key, one, urgent=urgent)
            else:
                time_ = max(one.until or self.now, self.now)
                heaps.setdefault((key.who or one.paper.person.id, key.way, time_), []).append((key, one, urgent))
        for (whom, way, leaves), heap in heaps.items():
            if len(heap) <= HANDFUL:
                for key, one, urgent in heap:
                    self.send_alone(key, one, urgent=urgent)
                continue
            heap.sort(key=by_end)
            for first in range(0, len(heap), MOST):
                some = heap[first : first + MOST]
                message = Message("digest", any(urgent for _, _, urgent in some), way, leaves, heap=(whom, way))
                self.messages.append(message)
                for _, one, _ in some:
                    one.message = message

    def send_alone(self, key, one, *, urgent):
        leaves = one.until or self.now
        one.message = Message("escalation" if key.step else "expiry", urgent, key.way, leaves)
        self.messages.append(one.message)

    def gather(self, key, one, rhythm):
        zone = next(each.zone for each in self.world.members if each.id == key.who)
        zone = zone if zone in ZONES else self.world.zones[one.paper.person.firm]
        days = self.world.days.get(key.who, WORK)
        name = (key.who, key.way, window(rhythm, zone, days, max(self.now, one.until or self.now)))
        if name not in self.digests:
            self.digests[name] = Message("digest", urgent=False, way=key.way, leaves=name[2], name=name)
            self.messages.append(self.digests[name])
        one.message = self.digests[name]
        one.message.state = "waiting"

    # ------------------------------------------------------------ what leaves
    def leave(self):
        """What may leave has left, by a channel that takes everything."""
        told = [one for one in self.notices.values() if one.state == "waiting" and one.message]
        full = {one.message for one in told}
        leaving = {one for one in self.messages if one.state == "waiting" and one.leaves <= self.now}
        for one in leaving:
            one.state = "sent" if one in full else "withheld"
        for one in told:
            if one.message in leaving:
                one.state = "told"

    # ------------------------------------------------------------ answers
    def acknowledge(self, key):
        if self.notices[key].state == "cancelled":
            return "notice_over"
        self.in_hand.add(key.told)
        for other, one in self.beside(key):
            if other.told == key.told and one.state == "waiting" and (other.step or other.again):
                one.end("acknowledged")
        return None

    def snooze(self, key, until):
        one = self.notices[key]
        if one.state == "cancelled":
            return "notice_over"
        last = self.last_moment(key, one.paper)
        if last is None:
            return "snooze_late"
        granted = min(until, last)
        self.snoozes.setdefault(key.told, []).append(granted)
        same = [(other, told) for other, told in self.beside(key) if other[:4] == key[:4] and other.who == key.who]
        held = [(other, told) for other, told in same if told.state == "waiting"]
        for _, told in held:
            told.until, told.message = granted, None
        if not any(other.way == key.way for other, _ in held) and granted < last and one.state == "told":
            again = 1 + max(other.again for other, _ in same if other.way == key.way)
            self.put(key._replace(again=again), Told(one.paper, one.due, until=granted, must_answer=one.must_answer))
        return None

    def last_moment(self, key, paper):
        firm = paper.person.firm
        left = (key.ends - self.today(firm)).days
        newer = any(other.lead < key.lead and one.state != "cancelled" for other, one in self.beside(key))
        if paper.status != "current" or paper.ends != key.ends or left <= 0 or newer:
            return None
        following = max(one for one in self.leads(paper) if one < min(left, key.lead))
        day = key.ends - timedelta(days=following)
        return datetime.combine(day, time(), ZoneInfo(self.world.zones[firm])).astimezone(UTC)

    # ------------------------------------------------------------ to be compared
    def account(self) -> dict[Key, tuple[Any, ...]]:
        return {
            key: (one.state, one.code, one.due, one.until, one.must_answer, self.of(one.message))
            for key, one in self.notices.items()
        }

    def of(self, message):
        if message is None:
            return None
        return (message.kind, "urgent" if message.urgent else "normal", message.way, message.leaves, message.state)


def by_end(leaving):
    key = leaving[0]
    return (key.ends, key.paper, key.lead, key.step, key.again)


@cache
def window(rhythm, zone, days, now):
    """Eight in the morning of a working day, or of the week's first: looked for half hour by half hour."""
    instant = now.replace(minute=0, second=0, microsecond=0)
    while True:
        instant += timedelta(minutes=30)
        local = instant.astimezone(ZoneInfo(zone))
        is_day = local.isoweekday() == min(days) if rhythm == "weekly" else local.isoweekday() in days
        if (local.hour, local.minute) == (8, 0) and is_day and instant > now:
            return instant
