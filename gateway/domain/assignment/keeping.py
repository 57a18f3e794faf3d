"""How a decision is kept with its case: whole, and each thing that many attorneys have in common said once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

import msgspec
from msgspec import Struct

from gateway.domain.assignment.filters import FILTERS
from gateway.domain.assignment.rules.base import added
from gateway.domain.assignment.terms import Decision, Exclusion, Scored, Way


class _Alike(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One reason, and all whom it keeps from the case."""

    code: str
    sentence: str
    until: date | None = None
    attorneys: Sequence[UUID]


class _Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision, as it is written.

    Attributes:
        parts: of every score, by name.
        scored: the best first, with a space between; of each the id and the parts, with commas between. The database
            takes one long word in a tenth of the time that it needs for as many objects.
    """

    attorney_id: UUID | None = None
    way: Way | None = None
    code: str | None = None
    sentence: str
    rule: str
    policy_version: int
    complexity: int
    forecast_on: date | None = None
    parts: Sequence[str]
    scored: str = ""
    excluded: Sequence[_Alike] = ()


_PLAIN = ("attorney_id", "way", "code", "sentence", "rule", "policy_version", "complexity", "forecast_on")
_PLACES = {code: place for place, code in enumerate(FILTERS)}


def as_kept(decision: Decision) -> str:
    """A decision as it is stored, as JSON: a hundred attorneys take some kilobytes, and thousands come at once."""
    kept = _Kept(
        **{name: getattr(decision, name) for name in _PLAIN},
        parts=list(decision.scored[0].parts) if decision.scored else [],
        scored=_line(decision.scored),
        excluded=_alike(decision.excluded),
    )
    return msgspec.json.encode(kept).decode()


def read(stored: Mapping[str, object]) -> Decision:
    """A decision that was stored, by this version or by one that wrote every attorney out."""
    if "parts" not in stored:
        return msgspec.convert(stored, Decision)
    kept = msgspec.convert(stored, _Kept)
    return Decision(
        **{name: getattr(kept, name) for name in _PLAIN},
        scored=[_scored(one, kept.parts) for one in kept.scored.split()],
        excluded=sorted(_each(kept.excluded), key=lambda one: (one.attorney_id, _PLACES.get(one.code, len(_PLACES)))),
    )


def _alike(excluded: Sequence[Exclusion]) -> list[_Alike]:
    found: dict[tuple[str, str, date | None], list[UUID]] = {}
    for one in excluded:
        found.setdefault((one.code, one.sentence, one.until), []).append(one.attorney_id)
    return [
        _Alike(code=code, sentence=sentence, until=until, attorneys=attorneys)
        for (code, sentence, until), attorneys in found.items()
    ]


def _each(groups: Sequence[_Alike]) -> Iterator[Exclusion]:
    for one in groups:
        for attorney_id in one.attorneys:
            yield Exclusion(attorney_id=attorney_id, code=one.code, sentence=one.sentence, until=one.until)


def _line(scored: Sequence[Scored]) -> str:
    """By the encoder, which writes numbers faster than `str` does; what JSON puts between is taken out."""
    told = msgspec.json.encode([(one.attorney_id, *one.parts.values()) for one in scored]).decode()
    return told[2:-2].replace('"', "").replace("],[", " ")


def _scored(told: str, names: Sequence[str]) -> Scored:
    attorney_id, *parts = told.split(",")
    return added(UUID(attorney_id), dict(zip(names, map(float, parts), strict=True)))
