"""The job of a check: asks the firm's models or goes by rules, and ends the check in the transaction that ends it.

What has been heard is kept before it is looked at, so a check that is begun again asks nobody who has answered.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import select

from gateway.db.models import Client, EligibilityCheck, Firm
from gateway.domain.eligibility import checks, policies
from gateway.domain.eligibility.policies import Policy
from gateway.domain.eligibility.terms import Profile
from gateway.domain.rules.criteria import Visa, visa_on
from gateway.errors import Permanent
from gateway.jobs.handling import Handling
from gateway.jobs.kinds import Kind
from gateway.office import Acting, Actor, Office
from outbound.checking.keeping import Keeping, left_by
from outbound.checking.knowing import known_of
from outbound.checking.settling import give_up, settle
from outbound.llm import PROVIDERS, asking
from outbound.llm.asking import Heard, Left, Proposed
from outbound.llm.base import Account, Question
from outbound.llm.breaking import Breakers
from outbound.llm.showing import Known

ME = Actor("system", "eligibility")
_BREAKERS = Breakers()
_ERASED = "This person was erased while the check went on."


class _Work(NamedTuple):
    """What a check needs to be done, read in one transaction."""

    firm: str
    profile: Profile
    visas: list[Visa]
    known: Known
    policy: Policy
    heard: Heard | None
    left: Left | None


def work(handling: Handling) -> None:
    """See a check to its end; one that has ended is left as it is.

    Raises:
        Transient: no model answered, and the firm wants no rules in their place.
    """
    check_id = UUID(handling.job.payload["check"])
    handling.tell(step="reading the profile")
    found = _begun(handling, check_id)
    if found is None:
        return
    try:
        proposed = _proposed(handling, check_id, found)
    except Permanent as problem:
        _fail(handling, check_id, problem)
    else:
        _complete(handling, check_id, found, proposed)


def _begun(handling: Handling, check_id: UUID) -> _Work | None:
    """What is to be done; None where it is done, or can be no more."""
    with handling.office.acting(_firm(handling), ME) as acting:
        check, is_gone = _take(acting, check_id)
        if check.state != "open":
            return None
        if is_gone:
            give_up(check, "client_erased", _ERASED)
            handling.finish(acting.session)
            return None
        slug = acting.session.scalars(select(Firm.slug)).one()
        profile = checks.profile_in(check.as_of, check.profile)
        visas = [visa_on(one, check.as_of) for one in check.visas]
        heard = msgspec.convert(check.heard, Heard) if check.heard else None
        policy = policies.of_firm(acting.session, acting.firm_id)
        left = left_by(acting.session, check_id)
        return _Work(slug, profile, visas, known_of(acting, check.client_id), policy, heard, left)


def _proposed(handling: Handling, check_id: UUID, found: _Work) -> Proposed:
    account = Account(settings=handling.office.settings, firm=found.firm)
    question = Question(visas=found.visas, profile=found.profile)
    hands = Keeping(handling, _firm(handling), check_id, _BREAKERS, found.left).hands()
    return asking.ask(account, question, found.known, found.policy, hands, found.heard)


def _complete(handling: Handling, check_id: UUID, found: _Work, proposed: Proposed) -> None:
    handling.tell(step="scoring")
    with handling.office.acting(_firm(handling), ME) as acting:
        check, is_gone = _take(acting, check_id)
        if is_gone:
            give_up(check, "client_erased", _ERASED)
        else:
            check.provider, check.model, check.prompt = proposed.provider, proposed.model, proposed.prompt
            check.is_degraded, check.problems = proposed.is_degraded, list(proposed.problems)
            settle(acting, check, found.profile, found.visas, proposed.claims)
        handling.finish(acting.session)


def _fail(handling: Handling, check_id: UUID, problem: Permanent) -> None:
    with handling.office.acting(_firm(handling), ME) as acting:
        check, _ = _take(acting, check_id)
        give_up(check, problem.code, problem.sentence)
        handling.finish(acting.session)


def _take(acting: Acting, check_id: UUID) -> tuple[EligibilityCheck, bool]:
    """The check, with its person held before it, as everybody does who writes; and whether that one was erased."""
    person = select(EligibilityCheck.client_id).where(EligibilityCheck.id == check_id).scalar_subquery()
    erased_at = acting.session.scalar(select(Client.erased_at).where(Client.id == person).with_for_update(read=True))
    check = select(EligibilityCheck).where(EligibilityCheck.id == check_id).with_for_update()
    return acting.session.scalars(check).one(), erased_at is not None


def _firm(handling: Handling) -> UUID:
    firm_id = handling.job.firm_id
    assert firm_id is not None  # noqa: S101 - whoever asks says whose
    return firm_id


def prepare(office: Office) -> None:
    """Load the clients of the providers whom firms ask, where any does: nobody else pays for them."""
    with office.db.system() as session:
        asked = policies.providers_asked(session)
    for name in asked & set(PROVIDERS):
        PROVIDERS[name].load()


CHECK = Kind(
    "eligibility.check",
    "models",
    work,
    prepare=prepare,
    ladder=(timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30)),
)
KINDS = (CHECK,)
