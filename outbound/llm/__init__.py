"""The providers of models, by name: one more is one module and one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from outbound.llm.anthropic import ANTHROPIC
from outbound.llm.base import Provider
from outbound.llm.openai import OPENAI
from outbound.llm.rules import BY_RULES

PROVIDERS: Mapping[str, Provider] = {
    one.name: one
    for one in (
        OPENAI,
        ANTHROPIC,
    )
}
"""Those that are asked in words."""

RULES = BY_RULES
"""Always there, whatever becomes of the others."""

NAMES: Sequence[str] = (*PROVIDERS, RULES.name)
"""What a firm may name."""
