"""Steps of a program at which it dies or stands still, for programs that a test starts as processes of their own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

HERE = "here\n"  # what a program prints that has come to stand still


def break_at(owner: Any, name: str, *, after: bool, by: Callable[[], None]) -> None:
    """Have `owner.name` broken when it is called, or once it has done its work."""
    real = getattr(owner, name)

    def broken(*args: Any, **more: Any) -> Any:
        if not after:
            by()
        done = real(*args, **more)
        if after:
            by()
        return done

    setattr(owner, name, broken)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stand_still() -> None:
    print(HERE, end="", flush=True)  # noqa: T201 - the test reads it
    threading.Event().wait()
