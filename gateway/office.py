"""Where work is done: the database, the store, the key; and somebody at work there for one firm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, Self
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import crypto, events
from gateway.crypto import FirmCipher
from gateway.db.models import Firm
from gateway.db.session import Database
from gateway.errors import Permanent
from gateway.events import Event, EventRef
from gateway.settings import Settings
from gateway.storage import Store


class Actor(NamedTuple):
    """Who acts, and from where.

    Attributes:
        name: an e-mail address, a partner's slug, or the login at the machine.
        origin: `cli`, or an address.
        partner_id: of the partner whose credential acts: it sees its own things alone, whatever it asks for.
    """

    kind: Literal["staff", "partner", "import", "system"]
    name: str
    id: UUID | None = None
    origin: str | None = None
    partner_id: UUID | None = None


@dataclass(frozen=True)
class Office:
    """The database, the store, and the key to read it.

    Attributes:
        heard: hears each event in the transaction that tells it, for the subscribers, whom `gateway.wings` knows.
    """

    db: Database
    store: Store
    settings: Settings
    heard: Callable[[Session, EventRef], None]

    @classmethod
    def of(cls, db: Database, settings: Settings, heard: Callable[[Session, EventRef], None]) -> Self:
        """The office of these settings, around a database that is open."""
        return cls(db, Store.of(settings), settings, heard)

    def tell(self, session: Session, firm_id: UUID, event: Event) -> None:
        """Put a fact on record in the transaction that makes it so, and leave it to whoever subscribed."""
        self.heard(session, events.write(session, firm_id, event))

    @contextmanager
    def acting(self, firm_id: UUID, actor: Actor) -> Iterator[Acting]:
        """One transaction of somebody for a firm, within the ethical walls around a member of staff.

        It is the edge's to open: a request, a command or a job has one. Commits at the end, rolls back on error.

        Raises:
            Transient: see `gateway.db.engine.translating`.
        """
        staff_id = actor.id if actor.kind == "staff" else None
        with self.db.firm(firm_id, staff_id) as session:
            yield Acting(self, session, firm_id, actor)

    def cipher(self, session: Session, firm_id: UUID) -> FirmCipher:
        """What encrypts and decrypts a firm's values.

        Raises:
            Permanent: `firm_erased`, its key was destroyed.
        """
        wrapped = session.scalar(select(Firm.wrapped_key).where(Firm.id == firm_id))
        if wrapped is None:
            raise Permanent("firm_erased", "The key of this firm was destroyed; its values cannot be read again.")
        return FirmCipher(firm_id, wrapped, crypto.load_master_key(self.settings))


@dataclass(frozen=True)
class Acting:
    """Somebody at work for a firm, in one transaction: what a use case is given, whichever door it came through.

    Attributes:
        session: of the firm; walls around the actor hold in it.
        actor: who goes on record for what is done.
    """

    office: Office
    session: Session
    firm_id: UUID
    actor: Actor

    @cached_property
    def cipher(self) -> FirmCipher:
        """What encrypts and decrypts the firm's values.

        Raises:
            Permanent: `firm_erased`.
        """
        return self.office.cipher(self.session, self.firm_id)

    def tell(self, event: Event) -> None:
        """Put a fact on record, and leave it to whoever subscribed."""
        self.office.tell(self.session, self.firm_id, event)
