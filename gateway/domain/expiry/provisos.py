"""What the law adds on conditions that no record proves: told to whoever looks, and never counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gateway.clock import days_later, years_later
from gateway.domain.expiry.papers import Basis, Facts, Law, Matter
from gateway.domain.rules.dated import CapGap, WorkClass, on

_OCTOBER = 10  # in which the government's fiscal year begins, and with it the time of a petition under the cap


def provisos(facts: Facts, law: Law, basis: Basis) -> Iterator[str]:
    """Sentences about what may hold beyond the end of a basis."""
    rule = on(law.classes[basis.status], facts.on) if basis.status else None
    if rule and basis.status:
        yield from _pending(facts, law, basis, rule)
        yield from _ported(facts, rule)
        yield from _ceased(facts, law, basis)
    if basis.kind in ("opt", "stem_opt", "ead"):
        yield from _cap_gap(facts, law, basis)


def _pending(facts: Facts, law: Law, basis: Basis, rule: WorkClass) -> Iterator[str]:
    """8 CFR 274a.12(b)(20)."""
    allowed = on(law.allowances["extension_pending"], facts.on)
    if allowed is None or basis.status not in allowed.classes:
        return
    ends = basis.stay_ends or basis.ends_on
    for case in _filed(facts, rule.extends):
        if (case.filed_on or date.max) > ends:
            yield f"An extension was filed on {case.filed_on}, after {ends}: too late for work to go on while it waits."
        elif _differs(facts, case):
            yield f"The petition filed on {case.filed_on} is of another employer ({case.employer}): it extends nothing."
        else:
            day = days_later(ends, allowed.days)
            yield (
                f"Not counted: an extension was filed in time, on {case.filed_on}. With the same employer work may"
                f" go on while it is pending, for {allowed.days} days from {ends}, to {day} at most ({allowed.source})."
            )


def _ported(facts: Facts, rule: WorkClass) -> Iterator[str]:
    for case in _filed(facts, rule.ports):
        yield (
            f"Not counted: a change of employer was filed on {case.filed_on}. If it was filed in lawful status, the"
            " person may work for the new employer until it is decided (INA 214(n); 8 CFR 214.2(h)(2)(i)(H))."
        )


def _ceased(facts: Facts, law: Law, basis: Basis) -> Iterator[str]:
    """8 CFR 214.1(l)(2)."""
    allowed = on(law.allowances["cessation"], facts.on)
    last = facts.terminated_on
    if allowed is None or last is None or basis.status not in allowed.classes or last > basis.ends_on:
        return
    day = min(days_later(last, allowed.days), basis.ends_on)
    yield (
        f"Not counted: the last day at work is {last}. The person may be let stay until {day}, which is {allowed.days}"
        f" days or the end of the status if that is earlier, and not work ({allowed.source})."
    )


def _cap_gap(facts: Facts, law: Law, basis: Basis) -> Iterator[str]:
    """8 CFR 214.2(f)(5)(vi)."""
    kept = [one for one in facts.cases if one.case_type == "H1B_CAP" and one.status in ("open", "approved")]
    for case in (one for one in kept if one.filed_on and one.filed_on <= basis.ends_on):
        rule = on(law.cap_gaps["students"], facts.on)
        if rule and case.filed_on:
            yield (
                f"Not counted: a petition for H-1B was filed on {case.filed_on}. If the person is a student and it"
                f" asks for a change of status, work may go on until {_next(rule, case.filed_on)}, or until the"
                f" petition begins ({rule.source})."
            )


def _next(rule: CapGap, filed_on: date) -> date:
    """In the fiscal year that a petition filed before it is for: it begins in October, and is filed from April on."""
    begins = years_later(date(filed_on.year, _OCTOBER, 1), int(filed_on.month >= _OCTOBER))
    return begins if rule.month == _OCTOBER else years_later(begins.replace(month=rule.month, day=rule.day), 1)


def _filed(facts: Facts, types: list[str]) -> list[Matter]:
    return [one for one in facts.cases if one.case_type in types and one.status == "open" and one.filed_on]


def _differs(facts: Facts, case: Matter) -> bool:
    """Only where both are known."""
    ours, theirs = ((one or "").casefold().strip(" .") for one in (facts.employer, case.employer))
    return bool(ours and theirs) and ours != theirs
