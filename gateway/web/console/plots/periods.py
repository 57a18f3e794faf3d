"""Days, weeks, months, quarters and years as columns stand for them: when one begins, which come next, its names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import get_args

from gateway.reports.plot import Step

MOST = 31  # side by side; of more, longer ones stand there
_STEPS: tuple[Step, ...] = get_args(Step)
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def beginning(day: date, step: Step) -> date:
    """The first day of the time in which a day lies."""
    if step == "day":
        return day
    if step == "week":
        return day - timedelta(days=day.weekday())
    months = _MONTHS[step]
    return date(day.year, day.month - (day.month - 1) % months, 1)


def between(first: date, last: date, step: Step) -> Iterator[date]:
    """The beginnings of all times from the one of a day to the one of another."""
    one, end = beginning(first, step), beginning(last, step)
    while one < end:
        yield one
        one = _following(one, step)
    yield one


def _following(begins: date, step: Step) -> date:
    if step in _MONTHS:
        months = begins.year * 12 + begins.month - 1 + _MONTHS[step]
        return date(months // 12, months % 12 + 1, 1)
    return begins + timedelta(days=1 if step == "day" else 7)


def fitting(first: date, last: date, least: Step) -> Step:
    """The shortest time, from a given one on, of which few enough lie between two days; else a year."""
    for step in _STEPS[_STEPS.index(least) :]:
        if len(list(islice(between(first, last, step), MOST + 1))) <= MOST:
            return step
    return "year"


def label(begins: date, step: Step, today: date) -> str:
    """What stands below a column."""
    if step == "year":
        return str(begins.year)
    year = f" ’{begins:%y}"
    if step == "quarter":
        return f"Q{begins.month // 3 + 1}{year}"
    if step == "month":
        return f"{begins:%b}{year}"
    return f"{begins:%b} {begins.day}" + ("" if begins.year == today.year else year)


def said(begins: date, step: Step) -> str:
    """A time within a sentence, after "in"."""
    if step == "year":
        return str(begins.year)
    if step == "quarter":
        return f"the quarter from {begins:%B %Y}"
    if step == "month":
        return f"{begins:%B %Y}"
    day = f"{begins:%b} {begins.day}, {begins.year}"
    return day if step == "day" else f"the week of {day}"
