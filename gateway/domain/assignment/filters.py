"""Who cannot take a case, and every reason why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from gateway.clock import days_later
from gateway.domain.assignment.terms import Away, Candidate, Exclusion, Matter, Settings

LAST_DAYS = 14  # before a deadline, in which whoever has the case must be there
_DAY = 1


def exclusions(matter: Matter, candidate: Candidate, settings: Settings, today: date) -> list[Exclusion]:
    """Every reason why an attorney cannot take a case; none where it can be theirs."""
    asked = _Asked(matter, candidate, settings, today)
    return [
        Exclusion(attorney_id=candidate.attorney_id, code=code, sentence=found.sentence, until=found.until)
        for code, ask in _FILTERS.items()
        if (found := ask(asked)) is not None
    ]


def back_on(matter: Matter, candidate: Candidate, today: date) -> date | None:
    """The first day on which no absence keeps an attorney from a case; None where the calendar ends before it."""
    days = sorted({today, *(days_later(one.last, _DAY) for one in candidate.away if one.last >= today)})
    return next((day for day in days if not _absences(matter, candidate.away, day)), None)


class _Asked(NamedTuple):
    matter: Matter
    candidate: Candidate
    settings: Settings
    today: date


class _Why(NamedTuple):
    sentence: str
    until: date | None = None


def _inactive(asked: _Asked) -> _Why | None:
    return None if asked.candidate.works else _Why("Does not work here any more, or takes no cases.")


def _no_licence(asked: _Asked) -> _Why | None:
    return None if (asked.candidate.licence or "").strip() else _Why("No licence is on record.")


def _walled(asked: _Asked) -> _Why | None:
    return _Why("A wall stands between them and the case.") if asked.candidate.walled else None


def _away(asked: _Asked) -> _Why | None:
    """Away now, or in the last days before the first deadline."""
    found = _absences(asked.matter, asked.candidate.away, asked.today)
    if not found:
        return None
    until = _end(found[-1], asked.candidate.away)
    first = found[0].first
    if first <= asked.today:
        return _Why(f"Away until {until}.", until)
    return _Why(f"Away from {first} to {until}, and the deadline is on {asked.matter.deadline_on}.", until)


def _full(asked: _Asked) -> _Why | None:
    load, capacity = asked.candidate.load, asked.candidate.capacity
    return None if load < capacity else _Why(f"Holds {load} cases, and may hold {capacity}.")


def _no_language(asked: _Asked) -> _Why | None:
    """Which language it is would say something of the person for as long as the decision is kept."""
    wanted = {one.casefold() for one in asked.matter.languages}
    spoken = {"en", *(one.casefold() for one in asked.candidate.languages)}
    if not asked.settings.languages or not wanted or wanted & spoken:
        return None
    return _Why("Does not speak a language that the case asks for.")


def _no_certification(asked: _Asked) -> _Why | None:
    wanted = asked.settings.certifications.get(asked.matter.case_type or "", ())
    has = {one.casefold() for one in asked.candidate.certifications}
    lacks = sorted({one for one in wanted if one.casefold() not in has})
    return _Why(f"Lacks what cases of type {asked.matter.case_type} ask for: {', '.join(lacks)}.") if lacks else None


def _not_senior(asked: _Asked) -> _Why | None:
    least, points = asked.settings.senior_from, asked.matter.complexity
    if asked.candidate.senior or points < least:
        return None
    return _Why(
        f"Is not senior, and cases of complexity {least} and more are for those who are; this one has {points}."
    )


def _taken_back(asked: _Asked) -> _Why | None:
    """Somebody has decided against it; the rule would decide for it again, and again."""
    if asked.candidate.attorney_id not in asked.matter.taken_from:
        return None
    return _Why("The case was taken back from them: only by hand can it be theirs again.")


_FILTERS: dict[str, Callable[[_Asked], _Why | None]] = {
    "inactive": _inactive,
    "no_licence": _no_licence,
    "walled": _walled,
    "away": _away,
    "full": _full,
    "no_language": _no_language,
    "no_certification": _no_certification,
    "not_senior": _not_senior,
    "taken_back": _taken_back,
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
