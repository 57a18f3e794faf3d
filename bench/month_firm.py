"""A fabricated firm and a month of its cases, the same for the same seed, whoever is given them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
CASES, HELD, DECIDED = 250, 108, 420  # that come, that are held when the month begins, that were decided before
EMPLOYERS = 20
BURST = (date(2026, 11, 10), 42)  # one employer's new hires, all of one morning
ONE_DAY = timedelta(days=1)
_OFFICE_HOURS = (10, 15)
_HOLIDAYS = (date(2026, 11, 11), date(2026, 11, 26))


class Kind(NamedTuple):
    """A type of case: how many in a hundred are of it, and days from its coming to its end."""

    share: int
    days: int


KINDS = {
    "H1B_EXT": Kind(24, 15),
    "H1B_TRANSFER": Kind(12, 13),
    "H1B_AMEND": Kind(8, 13),
    "TN": Kind(6, 7),
    "L1A": Kind(7, 21),
    "L1B": Kind(6, 21),
    "PERM": Kind(13, 34),
    "I485": Kind(9, 26),
    "I140_NIW": Kind(7, 33),
    "O1A": Kind(5, 27),
    "I765": Kind(3, 6),
}


class Lawyer(NamedTuple):
    """An attorney as the firm has put them down.

    Attributes:
        hours: of a working day; None is full time.
        away: days of the month, the first and the last.
        began_with: of a hundred cases that were held when the month began, those that were theirs.
    """

    name: str
    capacity: int
    knows: Mapping[str, int]
    began_with: int
    senior: bool = False
    hours: float | None = None
    away: tuple[int, int] | None = None


LAWYERS = (
    Lawyer("Ada Okafor", 22, {"O1A": 5, "I140_NIW": 5, "PERM": 3}, 14, senior=True),
    Lawyer("Ben Ruiz", 20, {"PERM": 5, "I485": 4, "I140_NIW": 3}, 13, senior=True, away=(16, 25)),
    Lawyer("Cleo Marsh", 20, {"L1A": 5, "L1B": 5, "O1A": 3}, 6, senior=True),
    Lawyer("Dev Anand", 24, {"H1B_EXT": 5, "H1B_TRANSFER": 4, "H1B_AMEND": 4}, 16),
    Lawyer("Eva Lindt", 20, {"H1B_EXT": 4, "H1B_TRANSFER": 5, "TN": 3}, 11),
    Lawyer("Femi Cole", 20, {"PERM": 4, "I485": 3}, 12),
    Lawyer("Gina Park", 18, {"L1A": 3, "L1B": 4, "H1B_AMEND": 3}, 6, away=(5, 13)),
    Lawyer("Hugo Weiss", 20, {"TN": 5, "H1B_EXT": 2, "I765": 3}, 5),
    Lawyer("Ines Faro", 20, {"I485": 5, "I765": 4, "PERM": 2}, 5, hours=4.0),
    Lawyer("Jon Achebe", 20, {"H1B_TRANSFER": 3, "H1B_AMEND": 5}, 5, hours=4.8),
    Lawyer("Kim Sato", 16, {"H1B_EXT": 1, "TN": 1}, 2),
    Lawyer("Lea Brandt", 16, {"PERM": 1, "I485": 1, "I765": 2}, 2, away=(20, 30)),
)


class Matter(NamedTuple):
    """A case, as long as nobody has it.

    Attributes:
        number: by which it, and its person, are told from the others.
        employer: its place among them.
        came: when it is put on record.
        days: of work, from when it came to when it is over.
    """

    number: int
    employer: int
    case_type: str
    came: datetime
    deadline_on: date | None
    days: int


class Fabricated(NamedTuple):
    """What is the same under each rule.

    Attributes:
        held: with the place of their attorney in `LAWYERS`; their `days` begin with the month.
        decided: attorney's place, type of case, and the day on which it was decided.
        coming: in the order in which they come.
    """

    held: Sequence[tuple[Matter, int]]
    decided: Sequence[tuple[int, str, date]]
    coming: Sequence[Matter]


def fabricate(seed: int) -> Fabricated:
    """A firm and its month."""
    chance = random.Random(seed)
    held = [(_held(chance, number), _whose(chance)) for number in range(HELD)]
    times = sorted(_times(chance))
    coming = [_coming(chance, HELD + number, *one) for number, one in enumerate(times)]
    return Fabricated(held, list(_decided(chance)), coming)


def working_days() -> list[date]:
    """Of the month: neither weekends nor holidays."""
    days = [FIRST + number * ONE_DAY for number in range((LAST - FIRST).days + 1)]
    return [day for day in days if day.weekday() < 5 and day not in _HOLIDAYS]  # noqa: PLR2004 - Monday is 0


def at(day: date, hour: int) -> datetime:
    """An hour of a day; the firm's clock is UTC."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _held(chance: random.Random, number: int) -> Matter:
    came = at(FIRST - chance.randint(2, 25) * ONE_DAY, 9)
    return _matter(chance, number, came, _employer(chance), chance.randint(2, 28))


def _whose(chance: random.Random) -> int:
    return chance.choices(range(len(LAWYERS)), [one.began_with for one in LAWYERS])[0]


def _times(chance: random.Random) -> Iterator[tuple[datetime, int]]:
    """When cases come, and of which employer."""
    day, many = BURST
    yield from [(at(day, 10), 0)] * many
    for _ in range(CASES - many):
        yield at(chance.choice(working_days()), chance.choice(_OFFICE_HOURS)), _employer(chance)


def _employer(chance: random.Random) -> int:
    """A few have many people, most have few."""
    return min(int(chance.paretovariate(0.9)), EMPLOYERS) - 1


def _coming(chance: random.Random, number: int, came: datetime, employer: int) -> Matter:
    return _matter(chance, number, came, employer, None)


def _matter(chance: random.Random, number: int, came: datetime, employer: int, days: int | None) -> Matter:
    case_type = chance.choices(list(KINDS), [one.share for one in KINDS.values()])[0]
    work = days or max(3, round(KINDS[case_type].days * chance.uniform(0.6, 1.5)))
    left = came.date() + (work + chance.randint(4, 60)) * ONE_DAY
    deadline = left if chance.random() < 0.7 else None  # noqa: PLR2004 - so many have one
    return Matter(number, employer, case_type, came, deadline, work)


def _decided(chance: random.Random) -> Iterator[tuple[int, str, date]]:
    """Cases of before, of which experience is made: more of what somebody knows well."""
    known = [(place, name, level) for place, one in enumerate(LAWYERS) for name, level in one.knows.items()]
    for place, name, _ in chance.choices(known, [level**2 for *_, level in known], k=DECIDED):
        yield place, name, FIRST - chance.randint(1, 600) * ONE_DAY
