"""The provider `rules`: the deterministic baseline alone, so that everything works without a key."""

from __future__ import annotations

from gateway.domain.eligibility import baseline, policies
from gateway.domain.eligibility.terms import Claim
from outbound.llm.base import Question


class ByRules:
    """See `Rules`."""

    name = policies.RULES

    def propose(self, question: Question) -> list[Claim]:
        """The claims of the baseline, for each visa."""
        return [claim for visa in question.visas for claim in baseline.propose(visa, question.profile)]


BY_RULES = ByRules()
