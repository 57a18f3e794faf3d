"""Follows what a job is about, an import or a check, to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from gateway.jobs.broker.listening import Bulletin

_LOOK_SECONDS = 2.0  # between looks at something of which nothing was heard


class Standing(Protocol):
    """How far something is; two that are equal are told once."""

    @property
    def is_open(self) -> bool:
        """Whether there is more to come."""


S = TypeVar("S", bound=Standing)


def follow(look: Callable[[], S | None], bulletin: Bulletin, stop: threading.Event | None = None) -> Iterator[S]:
    """How far something is now, and again whenever that has changed, until it is at its end or `stop` is set.

    Between notifications it looks every two seconds, so what a command does without a job is followed as well.

    Args:
        look: how far it is at this moment; None to whoever may know it no longer, which ends it.
        bulletin: of PROGRESS, shared by all who follow.
        stop: ends it, after the look that goes on.
    """
    with bulletin.news() as news:
        last: S | None = None
        while (last is None or last.is_open) and not (stop and stop.is_set()):
            news.clear()
            now = look()
            if now is None:
                return
            if now != last:
                yield now
            last = now
            if now.is_open:
                news.wait(_LOOK_SECONDS)
