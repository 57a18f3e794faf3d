"""What ends somebody's permission to work: the controlling basis with its working, never the latest of all dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from msgspec import Struct

from gateway.domain.expiry.cards import card
from gateway.domain.expiry.papers import Basis, Facts, Law, Paper, newest, the_law
from gateway.domain.expiry.petitions import petition, status_of
from gateway.domain.expiry.provisos import provisos

HOME = "USA"
_NEVER_AGAIN = "never reverified (form I-9 instructions), and no particular paper may be asked for (INA 274B(a)(6))"


class Controlling(Struct, frozen=True):
    """The paper whose day counts."""

    document_id: UUID
    doc_type: str


class Authorization(Struct, frozen=True, kw_only=True):
    """Until when somebody may work, as far as records say it.

    Attributes:
        ends_on: the last day; None where there is none, or none is known.
        is_open_ended: it does not end.
        basis: `citizen`, `permanent_resident`, `petition`, `exchange_visitor`, `ead`, `opt`, `stem_opt`, `unknown`.
        controlling: None where no paper ends it.
        working: how it was found, by sentences; what begins with "Not counted" depends on what no record proves.
        conflicts: what speaks against it, or is missing.
        sentence: the whole in one.
    """

    ends_on: date | None = None
    is_open_ended: bool = False
    basis: str
    controlling: Controlling | None = None
    working: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    sentence: str


def effective_work_auth_end(facts: Facts, law: Law | None = None) -> Authorization:
    """What ends the permission to work, as of a day, by the rules that come with the gateway unless others are given.

    Of several bases the first that is in force counts: a petition, an exchange visit, a card. What else would permit
    work is told. Where nothing does, it is the one that ended last; where nothing is known, nothing is guessed.
    """
    held = law or the_law()
    settled = _settled(facts)
    if settled:
        return settled
    known = [one for one in (petition(facts, held), _exchange(facts), card(facts, held)) if one]
    if not known:
        return _unknown(facts, held)
    found = _first(known, facts.on)
    return _told(facts, held, found, [one for one in known if one is not found])


def _settled(facts: Facts) -> Authorization | None:
    """A citizen, or a permanent resident: the card ends, the status does not (8 CFR 264.5, 274a.12(a)(1))."""
    if facts.citizenship == HOME:
        sentence = "Permission to work does not end: a citizen of the United States needs none."
        return _open_ended(facts, "citizen", None, sentence)
    resident, _ = newest(facts.of("green_card"), facts.on)
    approved = any(one.case_type == "I485" and one.status == "approved" for one in facts.cases)
    if resident is None and not approved:
        return None
    why = f"the green card ends on {resident.expires_on}, the" if resident and resident.expires_on else "the"
    sentence = f"Permission to work does not end: {why} status of permanent resident does not (8 CFR 274a.12(a)(1))."
    return _open_ended(facts, "permanent_resident", resident, sentence)


def _open_ended(facts: Facts, basis: str, paper: Paper | None, sentence: str) -> Authorization:
    asked = [f"HR has a day of I-9 reverification ({one.expires_on}): {_NEVER_AGAIN}." for one in _reverified(facts)]
    conditional = [one for one in facts.cases if one.case_type == "I751" and one.status != "approved"]
    if conditional and basis == "permanent_resident":
        asked = [*asked, "Residence may be conditional: it ends where those are not removed (INA 216(c))."]
    working = [sentence] if paper is None else [sentence, f"A {paper.called} is on record."]
    return Authorization(is_open_ended=True, basis=basis, working=working, conflicts=asked, sentence=sentence)


def _reverified(facts: Facts) -> list[Paper]:
    """What HR sent as the day on which it must see new papers."""
    return [one for one in facts.of("i9_reverification") if one.expires_on]


def _exchange(facts: Facts) -> Basis | None:
    """J-1: the DS-2019 says until when (8 CFR 274a.12(b)(11)), or the I-94 if it has a day. J-2 hold one, too."""
    programme, doubts = newest([one for one in facts.of("ds2019") if one.expires_on], facts.on)
    kept = any(one.case_type == "J1" and one.status not in ("denied", "withdrawn") for one in facts.cases)
    if programme is None or not kept:
        return None
    stay, more = newest(facts.of("i94"), facts.on)
    papers = [one for one in (stay, programme) if one and one.expires_on]
    control = min(papers, key=lambda one: one.expires_on or date.max)
    return Basis(
        kind="exchange_visitor",
        name="J-1",
        ends_on=control.expires_on or date.max,
        paper=control,
        because=f"the {control.called} controls",
        working=[
            "The status is J-1: there is a case of type J1 (8 CFR 274a.12(b)(11)).",
            *(f"The {one.called} ends on {one.expires_on}." for one in papers),
        ],
        conflicts=[*doubts, *more],
    )


def _first(known: Sequence[Basis], day: date) -> Basis:
    in_force = [one for one in known if one.ends_on >= day]
    sound = [one for one in in_force if not one.doubtful]
    return next(iter([*sound, *in_force]), None) or max(known, key=lambda one: one.ends_on)


def _told(facts: Facts, law: Law, found: Basis, others: Sequence[Basis]) -> Authorization:
    verb = "ends" if found.ends_on >= facts.on else "ended"
    besides = [
        f"Not counted: the {one.paper.called} {'permits' if one.ends_on >= facts.on else 'permitted'} work, too, until"
        f" {one.ends_on} ({one.name})."
        for one in others
    ]
    return Authorization(
        ends_on=found.ends_on,
        basis=found.kind,
        controlling=Controlling(found.paper.id, found.paper.doc_type),
        working=[*_stay(facts), *found.working, *besides, *provisos(facts, law, found)],
        conflicts=[*found.conflicts, *_sent(facts, found.ends_on)],
        sentence=f"Permission to work {verb} on {found.ends_on} ({found.name}): {found.because}.",
    )


def _stay(facts: Facts) -> list[str]:
    lasting = any(one.duration_of_status for one in facts.of("i94"))
    return ["The I-94 says D/S: the stay has no last day, and the work ends with what permits it."] if lasting else []


def _sent(facts: Facts, ends_on: date) -> Iterator[str]:
    """What HR sent, against what was found."""
    for one in _reverified(facts):
        if one.expires_on != ends_on:
            yield f"HR has {one.expires_on} as the day of I-9 reverification; by the papers it is {ends_on}."


def _unknown(facts: Facts, law: Law) -> Authorization:
    hints = list(_hints(facts, law))
    return Authorization(
        basis="unknown",
        working=hints,
        conflicts=[f"HR has {one.expires_on} as the day of I-9 reverification." for one in _reverified(facts)],
        sentence="Whether this person may work, and until when, is unknown: no record says by what.",
    )


def _hints(facts: Facts, law: Law) -> Iterator[str]:
    """What is on record and does not permit work by itself, and what is missing."""
    held = status_of(facts, law)
    if held:
        yield f"{held.because} Neither an I-94 nor an I-797 with a last day is on record."
    elif facts.of("i94"):
        yield "An I-94 is on record, and nothing that says in which status: enter the I-797, the card, or the case."
    if facts.of("i797") and not held:
        yield "An I-797 is on record that has no last day, or belongs to a case which permits no work."
    if facts.of("ead", "opt", "stem_opt"):
        yield "A card is on record that has not begun, or lacks its last day."
    if facts.of("i20"):
        yield "An I-20 alone permits no work for an employer (8 CFR 214.2(f)(9), (10))."
    if facts.of("ds2019"):
        yield "A DS-2019 alone does not say whether the person is J-1 or J-2: a case of type J1 would."
