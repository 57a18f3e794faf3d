"""The types of which bodies are made: what every text from outside must keep to."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

NO_NUL = r"^[^\x00]*$"  # PostgreSQL stores no text that holds one

Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
