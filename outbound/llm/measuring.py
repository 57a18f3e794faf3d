"""How long a prompt and an answer are, in the tokens that providers count."""

from __future__ import annotations

from outbound.llm.base import Prompt

MOST_TOKENS = 12_000  # of an answer, with what a model thinks before it

_LETTERS = 3  # a token in English holds about four; who has to guess guesses high
_MOST = 10_000_000  # no model takes as many


def tokens(counted: int | None, *texts: str) -> int:
    """As counted, where that can be; else by the length of the texts."""
    if counted is not None and 0 <= counted <= _MOST:
        return counted
    return sum(-(-len(one) // _LETTERS) for one in texts)


def most(prompt: Prompt) -> tuple[int, int]:
    """Tokens that asking may take, there and back, at most."""
    return tokens(None, prompt.system, prompt.user, str(prompt.schema)), MOST_TOKENS
