"""Whether a file has come to its end, as far as its own format knows one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ingest.feed import Feed
from ingest.formats import open_table
from ingest.formats.base import Refused


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched and is not on record; satisfies `ingest.formats.base.Source`."""

    name: str
    size: int
    open: Callable[[], Iterable[bytes]]

    def chunks(self) -> Iterable[bytes]:
        """The content, anew each time."""
        return self.open()


def has_ended(fetched: Fetched, feed: Feed) -> bool:
    """Whether it can be read to its end: the trailer is there and is borne out, the last bracket is closed."""
    try:
        for _ in open_table(fetched, feed.format).batches():
            pass
    except Refused:
        return False
    return True
