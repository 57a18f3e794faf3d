"""Who cannot take a case, and every reason why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from gateway.clock import days_later
from gateway.domain.assignment.terms import Away, Candidate, Exclusion, Matter, Settings

LAST_DAYS = 14  # before a deadline, in which whoever has the case must be there
_DAY = 1


class Filter(NamedTuple):
    """A reason why somebody cannot take a case.

    Attributes:
        ask: whether it is so of an attorney and a case.
        by: what of the case it depends on: fields of the matter, or `walled`, who must not know of it.
        moves: it may become so once they have got a case.
    """

    ask: Callable[[Asked], Why | None]
    by: Sequence[str] = ()
    moves: bool = False


def exclusions(matter: Matter, candidate: Candidate, settings: Settings, today: date) -> list[Exclusion]:
    """Every reason why an attorney cannot take a case; none where it can be theirs."""
    asked = Asked(matter, candidate, settings, today)
    return [found for code in FILTERS if (found := exclusion(code, asked)) is not None]


def exclusion(code: str, asked: Asked) -> Exclusion | None:
    """One reason, where it is one."""
    found = FILTERS[code].ask(asked)
    if found is None:
        return None
    attorney_id = asked.candidate.attorney_id
    return Exclusion(attorney_id=attorney_id, code=code, sentence=found.sentence, until=found.until)


def back_on(matter: Matter, candidate: Candidate, today: date) -> date | None:
    """The first day on which no absence keeps an attorney from a case; None where the calendar ends before it."""
    days = sorted({today, *(days_later(one.last, _DAY) for one in candidate.away if one.last >= today)})
    return next((day for day in days if not _absences(matter, candidate.away, day)), None)


class Asked(NamedTuple):
    """Can they take it?"""

    matter: Matter
    candidate: Candidate
    settings: Settings
    today: date


class Why(NamedTuple):
    """Why not, until when."""

    sentence: str
    until: date | None = None


def _inactive(asked: Asked) -> Why | None:
    return None if asked.candidate.works else Why("Does not work here any more, or takes no cases.")


def _no_licence(asked: Asked) -> Why | None:
    return None if (asked.candidate.licence or "").strip() else Why("No licence is on record.")


def _walled(asked: Asked) -> Why | None:
    return Why("A wall stands between them and the case.") if asked.candidate.walled else None


def _away(asked: Asked) -> Why | None:
    """Away now, or in the last days before the first deadline."""
    found = _absences(asked.matter, asked.candidate.away, asked.today)
    if not found:
        return None
    until = _end(found[-1], asked.candidate.away)
    first = found[0].first
    if first <= asked.today:
        return Why(f"Away until {until}.", until)
    return Why(f"Away from {first} to {until}, and the deadline is on {asked.matter.deadline_on}.", until)


def _full(asked: Asked) -> Why | None:
    load, capacity = asked.candidate.load, asked.candidate.capacity
    return None if load < capacity else Why(f"Holds {load} cases, and may hold {capacity}.")


def _no_language(asked: Asked) -> Why | None:
    """Which language it is would say something of the person for as long as the decision is kept."""
    wanted = {one.casefold() for one in asked.matter.languages}
    spoken = {"en", *(one.casefold() for one in asked.candidate.languages)}
    if not asked.settings.languages or not wanted or wanted & spoken:
        return None
    return Why("Does not speak a language that the case asks for.")


def _no_certification(asked: Asked) -> Why | None:
    wanted = asked.settings.certifications.get(asked.matter.case_type or "", ())
    has = {one.casefold() for one in asked.candidate.certifications}
    lacks = sorted({one for one in wanted if one.casefold() not in has})
    return Why(f"Lacks what cases of type {asked.matter.case_type} ask for: {', '.join(lacks)}.") if lacks else None


def _not_senior(asked: Asked) -> Why | None:
    least, points = asked.settings.senior_from, asked.matter.complexity
    if asked.candidate.senior or points < least:
        return None
    return Why(f"Is not senior, and cases of complexity {least} and more are for those who are; this one has {points}.")


def _taken_back(asked: Asked) -> Why | None:
    """Somebody has decided against it; the rule would decide for it again, and again."""
    if asked.candidate.attorney_id not in asked.matter.taken_from:
        return None
    return Why("The case was taken back from them: only by hand can it be theirs again.")


FILTERS: Mapping[str, Filter] = {
    "inactive": Filter(_inactive),
    "no_licence": Filter(_no_licence),
    "walled": Filter(_walled, by=("walled",)),
    "away": Filter(_away, by=("deadline_on",)),
    "full": Filter(_full, moves=True),
    "no_language": Filter(_no_language, by=("languages",)),
    "no_certification": Filter(_no_certification, by=("case_type",)),
    "not_senior": Filter(_not_senior, by=("complexity",)),
    "taken_back": Filter(_taken_back, by=("taken_from",)),
}


def _absences(matter: Matter, away: Sequence[Away], day: date) -> list[Away]:
    """Those that matter on a day, in order."""
    spans = list(_spans(matter, day))
    return sorted(one for one in away if any(one.first <= last and one.last >= first for first, last in spans))


def _spans(matter: Matter, day: date) -> Iterator[tuple[date, date]]:
    """On which days somebody who gets a case on a day must be there."""
    yield day, day
    if matter.deadline_on is not None and matter.deadline_on > day:
        yield max(day, days_later(matter.deadline_on, _DAY - LAST_DAYS)), matter.deadline_on


def _end(absence: Away, away: Sequence[Away]) -> date:
    """The last day of an absence and of those that follow it without a day between."""
    last = absence.last
    for one in sorted(away):
        if one.first <= days_later(last, _DAY):
            last = max(last, one.last)
    return last
