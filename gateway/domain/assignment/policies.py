"""How a firm gives its cases to attorneys: versions that are added and never changed; the newest counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway.config import nearest
from gateway.db.models import AssignmentPolicy
from gateway.domain import audit
from gateway.domain.assignment.queueing import look_again
from gateway.domain.assignment.rules import RULES
from gateway.domain.assignment.terms import Policy, Settings, Weights
from gateway.domain.audit import Change
from gateway.domain.rules import vocabulary
from gateway.errors import Busy, Invalid
from gateway.office import Acting

WORD = r"^[a-z0-9][a-z0-9_]{0,49}$(?!\n)"  # a certification: a word of the firm's
MOST_WORDS = 50  # certifications that a case type may ask for, or an attorney have

_WANTED = {
    "weights": "numbers from 0 to 1 for expertise, capacity and deadline are wanted",
    "senior_from": "a whole number from 1 to 11 is wanted; 11 is for none",
    "continuity": "true or false is wanted",
    "certifications": "words such as eb5 are wanted for types of cases: a-z, 0-9 and _, at most 50 characters",
    "languages": "true or false is wanted",
    "tell_after": "hours are wanted, more than 0 and at most 720",
    "accept_within": "a whole number of days from 0 to 365 is wanted",
}


class Version(NamedTuple):
    """A policy, who made it so and when; nobody did where it is the usual one."""

    policy: Policy
    by: str | None = None
    at: datetime | None = None


def rules() -> Sequence[str]:
    """The rules that there are, by name."""
    return list(RULES)


def of_firm(session: Session, firm_id: UUID) -> Policy:
    """What holds for the next assignment; version 0, the usual, where the firm has said nothing."""
    newest = select(AssignmentPolicy).where(AssignmentPolicy.firm_id == firm_id)
    found = session.scalar(newest.order_by(AssignmentPolicy.version.desc()).limit(1))
    return policy_of(found) if found else Policy()


def policy_of(row: AssignmentPolicy) -> Policy:
    """A version as it is decided by."""
    return Policy(version=row.version, rule=row.rule, settings=msgspec.convert(row.settings, Settings))


def newest(acting: Acting) -> Version:
    """The version that holds, with who made it so."""
    return next(iter(history(acting, 1)), Version(Policy()))


def history(acting: Acting, at_most: int | None = None) -> Sequence[Version]:
    """The versions of the firm's, the newest first."""
    found = acting.session.scalars(select(AssignmentPolicy).order_by(AssignmentPolicy.version.desc()).limit(at_most))
    return [Version(policy_of(one), one.by, one.at) for one in found]


def change(acting: Acting, rule: str | None = None, settings: Mapping[str, object] | None = None) -> Policy:
    """Add a version, by which the next case is assigned; cases that wait are looked at again. The same adds none.

    Args:
        acting: who says so.
        rule: of `rules()`; None leaves it as it is.
        settings: key -> value as in JSON; None takes the usual again, and a key that is missing stays as it is.

    Raises:
        Invalid: `policy_wrong`, with the key and the nearest word.
        Busy: somebody else changes it at this moment.
    """
    before = of_firm(acting.session, acting.firm_id)
    named = before.rule if rule is None else rule
    _refuse_unknown("rule", named, rules())
    wanted = Policy(version=before.version + 1, rule=named, settings=_merged(before.settings, settings or {}))
    if (wanted.rule, wanted.settings) == (before.rule, before.settings):
        return before
    _add(acting, before, wanted)
    look_again(acting.session, acting.firm_id)
    return wanted


def _add(acting: Acting, before: Policy, wanted: Policy) -> None:
    new = _told(wanted)
    row = insert(AssignmentPolicy).values(firm_id=acting.firm_id, version=wanted.version, by=acting.actor.name, **new)
    added = row.on_conflict_do_nothing().returning(AssignmentPolicy.id)
    if acting.session.scalar(added) is None:
        raise Busy("changed_meanwhile", "Somebody else changes the policy at this moment; try again.")
    told = Change("assignment_policy", None, "updated", old=_told(before), new=new)
    audit.record(acting, "assignment_policy.set", changes=[told])


def _told(policy: Policy) -> dict[str, Any]:
    return {"rule": policy.rule, "settings": msgspec.to_builtins(policy.settings)}


# ------------------------------------------------------------------------------------------------ settings


def _merged(before: Settings, given: Mapping[str, object]) -> Settings:
    """The settings as they would be, each key looked at by itself, so that a sentence can name it."""
    usual, values = Settings(), {name: getattr(before, name) for name in Settings.__struct_fields__}
    for name, value in given.items():
        _refuse_unknown("settings", name, list(values))
        values[name] = getattr(usual, name) if value is None else _one(name, value, before.weights)
    return Settings(**values)


def _one(name: str, value: object, weights: Weights) -> Any:  # noqa: ANN401 - whatever the key holds
    if name == "weights" and isinstance(value, Mapping):
        for part in value:
            _refuse_unknown("settings.weights", part, Weights.__struct_fields__)
        value = msgspec.to_builtins(weights) | dict(value)
    if name == "certifications" and isinstance(value, Mapping):
        for case_type in value:
            _refuse_unknown("settings.certifications", case_type, list(vocabulary("case_types").words))
    try:
        found = getattr(msgspec.convert({name: value}, Settings), name)
    except msgspec.ValidationError:
        raise _wrong(name) from None
    if (name == "weights" and not any(msgspec.structs.astuple(found))) or (
        name == "certifications" and not all(map(_are_words, found.values()))
    ):
        raise _wrong(name)
    return found


def _are_words(given: Sequence[str]) -> bool:
    return len(given) <= MOST_WORDS and all(re.search(WORD, one) for one in given)


def _wrong(name: str) -> Invalid:
    more = ", not all 0" if name == "weights" else ""
    return Invalid("policy_wrong", f"settings.{name}: {_WANTED[name]}{more}.")


def _refuse_unknown(place: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        meant = nearest(word, known)
        told = f' Did you mean "{meant}"?' if meant else f" There are {', '.join(known)}."
        raise Invalid("policy_wrong", f'{place}: there is no "{word}".{told}')
