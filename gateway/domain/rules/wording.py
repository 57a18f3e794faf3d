"""Conditions and demands in words, for people who read what the law asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.domain.rules.conditions import Condition, Demand
from gateway.domain.rules.criteria import Checklist, KOfN, Method, Way

_YES_NO: Final = {"True": "so", "False": "not so"}
_SAID: Final[Mapping[str, Callable[[Condition], str]]] = {
    "is_": lambda one: f"is {_YES_NO.get(str(one.is_), one.is_)}",
    "in_": lambda one: f"is {' or '.join(map(str, one.in_ or ()))}",
    "at_least": lambda one: f"is at least {one.at_least:.12g}",
    "at_most": lambda one: f"is at most {one.at_most:.12g}",
    "no_less_than": lambda one: f"is no less than {one.no_less_than}",
    "degree": lambda one: f"is {one.degree} or higher",
    "among": lambda one: f"is among {one.among}",
    "within_years": lambda one: f"is of the last {one.within_years} years",
}


def of_condition(one: Condition) -> str:
    """`scope is national or international`."""
    if one.any is not None:
        return " or ".join(of_condition(below) for below in one.any)
    return f"{one.field} {_SAID[one.operator](one)}"


def of_conditions(conditions: Sequence[Condition]) -> str:
    """All of them in a row."""
    return "; ".join(of_condition(one) for one in conditions)


def of_demand(one: Demand) -> str:
    """`a degree: level is master or higher`."""
    if one.all is not None:
        return f"({' and '.join(of_demand(below) for below in one.all)})"
    if one.any is not None:
        count = f"{one.least} of " if one.least > 1 else ""
        return f"{count}({' or '.join(of_demand(below) for below in one.any)})"
    told = [of_conditions(one.needs)] if one.needs else []
    if one.years is not None:
        told.append(_lasting(one))
    if one.listed:
        told.append(f"{one.by} is of the list {one.listed}, with what that asks")
    return f"{one.kind}: {'; '.join(told)}" if told else str(one.kind)


def _lasting(one: Demand) -> str:
    without = " without a break" if one.continuous else ""
    window = f" of the last {one.of_last}" if one.of_last else ""
    since = f" after {one.after.kind}.{one.after.field}" if one.after else ""
    before = ", counted back from the first day of such a job in the United States" if one.back_from else ""
    return f"{one.years:g} years{without}{window}{since}{before}"


def of_way(one: Way) -> list[str]:
    """What an entry of the kind has to be, and what it has to be besides to count as more."""
    told = [f"{one.kind}: {of_conditions(one.needs)}" if one.needs else one.kind]
    if one.documented:
        told.append(f"documented only if {of_conditions(one.documented)}")
    if one.corroborated:
        told.append(f"corroborated only if {of_conditions(one.corroborated)}")
    if one.most != "corroborated":
        told.append(f"at most {one.most}")
    return told


def of_method(method: Method) -> str:
    """How the criteria are weighed."""
    if isinstance(method, KOfN):
        alone = f", or {' or '.join(method.alone)} alone" if method.alone else ""
        return f"{method.k} of the criteria{alone}; then all is weighed together"
    if isinstance(method, Checklist):
        return "all of the criteria, each weighing the same"
    return "all of the criteria, the weakest weighing the most"
