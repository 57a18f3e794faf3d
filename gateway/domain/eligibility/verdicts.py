"""Whether conditions and demands hold of a person: yes, no, or unknown; what is not in a profile is never a no.

A part of the year is not rounded: somebody has worked for a year on the day on which 365 days are full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.domain.eligibility.terms import Cite, Entry, Profile, Value
from gateway.domain.rules.conditions import LEVELS, Condition, Demand, Since, place_of
from gateway.domain.rules.criteria import professions

Answer = bool | None  # None: unknown
_DAYS_A_YEAR = 365


class Verdict(NamedTuple):
    """Whether a demand holds, by which fields, and which fields would tell."""

    holds: Answer
    cites: tuple[Cite, ...] = ()
    missing: tuple[str, ...] = ()


# ------------------------------------------------------------------------------------------------ three values


def every(answers: Iterable[Answer]) -> Answer:
    """No if one is no; yes if all are."""
    heard = list(answers)
    return False if False in heard else (None if None in heard else True)


def at_least(least: int, answers: Iterable[Answer]) -> Answer:
    """Yes if so many are; no if so many cannot be any more."""
    heard = list(answers)
    if heard.count(True) >= least:
        return True
    return None if heard.count(True) + heard.count(None) >= least else False


# ------------------------------------------------------------------------------------------------ conditions


def holds(condition: Condition, entry: Entry, profile: Profile) -> Answer:
    """Whether a condition holds of an entry."""
    if condition.any is not None:
        return at_least(1, (holds(one, entry, profile) for one in condition.any))
    value = entry.facts.get(str(condition.field))
    if value is None:
        return None
    if condition.other:
        others = _others(place_of(condition.other, entry.kind), entry, profile)
        return at_least(1, (_COMPARED[condition.operator](value, other) for other in others)) if others else None
    return _ALONE[condition.operator](condition, value, profile.as_of)


def all_hold(conditions: Iterable[Condition], entry: Entry, profile: Profile) -> Answer:
    """Whether all of them hold of an entry."""
    return every(holds(one, entry, profile) for one in conditions)


def unknown_of(conditions: Iterable[Condition], entry: Entry, profile: Profile) -> list[str]:
    """Which fields would tell, `offer.has_lca`, where a condition is unknown."""
    told: list[str] = []
    for one in conditions:
        if holds(one, entry, profile) is not None:
            continue
        if one.any is not None:
            told += unknown_of(one.any, entry, profile)
        elif entry.facts.get(str(one.field)) is None:
            told.append(f"{entry.kind}.{one.field}")
        else:
            told.append(".".join(place_of(str(one.other), entry.kind)))
    return list(dict.fromkeys(told))


def _others(place: tuple[str, str], entry: Entry, profile: Profile) -> list[Value]:
    kind, field = place
    entries = [entry] if kind == entry.kind else profile.of(kind)
    return [one.facts[field] for one in entries if field in one.facts]


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _level(value: Value) -> int:
    return LEVELS.index(value) if value in LEVELS else -1


def _folded(text: Value) -> str:
    return " ".join(str(text).casefold().split())


def _among(value: Value, words: Value) -> bool:
    return _folded(value) in {_folded(one) for one in str(words).split(",")}


def years_before(day: date, years: int) -> date:
    """The same day so many years ago; of 29 February, the day before 1 March."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _within(condition: Condition, value: Value, on: date) -> bool:
    return isinstance(value, date) and years_before(on, condition.within_years or 0) <= value <= on


_COMPARED: Final[Mapping[str, Callable[[Value, Value], bool]]] = {
    "no_less_than": lambda value, other: _number(value) >= _number(other),
    "degree": lambda value, other: _level(value) >= _level(other) >= 0,
    "among": _among,
}
_ALONE: Final[Mapping[str, Callable[[Condition, Value, date], bool]]] = {
    "is_": lambda one, value, _: type(value) is type(one.is_) and value == one.is_,
    "in_": lambda one, value, _: value in (one.in_ or ()),
    "at_least": lambda one, value, _: _number(value) >= float(one.at_least or 0),
    "at_most": lambda one, value, _: _number(value) <= float(one.at_most or 0),
    "degree": lambda one, value, _: _level(value) >= _level(str(one.degree)),
    "within_years": _within,
}

# ------------------------------------------------------------------------------------------------ demands


def judge(demand: Demand, profile: Profile) -> Verdict:
    """Whether a demand holds of a person."""
    if demand.all is not None:
        return _together([judge(one, profile) for one in demand.all], len(demand.all))
    if demand.any is not None:
        return _together([judge(one, profile) for one in demand.any], demand.least)
    entries = profile.of(str(demand.kind))
    if demand.years is not None:
        return _lasting(demand, entries, profile)
    if not entries:
        return Verdict(None, missing=_wanted(demand))
    return _best([_of_entry(demand, one, profile) for one in entries])


def _together(verdicts: Sequence[Verdict], least: int) -> Verdict:
    answer = at_least(least, (one.holds for one in verdicts))
    cites = [cite for one in verdicts if one.holds is answer for cite in one.cites]
    missing = [field for one in verdicts if one.holds is None for field in one.missing]
    return Verdict(answer, tuple(dict.fromkeys(cites)), tuple(dict.fromkeys(missing)) if answer is None else ())


def _best(verdicts: Sequence[Verdict]) -> Verdict:
    return _together(verdicts, 1)


def _wanted(demand: Demand) -> tuple[str, ...]:
    """What to ask of somebody of whom there is no such entry: its fields, or, where it asks for none, the entry."""
    places = [f"{kind}.{field}" for kind, field in demand.places() if kind == demand.kind]
    return tuple(dict.fromkeys(places)) or (str(demand.kind),)


def _of_entry(demand: Demand, entry: Entry, profile: Profile) -> Verdict:
    answer = all_hold(demand.needs, entry, profile)
    looked_at = [str(one.field) for each in demand.needs for one in (each.any or [each])]
    verdict = Verdict(answer, cited(entry, looked_at), tuple(unknown_of(demand.needs, entry, profile)))
    if demand.listed is None or demand.by is None or answer is False:
        return verdict
    return _together([verdict, _by_list(demand.listed, demand.by, entry, profile)], 2)


def _by_list(listed: str, field: str, entry: Entry, profile: Profile) -> Verdict:
    word = entry.facts.get(field)
    if word is None:
        return Verdict(None, missing=(f"{entry.kind}.{field}",))
    found = next((one[-1] for one in professions(listed).values() if _folded(one[-1].name) == _folded(word)), None)
    if found is None:
        return Verdict(False, cited(entry, [field]))  # noqa: FBT003 - the answer is what the first place is
    told = _best([judge(one, profile) for one in found.asks()])
    return told._replace(cites=(*cited(entry, [field]), *told.cites))


def cited(entry: Entry, fields: Iterable[str]) -> tuple[Cite, ...]:
    """Cites of those of the fields that the entry knows."""
    known = dict.fromkeys(one for one in fields if one in entry.facts)
    return tuple(Cite(ref=entry.ref, field=one, value=entry.facts[one]) for one in known)


# ------------------------------------------------------------------------------------------------ years


class _Span(NamedTuple):
    first: date
    last: date


def _lasting(demand: Demand, entries: Sequence[Entry], profile: Profile) -> Verdict:
    """Whether the entries that fit last so long; one that may fit, or whose beginning is unknown, leaves it open."""
    fitting = [one for one in entries if all_hold(demand.needs, one, profile) is not False]
    sure = [one for one in fitting if all_hold(demand.needs, one, profile) and _span(one, profile)]
    cites = tuple(cite for one in sure for cite in cited(one, [*_fields(demand), "from_on", "to_on"]))
    if _longest(demand, sure, profile) >= (demand.years or 0) * _DAYS_A_YEAR:
        since = demand.after
        if since and not _dates(since, profile):
            return Verdict(None, missing=(f"{since.kind}.{since.field}",))
        return Verdict(True, cites)  # noqa: FBT003 - as above
    open_ones = [one for one in fitting if one not in sure]
    if entries and not open_ones:
        return Verdict(False, cites or tuple(cite for one in entries for cite in cited(one, _fields(demand))))  # noqa: FBT003 - as above
    missing = [field for one in open_ones for field in unknown_of(demand.needs, one, profile)]
    missing += [f"{one.kind}.from_on" for one in open_ones if "from_on" not in one.facts]
    return Verdict(None, missing=tuple(dict.fromkeys(missing)) or _wanted(demand))


def _fields(demand: Demand) -> list[str]:
    return [str(one.field) for each in demand.needs for one in (each.any or [each])]


def _span(entry: Entry, profile: Profile) -> _Span | None:
    first, last = entry.facts.get("from_on"), entry.facts.get("to_on", profile.as_of)
    if not isinstance(first, date) or not isinstance(last, date):
        return None
    return _Span(first, min(last, profile.as_of))


def _longest(demand: Demand, entries: Sequence[Entry], profile: Profile) -> int:
    """Days of all spans together, or of the longest without a break, within the window in which they are the most.

    Somebody who came long ago is not asked for the years since, and somebody who came of late loses nothing by that.
    """
    spans = [span for one in entries if (span := _span(one, profile))]
    ends = (profile.as_of, _counted_back_from(demand, profile))
    return max(_length(spans, _window(demand, profile, last), demand) for last in ends)


def _length(spans: Sequence[_Span], window: _Span, demand: Demand) -> int:
    cut = [_Span(max(one.first, window.first), min(one.last, window.last)) for one in spans]
    lengths = [(one.last - one.first).days + 1 for one in _merged([one for one in cut if one.first <= one.last])]
    return max(lengths, default=0) if demand.continuous else sum(lengths)


def _window(demand: Demand, profile: Profile, last: date) -> _Span:
    first = years_before(last, demand.of_last) if demand.of_last else date.min
    if demand.after:
        first = max(first, min(_dates(demand.after, profile), default=first))
    return _Span(first, last)


def _dates(since: Since, profile: Profile) -> list[date]:
    fitting = [one for one in profile.of(since.kind) if all_hold(since.needs, one, profile)]
    return [value for one in fitting if isinstance(value := one.facts.get(since.field), date)]


def _counted_back_from(demand: Demand, profile: Profile) -> date:
    if demand.back_from is None:
        return profile.as_of
    here = [one for one in profile.of(str(demand.back_from.kind)) if all_hold(demand.back_from.needs, one, profile)]
    began = [span.first for one in here if (span := _span(one, profile))]
    return min(began, default=profile.as_of)


def _merged(spans: Sequence[_Span]) -> list[_Span]:
    """Spans without overlaps, those that follow each other day by day as one."""
    ordered = sorted(spans)
    breaks = [0, *(place for place, (_, newer) in enumerate(pairwise(ordered), 1) if _apart(ordered[:place], newer))]
    ends = [*breaks[1:], len(ordered)]
    runs = [ordered[first:end] for first, end in zip(breaks, ends, strict=True) if ordered[first:end]]
    return [_Span(run[0].first, max(one.last for one in run)) for run in runs]


def _apart(before: Sequence[_Span], newer: _Span) -> bool:
    return newer.first > max(one.last for one in before) + timedelta(days=1)
