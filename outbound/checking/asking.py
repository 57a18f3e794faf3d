"""Asks what a person's profile comes to: refused where nothing can be said, answered at once where it was lately."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import func, select, text

from gateway import clock
from gateway.db.models import Client, EligibilityCheck
from gateway.domain import audit
from gateway.domain.audit import Change
from gateway.domain.eligibility import checks, policies, profiles, scoring
from gateway.domain.eligibility.policies import Policy
from gateway.domain.eligibility.terms import Profile, Recommendation
from gateway.domain.people import records
from gateway.domain.rules.criteria import Visa, fields_of, visas_on
from gateway.errors import Conflict, Incomplete, TooOften
from gateway.jobs import ledger
from gateway.jobs.kinds import enqueue
from gateway.office import Acting
from outbound.checking.settling import settle
from outbound.checking.working import CHECK
from outbound.llm import prompting

Tier = Literal["interactive", "batch"]

FRESH: Final = timedelta(days=30)  # for which an answer to the same question is the answer
_HOUR: Final = timedelta(hours=1)
_LANES: Final = 4  # of a firm's batch: so many at a time, and whoever waits for one goes before the others
_LATELY: Final = 20  # checks by which it is told how long the next one takes
_USUALLY: Final = {True: 10, False: 2}  # seconds, by whether a model is asked
_TURN: Final = 0x656C6967  # the first of two halves of advisory locks: "elig" in ASCII


class Asked(NamedTuple):
    """A check that was asked for.

    Attributes:
        seconds: until it is completed, as the last ones took; 0 where it is.
    """

    check: EligibilityCheck
    seconds: int


def ask(acting: Acting, client_id: UUID, visas: Sequence[str] = (), tier: Tier = "interactive") -> Asked:
    """Ask for a check of a person as of today; all visas, where none is named.

    Raises:
        NotFound: the firm has no such client.
        Missing: `visa_unknown`, with the nearest one.
        Conflict: `client_erased`.
        Incomplete: `incomplete_profile`, nothing can be said of any of the visas.
        TooOften: `too_many_checks`; members of staff ask so often in an hour as the firm lets them.
    """
    client = records.find(acting, Client, client_id)
    if client.erased_at is not None:
        raise Conflict("client_erased", "This person was erased; there is nothing that could be checked.")
    policy = policies.of_firm(acting.session, acting.firm_id)
    _count(acting, policy)
    profile = profiles.profile_of(acting, client_id).profile
    wanted = visas_on(visas, profile.as_of)
    _refuse_empty(wanted, profile)
    check = _put(acting, client_id, tier, profile, wanted, policy)
    return _answered(acting, check, profile, wanted) or _queued(acting, check, policy)


def retry(acting: Acting, check_id: UUID) -> None:
    """Have a check tried again now that came to nothing, or waits for its next try.

    Raises:
        NotFound: the firm has no such check.
        Conflict: `not_retryable`, it goes on, has an answer, or would fail again.
    """
    check = checks.find(acting, check_id)
    progress = checks.progress_of(acting.session, check)
    job = acting.session.scalar(checks.job_of(check_id))
    if not progress.retry_allowed or job is None:
        told = progress.error or f"It is {progress.state}."
        raise Conflict("not_retryable", f"This check cannot be tried again: {told}")
    ledger.retry(acting.session, job.id, attempts=CHECK.attempts)
    told_of = [Change("eligibility_check", check_id, "retried")]
    audit.record(acting, "eligibility.retry", client_id=check.client_id, changes=told_of)


# ------------------------------------------------------------------------------------------------ whether it may be


def _count(acting: Acting, policy: Policy) -> None:
    """Members of staff have a measure; the gateway's own work, and whoever runs it, have none."""
    if acting.actor.kind != "staff":
        return
    turn = int.from_bytes(hashlib.sha256(f"{acting.firm_id}/{acting.actor.name}".encode()).digest()[:4], signed=True)
    acting.session.execute(text("SELECT pg_advisory_xact_lock(:kind, :who)"), {"kind": _TURN, "who": turn})
    mine = select(EligibilityCheck.asked_at).where(
        EligibilityCheck.by_kind == "staff",
        EligibilityCheck.by == acting.actor.name,
        EligibilityCheck.asked_at > clock.now() - _HOUR,
    )
    most = policy.checks_per_hour
    lately = acting.session.scalars(mine.order_by(EligibilityCheck.asked_at.desc()).limit(most)).all()
    if len(lately) >= most:
        raise TooOften("too_many_checks", _TOO_MANY.format(most=most), _seconds_to(lately[-1] + _HOUR))


_TOO_MANY = "You may ask for {most} checks in an hour, and have; your firm's admin can allow more."


def _seconds_to(instant: datetime) -> int:
    return max(1, round((instant - clock.now()).total_seconds()))


def _refuse_empty(visas: Sequence[Visa], profile: Profile) -> None:
    found = (scoring.score(one, profile) for one in visas)
    if any(map(_says_something, found)):
        return
    missing = {one.id: profiles.missing(profile, fields_of(one)) for one in visas}
    sentence = "Too little is known of this person to say anything of these visas; see what is missing, and add it."
    raise Incomplete("incomplete_profile", sentence, missing)


def _says_something(found: Recommendation) -> bool:
    is_shown = any(one.strength for one in found.findings)
    return is_shown or any(one.state != "unknown" for one in found.gates)


# ------------------------------------------------------------------------------------------------ asked


def _put(
    acting: Acting, client_id: UUID, tier: Tier, profile: Profile, visas: Sequence[Visa], policy: Policy
) -> EligibilityCheck:
    digest, rules = profiles.digest(profile), _digest(visas)
    depends = [digest, rules, prompting.VERSION, policy.uses_models, policy.without_answer, policy.steps]
    check = EligibilityCheck(
        firm_id=acting.firm_id,
        client_id=client_id,
        visas=[one.id for one in visas],
        tier=tier,
        as_of=profile.as_of,
        profile=checks.stored(profile),
        digest=digest,
        rules=rules,
        key=_digest(depends),
        policy_version=policy.version,
        by_kind=acting.actor.kind,
        by=acting.actor.name,
    )
    acting.session.add(check)
    acting.session.flush()
    told = Change("eligibility_check", check.id, "asked", new={"visas": check.visas, "tier": tier})
    audit.record(acting, "eligibility.ask", client_id=client_id, changes=[told])
    return check


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


def _answered(acting: Acting, check: EligibilityCheck, profile: Profile, visas: Sequence[Visa]) -> Asked | None:
    """The claims of an earlier check, scored as of today, where it was asked the same lately and models did answer."""
    same = select(EligibilityCheck).where(
        EligibilityCheck.client_id == check.client_id,
        EligibilityCheck.key == check.key,
        EligibilityCheck.state == "completed",
        EligibilityCheck.cached_from.is_(None),
        ~EligibilityCheck.is_degraded,
        EligibilityCheck.asked_at > func.gateway_now() - FRESH,
    )
    before = acting.session.scalar(same.order_by(EligibilityCheck.asked_at.desc()).limit(1))
    if before is None or before.claims is None:
        return None
    check.cached_from = before.id
    check.provider, check.model, check.prompt = before.provider, before.model, before.prompt
    settle(acting, check, profile, visas, checks.claims_in(before.claims, profile))
    return Asked(check, 0)


def _queued(acting: Acting, check: EligibilityCheck, policy: Policy) -> Asked:
    lane = f"eligibility/{acting.firm_id}/{check.id.int % _LANES}" if check.tier == "batch" else None
    enqueue(acting.session, CHECK, {"check": check.id}, firm_id=acting.firm_id, lane=lane, about=check.id)
    return Asked(check, _expected(acting, policy))


def _expected(acting: Acting, policy: Policy) -> int:
    took = func.extract("epoch", EligibilityCheck.ended_at - EligibilityCheck.asked_at)
    ended = select(took).where(EligibilityCheck.state == "completed", EligibilityCheck.cached_from.is_(None))
    lately = acting.session.scalars(ended.order_by(EligibilityCheck.asked_at.desc()).limit(_LATELY)).all()
    return max(1, round(median(lately))) if lately else _USUALLY[_asks_models(policy)]


def _asks_models(policy: Policy) -> bool:
    return policy.uses_models and any(one.provider != policies.RULES for one in policy.steps)
