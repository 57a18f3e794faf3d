"""What is common to all ways of arriving, and what a place is at which we look for files ourselves.

A place only lists, reads and settles. Which of its files are ours, whether they are whole, whether we had them already
and what is done when is decided once, for all kinds of places, in `ingest.arrivals.taking`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol
from uuid import UUID

from msgspec import Meta, Struct

from gateway.config import KeyPath, secret
from gateway.errors import Problem
from gateway.settings import Settings

if TYPE_CHECKING:
    from ingest.feed import Feed  # which is made of arrivals

CHUNK_BYTES = 1 << 20

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class ArrivalSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="via"):
    """The base of every entry of `arrivals:`; `via` names the way."""

    def faults(self, feed: Feed) -> Iterator[tuple[KeyPath, str]]:  # noqa: ARG002 - most ways fit any feed
        """What does not fit the feed that it brings files for: the path below the entry, and a sentence."""
        yield from ()


class Whose(NamedTuple):
    """For whom a place is opened.

    Attributes:
        firm: its slug; the only one whose secrets can be named.
        partner: its slug.
    """

    settings: Settings
    firm: str
    partner: str

    def secret(self, name: str) -> str:
        """The value of a secret that the partner's settings name; see `gateway.config.secret`."""
        return secret(name, self.settings, firm=self.firm)


class Sighting(NamedTuple):
    """One file as a look sees it.

    Attributes:
        path: below the place, as the place spells it; it may hold what is no Unicode.
        name: as the file arrives: without folders, and as it was called before we put it aside.
        mark: tells cheaply that it was changed, together with `size`: its mtime, inode or etag.
        refused: why it is never taken, in a sentence; None where it may be.
        aside: the import for which somebody put it aside who was killed before it was settled.
    """

    path: str
    name: str
    size: int
    mark: str
    refused: str | None = None
    aside: UUID | None = None


class Taken(NamedTuple):
    """What is on record of a file, by which a place knows it again before it moves or deletes it."""

    sha256: str
    import_id: UUID


class NotYet(Exception):  # noqa: N818 - no error: it waits, and the next look tries again
    """A file cannot be taken now; the text says why, to people.

    Args:
        why: what it waits for.
        soon: another look in a minute may well find otherwise.
    """

    def __init__(self, why: str, *, soon: bool = True) -> None:
        super().__init__(why)
        self.soon = soon


class PlaceFailed(Problem):
    """A place cannot be used: what was wrong, where, and what to do."""


class Held(Protocol):
    """One file of a place, in our hands until it is let go."""

    def is_whole(self) -> bool | None:
        """Whether nobody is writing it; None where the place cannot tell."""
        ...

    def chunks(self, offset: int) -> Iterator[bytes]:
        """Its bytes from there on.

        Raises:
            NotYet: it is not, or no longer, what was seen.
        """
        ...

    def settle(self, taken: Taken) -> bool:
        """Move or delete it as agreed; if it is another file by now, that stays, and this is False."""
        ...


class Place(Protocol):
    """A place that is open.

    Attributes:
        is_far: reading it costs, and what was read must survive a connection that breaks.
    """

    is_far: bool

    def look(self) -> Iterator[Sighting]:
        """What is there, done-files included; not what is plainly a draft."""
        ...

    def hold(self, seen: Sighting) -> AbstractContextManager[Held]:
        """Take one file into our hands.

        Raises:
            NotYet: it is gone, or is no longer what was seen.
        """
        ...

    def drop(self, seen: Sighting) -> None:
        """Remove a done-file that has served, unless it is another one by now."""
        ...

    def ping(self) -> Iterator[str]:
        """One sentence for each step that works, up to the permission to settle.

        Raises:
            PlaceFailed: at the first that does not.
        """
        ...


Interval = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3}[mhd]$", description="Minutes, hours or days: 15m, 1h, 1d.")]


class PlaceSpec(ArrivalSpec, frozen=True, kw_only=True):
    """A place that we look at ourselves.

    Attributes:
        glob: names of files that the feed takes here; without it, the feed's own `file`.
        done: how a file is called whose presence says that another one is whole; `*` is the name of that one.
        every: how often we look.
    """

    glob: str | None = None
    done: Annotated[str, Meta(pattern=r"^[^/*]*\*[^/*]+$|^[^/*]+\*[^/*]*$")] | None = None
    every: Interval = "15m"

    @property
    def keeps(self) -> bool:
        """Whether what was taken stays where it is."""
        raise NotImplementedError

    @property
    def needs_patience(self) -> bool:
        """Whether nothing but a size that stands still can tell that a file is whole."""
        return self.done is None

    @property
    def waits_for_end(self) -> bool:
        """Whether the file's own format tells that it is whole."""
        return False

    @property
    def is_example(self) -> bool:
        """Whether it is at a name for examples, so that no clock need look there; see `gateway.dialing.is_example`."""
        return False

    def place(self, whose: Whose) -> str:
        """Where it is, in words that tell it from the partner's other places and hold no secret."""
        raise NotImplementedError

    def open(self, whose: Whose) -> AbstractContextManager[Place]:
        """Go there.

        Raises:
            PlaceFailed: it cannot be reached, or lets us not in.
        """
        raise NotImplementedError


def interval(text: str) -> timedelta:
    """What an `Interval` says."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})
