"""What every channel is: whom it reaches, what it is given, and how it says what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from msgspec import Struct
from sqlalchemy.orm import Session

from gateway.errors import Problem
from gateway.office import Office
from outbound.notify.deciding import Passed

Fate = Literal["sent", "delivered", "opened", "failed"]
Absent = Literal["absent"]  # it never came through, for certain


class Recipient(NamedTuple):
    """Whom, exactly one of staff, client and a partner's contact; `contact` is a name of the partner's contacts."""

    staff_id: UUID | None = None
    client_id: UUID | None = None
    partner_id: UUID | None = None
    contact: str | None = None


class Words(Struct, frozen=True, kw_only=True):
    """What is told, in the forms that channels need; nothing sensitive stands in `subject` and `short`.

    Attributes:
        subject: one line.
        text: whole, as plain text.
        html: whole; None where the channel shows text.
        short: for a telephone or a bell: a sentence or two, with the link.
        link: where to read on or to act; looking at it changes nothing.
        one_click: where a press ends such messages (RFC 8058).
    """

    subject: str
    text: str
    html: str | None = None
    short: str = ""
    link: str | None = None
    one_click: str | None = None


class Envelope(NamedTuple):
    """What a channel is given besides the words.

    Attributes:
        id: of the dispatch: the same over all attempts.
        firm_id, firm: whose; its name as people know it.
        recipient: whom.
        to: where the channel reaches them: an address, a number, what `Channel.addresses` said.
        priority: `critical`, `urgent`, `normal` or `low`.
        one_click: where a press ends such messages (RFC 8058), for channels that have a place for it.
        is_repeat: it may have come through before.
    """

    id: UUID
    firm_id: UUID
    firm: str
    recipient: Recipient
    to: Sequence[str]
    priority: str = "normal"
    one_click: str | None = None
    is_repeat: bool = False


class Taken(NamedTuple):
    """The channel has it.

    Attributes:
        ref: by which its provider speaks of it later.
        answer: what was said, for the record.
        fate: `sent`, or `delivered` where being taken is as far as it goes.
    """

    ref: str
    answer: str
    fate: Fate = "sent"


class Unsent(Problem):
    """It was not taken, or nobody can tell. The sentence: what was wrong, where, what to do."""


class NotNow(Unsent):
    """The provider is away, or asks to come later: others would fail as well, and the same may be sent again.

    Args:
        wait: for how long it asks to be left alone, where it says so.
        is_doubtful: it may have been taken: the connection broke after all was said.
        is_alone: others would not fail: a mailbox that is full, a sender that is not yet known to one recipient.
    """

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        wait: timedelta | None = None,
        is_doubtful: bool = False,
        is_alone: bool = False,
    ) -> None:
        super().__init__(code, sentence)
        self.wait = wait
        self.is_doubtful = is_doubtful
        self.is_alone = is_alone


class Never(Unsent):
    """The provider works, and refuses this one: a wrong address, a blocked number."""


class Line(Protocol):
    """An open way out, for as many as follow each other; it is no thread's but the opener's."""

    def send(self, passed: Passed, envelope: Envelope, words: Words) -> Taken:
        """Hand one over; `passed` is what the gate gives, and nobody else can make it.

        Raises:
            NotNow: also where others would fail as well.
            Never: this one is refused.
        """


class Limits(NamedTuple):
    """What a provider bears: so many a second, so many a day; None is no limit.

    Attributes:
        is_firms: each firm has a provider of its own, which fails and is spared alone.
        lines: that one firm's worker may have open side by side.
    """

    a_second: float | None = None
    a_day: int | None = None
    is_firms: bool = False
    lines: int = 1


class Channel(Protocol):
    """How one kind of channel works; a module each, and a line of the registry."""

    name: str

    def limits(self, office: Office) -> Limits:
        """Of its provider, by the installation's settings."""

    def addresses(
        self, office: Office, session: Session, recipients: Iterable[Recipient]
    ) -> Mapping[Recipient, Sequence[str]]:
        """Where it reaches each; whoever is missing cannot be reached by it. In one query, in a session of the firm."""

    def open(self, office: Office) -> AbstractContextManager[Line]:
        """A way out; it connects when it is first used, and anew where it was lost.

        Raises:
            NotNow: it cannot be opened.
        """

    def ask(self, office: Office, ref: str | None, envelope: Envelope) -> Fate | Absent | None:
        """What its provider knows of one of which we do not; None where it cannot be asked, or does not know.

        Raises:
            NotNow: it does not answer.
        """

    def ping(self, office: Office) -> list[str]:
        """Whether sending would work, as one sentence a step, without telling anybody anything.

        Raises:
            Unsent: at the first step that fails.
        """
