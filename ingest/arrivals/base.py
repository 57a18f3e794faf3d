"""What is common to all ways of arriving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.config import KeyPath

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals


class ArrivalSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="via"):
    """The base of every entry of `arrivals:`; `via` names the way."""

    def faults(self, feed: Feed) -> Iterator[tuple[KeyPath, str]]:  # noqa: ARG002 - most ways fit any feed
        """What does not fit the feed that it brings files for: the path below the entry, and a sentence."""
        yield from ()
