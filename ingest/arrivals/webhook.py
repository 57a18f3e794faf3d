"""Calls by which a partner's system sends a file, or says that something changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from gateway.config import FieldError, KeyPath, check_secret_names
from ingest.arrivals.base import ArrivalSpec
from ingest.arrivals.proofs import AnyProof, Header, Hmac, Standard

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals

_TIME = "{time}"
_MOMENT = "%Y-%m-%dT%H%M%SZ"  # such as 2026-05-01T061500Z
_PROBE = datetime.fromisoformat("2026-05-01T06:15:00Z")


class WebhookArrival(ArrivalSpec, frozen=True, kw_only=True, tag="webhook"):
    """How a call is proven, and what the file is called that its body becomes.

    Attributes:
        name: of the file; `{time}` is the instant of arrival in UTC, such as 2026-05-01T061500Z.
        secret: the name of the secret, or of several while one takes the place of another.
        id: the header by which the sender tells its calls apart, where Standard Webhooks do not say it.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    secret: str | Annotated[list[str], Meta(min_length=1, max_length=5)]
    proof: AnyProof = Standard()
    id: Header | None = None

    def __post_init__(self) -> None:
        check_secret_names("secret", self.secrets)
        if self.id is not None and isinstance(self.proof, Standard):
            raise FieldError("Standard Webhooks say the id in `webhook-id`.", at=("id",))
        if self.id is None and isinstance(self.proof, Hmac) and "{id}" in self.proof.content:
            raise FieldError("{id} is what the header says that `id` names.", at=("proof", "signed"))
        if braces := re.findall(r"\{[^}]*\}?", self.name.replace(_TIME, "")):
            raise FieldError(f"A name knows {_TIME} alone, not {braces[0]}.", at=("name",))

    @property
    def secrets(self) -> list[str]:
        """Their names."""
        return [self.secret] if isinstance(self.secret, str) else [*self.secret]

    def name_at(self, instant: datetime) -> str:
        """What a file is called that arrives at an instant in UTC."""
        return self.name.replace(_TIME, instant.strftime(_MOMENT))

    def faults(self, feed: Feed) -> Iterator[tuple[KeyPath, str]]:
        """Whether the feed would take a file of this name, and learn from it of when it speaks where it means to."""
        name, globs = self.name_at(_PROBE), [feed.file] if isinstance(feed.file, str) else feed.file
        if not any(fnmatchcase(name, glob) for glob in globs):
            yield ("name",), f"A file that is called {name} is none of this feed's: {', '.join(globs)}."
        elif feed.as_of and feed.as_of.file_name and not _fits(name, feed.as_of.file_name):
            sentence = f"`as_of` cannot read {name} by {feed.as_of.file_name}; {_TIME} is %Y-%m-%dT%H%M%S%z."
            yield ("name",), sentence


def _fits(name: str, pattern: str) -> bool:
    try:
        datetime.strptime(name, pattern)  # noqa: DTZ007 - whether it can be read is all that is asked
    except ValueError:
        return False
    return True
