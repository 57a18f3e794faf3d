"""What a file is called that had no name where it came from: a pattern in which the instant of arrival stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from gateway.config import FieldError

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals

FileName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]

_TIME = "{time}"
_MOMENT = "%Y-%m-%dT%H%M%SZ"  # such as 2026-05-01T061500Z
_PROBE = datetime.fromisoformat("2026-05-01T06:15:00Z")


def check_name(pattern: str) -> None:
    """See that a pattern is one of ours.

    Raises:
        FieldError: it has braces of another kind.
    """
    if braces := re.findall(r"\{[^}]*\}?", pattern.replace(_TIME, "")):
        raise FieldError(f"A name knows {_TIME} alone, not {braces[0]}.", at=("name",))


def name_at(pattern: str, instant: datetime) -> str:
    """What a file is called that arrives at an instant in UTC."""
    return pattern.replace(_TIME, instant.strftime(_MOMENT))


def name_faults(pattern: str, feed: Feed) -> Iterator[str]:
    """Whether the feed would take a file of this name, and learn from it of when it speaks where it means to."""
    name, globs = name_at(pattern, _PROBE), [feed.file] if isinstance(feed.file, str) else feed.file
    if not any(fnmatchcase(name, glob) for glob in globs):
        yield f"A file that is called {name} is none of this feed's: {', '.join(globs)}."
    elif feed.as_of and feed.as_of.file_name and not _fits(name, feed.as_of.file_name):
        yield f"`as_of` cannot read {name} by {feed.as_of.file_name}; {_TIME} is %Y-%m-%dT%H%M%S%z."


def _fits(name: str, pattern: str) -> bool:
    try:
        datetime.strptime(name, pattern)  # noqa: DTZ007 - whether it can be read is all that is asked
    except ValueError:
        return False
    return True
