"""What if the firm had given its cases by another rule: a period of its history, read and replayed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from gateway import clock
from gateway.config import nearest
from gateway.db.models import Assignment, Case, Firm, UnassignedCase
from gateway.db.session import lift_walls
from gateway.domain.assignment import attorneys, policies, reading, roster
from gateway.domain.assignment.complexity import base
from gateway.domain.assignment.facts import families_of
from gateway.domain.assignment.replaying import Arrival, Figures, Scene, Spell, figures, replay
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.terms import Matter
from gateway.errors import Invalid
from gateway.office import Acting

MOST = 50_000  # cases of a period, with those of before
LONGEST = 731  # days of one


class Share(Struct, frozen=True, kw_only=True):
    """How many cases of a period an attorney got first, and how many they would have got."""

    attorney_id: UUID
    name: str
    was: int
    would: int


class Comparison(Struct, frozen=True, kw_only=True):
    """A period as it was, and as it would have been.

    Attributes:
        policy_version: whose settings were taken, those of now; only the rule is another one.
        elsewhere: cases that both gave to somebody, and not to the same attorney.
        shares: of everybody who got a case either way, whoever got the most first.
        sentences: the difference, for a person, and what the replay does not know.
    """

    rule: str
    policy_version: int
    first: date
    last: date
    was: Figures
    would: Figures
    elsewhere: int
    shares: Sequence[Share]
    sentences: Sequence[str]


def simulate(acting: Acting, rule: str, first: date, last: date | None = None) -> Comparison:
    """Replay a period under a rule, and compare how evenly, how knowingly and how soon cases were given.

    Raises:
        Invalid: `simulation_wrong`: an unknown rule, days in the wrong order or to come, too many days or cases.
    """
    session = acting.session
    zone = session.scalars(select(Firm.time_zone)).one()
    today = clock.day_in(zone, clock.now())
    last = last or today
    _check(rule, first, last, today)
    lift_walls(session)  # figures name no case and nobody whose it is
    policy = replace(policies.of_firm(session, acting.firm_id), rule=rule)
    past = _past(session, first, last, zone)
    scene = _scene(session, past, first, last)
    would = {one.matter.case_id: one for one in replay(scene, policy)}
    was = figures(scene, past.spells, len(past.moves))
    moves = sum(case_id in would and would[case_id].attorney_id != to for case_id, to in past.moves)
    shown = figures(scene, list(would.values()), moves)
    began = {one.matter.case_id: one.attorney_id for one in reversed(past.spells)}
    elsewhere = sum(case_id in began and began[case_id] != one.attorney_id for case_id, one in would.items())
    return Comparison(
        rule=rule,
        policy_version=policy.version,
        first=first,
        last=last,
        was=was,
        would=shown,
        elsewhere=elsewhere,
        shares=_shares(acting, began, {case_id: one.attorney_id for case_id, one in would.items()}),
        sentences=list(_told(rule, was, shown, elsewhere)),
    )


def _shares(acting: Acting, was: Mapping[UUID, UUID], would: Mapping[UUID, UUID]) -> Sequence[Share]:
    """Of everybody, from who got which case."""
    had, would_have = Counter(was.values()), Counter(would.values())
    found = [
        Share(
            attorney_id=one.attorney.id,
            name=one.staff.name,
            was=had[one.attorney.id],
            would=would_have[one.attorney.id],
        )
        for one in attorneys.listing(acting)
    ]
    return sorted((one for one in found if one.was or one.would), key=lambda one: (-one.was, -one.would, one.name))


class _Past(NamedTuple):
    """What is kept of a period.

    Attributes:
        arrivals: cases that came in it.
        spells: who had those, and when, in order of time.
        held: the same of cases of before.
        moves: of the first ones, each that a person passed on, and to whom.
    """

    arrivals: Sequence[Arrival]
    spells: Sequence[Spell]
    held: Sequence[Spell]
    moves: Sequence[tuple[UUID, UUID]]


class _Case(NamedTuple):
    """A case: when it came, and the last day on which it counted."""

    matter: Matter
    came: date
    over: date | None


class _Had(NamedTuple):
    """That somebody got a case, and until when they had it."""

    case_id: UUID
    attorney_id: UUID
    kind: str
    complexity: int | None
    at: datetime
    until: datetime | None


def _check(rule: str, first: date, last: date, today: date) -> None:
    if rule not in RULES:
        meant = nearest(rule, list(RULES))
        told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(RULES)}."
        raise Invalid("simulation_wrong", f'There is no rule "{rule}".{told}')
    if not first <= last <= today:
        raise Invalid("simulation_wrong", f"A period begins before it ends, and ends by today, {today}.")
    if (last - first).days >= LONGEST:
        raise Invalid("simulation_wrong", f"A period has at most {LONGEST} days; begin later.")


# ------------------------------------------------------------------------------------------------ what is kept


def _past(session: Session, first: date, last: date, zone: str) -> _Past:
    rows = [*_had(session, first, last, zone), *_taken_over(session)]
    points = {row.case_id: row.complexity for row in reversed(rows) if row.complexity}
    waiting = set(session.scalars(select(UnassignedCase.case_id)))
    ids = {row.case_id for row in rows} | waiting
    if len(ids) > MOST:
        raise Invalid(
            "simulation_wrong", f"It is about {len(ids):,} cases; at most {MOST:,} are replayed. Begin later."
        )
    cases = _cases(session, ids, points, zone)
    arrivals = {one.matter.case_id: one for one in _arrivals(cases, rows, first, last, zone)}
    spells = [_spell(row, cases[row.case_id], arrivals.get(row.case_id), zone) for row in rows if row.case_id in cases]
    kept = [one for one in spells if one.first <= last and (one.last is None or one.last >= first)]
    return _Past(
        sorted(arrivals.values(), key=lambda one: (one.matter.opened_at, one.matter.case_id)),
        [one for one in kept if one.matter.case_id in arrivals],
        [one for one in kept if one.matter.case_id not in arrivals],
        [(row.case_id, row.attorney_id) for row in rows if row.kind == "reassigned" and row.case_id in arrivals],
    )


def _had(session: Session, first: date, last: date, zone: str) -> list[_Had]:
    """Assignments that touch the period, in order of time."""
    day, until = (func.date(func.timezone(zone, each)) for each in (Assignment.at, Assignment.until))
    columns = (getattr(Assignment, name) for name in _Had._fields)
    found = select(*columns).where(day <= last, or_(Assignment.until.is_(None), until >= first))
    return [_Had(*row) for row in session.execute(found.order_by(Assignment.at, Assignment.id))]


def _taken_over(session: Session) -> list[_Had]:
    """Cases that somebody has of whose assignment nothing is kept: they had them from the beginning on."""
    kept = exists().where(Assignment.firm_id == Case.firm_id, Assignment.case_id == Case.id)
    found = select(Case.id, Case.attorney_id, Case.complexity, Case.created_at)
    rows = session.execute(found.where(Case.attorney_id.is_not(None), ~kept).order_by(Case.created_at, Case.id))
    return [_Had(row[0], row[1], "taken_over", row[2], row[3], None) for row in rows if row[1]]


def _cases(session: Session, ids: Collection[UUID], points: Mapping[UUID, int], zone: str) -> dict[UUID, _Case]:
    """Cases with their complexity as it was told first; what ended did so when it was decided or last changed."""
    names = "id client_id partner_id case_type complexity status stage deadline_on created_at decided_on updated_at"
    found = session.execute(select(*(getattr(Case, name) for name in names.split())).where(Case.id.in_(ids)))
    languages = reading.kept(session, ids)
    return {row.id: _case(row, points.get(row.id), languages[row.id].languages, zone) for row in found}


def _case(row: Any, points: int | None, languages: Sequence[str], zone: str) -> _Case:  # noqa: ANN401 - a row
    came = clock.day_in(zone, row.created_at)
    is_over = row.status != "open" or row.stage == "closed"
    over = max(row.decided_on or clock.day_in(zone, row.updated_at), came) if is_over else None
    matter = Matter(
        case_id=row.id,
        client_id=row.client_id,
        partner_id=row.partner_id,
        case_type=row.case_type,
        complexity=points or row.complexity or base(row.case_type, came),
        deadline_on=row.deadline_on,
        languages=languages,
        opened_at=row.created_at,
    )
    return _Case(matter, came, over)


def _arrivals(
    cases: Mapping[UUID, _Case], rows: Sequence[_Had], first: date, last: date, zone: str
) -> Iterator[Arrival]:
    """Cases of the period that were to be given to somebody; older ones came when they were first given to anybody."""
    began = {row.case_id: row for row in reversed(rows)}
    for case_id, one in cases.items():
        row = began.get(case_id)
        if row is not None and row.kind == "taken_over":
            continue
        day, matter = one.came, one.matter
        if row is not None and one.came < first:
            if row.kind != "assigned":
                continue
            day, matter = clock.day_in(zone, row.at), replace(matter, opened_at=row.at)
        if first <= day <= last:
            yield Arrival(matter=matter, day=day, last=None if one.over is None else max(one.over, day))


def _spell(row: _Had, one: _Case, arrival: Arrival | None, zone: str) -> Spell:
    """A case counts with whoever has it at the end of a day."""
    begins = clock.day_in(zone, row.at)
    ends = [] if row.until is None else [clock.day_in(zone, row.until) - timedelta(days=1)]
    ends += [] if one.over is None else [max(one.over, begins)]
    matter = arrival.matter if arrival else one.matter
    return Spell(matter=matter, attorney_id=row.attorney_id, at=row.at, first=begins, last=min(ends, default=None))


def _scene(session: Session, past: _Past, first: date, last: date) -> Scene:
    """Time off is as it was; capacities, levels and walls are those of now, for nothing older is kept."""
    types = {one.matter.case_type for one in past.arrivals if one.matter.case_type}
    clients = {one.matter.client_id for one in past.arrivals if one.matter.client_id}
    given: dict[UUID, datetime] = {}
    for one in past.held:
        given[one.attorney_id] = max(one.at, given.get(one.attorney_id, one.at))
    everybody = roster.attorneys(session, first)
    return Scene(
        first=first,
        last=last,
        attorneys=[replace(one, last_given_at=given.get(one.attorney_id)) for one in everybody],
        levels=roster.levels(session, types),
        decided=roster.decided(session, types, first),
        walls=roster.walls(session),
        families=families_of(reading.people(session, clients)),
        held=past.held,
        arrivals=past.arrivals,
    )


# ------------------------------------------------------------------------------------------------ told


def _told(rule: str, was: Figures, would: Figures, elsewhere: int) -> Iterator[str]:
    if not was.cases:
        yield "No case came in these days."
        return
    yield f"{was.cases:,} cases came; by {rule}, {elsewhere:,} would have gone to another attorney."
    yield _compared("Loads would have been", "even", was.jain, would.jain, "Jain's index")
    yield _compared("Attorneys would have known their cases", "well", was.expertise, would.expertise, "of 1")
    yield (
        f"Half of the cases waited less than {was.waited_median:g} hours, and none more than {was.waited_most:g};"
        f" it would have been {would.waited_median:g} and {would.waited_most:g}."
    )
    yield f"Nobody had {was.waiting:,} at the end; it would have been {would.waiting:,}."
    yield f"Passed on by hand: {was.moves:,}. To whom the rule would have given the case: {was.moves - would.moves:,}."
    yield (
        "Attorneys, capacities, expertise and walls are taken as they are now, and cases that waited are looked at"
        " again once a day; so small differences mean nothing."
    )


def _compared(what: str, how: str, was: float, would: float, of: str) -> str:
    if round(was, 2) == round(would, 2):
        return f"{what} as {how} as they were: {would:.2f} ({of})."
    more, less = {"even": ("more evenly spread", "less evenly spread"), "well": ("better", "less well")}[how]
    return f"{what} {more if would > was else less}: {would:.2f} instead of {was:.2f} ({of})."
