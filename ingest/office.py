"""What handling files takes, and what their senders may say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from gateway import crypto
from gateway.crypto import FirmCipher
from gateway.db.session import Database
from gateway.domain.accounts import cipher_of
from gateway.domain.partners import Home, find_home
from gateway.settings import Settings
from gateway.storage import Store


@dataclass(frozen=True)
class Office:
    """The database, the store, and the key to read it."""

    db: Database
    store: Store
    settings: Settings

    def cipher(self, session: Session, firm_id: UUID) -> FirmCipher:
        """The firm's cipher."""
        return cipher_of(session, firm_id, crypto.load_master_key(self.settings))

    def home(self, slug: str) -> Home:
        """Where a partner belongs."""
        with self.db.system() as session:
            return find_home(session, slug)


@dataclass(frozen=True)
class Asked:
    """What the sender said about a file beyond its bytes."""

    feed: str | None = None
    as_of: datetime | None = None
    forced: bool = False
