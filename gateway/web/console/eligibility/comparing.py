"""Two checks of a person side by side: what differs first, by which entries, and what is the same below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.domain.eligibility import comparisons
from gateway.domain.eligibility.comparing import PartMove, VisaMove
from gateway.domain.eligibility.comparisons import Compared
from gateway.domain.eligibility.memo import name_of
from gateway.domain.people import naming
from gateway.web.api.reviews import ComparisonView
from gateway.web.calls import Call, may
from gateway.web.console.page import Desk
from gateway.web.console.told import readable

One = Annotated[UUID, QueryParameter(name="a")]
Other = Annotated[UUID | None, QueryParameter(name="b")]
_UNKNOWN = {"undetermined": "cannot be determined", "not_checked": "not asked about"}
_WORDS: Mapping[float, str] = {0.0: "nothing", 0.3: "asserted", 0.6: "documented", 1.0: "corroborated"}


class Move(NamedTuple):
    """A visa in two checks, in words; `is_same`: nothing of it moved; `is_once`: one of them was not asked about it."""

    visa: str
    name: str
    before: str
    after: str
    points: float | None
    is_same: bool
    is_once: bool
    parts: Sequence[PartMove]
    move: VisaMove


@get("/eligibility/compare", sync_to_thread=True, **may("checks.read"))
def compare(one: One, call: NamedDependency[Call], desk: NamedDependency[Desk], other: Other = None) -> Response[str]:
    """Hold a check against another one of the person, or the one before it; what differs stands first."""
    with call.acting() as acting:
        found = comparisons.of_checks(acting, one, other)
        client_id = found.earlier.client_id
        told = ComparisonView.of(found)
        moves = sorted(map(_move, told.visas), key=_weight)
        both = [one for one in moves if not one.is_once]
        return desk.page(
            acting,
            "eligibility_compared.html",
            told=told,
            law=readable(told.law.sentence),
            earlier=found.earlier,
            later=found.later,
            finding=_finding(found, both),
            moved=[one for one in both if not one.is_same],
            same=[one for one in both if one.is_same],
            once=[one for one in moves if one.is_once],
            name=naming.names_of(acting, [client_id]).get(client_id, "a client"),
            word=lambda strength: "not there" if strength is None else _WORDS.get(strength, f"{strength:g}"),
        )


def _move(one: VisaMove) -> Move:
    before, after = (_stands(each.state, each.score) for each in (one.before, one.after))
    is_scored = one.points is not None
    is_same = before == after and not one.gates and not one.criteria and not (is_scored and one.why)
    is_once = "not_checked" in (one.before.state, one.after.state)
    return Move(one.visa, name_of(one.visa), before, after, one.points, is_same, is_once, one.parts, one)


def _stands(state: str, score: float | None) -> str:
    return _UNKNOWN.get(state) or f"{score:g}"


def _weight(one: Move) -> tuple[bool, float]:
    """What moved by the most points stands first; what became known, or unknown, before it."""
    is_turned = one.points is None and one.before != one.after
    return one.is_same, -101.0 if is_turned else -abs(one.points or 0.0)


def _finding(found: Compared, moves: Sequence[Move]) -> str:
    """What lies between them, in a sentence."""
    moved = [one for one in moves if not one.is_same]
    if not moved:
        known = found.comparison.profile
        return (
            "No visa stands otherwise."
            if known
            else "Nothing differs: the same is known, and each visa stands as it did."
        )
    told = [f"{one.name} {_went(one)}" for one in moved[:3]]
    more = f"; {len(moved) - len(told)} more moved" if len(moved) > len(told) else ""
    return f"{', '.join(told)}{more}."


def _went(one: Move) -> str:
    if one.points is None:
        return f"was {one.before}, and is {one.after}" if one.before != one.after else "moved in a gate"
    if not one.points:
        return f"stays at {one.after}, otherwise shown"
    return f"{'rose' if one.points > 0 else 'fell'} from {one.before} to {one.after}"


HANDLERS = (compare,)
