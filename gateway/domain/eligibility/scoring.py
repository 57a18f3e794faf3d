"""From what is known of a person to a recommendation: gates, findings, points with their working, and what is missing.

What the rules find is the floor of every score, here and not with whoever calls: a model reads what clients and
partners wrote, and one that obeys a text would leave out what speaks for somebody. What it proposes is held against the
profile once more, and counts where it is more; where it is less, it is a doubt, told in words. Adding evidence never
lowers a score: whatever counts is the best of its kind, or a number that only grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.domain.eligibility import baseline, citing, methods
from gateway.domain.eligibility.bearing import strongest
from gateway.domain.eligibility.methods.base import MET, Weighed
from gateway.domain.eligibility.terms import (
    STRENGTHS,
    Backing,
    Cite,
    Claim,
    Finding,
    GateFinding,
    GateState,
    Part,
    Profile,
    Recommendation,
)
from gateway.domain.eligibility.verdicts import judge
from gateway.domain.rules.criteria import Criterion, Gate, Visa

_WORDS: Final = {points: word for word, points in STRENGTHS.items()}
TOO_FEW, FAILED = 49.0, 20.0  # at most, where fewer are met than are needed, and where a gate failed


def score(visa: Visa, profile: Profile, proposed: Sequence[Claim] | None = None) -> Recommendation:
    """What a profile comes to for a visa.

    Args:
        visa: as its criteria were on the profile's day.
        profile: of a person.
        proposed: by a model; None where rules alone were asked.
    """
    held, _ = citing.checked(visa, profile, proposed or ())
    counted = [*baseline.propose(visa, profile), *held]
    gates = [_through(gate, profile) for gate in visa.gates]
    findings = [_found(one, counted) for one in visa.criteria]
    weighed = methods.weigh(visa, profile, findings)
    points, cap = _capped(weighed, gates)
    return Recommendation(
        visa=visa.id,
        score=points,
        parts=() if points is None else weighed.parts,
        cap=cap,
        gates=gates,
        findings=findings,
        timeline_months=visa.timeline_months,
        documents=visa.documents,
        strengths=[_line(one.criterion, one.sentence, one.source) for one in findings if one.is_met],
        weaknesses=[_line(one.criterion, one.sentence, one.source) for one in findings if 0 < one.strength < MET],
        missing=[*_unopened(gates), *_missing(findings, visa)],
        doubts=[] if proposed is None else list(_doubts(findings, held)),
        summary=_summary(visa, points, cap, weighed, gates),
        law_as_of=profile.as_of,
    )


# ------------------------------------------------------------------------------------------------ gates


def _through(gate: Gate, profile: Profile) -> GateFinding:
    verdict = judge(gate.asks, profile)
    by = _by(verdict.cites)
    if verdict.holds is None:
        sentence = f"{gate.text}: unknown. {gate.tells}"
        return GateFinding(
            gate=gate.id, state="unknown", sentence=sentence, source=gate.source, missing=verdict.missing
        )
    said = f"{gate.text}: {'so' if verdict.holds else 'not so'}, by {by}."
    state: GateState = "passed" if verdict.holds else "failed"
    return GateFinding(gate=gate.id, state=state, sentence=said, source=gate.source, cites=verdict.cites)


def _capped(weighed: Weighed, gates: Sequence[GateFinding]) -> tuple[float | None, str | None]:
    """The score, None where a gate is unknown; and what held it down."""
    total = round(sum(part.points for part in weighed.parts), 1)
    failed = [one for one in gates if one.state == "failed"]
    if failed:
        return min(total, FAILED), f"At most {FAILED:g}, for a gate failed: {_ids(failed)}."
    if unknown := [one for one in gates if one.state == "unknown"]:
        return None, f"It cannot be determined, for a gate is unknown: {_ids(unknown)}."
    if weighed.met < weighed.needed:
        few = f"At most {TOO_FEW:g}, for {weighed.met} of the {weighed.needed} criteria that are needed are met."
        return min(total, TOO_FEW), few
    return total, None


def _ids(gates: Sequence[GateFinding]) -> str:
    return ", ".join(one.gate for one in gates)


# ------------------------------------------------------------------------------------------------ criteria


def _found(criterion: Criterion, claims: Sequence[Claim]) -> Finding:
    of_it = [one for one in claims if one.criterion == criterion.id]
    best = _best(criterion.id, claims)
    strength = STRENGTHS[best] if best else 0.0
    cites = tuple(dict.fromkeys(cite for one in of_it for cite in one.cites))
    return Finding(
        criterion=criterion.id,
        strength=strength,
        is_met=strength >= MET,
        sentence=_sentence(criterion, best, of_it),
        source=criterion.source,
        cites=cites,
    )


def _best(criterion: str, claims: Sequence[Claim]) -> Backing | None:
    return strongest(one.strength for one in claims if one.criterion == criterion)


def _sentence(criterion: Criterion, best: str | None, claims: Sequence[Claim]) -> str:
    if best is None:
        return f"{criterion.text}: nothing shows it. It could be shown by: {', '.join(sorted(criterion.kinds()))}."
    refs = dict.fromkeys(cite.ref for one in claims if one.strength == best for cite in one.cites)
    told = f"{criterion.text}: {best} by {', '.join(refs)}"
    return f"{told}, which is not enough to meet it." if best == "asserted" else f"{told}."


def _by(cites: Sequence[Cite]) -> str:
    return ", ".join(dict.fromkeys(f"{one.ref} ({one.field})" for one in cites)) or "what is known"


def _line(name: str, sentence: str, source: str) -> str:
    return f"{name}: {sentence} ({source})"


def _unopened(gates: Sequence[GateFinding]) -> list[str]:
    lines = []
    for one in gates:
        asked = f" What would tell: {', '.join(one.missing)}." if one.missing else ""
        if one.state != "passed":
            lines.append(_line(one.gate, one.sentence + asked, one.source))
    return lines


def _missing(findings: Sequence[Finding], visa: Visa) -> list[str]:
    """Criteria that nothing shows; each of them counts, but for those of which one would have sufficed alone."""
    alone = methods.alone(visa)
    return [
        _line(one.criterion, one.sentence, one.source)
        for one in findings
        if not one.strength and one.criterion not in alone
    ]


def _doubts(findings: Sequence[Finding], proposed: Sequence[Claim]) -> Iterator[str]:
    """Where a model finds less than what counts; composed here, so that no word of a model's or a client's is in it."""
    for one in findings:
        best = _best(one.criterion, proposed)
        if (STRENGTHS[best] if best else 0.0) < one.strength:
            less = f"proposes no more than {best}" if best else "points at nothing"
            sentence = f"The model {less}; {_WORDS[one.strength]} by the rules, which count."
            yield _line(one.criterion, sentence, one.source)


# ------------------------------------------------------------------------------------------------ in two sentences


def _summary(visa: Visa, points: float | None, cap: str | None, weighed: Weighed, gates: Sequence[GateFinding]) -> str:
    if points is None:
        asked = dict.fromkeys(field for one in gates for field in one.missing)
        return f"Whether {visa.name} fits cannot be determined. What would tell: {', '.join(asked)}."
    count = f"{weighed.met} criteria are met, and {weighed.needed} are needed"
    first = f"{visa.name} scores {points:g} of 100: {count}."
    return f"{first} {cap or _open(weighed.parts)}"


def _open(parts: Sequence[Part]) -> str:
    """Where the most is still to be gained."""
    widest = max(parts, key=lambda part: part.most - part.points)
    gap = round(widest.most - widest.points, 1)
    return (
        f"The most is to be gained by {widest.name}: {gap:g} more points." if gap else "Nothing is left to be gained."
    )
