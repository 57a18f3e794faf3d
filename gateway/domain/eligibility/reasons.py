"""Why a score moved, in sentences that name the entries by which it did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from gateway.domain.eligibility.attributing import KNOWN, LAW, WEIGHING, Step, Weighing
from gateway.domain.eligibility.differences import EntryMove, briefly
from gateway.domain.eligibility.terms import STRENGTHS, GateState, Recommendation
from gateway.domain.rules.criteria import fields_of

_WORDS: Final = {0.0: "nothing", **{points: word for word, points in STRENGTHS.items()}}


class Reasons:
    """The sentences about one visa in two checks.

    Args:
        before, after: what was weighed.
        moved: what is known differently.
    """

    def __init__(self, *, before: Weighing, after: Weighing, moved: Sequence[EntryMove]) -> None:
        self.before, self.after = before, after
        self._moved = moved

    @property
    def is_known(self) -> bool:
        """Whether there is a score on both sides, so that changes can be told in points."""
        return self.before.told.score is not None and self.after.told.score is not None

    def entries_of(self, criterion: str) -> list[EntryMove]:
        """What is known differently of what shows a criterion, or else of what it looks at besides."""
        cited = self._of_refs(_cited(side.told, criterion) for side in (self.before, self.after))
        found = [one for side in (self.before, self.after) if (one := side.visa.criterion(criterion))]
        looked_at = {kind for one in found for way in one.ways for kind, _ in way.places()}
        return cited or self._of_kinds(looked_at.union(*(one.kinds() for one in found)))

    def of_law(self, steps: Mapping[str, Step]) -> list[str]:
        """That what the visa asks was changed, or how it is weighed."""
        told = []
        if self.before.visa != self.after.visa:
            days = f"the criteria of {self.after.told.law_as_of} hold in place of those of {self.before.told.law_as_of}"
            told.append(f"The law was changed: {days} ({self.after.visa.source}){_worth(steps.get(LAW))}.")
        if WEIGHING in steps:
            told.append(f"The same is weighed otherwise than when it was checked first{_worth(steps[WEIGHING])}.")
        return told

    def of_knowledge(self, steps: Mapping[str, Step]) -> list[str]:
        """That more or less is known, or that what there is lies longer back."""
        if KNOWN not in steps:
            return []
        kinds = {*fields_of(self.before.visa), *fields_of(self.after.visa)}
        found = self._of_kinds(kinds)
        by = f", by {briefly(found)}" if found else f", for it is {self.after.told.law_as_of} by now"
        return [f"How much is known, or how recent it is, has changed{by}{_worth(steps[KNOWN])}."]

    def of_gate(self, name: str, before: GateState | None, after: GateState | None) -> str:
        """That a gate stands otherwise, and by what."""
        if before is None or after is None:
            return f"Gate {name}: {'it is new' if before is None else 'there is none any more'} by the law."
        return f"Gate {name} was {before}, and is {after}{self._by_which(self._entries_of_gate(name))}."

    def of_criterion(self, name: str, before: float | None, after: float | None, step: Step | None) -> str:
        """That a criterion is shown otherwise, and by what."""
        if before is None or after is None:
            return f"{name}: {'it is new' if before is None else 'there is none any more'} by the law{_worth(step)}."
        worth = _worth(step) or (": no points" if self.is_known else "")
        return f"{name} {_way(before, after)}{self._by_which(self.entries_of(name))}{worth}."

    def of_score(self) -> list[str]:
        """What holds a score down and did not, or the other way round; and where it is unknown."""
        before, after = self.before.told, self.after.told
        if before.cap == after.cap and _held_down(before) == _held_down(after):
            return [] if self.is_known else [f"As before: {after.cap}"]
        now = f"Now: {after.cap}" if after.cap else "Now nothing holds the score down."
        then = f"Before: {before.cap}" if before.cap else "Before, nothing held it down."
        if not self.is_known:
            return [f"{then} {now}"]
        points = round(_held_down(after) - _held_down(before), 1)
        return [f"{then} {now} That is {_signed(points)} points." if points else f"{then} {now}"]

    # -------------------------------------------------------------------------------------------- entries

    def _entries_of_gate(self, name: str) -> list[EntryMove]:
        found = [gate for side in (self.before, self.after) for gate in side.told.gates if gate.gate == name]
        cited = self._of_refs({cite.ref for cite in one.cites} for one in found)
        asked = [gate for side in (self.before, self.after) for gate in side.visa.gates if gate.id == name]
        return cited or self._of_kinds({kind for one in asked for kind in one.asks.kinds()})

    def _by_which(self, entries: Sequence[EntryMove]) -> str:
        if entries:
            return f", by {briefly(entries)}"
        if self.before.told.law_as_of != self.after.told.law_as_of:
            return f", though nothing of what shows it has changed: for it is {self.after.told.law_as_of} by now"
        return ", though nothing of what shows it has changed"

    def _of_refs(self, refs: Iterable[Collection[str]]) -> list[EntryMove]:
        named = {ref for some in refs for ref in some}
        return [one for one in self._moved if one.ref in named]

    def _of_kinds(self, kinds: Collection[str]) -> list[EntryMove]:
        return [one for one in self._moved if one.ref.partition(".")[0] in kinds]


def _cited(told: Recommendation, criterion: str) -> set[str]:
    return {cite.ref for one in told.findings if one.criterion == criterion for cite in one.cites}


def _held_down(told: Recommendation) -> float:
    return 0.0 if told.score is None else round(told.score - sum(one.points for one in told.parts), 1) + 0.0


def _way(before: float, after: float) -> str:
    if before == after:
        return f"is {_WORDS[after]} as before, and counts otherwise"
    return f"{'rose' if after > before else 'fell'} from {_WORDS[before]} to {_WORDS[after]}"


def _worth(step: Step | None) -> str:
    """`: +7.7 points (strength +6, merits +1.7)`."""
    if step is None:
        return ""
    parts = ", ".join(f"{name} {_signed(points)}" for name, points in step.parts.items())
    return f": {_signed(step.points)} points ({parts})"


def _signed(points: float) -> str:
    return f"{points:+.1f}"
