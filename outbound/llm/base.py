"""What every provider of a language model is: what it is asked, what it answers, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct

from gateway.domain.eligibility.terms import Claim, Profile
from gateway.domain.rules.criteria import Visa
from gateway.errors import Problem
from gateway.settings import Settings


class Question(Struct, frozen=True, kw_only=True):
    """Which criteria a profile shows; it is our own, and never leaves as it is.

    Attributes:
        visas: of which it is asked, as of the profile's day.
        profile: whole, as the firm knows it.
    """

    visas: Sequence[Visa]
    profile: Profile


class Account(Struct, frozen=True, kw_only=True):
    """For whom a provider is asked.

    Attributes:
        settings: of the installation, by which the call leaves.
        firm: the slug of the firm whose secret is the key.
        url: where the provider is reached; None for the one that everybody knows.
        request: by which the provider knows the same call again, if it cares to.
    """

    settings: Settings
    firm: str
    url: str | None = None
    request: str | None = None


class Prompt(Struct, frozen=True, kw_only=True):
    """What is asked; nothing in it says who the person is.

    Attributes:
        version: of the words, by which what was asked can be explained later.
        system: who the model is to be, and what it must not do.
        user: the criteria and the profile.
        schema: JSON schema of the answer.
    """

    version: str
    system: str
    user: str
    schema: Mapping[str, Any]


class Answer(Struct, frozen=True, kw_only=True):
    """What a provider said, as it said it: nothing of it has been looked at yet.

    Attributes:
        text: the answer; by the schema, if the provider keeps to it.
        model: that answered, by the name that the provider gave.
        tokens_in, tokens_out: as the provider counted them; by the length of the texts where it does not say.
        is_refusal: the model would not answer, so that asking it again is of no use.
    """

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    is_refusal: bool = False


class Unanswered(Problem):
    """There is no answer. The sentence: what was wrong, where, what to do."""


class NotNow(Unanswered):
    """The provider is away, or asks to come later; the same may be asked again.

    Args:
        wait: for how long it asks to be left alone, where it says so.
    """

    def __init__(self, code: str, sentence: str, *, wait: timedelta | None = None) -> None:
        super().__init__(code, sentence)
        self.wait = wait


class Never(Unanswered):
    """It would fail again: a wrong key, a model that there is not, a prompt that it refuses."""


class Malformed(Unanswered):
    """It answered, and not by the schema. The sentence says where, and repeats nothing of the answer."""


class Provider(Protocol):
    """Somebody who has models, asked in words.

    Attributes:
        secret: the name of the firm's secret that is its key.
    """

    name: str
    secret: str

    def load(self) -> None:
        """Import what `ask` needs, which takes seconds on a busy machine."""

    def ask(self, account: Account, prompt: Prompt, model: str, within: timedelta) -> Answer:
        """Ask once; who asks again, and how often, is not its business.

        Raises:
            NotNow: timeout, too many requests (`too_many_requests`), no connection, the provider's own error.
            Never: it refuses this request, or there is no key.
            Malformed: what came is not what the provider's protocol has.
        """


class Rules(Protocol):
    """Rules of ours in the place of a model: they need no words, no key and no call, and cannot fail."""

    name: str

    def propose(self, question: Question) -> list[Claim]:
        """What the profile shows, by rule alone."""
