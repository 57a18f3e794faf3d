"""What a firm can choose from: providers, whether their keys are there, and models whose price is known."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import select

from gateway import clock
from gateway.config import secret
from gateway.db.models import Firm
from gateway.domain.eligibility.policies import Policy
from gateway.domain.rules.dated import on
from gateway.errors import Permanent
from gateway.office import Acting
from outbound.llm import PROVIDERS, RULES
from outbound.llm.spending import prices


class Priced(Struct, frozen=True, kw_only=True):
    """A model, and what a million tokens costs today, in dollars: what is read, and what is written."""

    model: str
    tokens_in: float
    tokens_out: float


class Offered(Struct, frozen=True, kw_only=True):
    """Somebody who can be asked.

    Attributes:
        name: by which a firm's step names it.
        secret: the name of the firm's secret that is its key; None needs none.
        has_key: the secret is set and can be read, or none is needed.
        models: others than these are asked as well, as long as the firm does not limit what a day may cost.
    """

    name: str
    secret: str | None = None
    has_key: bool
    models: Sequence[Priced] = ()


def offered(acting: Acting) -> list[Offered]:
    """Everybody who can be asked by the firm, `rules` last; of a secret its name, and never what it is."""
    firm = acting.session.scalars(select(Firm.slug).where(Firm.id == acting.firm_id)).one()
    asked = [
        Offered(name=one.name, secret=one.secret, has_key=_is_set(acting, firm, one.secret), models=_priced(one.name))
        for one in PROVIDERS.values()
    ]
    return [*asked, Offered(name=RULES.name, has_key=True)]


def lacking(acting: Acting, policy: Policy) -> list[str]:
    """What keeps the models that a firm names from being asked, or from being counted; nothing where none is asked."""
    known = {one.name: one for one in offered(acting)}
    asked = [one for one in policy.steps if one.provider in PROVIDERS] if policy.uses_models else []
    keyless = [known[name] for name in dict.fromkeys(one.provider for one in asked) if not known[name].has_key]
    priced = {(one.name, each.model) for one in known.values() for each in one.models}
    unpriced = dict.fromkeys((one.provider, one.model) for one in asked if (one.provider, one.model) not in priced)
    price = _NO_PRICE if policy.most.cost is None else _NO_PRICE_AND_LIMITED
    return [
        *(_NO_KEY.format(provider=one.name, secret=one.secret) for one in keyless),
        *(price.format(provider=provider, model=model) for provider, model in unpriced),
    ]


_NO_KEY = "{provider} has no key, so it is passed over: set the firm's secret {secret}."
_NO_PRICE = "Nobody knows the price of {model} ({provider}): what it costs is counted nowhere."
_NO_PRICE_AND_LIMITED = (
    "Nobody knows the price of {model} ({provider}), so it is not asked while most.cost is set: "
    "limit most.tokens instead."
)


def _is_set(acting: Acting, firm: str, name: str) -> bool:
    try:
        secret(name, acting.office.settings, firm=firm)
    except Permanent:
        return False
    return True


def _priced(provider: str) -> list[Priced]:
    today = [on(versions, clock.now().date()) for versions in prices().values()]
    return [
        Priced(model=one.model, tokens_in=one.tokens_in, tokens_out=one.tokens_out)
        for one in today
        if one and one.provider == provider
    ]
