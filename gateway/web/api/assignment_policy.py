"""How the firm gives its cases to attorneys: the version that holds, those before it, and a new one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from litestar import Router, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from gateway.domain.assignment import policies
from gateway.domain.assignment.policies import MOST_WORDS, Version
from gateway.web.calls import Call, may
from gateway.web.texts import CaseType, Name

Share = Annotated[float, Meta(ge=0, le=1, examples=[0.4])]
Rule = Annotated[Name, Meta(description=f"One of {', '.join(policies.rules())}.", examples=["workload_based"])]
Words = Annotated[list[Name], Meta(max_length=MOST_WORDS)]
Certifications = Annotated[dict[CaseType, Words], Meta(max_length=200, examples=[{"I526": ["eb5"]}])]


class WeightsChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each part of a score counts, relative to their sum."""

    expertise: Share | UnsetType = UNSET
    capacity: Share | UnsetType = UNSET
    deadline: Share | UnsetType = UNSET


class SettingsChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a firm says besides its rule; null takes the usual again, and what is not named stays as it is."""

    weights: WeightsChange | UnsetType | None = UNSET
    senior_from: Annotated[int, Meta(ge=1, le=11, examples=[8])] | UnsetType | None = UNSET
    continuity: bool | UnsetType | None = UNSET
    certifications: Certifications | UnsetType | None = UNSET
    languages: Annotated[bool, Meta(examples=[True])] | UnsetType | None = UNSET
    tell_after: Annotated[float, Meta(gt=0, le=720, examples=[4])] | UnsetType | None = UNSET
    accept_within: Annotated[int, Meta(ge=0, le=365, examples=[14])] | UnsetType | None = UNSET


class PolicyChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be different from the next assignment on."""

    rule: Rule | UnsetType = UNSET
    settings: SettingsChange | UnsetType = UNSET


class PolicyView(Struct, frozen=True, kw_only=True):
    """A version; number 0 is the usual, where the firm has said nothing."""

    version: int
    rule: Annotated[str, Meta(examples=["expertise_first"])]
    settings: dict[str, Any]
    by: str | None
    at: datetime | None

    @classmethod
    def of(cls, one: Version) -> PolicyView:
        """As it is shown."""
        told = {"settings": to_builtins(one.policy.settings), "by": one.by, "at": one.at}
        return cls(version=one.policy.version, rule=one.policy.rule, **told)


@get("/", sync_to_thread=True, **may("attorneys.read"))
def get_policy(call: NamedDependency[Call]) -> PolicyView:
    """Show by which rule and settings the next case is assigned."""
    with call.acting() as acting:
        return PolicyView.of(policies.newest(acting))


@get("/versions", sync_to_thread=True, **may("attorneys.read"))
def list_versions(call: NamedDependency[Call]) -> list[PolicyView]:
    """List all versions, the newest first; every assignment names the one it was decided by."""
    with call.acting() as acting:
        return [PolicyView.of(one) for one in policies.history(acting)]


@put("/", sync_to_thread=True, **may("attorneys.manage"))
def change_policy(call: NamedDependency[Call], data: JSONBody[PolicyChange]) -> PolicyView:
    """Add a version, by which the next case is assigned; what was decided stays, and what waits is tried again."""
    rule, settings = (None if one is UNSET else to_builtins(one) for one in (data.rule, data.settings))
    with call.acting() as acting:
        policies.change(acting, rule, settings)
        return PolicyView.of(policies.newest(acting))


router = Router("/assignment-policy", route_handlers=[get_policy, list_versions, change_policy], tags=["assignment"])
