"""What a firm wants of language models: versions that are added and never changed; the newest counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.models import ModelPolicy
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.errors import Busy, Invalid
from gateway.office import Acting

T = TypeVar("T", bound=Struct)
Instead = Literal["rules", "fail"]

RULES = "rules"  # the provider that is no model: always last, and always there
MOST_STEPS = 5
LONGEST_MODEL, LONGEST_URL = 100, 500
MOST_TOKENS = 1_000_000_000
MOST_DOLLARS = 1_000_000
MOST_CHECKS = 1_000  # that one member of staff may ask for in an hour

_INSTEAD: tuple[Instead, ...] = get_args(Instead)
_PLAIN = re.compile(r"[!-~]+")
_UNFIT = frozenset('@?#\\"<>^`{|}')  # a login, what may be a secret, and what RFC 3986 lets stand in no address
_HOST = re.compile(r"[0-9a-z_-]+(\.[0-9a-z_-]+)*\.?|[0-9a-f:]+")


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask: a provider by its name, which of its models, and where it is reached if not where all reach it."""

    provider: str
    model: str = ""
    url: str | None = None


class Most(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a firm may spend in a day; None is no limit. `cost` is in dollars."""

    tokens: Annotated[int, Meta(ge=1, le=MOST_TOKENS)] | None = None
    cost: Decimal | None = None


class Policy(Struct, frozen=True, kw_only=True):
    """How a firm wants it. Version 0 is what holds where a firm has said nothing.

    Attributes:
        steps: in the order in which they are asked; `rules` is always last.
        uses_models: False where no model is to see anything of its clients: rules alone.
        without_answer: what becomes of it where no model answers.
        most: that may be spent in a day.
        checks_per_hour: that one member of staff may ask for.
    """

    version: int = 0
    steps: tuple[Step, ...] = ()
    uses_models: bool = True
    without_answer: Instead = "rules"
    most: Most = Most()
    checks_per_hour: Annotated[int, Meta(ge=1, le=MOST_CHECKS)] = 10


class Version(NamedTuple):
    """A policy, who made it so and when; nobody did where it is the usual one."""

    policy: Policy
    by: str | None = None
    at: datetime | None = None


_KEYS = tuple(one for one in Policy.__struct_fields__ if one != "version")
_WANTED = {
    "steps": f'a list of at most {MOST_STEPS} is wanted, such as [{{"provider": "openai", "model": "gpt-5"}}]',
    "uses_models": "true or false is wanted",
    "without_answer": '"rules" or "fail" is wanted',
    "most": 'limits of a day are wanted, such as {"tokens": 500000, "cost": "5.00"}',
    "most.tokens": f"a whole number from 1 to {MOST_TOKENS:,} is wanted; null is no limit",
    "most.cost": (
        f"dollars are wanted, more than 0 and at most {MOST_DOLLARS:,}, with two places at most; null is no limit"
    ),
    "checks_per_hour": f"a whole number from 1 to {MOST_CHECKS:,} is wanted",
}


def of_firm(session: Session, firm_id: UUID) -> Policy:
    """What holds for the next check; version 0, the usual, where the firm has said nothing: rules alone."""
    newest = select(ModelPolicy).where(ModelPolicy.firm_id == firm_id)
    found = session.scalar(newest.order_by(ModelPolicy.version.desc()).limit(1))
    return _policy_of(found) if found else Policy()


def providers_asked(session: Session) -> set[str]:
    """Whom firms ask by their newest versions, in a session of the system."""
    newest = select(ModelPolicy).ext(distinct_on(ModelPolicy.firm_id))
    found = session.scalars(newest.order_by(ModelPolicy.firm_id, ModelPolicy.version.desc()))
    held = [one for one in map(_policy_of, found) if one.uses_models]
    return {step.provider for one in held for step in one.steps if step.provider != RULES}


def newest(acting: Acting) -> Version:
    """The version that holds, with who made it so."""
    return next(iter(history(acting, 1)), Version(Policy()))


def history(acting: Acting, at_most: int | None = None) -> Sequence[Version]:
    """The versions of the firm's, the newest first."""
    found = acting.session.scalars(select(ModelPolicy).order_by(ModelPolicy.version.desc()).limit(at_most))
    return [Version(_policy_of(one), one.by, one.at) for one in found]


def change(acting: Acting, given: Mapping[str, object], providers: Sequence[str]) -> Policy:
    """Add a version, by which the next check goes; the same adds none.

    Args:
        acting: who says so.
        given: key -> value as in JSON; None takes the usual again, and a key that is missing stays as it is.
        providers: that there are, by name, `rules` among them.

    Raises:
        Invalid: `models_wrong`, with the key and the nearest word.
        Busy: somebody else changes it at this moment.
    """
    before = of_firm(acting.session, acting.firm_id)
    http = bool(acting.office.settings.allow_private)
    wanted = _merged(before, given, _Known(providers, ("https", "http") if http else ("https",)))
    if _told(wanted) == _told(before):
        return before
    _add(acting, before, wanted)
    return wanted


def _policy_of(row: ModelPolicy) -> Policy:
    return msgspec.convert({**row.settings, "version": row.version}, Policy)


def _add(acting: Acting, before: Policy, wanted: Policy) -> None:
    new = _told(wanted)
    values = {"version": wanted.version, "settings": new, "by": acting.actor.name}
    row = insert(ModelPolicy).values(firm_id=acting.firm_id, **values)
    if acting.session.scalar(row.on_conflict_do_nothing().returning(ModelPolicy.id)) is None:
        raise Busy("changed_meanwhile", "Somebody else changes what is wanted of models at this moment; try again.")
    audit.record(acting, "models.set", changes=[Change("model_policy", None, "updated", old=_told(before), new=new)])


def _told(policy: Policy) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(policy)
    return {name: told[name] for name in _KEYS}


# ------------------------------------------------------------------------------------------------ what is given


class _Known(NamedTuple):
    """Providers that there are, and schemes by which one may be reached."""

    providers: Sequence[str]
    schemes: Sequence[str]


def _merged(before: Policy, given: Mapping[str, object], known: _Known) -> Policy:
    """The next version as it would be, each key looked at by itself, so that a sentence can name it."""
    usual, values = Policy(), {name: getattr(before, name) for name in _KEYS}
    for name, value in given.items():
        _refuse_unknown("models", name, _KEYS)
        values[name] = getattr(usual, name) if value is None else _one(name, value, before, known)
    return Policy(version=before.version + 1, **values)


def _one(name: str, value: object, before: Policy, known: _Known) -> Any:  # noqa: ANN401 - whatever the key holds
    if name == "steps":
        return _steps(value, known)
    if name == "most":
        return _most(value, before.most)
    if name == "without_answer" and isinstance(value, str):
        _refuse_unknown(name, value, _INSTEAD)
    return getattr(_converted({name: value}, Policy, name), name)


def _most(given: object, before: Most) -> Most:
    if not isinstance(given, Mapping):
        raise _wrong("most")
    kept = msgspec.to_builtins(before)
    for name, value in given.items():
        _refuse_unknown("most", name, Most.__struct_fields__)
        kept[name] = _dollars(value) if name == "cost" and value is not None else value
        _converted({name: kept[name]}, Most, f"most.{name}")
    return msgspec.convert(kept, Most)


def _dollars(given: object) -> str:
    """Of one amount one text, however it was written."""
    place = "most.cost"
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise _wrong(place)
    cost = _converted({"cost": given}, Most, place).cost
    if cost is None or not cost.is_finite() or not 0 < cost <= MOST_DOLLARS or cost != round(cost, 2):
        raise _wrong(place)
    return f"{cost:.2f}"


def _steps(given: object, known: _Known) -> tuple[Step, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or len(given) > MOST_STEPS:
        raise _wrong("steps")
    found = [_step(f"steps[{number}]", one, known) for number, one in enumerate(given)]
    for number, one in enumerate(found):
        if one in found[:number]:
            raise Invalid("models_wrong", f"steps[{number}]: it stands there twice.")
        if one.provider == RULES and one is not found[-1]:
            raise Invalid("models_wrong", f"steps[{number}]: rules always answer, so nobody after them is asked.")
    return tuple(found)


def _step(place: str, given: object, known: _Known) -> Step:
    if not isinstance(given, Mapping):
        raise _wrong("steps")
    for name in given:
        _refuse_unknown(place, name, Step.__struct_fields__)
    one = _converted(given, Step, "steps")
    _refuse_unknown(f"{place}.provider", one.provider, known.providers)
    if one.provider == RULES and (one.model or one.url is not None):
        raise Invalid("models_wrong", f"{place}: rules have neither a model nor an address; leave both out.")
    if one.provider != RULES:
        _refuse_model(f"{place}.model", one.model)
        _refuse_address(f"{place}.url", one.url, known.schemes)
    return one


def _refuse_model(place: str, model: str) -> None:
    if len(model) > LONGEST_MODEL or not _PLAIN.fullmatch(model):
        told = f"the provider's name of a model is wanted, such as gpt-5: ASCII, at most {LONGEST_MODEL}, no blanks"
        raise Invalid("models_wrong", f"{place}: {told}.")


def _refuse_address(place: str, url: str | None, schemes: Sequence[str]) -> None:
    """It is not repeated: somebody may have written a secret into it."""
    if url is None:
        return
    if len(url) > LONGEST_URL or not _PLAIN.fullmatch(url) or set(url) & _UNFIT or not _names_host(url):
        told = f"an address such as https://models.example/v1 is wanted, at most {LONGEST_URL} characters"
        raise Invalid("models_wrong", f"{place}: {told}, without a login, a question mark or a hash in it.")
    if urlsplit(url).scheme not in schemes:
        told = "" if "http" in schemes else "; http is only for networks that GATEWAY_ALLOW_PRIVATE names"
        raise Invalid("models_wrong", f"{place}: it must start with https://{told}.")


def _names_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.port != 0 and _HOST.fullmatch(parts.hostname or "") is not None
    except ValueError:
        return False


def _converted(given: object, kind: type[T], place: str) -> T:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError:
        raise _wrong(place) from None


def _wrong(place: str) -> Invalid:
    return Invalid("models_wrong", f"{place}: {_WANTED[place]}.")


def _refuse_unknown(place: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        meant = nearest(word, known)
        told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(known)}."
        raise Invalid("models_wrong", f'{place}: there is no "{word}".{told}')
