"""Whether a petition for residence lifts the longest stay: one that was approved, or that has waited long enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from gateway.clock import days_later
from gateway.domain.expiry.papers import Facts, Matter
from gateway.domain.rules.dated import Stay

_PETITION = "I140_"
_CERTIFICATION = "PERM"


class Lifted(NamedTuple):
    """Why the longest stay ends nothing, or None; then what is missing for that."""

    why: str | None
    missing: list[str]


def lifted(facts: Facts, rule: Stay | None) -> Lifted:
    """By an approved petition (AC21 104(c)), or by one or its labor certification that waits (AC21 106(a)).

    The paper `i140` shows that there is a petition, and not that it was approved, so it lifts nothing by itself. No
    record says whether a visa number is to be had, which AC21 104(c) asks too: papers beyond the years show a grant.
    """
    if rule is None or rule.lifted_after is None:
        return Lifted(None, [])
    if any(one.status == "approved" for one in _petitions(facts)):
        return Lifted(f"an I-140 was approved ({rule.lifted_by})", [])
    begun = [one for one in _waiting(facts) if one.filed_on and _since(one, rule) <= facts.on]
    if begun:
        first = min(begun, key=lambda one: (one.filed_on or date.max, str(one.id)))
        passed = f"{rule.lifted_after} days have passed since the filing of {first.filed_on}"
        return Lifted(f"{_called(first)} {_state(first)}, and {passed} ({rule.lifted_by})", [])
    return Lifted(None, list(_missing(facts, rule)))


def _petitions(facts: Facts) -> list[Matter]:
    return [one for one in facts.cases if one.case_type.startswith(_PETITION)]


def _certifications(facts: Facts) -> list[Matter]:
    return [one for one in facts.cases if one.case_type == _CERTIFICATION]


def _waiting(facts: Facts) -> list[Matter]:
    """What is not decided; a certification that was granted lives on in the petition that rests on it."""
    petitions = [one for one in _petitions(facts) if one.status == "open"]
    kept = ("open", "approved") if petitions else ("open",)
    return [*petitions, *(one for one in _certifications(facts) if one.status in kept)]


def _since(case: Matter, rule: Stay) -> date:
    return days_later(case.filed_on or date.max, rule.lifted_after or 0)


def _missing(facts: Facts, rule: Stay) -> Iterator[str]:
    waiting = _waiting(facts)
    for one in waiting:
        if one.filed_on is None:
            yield f"The case of {_called(one)} does not say when it was filed, which begins its days: enter it."
        else:
            yield (
                f"The case of {_called(one)} {_state(one)} since {one.filed_on}: it lifts the longest stay from"
                f" {_since(one, rule)} on, {rule.lifted_after} days after ({rule.lifted_by})."
            )
    if not waiting and any(one.status == "approved" for one in _certifications(facts)):
        yield "A labor certification was granted, and no I-140 that is pending or approved rests on it: enter its case."
    if facts.of("i140"):
        yield (
            "An I-140 is on record, and no approval of it. Only an approved one lifts the longest stay, or one that has"
            f" waited for {rule.lifted_after} days: enter its case, with the day of its filing and its decision."
        )


def _called(case: Matter) -> str:
    return f"an I-140 ({case.case_type})" if case.case_type != _CERTIFICATION else "a labor certification"


def _state(case: Matter) -> str:
    return "is pending" if case.status == "open" else "was granted"
