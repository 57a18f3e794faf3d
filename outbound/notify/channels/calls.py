"""What it means for a message that the other side was not reached, or not to its end."""

from __future__ import annotations

from gateway.errors import Problem
from outbound.notify.channels.base import NotNow

_MAYBE = frozenset({"answer_timed_out", "connection_broken", "answer_too_large", "answer_unreadable"})


def unreached(problem: Problem, *, is_alone: bool = False) -> NotNow:
    """Whatever `gateway.outward` says; after some of it nobody can tell whether the message was taken."""
    return NotNow(problem.code, problem.sentence, is_doubtful=problem.code in _MAYBE, is_alone=is_alone)
