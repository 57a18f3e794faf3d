"""Until when somebody may work by a card: EAD, OPT and STEM OPT, and how long an expired one goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from gateway.clock import days_later
from gateway.domain.expiry.papers import Basis, Facts, Law, Matter, Paper, newest
from gateway.domain.rules.dated import Extension, on

CARDS = ("ead", "opt", "stem_opt")
_UNSAID = "I765"  # a renewal that does not say its category
_RULES = {"ead": ("ead", "opt"), "opt": ("opt",), "stem_opt": ()}  # by which an expired card may go on


class _Card(NamedTuple):
    paper: Paper
    ends_on: date
    working: list[str]
    conflicts: list[str]


class _Longer(NamedTuple):
    """Until when a renewal makes a card go on, and what has to be said about it."""

    day: date
    working: list[str]
    conflicts: list[str]


def card(facts: Facts, law: Law) -> Basis | None:
    """The card by which the person may work; of several in force the one that was issued last."""
    begun = [one for one in facts.of(*CARDS) if one.issued_on is None or one.issued_on <= facts.on]
    known = [_card(facts, law, one, one.expires_on) for one in begun if one.expires_on]
    if not known:
        return None
    found, told = _controlling(facts, known)
    return Basis(
        kind=found.paper.doc_type,
        name=found.paper.called,
        ends_on=found.ends_on,
        paper=found.paper,
        because=f"the {found.paper.called} controls, {_how(found)}",
        working=[f"The {found.paper.called} ends on {found.paper.expires_on}.", *found.working],
        conflicts=[*told, *found.conflicts],
    )


def _how(found: _Card) -> str:
    if found.ends_on == found.paper.expires_on:
        return "and nothing extends it"
    return f"whose last day {found.paper.expires_on} a renewal extends"


def _controlling(facts: Facts, known: Sequence[_Card]) -> tuple[_Card, list[str]]:
    """Among those in force, or where none is, among all."""
    held = [one for one in known if one.ends_on >= facts.on] or list(known)
    paper, told = newest([one.paper for one in held], facts.on)
    found = next(one for one in held if one.paper is paper)
    others = sorted({f"{one.paper.called} ({one.ends_on})" for one in known if one is not found})
    if others and not told:
        told = [f"There are other cards: {', '.join(others)}. They are not counted while this one is in force."]
    return found, told


def _card(facts: Facts, law: Law, paper: Paper, ends_on: date) -> _Card:
    renewal = next(iter(_renewals(facts, paper, ends_on)), None)
    if renewal is None:
        return _Card(paper, ends_on, [], [])
    for rule in _RULES[paper.doc_type]:
        found = on(law.extensions[rule], renewal.filed_on or date.min)
        if found and renewal.case_type in found.renewals:
            longer = _extended(facts, renewal, found, ends_on)
            return _Card(paper, longer.day, longer.working, longer.conflicts)
    told = f"A renewal ({renewal.case_type}) was filed on {renewal.filed_on}; no rule extends the card by it."
    return _Card(paper, ends_on, [told], [])


def _renewals(facts: Facts, paper: Paper, ends_on: date) -> list[Matter]:
    """Cases that renew the card: pending, filed while it was valid, of the same category where both say one.

    Those that say it come first, for the others extend nothing.
    """
    mine = facts.case_of(paper)
    asked = [one for one in facts.cases if one.status == "open" and _asks_for_a_card(one.case_type)]
    timely = [
        one
        for one in asked
        if one.filed_on and one.filed_on <= ends_on and (paper.issued_on is None or one.filed_on > paper.issued_on)
    ]
    alike = [one for one in timely if _is_alike(mine, one)]
    return sorted(alike, key=lambda one: (one.case_type == _UNSAID, one.filed_on or date.max, str(one.id)))


def _asks_for_a_card(case_type: str) -> bool:
    return case_type.startswith("I765") or case_type in ("H4_EAD", "L2_EAD", "F1_STEM")


def _is_alike(mine: Matter | None, renewal: Matter) -> bool:
    """OPT is followed by STEM OPT, which is a category of its own and the one exception."""
    unsaid = mine is None or _UNSAID in (mine.case_type, renewal.case_type)
    follows = renewal.case_type in ("F1_STEM", "I765_C03C")
    return unsaid or follows or (mine is not None and mine.case_type == renewal.case_type)


def _extended(facts: Facts, renewal: Matter, rule: Extension, ends_on: date) -> _Longer:
    filed = f"The renewal ({renewal.case_type}) was filed on {renewal.filed_on}, in time"
    if rule.days == 0:
        told = f"{filed}, but renewals filed since {rule.effective_from} extend no card ({rule.source})."
        return _Longer(ends_on, [told], [])
    if renewal.case_type in rule.unsaid:
        return _unsaid(renewal, rule, ends_on)
    day = days_later(ends_on, rule.days)
    told = f"{filed}: the card goes on for {rule.days} days, until {day}, or until the decision ({rule.source})."
    longer = _Longer(day, [told], [])
    return _within_stay(facts, longer, ends_on) if renewal.case_type in rule.within_stay else longer


def _unsaid(renewal: Matter, rule: Extension, ends_on: date) -> _Longer:
    """Only some categories are extended, and only by a renewal of the same (8 CFR 274a.13(d)(1)): so it is told."""
    told = (
        f"Not counted: a renewal ({renewal.case_type}) was filed on {renewal.filed_on}, in time, and does not say its"
        f" category. If the rule names it, and it is the card's, the card goes on for {rule.days} days, until"
        f" {days_later(ends_on, rule.days)}, or until the decision ({rule.source})."
    )
    asked = (
        f"The case of type {renewal.case_type} does not say its category, so it extends nothing: compare the card with"
        " the receipt notice, and enter the case by its category (8 CFR 274a.13(d)(1))."
    )
    return _Longer(ends_on, [told], [asked])


def _within_stay(facts: Facts, longer: _Longer, ends_on: date) -> _Longer:
    stay, told = newest(facts.of("i94"), facts.on)
    until = stay.expires_on if stay else None
    if until is None:
        sentence = "There is no I-94 with a last day, without which the card of a spouse does not go on: enter it."
        return _Longer(ends_on, [], [*longer.conflicts, *told, sentence])
    if until >= longer.day:
        return _Longer(longer.day, longer.working, [*longer.conflicts, *told])
    day = max(until, ends_on)
    sentence = f"It goes on no longer than the I-94, which ends on {until}."
    return _Longer(day, [*longer.working, sentence], [*longer.conflicts, *told])
