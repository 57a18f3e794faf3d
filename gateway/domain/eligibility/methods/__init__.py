"""The ways in which criteria are weighed; one more is one module, one line here, and its struct among the criteria."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.domain.eligibility.methods import checklist, k_of_n, prongs
from gateway.domain.eligibility.methods.base import Weighed
from gateway.domain.eligibility.terms import Finding, Profile
from gateway.domain.rules.criteria import Checklist, KOfN, Prongs, Visa

_METHODS: Final[Mapping[type[Any], Callable[[Visa, Profile, Sequence[Finding]], Weighed]]] = {
    KOfN: k_of_n.weigh,
    Prongs: prongs.weigh,
    Checklist: checklist.weigh,
}


def weigh(visa: Visa, profile: Profile, findings: Sequence[Finding]) -> Weighed:
    """Weigh findings by the method of their visa."""
    return _METHODS[type(visa.method)](visa, profile, findings)


def alone(visa: Visa) -> Sequence[str]:
    """Criteria of which one suffices alone."""
    return visa.method.alone if isinstance(visa.method, KOfN) else ()
