"""All dated rules by name, whatever file and struct they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gateway.config import nearest
from gateway.domain.rules import criteria, dated
from gateway.domain.rules.dated import Version
from gateway.errors import Missing


class Named(NamedTuple):
    """A rule as people call it, `lead_times.i94`."""

    name: str
    versions: Sequence[Version]


def everything() -> list[Named]:
    """All rules, in the order of their files."""
    kinds: dict[str, Mapping[str, Sequence[Version]]] = {
        "lead_times": dated.lead_times(),
        "audiences": dated.audiences(),
        "escalations": dated.escalations(),
        "next_actions": dated.next_actions(),
        "automatic_extensions": dated.automatic_extensions(),
        "maximum_stays": dated.maximum_stays(),
        "allowances": dated.allowances(),
        "cap_gaps": dated.cap_gaps(),
        "work_classes": dated.work_classes(),
        "complexity": dated.complexity(),
        "visas": criteria.visas(),
        "tn_professions": criteria.professions("tn_professions"),
        "approval_rates": criteria.approval_rates(),
    }
    return [Named(f"{kind}.{name}", found) for kind, rules in kinds.items() for name, found in rules.items()]


def find(name: str) -> Named:
    """One rule.

    Raises:
        Missing: there is none of this name.
    """
    known = {one.name: one for one in everything()}
    if name not in known:
        meant = nearest(name, list(known))
        raise Missing("rule_unknown", f'There is no rule "{name}".' + (f' Did you mean "{meant}"?' if meant else ""))
    return known[name]
