"""What if the firm had given its cases by another rule: a period replayed, and nothing written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from msgspec import Struct
from msgspec import field as named

from gateway.domain.assignment import policies, simulating, time_off
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.simulating import Comparison
from gateway.errors import Faulty, Invalid
from gateway.office import Acting
from gateway.web.calls import Call, may
from gateway.web.console.forms import Form
from gateway.web.console.page import Desk
from gateway.web.console.plots.pairs import Pair

_USUAL = timedelta(days=89)  # of a period that nobody has chosen yet: a quarter of a year, this day included
FIGURES: Mapping[str, str] = {
    "jain": "Evenness of loads (Jain's index, 1 is even)",
    "gini": "Unevenness of loads (Gini, 0 is even)",
    "fullest": "The fullest on any day, of what they may hold",
    "expertise": "How well attorneys knew their cases, of 1",
    "given": "Cases that somebody got",
    "waiting": "Cases that nobody had at the end",
    "waited_median": "Hours waited, half of the cases less than",
    "waited_most": "Hours waited, at most",
    "moves": "Moves by hand to somebody else",
}
_SHARES = frozenset({"jain", "gini", "expertise"})


class Trial(Struct, frozen=True):
    """Which rule is tried on which days; without a last one up to today."""

    rule: str
    first: date = named(name="from")
    last: date | None = named(name="to", default=None)


@get("/workload/what-if", sync_to_thread=True, **may("cases.assign"))
def look(request: Request[Any, Any, Any], call: NamedDependency[Call], desk: NamedDependency[Desk]) -> Response[str]:
    """Ask for a rule and a period, and show how that would have been."""
    asked = {name: text for name in ("rule", "from", "to") if (text := request.query_params.get(name))}
    with call.acting() as acting:
        try:
            found = _tried(acting, asked) if asked else None
        except Invalid as problem:
            field = "from" if asked.get("rule") in RULES else "rule"
            errors = problem.faults if isinstance(problem, Faulty) else {field: problem.sentence}
            return _page(acting, desk, asked, errors=errors)
        return _page(acting, desk, asked, found)


def _tried(acting: Acting, asked: Mapping[str, str]) -> Comparison:
    trial = Form(dict(asked), {}).read(Trial)
    return simulating.simulate(acting, trial.rule, trial.first, trial.last)


def _page(
    acting: Acting,
    desk: Desk,
    asked: Mapping[str, str],
    found: Comparison | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response[str]:
    today, now = time_off.today_of(acting.session), policies.of_firm(acting.session, acting.firm_id).rule
    usual = {
        "rule": next(rule for rule in RULES if rule != now),
        "from": str(today - _USUAL),
        "to": str(today),
    }
    return desk.page(
        acting,
        "what_if.html",
        status=422 if errors else 200,
        rules=list(RULES),
        rule_now=now,
        asked={**usual, **asked},
        found=found,
        pairs=[Pair(one.name, one.was, one.would) for one in found.shares] if found else [],
        figures=_figures(found) if found else [],
        errors=errors or {},
    )


def _figures(found: Comparison) -> list[tuple[str, str, str]]:
    """Each figure in words: what it is, as it was, as it would have been."""
    return [
        (words, _said(name, getattr(found.was, name)), _said(name, getattr(found.would, name)))
        for name, words in FIGURES.items()
    ]


def _said(name: str, figure: float) -> str:
    if name == "fullest":
        return f"{100 * figure:.0f} %"
    if name.startswith("waited"):
        return f"{figure:,.1f}"
    return f"{figure:.2f}" if name in _SHARES else f"{figure:,}"


HANDLERS = (look,)
