"""Asks a firm's providers in its order until one answers by the schema, and falls back to rules alone.

Nothing here knows tables or jobs: what has to be kept, counted and waited for is done by whoever asks (`Hands`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from gateway import clock
from gateway.domain.eligibility.policies import Most, Policy, Step
from gateway.domain.eligibility.terms import Claim
from gateway.errors import Permanent, Problem, Transient
from outbound.llm import NAMES, PROVIDERS, RULES, measuring, prompting, reading, spending
from outbound.llm.base import Account, Answer, Malformed, Never, NotNow, Prompt, Provider, Question, Unanswered
from outbound.llm.breaking import Breakers
from outbound.llm.showing import Known, Sight

WITHIN = timedelta(seconds=30)
WAITS = (timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8))  # where too many requests were made
LONGEST_WAIT = timedelta(seconds=30)  # whoever asks for more time is passed over

Outcome = Literal[
    "begun", "answered", "refused", "malformed", "too_many_requests", "away", "declined", "rests", "over_limit"
]

_TOO_MANY = "too_many_requests"
_NOT_NOW: Mapping[str, Outcome] = {
    _TOO_MANY: "too_many_requests",
    "provider_rests": "rests",
    "tokens_spent": "over_limit",
    "cost_spent": "over_limit",
    "price_unknown": "over_limit",
}


class Attempt(Struct, frozen=True, kw_only=True):
    """One call, or why there was none.

    Attributes:
        prompt: version of its words.
        cost: in dollars; None where nobody knows the price.
        took: 0 where nobody was called.
        outcome: see `Outcome`; `begun` is about to be made, and tells what it may take at most; `declined` is the
            provider's no, `refused` the model's.
        code: of the problem, where there is one.
        is_repair: the model was told what was wrong with its answer.
        mends: that sentence, by which the same can be asked again; it repeats nothing of the answer.
    """

    provider: str
    model: str
    prompt: str | None
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None
    took: timedelta = timedelta(0)
    outcome: Outcome
    code: str | None = None
    is_repair: bool = False
    mends: str | None = None


class Heard(Struct, frozen=True, kw_only=True):
    """An answer as it came, and by which version of the words: enough to read it later without asking again."""

    step: Step
    prompt: str
    answer: Answer


class Proposed(Struct, frozen=True, kw_only=True):
    """Claims that nobody has checked yet, and whose they are.

    Attributes:
        model: that answered; None of rules.
        prompt: version of the words; None of rules.
        is_degraded: models should have answered, and rules did.
        problems: why each that was asked before did not.
    """

    claims: Sequence[Claim]
    provider: str
    model: str | None = None
    prompt: str | None = None
    is_degraded: bool = False
    problems: Sequence[str] = ()


class Left(NamedTuple):
    """A call that left before, and of which nobody knows what became; see `Attempt`."""

    provider: str
    model: str
    is_repair: bool
    mends: str | None = None
    prompt: str | None = None


class Hands(NamedTuple):
    """What whoever asks does meanwhile.

    Attributes:
        begin: put a call on record before it leaves, with what it may take at most, and refuse it where the firm may
            not spend so much this day. Returns the name by which the provider knows the call if it is made again.
        keep: an answer with what it took, before anything of it is looked at.
        note: an attempt, as soon as it is over.
        wait: so long; an error of its ends the asking.
        breakers: of this process.
        left: the call that is to be made again, where one was lost: the asking goes on with it.
        today: by which prices are.
        seconds: from whenever, for how long calls take.
    """

    begin: Callable[[Attempt, Most], str]
    keep: Callable[[Heard, Attempt], None]
    note: Callable[[Attempt], None]
    wait: Callable[[timedelta], None]
    breakers: Breakers
    left: Callable[[], Left | None] = lambda: None
    today: Callable[[], date] = lambda: clock.now().date()
    seconds: Callable[[], float] = time.perf_counter


def ask(
    account: Account, question: Question, known: Known, policy: Policy, hands: Hands, heard: Heard | None = None
) -> Proposed:
    """Claims for a question.

    Args:
        account: of the firm; where a step names no address, the provider's own is called.
        question: of visas and a profile.
        known: what must not leave, besides what the profile tells.
        policy: of the firm.
        hands: of whoever asks.
        heard: what was kept when this was asked before; it is read, and nobody is asked, if it is good.

    Raises:
        Transient: `models_away`; no model answered, and the firm wants no rules in their place.
        Permanent: `models_decline`; the same, and asking again would be of no use.
    """
    steps = [one for one in policy.steps if one.provider != RULES.name] if policy.uses_models else []
    problems: list[Unanswered] = []
    if steps:
        prompt, sight = prompting.prompt(question, known)
        if heard is not None and (found := _reread(heard, sight)):
            return found
        going_on, wrong = _going_on(steps, hands.left())
        for step in going_on:
            try:
                return _Asking(account, step, sight, policy.most, hands).proposed(prompt, wrong)
            except Unanswered as problem:
                problems.append(problem)
            wrong = None
    if problems and policy.without_answer == "fail":
        raise _failure(steps, problems)
    hands.note(Attempt(provider=RULES.name, model="", prompt=None, cost=Decimal(0), outcome="answered"))
    told = [one.sentence for one in problems]
    return Proposed(claims=RULES.propose(question), provider=RULES.name, is_degraded=bool(problems), problems=told)


class _Asking:
    """One step: a model that is asked, and asked again where that may help."""

    def __init__(self, account: Account, step: Step, sight: Sight, most: Most, hands: Hands) -> None:
        self._account, self._step, self._sight, self._most, self._hands = account, step, sight, most, hands
        self._key = (step.provider, step.url)

    def proposed(self, prompt: Prompt, wrong: Malformed | None = None) -> Proposed:
        """What it proposes; an answer that is not by the schema may be mended once, and one that was `wrong` is now.

        Raises:
            Unanswered: nothing that can be used.
        """
        try:
            if wrong is None:
                return self._patient(prompt)
        except Malformed as problem:
            wrong = problem
        return self._patient(prompting.repair(prompt, wrong), wrong.sentence)

    def _patient(self, prompt: Prompt, mends: str | None = None) -> Proposed:
        """Wait where too many requests were made."""
        for pause in WAITS:
            try:
                return self._once(prompt, mends)
            except NotNow as problem:
                wait = pause if problem.wait is None else problem.wait
                if problem.code != _TOO_MANY or wait > LONGEST_WAIT:
                    raise
            self._hands.wait(wait)
        return self._once(prompt, mends)

    def _once(self, prompt: Prompt, mends: str | None) -> Proposed:
        """Ask, keep, read; whatever becomes of it is noted."""
        told = Attempt(
            provider=self._step.provider,
            model=self._step.model,
            prompt=prompt.version,
            outcome="answered",
            is_repair=mends is not None,
            mends=mends,
        )
        begun: float | None = None
        try:
            provider, account = self._entered(prompt, told)
            begun = self._hands.seconds()
            answer = self._answer(provider, account, prompt)
            told = self._counted(told, answer, begun)
            self._hands.keep(Heard(step=self._step, prompt=prompt.version, answer=answer), told)
            claims = self._claims(answer)
        except Unanswered as problem:
            took = told.took or self._since(begun)
            self._hands.note(replace(told, outcome=_outcome(problem), code=problem.code, took=took))
            raise
        self._hands.note(told)
        return _proposed(self._step, prompt.version, claims)

    def _entered(self, prompt: Prompt, told: Attempt) -> tuple[Provider, Account]:
        """The provider, if it may be called now, and for whom: within the firm's limits, and not while it rests."""
        step = self._step
        if step.provider not in PROVIDERS:
            sentence = f'There is no provider "{step.provider}"; there are {", ".join(NAMES)}.'
            raise Never("provider_unknown", sentence)
        there, back = measuring.most(prompt)
        dollars = spending.cost(step.provider, step.model, there, back, self._hands.today())
        most = replace(told, tokens_in=there, tokens_out=back, cost=dollars, outcome="begun")
        name = self._hands.begin(most, self._most)
        self._hands.breakers.enter(self._key)
        return PROVIDERS[step.provider], replace(self._account, url=step.url, request=name)

    def _answer(self, provider: Provider, account: Account, prompt: Prompt) -> Answer:
        breakers = self._hands.breakers
        try:
            answer = provider.ask(account, prompt, self._step.model, WITHIN)
        except Unanswered as problem:
            (breakers.fails if _outcome(problem) == "away" else breakers.works)(self._key)
            raise
        breakers.works(self._key)
        return answer

    def _counted(self, told: Attempt, answer: Answer, begun: float) -> Attempt:
        step = self._step
        dollars = spending.cost(step.provider, step.model, answer.tokens_in, answer.tokens_out, self._hands.today())
        counted = {"tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out, "cost": dollars}
        return replace(told, took=self._since(begun), **counted)

    def _claims(self, answer: Answer) -> list[Claim]:
        if answer.is_refusal:
            raise Never("model_refused", f"The model {answer.model} would not answer this.")
        return reading.read(answer.text, self._sight)

    def _since(self, begun: float | None) -> timedelta:
        return timedelta(0) if begun is None else timedelta(seconds=self._hands.seconds() - begun)


def _proposed(step: Step, prompt: str, claims: Sequence[Claim]) -> Proposed:
    return Proposed(claims=claims, provider=step.provider, model=step.model, prompt=prompt)


def _reread(heard: Heard, sight: Sight) -> Proposed | None:
    """None where it cannot be used: it was asked in other words, is none, or is not by the schema."""
    if heard.prompt != prompting.VERSION or heard.answer.is_refusal:
        return None
    try:
        return _proposed(heard.step, heard.prompt, reading.read(heard.answer.text, sight))
    except Malformed:
        return None


def _going_on(steps: Sequence[Step], left: Left | None) -> tuple[Sequence[Step], Malformed | None]:
    """The steps from the one whose call was lost, and what the model was to mend by that call.

    So whoever answers it is not asked twice, and those before it, which did not answer, are not asked again. All steps,
    where there is no such call or it cannot be made as it was.
    """
    at = next((at for at, one in enumerate(steps) if left and (one.provider, one.model) == left[:2]), None)
    if left is None or at is None:
        return steps, None
    if not left.is_repair:
        return steps[at:], None
    if left.mends is None or left.prompt != prompting.VERSION:
        return steps, None
    return steps[at:], Malformed("answer_malformed", left.mends)


def _outcome(problem: Unanswered) -> Outcome:
    if isinstance(problem, Malformed):
        return "malformed"
    if isinstance(problem, NotNow):
        return _NOT_NOW.get(problem.code, "away")
    return "refused" if problem.code == "model_refused" else "declined"


def _failure(steps: Sequence[Step], problems: Sequence[Unanswered]) -> Problem:
    """Of all steps, or of the last ones: why those before did not answer is not known any more, so it may pass."""
    asked = steps[len(steps) - len(problems) :]
    each = " ".join(f"{step.provider}: {problem.sentence}" for step, problem in zip(asked, problems, strict=True))
    if len(asked) == len(steps) and all(isinstance(one, Never) for one in problems):
        return Permanent("models_decline", f"No model can answer as the firm's models are set: {each}")
    return Transient("models_away", f"No model answered; try again later. {each}")
