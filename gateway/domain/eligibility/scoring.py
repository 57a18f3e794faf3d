"""From claims that hold to a recommendation: gates, findings, points with their working, and what is missing.

Claims are held against the profile once more here, so that no caller can score what does not hold. Adding evidence
never lowers a score: whatever counts is the best of its kind, or a number that only grows.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.eligibility import citing, methods
from gateway.domain.eligibility.bearing import strongest
from gateway.domain.eligibility.methods.base import MET, Weighed
from gateway.domain.eligibility.terms import (
    STRENGTHS,
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

TOO_FEW, FAILED = 49.0, 20.0  # at most, where fewer are met than are needed, and where a gate failed


def score(visa: Visa, profile: Profile, claims: Sequence[Claim]) -> Recommendation:
    """What claims about a profile come to for a visa."""
    held, _ = citing.checked(visa, profile, claims)
    gates = [_through(gate, profile) for gate in visa.gates]
    findings = [_found(one, held) for one in visa.criteria]
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
    best = strongest(one.strength for one in of_it)
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
