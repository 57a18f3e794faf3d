"""The rules by which a firm can give its cases to attorneys; one more is one more module and one more line here."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.domain.assignment.rules import expertise_first, round_robin, workload_based
from gateway.domain.assignment.rules.base import Rule

DEFAULT = "expertise_first"

RULES: Mapping[str, Rule] = {
    "expertise_first": expertise_first.RULE,
    "round_robin": round_robin.RULE,
    "workload_based": workload_based.RULE,
}
