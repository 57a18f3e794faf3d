"""Until when somebody may work in a status that an employer asked for: I-94, I-797, and the longest stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from gateway.clock import days_later, years_later
from gateway.domain.expiry.immigrants import lifted
from gateway.domain.expiry.papers import Basis, Facts, Law, Matter, Paper, newest
from gateway.domain.rules.dated import WorkClass, on

LOST = ("denied", "withdrawn")  # cases by which nobody may do anything
MAXOUTS = ("h1b_maxout", "l1_maxout")
_DAYS = 64  # days of laws of which it is remembered what they say


class Held(NamedTuple):
    """A status, by its key in `work_classes`, and how the records say so."""

    key: str
    rule: WorkClass
    because: str


class Limit(NamedTuple):
    """A day after which a paper permits nothing, and the sentence that says so."""

    day: date
    paper: Paper
    working: str


class _Found(NamedTuple):
    limits: list[Limit]
    conflicts: list[str]
    working: Sequence[str] = ()


def petition(facts: Facts, law: Law) -> Basis | None:
    """The status in which the person works for an employer, as far as papers say; None where none do.

    The first of I-94, I-797 and longest stay ends it: INA 222(g), 8 CFR 214.1(c)(4), 274a.12(b).
    """
    held, notices = status_of(facts, law), _notices(facts, law)
    stay, doubts = newest(facts.of("i94"), facts.on)
    notice, more = newest(notices, facts.on)
    dated = [one for one in (stay, notice) if one is not None and one.expires_on is not None]
    if not dated or (notice is None and held is None):
        return None
    limits = [Limit(_day(one), one, f"The {one.called} ends on {one.expires_on}.") for one in dated]
    capped = _longest(facts, law, held, min(limits, key=lambda one: one.day))
    control = min([*limits, *capped.limits], key=lambda one: one.day)
    return Basis(
        kind="petition",
        name=held.rule.name if held else "a status that the records do not name",
        ends_on=control.day,
        paper=control.paper,
        because=_because(control, limits),
        working=[
            *([held.because] if held else []),
            *(one.working for one in (*limits, *capped.limits)),
            *capped.working,
        ],
        conflicts=[*doubts, *more, *_disagreements(facts, law, held, stay, notice), *capped.conflicts],
        doubtful=stay is not None and stay.duration_of_status,
        status=held.key if held else None,
        stay_ends=stay.expires_on if stay else None,
    )


def status_of(facts: Facts, law: Law) -> Held | None:
    """In which status the person works, by the first that says so: the I-797's case, a longest stay, then cases."""
    named = [one for one in map(facts.case_of, facts.of("i797")) if one]
    decided = sorted((one for one in facts.cases if one.status == "approved"), key=_decided, reverse=True)
    open_ = [one for one in facts.cases if one.status not in LOST and one.status != "approved"]
    return (
        _by_case(facts, law, named, "its I-797 belongs to a case")
        or _by_longest(facts, law)
        or _by_case(facts, law, decided, "the last one approved is a case")
        or _by_case(facts, law, open_, "what is to be extended is told by a case", extends=True)
        or (
            _by_case(facts, law, _alone(facts, law, open_), "the only petition is a case") if facts.of("i797") else None
        )
    )


def _decided(case: Matter) -> tuple[date, date, str]:
    return case.decided_on or date.min, case.filed_on or date.min, str(case.id)


def _by_case(facts: Facts, law: Law, cases: Iterable[Matter], why: str, *, extends: bool = False) -> Held | None:
    for case in cases:
        for key, rule in _classes(law, facts.on):
            if case.case_type in (rule.extends if extends else rule.cases):
                return Held(key, rule, f"The status is {rule.name}: {why} of type {case.case_type} ({rule.source}).")
    return None


def _alone(facts: Facts, law: Law, cases: Sequence[Matter]) -> Sequence[Matter]:
    """Cases that all ask for one status."""
    asked = {key for one in cases for key, rule in _classes(law, facts.on) if one.case_type in rule.cases}
    return cases if len(asked) == 1 else ()


def _by_longest(facts: Facts, law: Law) -> Held | None:
    if facts.of("h1b_maxout") and (rule := on(law.classes["h1b"], facts.on)):
        return Held("h1b", rule, f"The status is {rule.name}: there is a record of its six years ({rule.source}).")
    if not facts.of("l1_maxout"):
        return None
    kept = [one for one in facts.cases if one.status not in LOST and one.case_type in ("L1A", "L1B")]
    if found := _by_case(facts, law, _alone(facts, law, kept), "there is a record of its longest stay, and a case"):
        return found
    rule = on(law.classes["l1"], facts.on)
    return Held("l1", rule, f"The status is {rule.name}: there is a record of its longest stay.") if rule else None


@lru_cache(maxsize=_DAYS)
def _classes(law: Law, day: date) -> Sequence[tuple[str, WorkClass]]:
    """The statuses in which somebody works, as the law has them on a day."""
    versions = ((key, on(found, day)) for key, found in law.classes.items())
    return [(key, rule) for key, rule in versions if rule]


def _notices(facts: Facts, law: Law) -> list[Paper]:
    """I-797 that say until when somebody works; those of other cases, such as an I-140, say nothing of it."""
    types = types_of_work(law, facts.on)
    pairs = ((paper, facts.case_of(paper)) for paper in facts.of("i797") if paper.expires_on)
    return [paper for paper, case in pairs if case is None or (case.case_type in types and case.status not in LOST)]


@lru_cache(maxsize=_DAYS)
def types_of_work(law: Law, day: date) -> frozenset[str]:
    """The types of cases in whose status somebody works."""
    return frozenset(one for _, rule in _classes(law, day) for one in rule.cases)


def _because(control: Limit, limits: Sequence[Limit]) -> str:
    later = [one for one in limits if one.paper is not control.paper]
    if not later:
        return f"the {control.paper.called} controls"
    others = " and ".join(f"the {one.paper.called} ({one.day})" for one in later)
    return f"the {control.paper.called} controls, for it ends {_order(control, later)} {others}"


def _order(control: Limit, later: Sequence[Limit]) -> str:
    same = [one.day == control.day for one in later]
    return "with" if all(same) else "no later than" if any(same) else "before"


def _disagreements(
    facts: Facts, law: Law, held: Held | None, stay: Paper | None, notice: Paper | None
) -> Iterable[str]:
    if stay is None:
        yield "There is no I-94. It ends the stay, and may do so earlier than the I-797: enter it."
    elif stay.duration_of_status:
        yield "The I-94 says D/S, and an I-797 has a last day: was the person admitted anew? Enter the newest I-94."
    elif stay.expires_on is None:
        yield "The I-94 has neither a last day nor D/S: enter what it says."
    if notice is None and held and held.rule.has_petition:
        yield f"There is no I-797. {held.rule.name} rests on a petition, which may end earlier than the I-94: enter it."
    if stay and notice and stay.expires_on and notice.expires_on:
        yield from _two_ends(facts, law, held, stay, notice)
    if stay and stay.expires_on:
        yield from _passports(facts, stay, notice)


def _two_ends(facts: Facts, law: Law, held: Held | None, stay: Paper, notice: Paper) -> Iterable[str]:
    until, valid = _day(stay), _day(notice)
    if until < valid:
        yield f"The I-94 ends on {until}, before the I-797 ({valid}): the I-94 controls (INA 222(g))."
        if stay.issued_on and notice.issued_on and notice.issued_on > stay.issued_on:
            yield "The I-797 was issued after this I-94; if an I-94 stands at its foot, enter that one."
    if until > valid:
        rule = on(law.allowances["departure"], facts.on)
        known = rule and held and held.key in rule.classes and until <= days_later(valid, rule.days)
        told = f" Up to {rule.days} days are for leaving, not for work ({rule.source})." if known and rule else ""
        yield f"The I-94 ends on {until}, after the I-797 ({valid}): the petition ends the work.{told}"


def _passports(facts: Facts, stay: Paper, notice: Paper | None) -> Iterable[str]:
    ends = max((one.expires_on for one in facts.of("passport") if one.expires_on), default=None)
    if ends is None:
        return
    if ends == stay.expires_on and notice and _day(notice) > ends:
        yield f"The passport ends on {ends}, as the I-94 does, which it seems to have cut short: renew it, then extend."
    elif ends < _day(stay):
        yield (
            f"The passport ends on {ends}, before the I-94 ({stay.expires_on}): it must stay valid"
            " (8 CFR 214.1(a)(3)(i)), and the next admission may be cut short by it."
        )


def _longest(facts: Facts, law: Law, held: Held | None, first: Limit) -> _Found:
    """How the longest stay caps the rest."""
    if held is None or held.rule.maxout is None:
        return _Found([], [])
    record, doubts = newest(facts.of(held.rule.maxout), facts.on)
    if record is None:
        return _Found([], doubts)
    counted = longest_stay(facts, law, held, record)
    limit, said = _capped(record, counted)
    if limit is None:
        return _Found([], [*doubts, f"The {record.called} has neither a last day nor a first one: enter one."])
    if limit.day >= first.day:
        return _Found([limit], [*doubts, *said])
    found = lifted(facts, on(law.stays[held.rule.stay], facts.on) if held.rule.stay else None)
    if found.why:
        told = f"{limit.working} It does not end the work: {found.why}."
        return _Found([], [*doubts, *said], [told])
    said = [*said, f"The {first.paper.called} ends on {first.day}, after the longest stay ({limit.day})."]
    return _Found([limit], [*doubts, *said, *found.missing])


def longest_stay(facts: Facts, law: Law, held: Held, record: Paper) -> Limit | None:
    """The end of the longest stay, counted; None where the first day, or the number of years, is not known."""
    rule = on(law.stays[held.rule.stay], facts.on) if held.rule.stay else None
    if record.issued_on is None or rule is None:
        return None
    whole = days_later(years_later(record.issued_on, rule.years), -1)
    day = days_later(whole, record.days_abroad or 0)
    abroad = (
        f"and {record.days_abroad} days abroad that do not count make it {day}"
        if record.days_abroad
        else "no days abroad are on record"
    )
    sentence = (
        f"{rule.years} years in {held.rule.name} from {record.issued_on} end on {whole}; {abroad} ({rule.source})."
    )
    return Limit(day, record, sentence)


def _capped(record: Paper, counted: Limit | None) -> tuple[Limit | None, list[str]]:
    """What is written down goes before what is counted, for the firm knows of more days than records do."""
    if record.expires_on is None:
        return counted, []
    written = Limit(record.expires_on, record, f"The longest stay ends on {record.expires_on}, as it is on record.")
    if counted is None or counted.day == written.day:
        return (Limit(*written[:2], counted.working) if counted else written), []
    return written, [f"Counted, the longest stay is another one: {counted.working} On record is {written.day}."]


def _day(paper: Paper) -> date:
    return paper.expires_on or date.max
