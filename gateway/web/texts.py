"""Text as callers may send it: PostgreSQL holds no NUL characters, and nobody's name is a thousand letters long."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

NO_NUL = "^[^\x00]*$"

Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
