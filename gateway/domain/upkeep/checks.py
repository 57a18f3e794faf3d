"""What doctor says of one thing."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Level = Literal["ok", "warning", "problem"]


class Check(Struct, frozen=True):
    """One thing looked at; `advice` says what to do unless it is well."""

    name: str
    level: Level
    found: str
    advice: str | None = None
