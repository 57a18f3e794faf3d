"""What every carrier is: how it is described in partner.yaml, what it is given, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct

from gateway.config import KeyPath, secret
from gateway.errors import Problem
from gateway.settings import Settings

LONGEST_ANSWER = 1_000  # characters of what the other side said that are kept


class CarrierSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="via"):
    """The base of every `carrier:` section; `via` names the carrier. Secrets are named, never written."""

    def named_contacts(self) -> Iterable[tuple[KeyPath, str]]:
        """To which of the partner's contacts it carries, each with the place in this section that names them."""
        return ()

    @property
    def is_example(self) -> bool:
        """Whether it leads to a name for examples, so that nothing need be sent; see `gateway.dialing.is_example`."""
        return False


class Parcel(NamedTuple):
    """What is carried.

    Attributes:
        id: the same over all attempts, by which the other side tells a repetition.
        name: of the file, as the partner is to see it; no path.
        sha256: of its bytes, in hex.
        chunks: its bytes from the start, as often as needed, in pieces of at most 1 MiB.
    """

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    chunks: Callable[[], Iterable[bytes]]


def _nowhere(_parcel: Parcel) -> UUID:
    """Where there is no outbox, as in tests of carriers that need none."""
    raise TypeError("this sender has no outbox")


class Sender(NamedTuple):
    """For whom something is carried.

    Attributes:
        firm: its slug; the only one whose secrets can be named.
        partner: its slug.
        contacts: addresses of people at the partner, by the name under which its settings have them.
        lay_out: puts a parcel into the partner's outbox, once however often it is called; the id that it has there.
    """

    settings: Settings
    firm: str
    partner: str
    contacts: Mapping[str, Sequence[str]] = MappingProxyType({})
    lay_out: Callable[[Parcel], UUID] = _nowhere

    def secret(self, name: str) -> str:
        """The value of a secret that the partner's settings name; see `gateway.config.secret`."""
        return secret(name, self.settings, firm=self.firm)


class Undelivered(Problem):
    """A parcel did not arrive, or nobody can tell that it did. The sentence: what was wrong, where, what to do."""


class Unreachable(Undelivered):
    """The place is out of order or refuses everybody (no answer, 5xx, 429, wrong login): others would fail as well.

    Args:
        wait: for how long the place itself asks to be left alone, where it says so.
    """

    def __init__(self, code: str, sentence: str, *, wait: timedelta | None = None) -> None:
        super().__init__(code, sentence)
        self.wait = wait


class Declined(Undelivered):
    """The place works, and refuses this parcel."""


class Closed(Undelivered):
    """The place says that nothing shall come any more."""


class Carrier(NamedTuple):
    """How one kind of carrier works.

    Attributes:
        send: carries a parcel to its end and returns what the other side said, at most `LONGEST_ANSWER` characters;
            raises `Undelivered`. It may be called again with a parcel, whether the last call came through or not.
        ping: whether sending would work, as one sentence a step (name, port, host key, login, folder, permission to
            write); raises `Undelivered` at the first that does not.
    """

    send: Callable[[Any, Parcel, Sender], str]
    ping: Callable[[Any, Sender], list[str]]
