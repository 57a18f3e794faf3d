"""What the gate makes of what is due, said once more and slowly: recipient by recipient, half hour by half hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo

from helpers.firms_world import WORK, ZONES, World
from helpers.told_model import Key, Message, Model, Told

A_DAY = {("staff", "sms"): 10, ("client", "email"): 5, ("client", "sms"): 3}

Notice = tuple[Key, Told]
Held = datetime | str | None  # until when, or why for good


class Gated(Model):
    """A model whose messages leave by a gate and by channels that take everything."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.out: set[tuple[UUID, str]] = set()  # people who want no more of a channel
        self.sent: dict[tuple[UUID, str], list[datetime]] = defaultdict(list)
        self.staff = {one.id: one for one in world.members}

    def cross(self, order: Mapping[Key, UUID]) -> None:
        """All that is due goes, waits or is withheld.

        Args:
            order: what the house calls the message of a notice: by this it chooses among equals.
        """
        full: dict[Message, list[Notice]] = defaultdict(list)
        for key, one in self.notices.items():
            if one.state == "waiting" and one.message and one.message.leaves <= self.now:
                full[one.message].append((key, one))
        for message in sorted(full, key=lambda one: (not one.urgent, one.leaves, order[full[one][0][0]])):
            self.pass_by(message, full[message])

    def pass_by(self, message: Message, told: list[Notice]) -> None:
        whom = told[0][0].who or told[0][1].paper.person.id
        hidden = [(key, one) for key, one in told if self.is_hidden(key, one)]
        held = self.held(whom, message.way, told, is_hidden=len(hidden) == len(told))
        if isinstance(held, datetime):
            message.leaves = held
            return
        message.state = "withheld" if held else "sent"
        for _, one in told:
            one.state, one.code = ("withheld", held) if held else ("told", None)
        if not held:
            self.sent[whom, message.way].append(self.now)
            for _, one in hidden:
                one.state, one.code, one.message = "withheld", "walled", None

    def is_hidden(self, key: Key, one: Told) -> bool:
        return key.who is not None and self.is_walled(self.staff[key.who], one.paper.person)

    def held(self, whom: UUID, way: str, told: list[Notice], *, is_hidden: bool) -> Held:
        member = self.staff.get(whom)
        if member and not member.active:
            return "gone"
        if is_hidden:
            return "walled"
        if (whom, way) in self.out:
            return "opted_out"
        if self.world.preferences.get((whom, way)) == "off":
            return "switched_off"
        firms_zone = self.world.zones[told[0][1].paper.person.firm]
        zone = ZoneInfo(member.zone if member and member.zone in ZONES else firms_zone)
        return self.put_off(whom, way, zone)

    def put_off(self, whom: UUID, way: str, zone: ZoneInfo) -> datetime | None:
        days = self.world.days.get(whom, WORK)
        if not is_open(self.now, zone, days):
            return next_open(self.now, zone, days)
        most = A_DAY.get(("staff" if whom in self.staff else "client", way))
        if most is None:
            return None
        today = self.now.astimezone(zone).date()
        if sum(one.astimezone(zone).date() == today for one in self.sent[whom, way]) < most:
            return None
        return datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)


def is_open(instant: datetime, zone: ZoneInfo, days: frozenset[int]) -> bool:
    """From eight to eight of a working day."""
    wall = instant.astimezone(zone)
    return wall.isoweekday() in days and 8 <= wall.hour < 20


@cache
def next_open(instant: datetime, zone: ZoneInfo, days: frozenset[int]) -> datetime:
    instant = instant.replace(minute=instant.minute // 30 * 30, second=0, microsecond=0)
    while not is_open(instant, zone, days):
        instant += timedelta(minutes=30)
    return instant
