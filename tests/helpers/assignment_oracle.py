"""Who gets a case, said once more, slowly: every attorney against every other one, straight from the design.

It shares no line with the code that it is held against, and takes the same matters and candidates.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

ONE = timedelta(days=1)


def away_on(attorney, day):
    return any(one.first <= day <= one.last for one in attorney.away)


def needed_on(matter, day):
    """The days on which whoever gets the case on a day must be there: then, and in the fortnight up to the deadline."""
    days = [day]
    end = matter.deadline_on
    if end is not None and end > day:
        days += [end - ONE * back for back in range(14) if end - ONE * back > day]
    return days


def reasons(matter, attorney, settings, today):
    """Codes of everything that keeps an attorney from a case."""
    found = set()
    if not attorney.works:
        found.add("inactive")
    if attorney.licence is None or not attorney.licence.strip():
        found.add("no_licence")
    if attorney.walled:
        found.add("walled")
    if any(away_on(attorney, day) for day in needed_on(matter, today)):
        found.add("away")
    if attorney.load + 1 > attorney.capacity:
        found.add("full")
    if settings.languages and matter.languages and not {*attorney.languages, "en"} & set(matter.languages):
        found.add("no_language")
    if not set(settings.certifications.get(matter.case_type, ())) <= set(attorney.certifications):
        found.add("no_certification")
    if matter.complexity >= settings.senior_from and not attorney.senior:
        found.add("not_senior")
    if attorney.attorney_id in matter.taken_from:
        found.add("taken_back")
    return found


def score(matter, attorney, everybody, policy, today):
    """As an exact fraction where it can be one."""
    if policy.rule == "round_robin":
        before = sum(given(other) < given(attorney) for other in everybody)
        return 1 - Fraction(before, len(everybody))
    by_points = 1 - Fraction(attorney.weighted + matter.complexity, 5 * attorney.capacity)
    by_points = min(max(by_points, 0), 1)
    if policy.rule == "workload_based":
        by_cases = 1 - Fraction(attorney.load + 1, attorney.capacity)
        return (by_cases + by_points) / 2
    weights = policy.settings.weights
    parts = [Fraction(one) for one in (weights.expertise, weights.capacity, weights.deadline)]
    if sum(parts) == 0:
        parts = [Fraction(1)] * 3
    decided = Fraction(attorney.decided)
    knows = Fraction(attorney.level, 10) + decided / (decided + 4) / 2
    last = max(matter.deadline_on or today + 29 * ONE, today)
    days = [today + ONE * number for number in range((last - today).days + 1)]
    there = Fraction(sum(not away_on(attorney, day) for day in days), len(days))
    return sum(part * value for part, value in zip(parts, (knows, by_points, there), strict=True)) / sum(parts)


def given(attorney):
    return attorney.last_given_at or datetime.min.replace(tzinfo=UTC)


def best(matter, free, everybody, policy, today):
    """By score, then the smaller part of the capacity in use, then the longest without a case, then the id."""

    def order(one):
        return (
            -round(float(score(matter, one, everybody, policy, today)), 4),
            round(one.load / one.capacity, 6),
            given(one),
            one.attorney_id,
        )

    return min(free, key=order)


def solve(matter, attorneys, policy, today):
    """(whom, by which way): None where nobody can."""
    free = [one for one in attorneys if not reasons(matter, one, policy.settings, today)]
    if not free:
        return None, None
    if policy.settings.continuity:
        for way in ("client", "family"):
            if theirs := [one for one in free if way in one.has]:
                return best(matter, theirs, free, policy, today).attorney_id, way
        most = max(one.team for one in free)
        if most > 0:
            team = [one for one in free if one.team == most]
            return best(matter, team, free, policy, today).attorney_id, "team"
    return best(matter, free, free, policy, today).attorney_id, "rule"


def forecast(matter, attorneys, policy, today):
    """Day by day, until somebody whom only an absence keeps away is no longer kept away by it."""
    only_away = [one for one in attorneys if reasons(matter, one, policy.settings, today) == {"away"}]
    day, last = today, max((one.last for each in only_away for one in each.away), default=today) + ONE
    while day <= last:
        if any("away" not in reasons(matter, one, policy.settings, day) for one in only_away):
            return day
        day += ONE
    return None


def reason(matter, attorneys, policy, today):
    """The code of a case that waits."""
    found = [reasons(matter, one, policy.settings, today) for one in attorneys]
    able = [one for one in found if not one & {"inactive", "no_licence"}]
    if not able:
        return "no_attorneys"
    if all("full" in one for one in able):
        return "all_full"
    return "all_away" if all("away" in one for one in able) else "none_suits"


TODAY = date(2026, 11, 30)
