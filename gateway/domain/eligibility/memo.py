"""What stands in the memo of a check: each visa with its working, who reviewed it, and every entry it goes back to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from gateway.domain.eligibility.differences import shown
from gateway.domain.eligibility.reviewing import as_edited
from gateway.domain.eligibility.terms import (
    NOTICE,
    STRENGTHS,
    Chance,
    Cite,
    Entry,
    Finding,
    GateFinding,
    Part,
    Profile,
    Recommendation,
)
from gateway.domain.rules.criteria import visas
from gateway.domain.rules.profile_kinds import profile_kinds

_WORDS: Final = {0.0: "nothing", **{points: word for word, points in STRENGTHS.items()}}


class Fact(Struct, frozen=True, kw_only=True):
    """A field and what it holds, as people write it; `means` says what the field is."""

    field: str
    value: str
    means: str = ""


class Evidence(Struct, frozen=True, kw_only=True):
    """An entry, and those of its fields that are cited."""

    ref: str
    facts: Sequence[Fact]


class GateLine(Struct, frozen=True, kw_only=True):
    """What must be so in any case."""

    gate: str
    state: str
    sentence: str
    source: str
    by: Sequence[Evidence]
    missing: Sequence[str]


class CriterionLine(Struct, frozen=True, kw_only=True):
    """What was to be shown, and by what it is."""

    criterion: str
    is_met: bool
    strength: str
    sentence: str
    source: str
    by: Sequence[Evidence]


class Text(Struct, frozen=True, kw_only=True):
    """Lines of a heading; where an attorney edited them, `was` is what the check had said."""

    heading: str
    lines: Sequence[str]
    was: Sequence[str] | None = None


class Reviewed(Struct, frozen=True, kw_only=True):
    """What an attorney said: `accepted`, `edited` or `rejected`, by whom and when, in words."""

    verdict: str
    by: str
    at: str
    reason: str | None = None


class Section(Struct, frozen=True, kw_only=True):
    """One visa.

    Attributes:
        score: None where it cannot be determined.
        together: all parts, before anything holds them down.
        cap: what holds the score down, or why it cannot be determined.
        review: None while nobody has reviewed it.
    """

    recommendation_id: UUID
    visa: str
    name: str
    score: float | None
    parts: Sequence[Part]
    together: float
    cap: str | None
    gates: Sequence[GateLine]
    criteria: Sequence[CriterionLine]
    chance: Chance | None
    summary: Text
    strengths: Text
    weaknesses: Text
    missing: Text
    doubts: Text
    documents: Text
    months: Text
    law_as_of: date
    review: Reviewed | None

    @property
    def met(self) -> int:
        """Criteria that are met."""
        return sum(one.is_met for one in self.criteria)


class Rejected(Struct, frozen=True, kw_only=True):
    """A visa that an attorney does not stand by."""

    visa: str
    name: str
    score: float | None
    review: Reviewed


class Source(Struct, frozen=True, kw_only=True):
    """Where an entry comes from.

    Attributes:
        noted: by whom and when, or that the record says so.
        proof: what shows it, where that is known.
        is_past: it was changed or withdrawn since the check.
    """

    noted: str
    proof: str = ""
    is_past: bool = False


class EntryLine(Struct, frozen=True, kw_only=True):
    """An entry with all its facts, and what goes back to it: `EB1A JUDGE`."""

    ref: str
    means: str
    backing: str
    facts: Sequence[Fact]
    cited_by: Sequence[str]
    source: Source


class Head(Struct, frozen=True, kw_only=True):
    """About whom a memo is, of which firm, and how the check came about.

    Attributes:
        person: name, and who they are to the partner; `matters`: the numbers of their cases.
        asked, answered: by whom and when, in words.
        strengths_by: whose the strengths are, in words.
        remarks: sentences on how it was answered, such as that a model did not.
        digests: of the profile and of the criteria.
    """

    firm: str
    person: str
    matters: Sequence[str]
    check_id: str
    as_of: date
    asked: str
    answered: str
    strengths_by: str
    remarks: Sequence[str]
    digests: tuple[str, str]


class Memo(Struct, frozen=True, kw_only=True):
    """A check for an attorney to read, to sign, or to send back.

    Attributes:
        entries: those that something cites; `uncited`: the refs of all others.
    """

    head: Head
    sections: Sequence[Section]
    rejected: Sequence[Rejected]
    entries: Sequence[EntryLine]
    uncited: Sequence[str]
    notice: str = NOTICE

    @property
    def is_proposed(self) -> bool:
        """Whether nobody has reviewed anything of it."""
        return not self.rejected and all(one.review is None for one in self.sections)


# ------------------------------------------------------------------------------------------------ a visa


def section(
    recommendation_id: UUID, told: Recommendation, review: Reviewed | None, edits: Mapping[str, Any]
) -> Section:
    """A visa as it is read: in the attorney's words where there are some, with what the check had said beside them."""
    read = as_edited(told, edits)
    return Section(
        recommendation_id=recommendation_id,
        visa=told.visa,
        name=name_of(told.visa),
        score=told.score,
        parts=told.parts,
        together=round(sum(part.points for part in told.parts), 1),
        cap=told.cap,
        gates=[_gate(one) for one in told.gates],
        criteria=[_criterion(one) for one in told.findings],
        chance=told.chance,
        summary=_text("In short", [read.summary], [told.summary]),
        strengths=_text("Strengths", read.strengths, told.strengths),
        weaknesses=_text("Weaknesses", read.weaknesses, told.weaknesses),
        missing=_text("What is missing", read.missing, told.missing),
        doubts=_text("Where the model finds less than the rules", told.doubts, told.doubts),
        documents=_text("Documents that a petition needs", read.documents, told.documents),
        months=_text("Time", [_months(read)], [_months(told)]),
        law_as_of=told.law_as_of,
        review=review,
    )


def name_of(visa: str) -> str:
    """As people call a visa."""
    versions = visas().get(visa.lower())
    return versions[-1].name if versions else visa


def _gate(one: GateFinding) -> GateLine:
    return GateLine(
        gate=one.gate,
        state=one.state,
        sentence=one.sentence,
        source=one.source,
        by=_evidence(one.cites),
        missing=one.missing,
    )


def _criterion(one: Finding) -> CriterionLine:
    return CriterionLine(
        criterion=one.criterion,
        is_met=one.is_met,
        strength=_WORDS[one.strength],
        sentence=one.sentence,
        source=one.source,
        by=_evidence(one.cites),
    )


def _evidence(cites: Iterable[Cite]) -> list[Evidence]:
    """Fields by the entry that they are of."""
    found: dict[str, dict[str, Fact]] = {}
    for one in cites:
        found.setdefault(one.ref, {})[one.field] = Fact(field=one.field, value=shown(one.value))
    return [Evidence(ref=ref, facts=[*facts.values()]) for ref, facts in found.items()]


def _text(heading: str, lines: Sequence[str], was: Sequence[str]) -> Text:
    return Text(heading=heading, lines=lines, was=was if list(lines) != list(was) else None)


def _months(told: Recommendation) -> str:
    shortest, longest = told.timeline_months
    return f"{shortest} to {longest} months from the decision to file to the answer."


# ------------------------------------------------------------------------------------------------ what it goes back to


def citing(told: Iterable[Recommendation]) -> Mapping[str, Sequence[str]]:
    """By ref, which gates and criteria cite an entry: `EB1A JUDGE`."""
    found: dict[str, dict[str, None]] = {}
    for one in told:
        named = [
            *((gate.gate, gate.cites) for gate in one.gates),
            *((each.criterion, each.cites) for each in one.findings),
        ]
        for name, cites in named:
            for cite in cites:
                found.setdefault(cite.ref, {})[f"{one.visa} {name}"] = None
    return {ref: [*names] for ref, names in found.items()}


def appendix(profile: Profile, cited_by: Mapping[str, Sequence[str]], sources: Mapping[str, Source]) -> list[EntryLine]:
    """The entries that are cited, each whole."""
    return [_entry(one, cited_by[one.ref], sources) for one in profile.entries if one.ref in cited_by]


def _entry(one: Entry, cited_by: Sequence[str], sources: Mapping[str, Source]) -> EntryLine:
    kind = profile_kinds().get(one.kind)
    fields = kind.fields if kind else {}
    facts = [
        Fact(field=field, value=shown(value, longest=None), means=fields[field].means if field in fields else "")
        for field, value in one.facts.items()
    ]
    return EntryLine(
        ref=one.ref,
        means=kind.means if kind else "",
        backing=one.backing,
        facts=facts,
        cited_by=cited_by,
        source=sources.get(one.ref) or Source(noted="the client's record says so"),
    )
