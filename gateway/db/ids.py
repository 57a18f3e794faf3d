"""Ids as people write them: whole, or only their beginning."""

from __future__ import annotations

import re
from uuid import UUID

_DIGITS = re.compile(r"[0-9a-f]{4,32}")


def beginning_with(written: str) -> tuple[UUID, UUID] | None:
    """The first and the last id with this beginning, with dashes or without; None where it is no beginning of one."""
    digits = written.lower().replace("-", "")
    if not _DIGITS.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
