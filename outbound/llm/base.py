"""What every provider of a language model is: what it is asked, what it answers, and how it says that it cannot."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct

from gateway.errors import Problem


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
        tokens_in, tokens_out: as the provider counted them.
    """

    text: str
    model: str
    tokens_in: int
    tokens_out: int


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


class Provider(Protocol):
    """Somebody who has models; how it is reached stands in the settings, its key is a secret by name."""

    name: str

    def ask(self, prompt: Prompt, model: str, within: timedelta) -> Answer:
        """Ask once; who asks again, and how often, is not its business.

        Raises:
            NotNow: timeout, too many requests, no connection, the provider's own error.
            Never: it refuses this request.
        """
