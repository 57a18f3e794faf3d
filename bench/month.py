"""A month of a fabricated firm under each rule, drawn and told in docs/assignment.md.

Decisions are the gateway's own, as `gateway assign simulate` replays a month: nothing is reckoned here but the picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from month_firm import FIRST, LAST, LAWYERS, Fabricated, Lawyer, Matter, fabricate
from month_picture import Lived, draw

from gateway.domain.assignment import terms
from gateway.domain.assignment.complexity import Facts, complexity
from gateway.domain.assignment.hours import prorated
from gateway.domain.assignment.replaying import Arrival, Figures, Scene, Spell, days, figures, replay
from gateway.domain.assignment.roster import HALF_LIFE
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.terms import Away, Candidate, Policy, Settings

SEED = 2026
HARD = 4  # points from which a case is soon passed on by whoever has declared nothing of its type
DOCS = Path(__file__).parents[1] / "docs"
PICTURE, PAGE = DOCS / "assignment-month.svg", DOCS / "assignment.md"
MARKS = ("<!-- month -->\n", "<!-- end of month -->\n")
COLUMNS = "rule|continuity|Jain|Gini|expertise|outside their field|waited overnight|longest wait".split("|")
HEAD = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_KINDS = ("attorney", "employer", "person", "case")


class Told(NamedTuple):
    """How a month went.

    Attributes:
        strange: hard cases that went to somebody who has declared nothing of their type.
        overnight: cases that waited for a night or longer.
    """

    rule: str
    continuity: bool
    lived: Lived
    figures: Figures
    strange: int
    overnight: int


def main() -> None:
    """Replay the month under each rule, without continuity and with it; write the picture and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the firm and its month; docs have {SEED}")
    told = lived(parser.parse_args().seed)
    PICTURE.write_text(picture(told), encoding="utf-8")
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    PAGE.write_text(before + MARKS[0] + table(told) + MARKS[1] + rest.split(MARKS[1])[1], encoding="utf-8")
    print(table(told))


def lived(seed: int) -> list[Told]:
    """The same month six times."""
    scene = _scene(fabricate(seed))
    return [
        _told(scene, rule, continuity=continuity)
        for continuity in (False, True)
        for rule in sorted(RULES, reverse=True)
    ]


def picture(told: Sequence[Told]) -> str:
    """Of the rules alone: continuity would hide how they differ."""
    return draw([one.lived for one in told if not one.continuity])


def table(told: Sequence[Told]) -> str:
    """In Markdown."""
    return HEAD + "".join(f"| {' | '.join(_cells(one))} |\n" for one in told)


def _cells(one: Told) -> tuple[str, ...]:
    found, nights = one.figures, round(one.figures.waited_most / 24)
    evenness = (f"{found.jain:.2f}", f"{found.gini:.2f}")
    waiting = (f"{one.overnight}", f"{nights} day{'s' if nights > 1 else ''}" if nights else "-")
    rule, continuity = f"`{one.rule}`", "on" if one.continuity else "off"
    return (rule, continuity, *evenness, f"{found.expertise:.2f}", f"{one.strange}", *waiting)


def _told(scene: Scene, rule: str, *, continuity: bool) -> Told:
    spells = replay(scene, Policy(rule=rule, settings=Settings(continuity=continuity)))
    strange = [one for one in spells if one.matter.complexity >= HARD and _is_strange(one)]
    found = figures(scene, spells, len(strange))
    drawn = Lived(rule, list(_loads(scene, spells)), list(_waiting(scene, spells)), found)
    late = sum(one.at - one.matter.opened_at >= timedelta(days=1) for one in spells) + found.waiting
    return Told(rule, continuity, drawn, found, len(strange), late)


def _is_strange(one: Spell) -> bool:
    return one.matter.case_type not in LAWYERS[_place(one.attorney_id)].knows


def _loads(scene: Scene, spells: Sequence[Spell]) -> Iterator[list[float]]:
    """Of each attorney, each day, what they hold over what they may."""
    held = [*scene.held, *spells]
    for one in scene.attorneys:
        mine = [spell for spell in held if spell.attorney_id == one.attorney_id]
        yield [
            sum(spell.first <= day and (spell.last is None or day <= spell.last) for spell in mine) / one.capacity
            for day in days(FIRST, LAST)
        ]


def _waiting(scene: Scene, spells: Sequence[Spell]) -> Iterator[int]:
    """Cases that nobody has, at the end of each day."""
    given = {one.matter.case_id: one.first for one in spells}
    for day in days(FIRST, LAST):
        came = [one for one in scene.arrivals if one.day <= day and (one.last is None or day <= one.last)]
        yield sum(given.get(one.matter.case_id, LAST + timedelta(days=1)) > day for one in came)


# ------------------------------------------------------------------------------------------------ as it is read


def _scene(month: Fabricated) -> Scene:
    """The fabricated firm as the gateway would read it from its records."""
    return Scene(
        first=FIRST,
        last=LAST,
        attorneys=[_candidate(place, one) for place, one in enumerate(LAWYERS)],
        levels={
            (_id("attorney", place), name): n for place, one in enumerate(LAWYERS) for name, n in one.knows.items()
        },
        decided=_decided(month),
        held=[_held(one, place) for one, place in month.held],
        arrivals=[_arrival(one) for one in month.coming],
    )


def _candidate(place: int, one: Lawyer) -> Candidate:
    hours = dict.fromkeys(_WEEKDAYS, one.hours) if one.hours else {}
    away = [Away(*(FIRST.replace(day=day) for day in one.away))] if one.away else []
    capacity = prorated(one.capacity, hours)
    who = _id("attorney", place)
    return Candidate(attorney_id=who, licence=f"NY {place}", senior=one.senior, capacity=capacity, away=away)


def _decided(month: Fabricated) -> dict[tuple[UUID | None, str | None], float]:
    found: dict[tuple[UUID | None, str | None], float] = {}
    for place, name, day in month.decided:
        key = (_id("attorney", place), name)
        found[key] = found.get(key, 0.0) + 0.5 ** ((FIRST - day).days / HALF_LIFE)
    return found


def _held(one: Matter, place: int) -> Spell:
    last = FIRST + timedelta(days=one.days)
    who = _id("attorney", place)
    return Spell(matter=_matter(one), attorney_id=who, at=one.came, first=one.came.date(), last=last)


def _arrival(one: Matter) -> Arrival:
    day = one.came.date()
    return Arrival(matter=_matter(one), day=day, last=day + timedelta(days=one.days))


def _matter(one: Matter) -> terms.Matter:
    known = Facts(on=one.came.date(), case_type=one.case_type, deadline_on=one.deadline_on)
    return terms.Matter(
        case_id=_id("case", one.number),
        client_id=_id("person", one.number),
        partner_id=_id("employer", one.employer),
        case_type=one.case_type,
        complexity=complexity(known).points,
        deadline_on=one.deadline_on,
        opened_at=one.came,
    )


def _id(kind: str, number: int) -> UUID:
    return UUID(int=(_KINDS.index(kind) + 1 << 64) | number)


def _place(attorney_id: UUID) -> int:
    return attorney_id.int & 0xFFFF


if __name__ == "__main__":
    main()
