"""The keys that sign the tokens of staff: made, replaced every 30 days or at once, and remembered while they count.

HS256 with random keys under the master key: nobody but us verifies these tokens, so a public key would serve no one,
and whoever holds the master key could read the private one anyway.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from gateway import clock, crypto
from gateway.db.models import SigningKey
from gateway.domain.access.sessions import AT_MOST, end_everybodys
from gateway.office import Actor, Office

SIGNS_FOR = timedelta(days=30)
_ONE_AT_A_TIME = 0x7369676E696E67  # an advisory lock: "signing" in ASCII


class Rotated(NamedTuple):
    """The key that signs from now on, and how many sessions ended with the one before."""

    key_id: UUID
    sessions_ended: int


def rotate(office: Office, actor: Actor, *, end_sessions: bool) -> Rotated:
    """Sign with a new key; `end_sessions` signs all staff of all firms out, for a key that may be in wrong hands."""
    with office.db.system() as session:
        made = replace(session, crypto.load_master_key(office.settings), end_old=end_sessions)
        return Rotated(made.id, end_everybodys(session, actor) if end_sessions else 0)


def current(session: Session, master_key: bytes) -> SigningKey:
    """The key that signs now, made where there is none or the last one is too old; in a system session."""
    found = _fresh(session)
    if found is None:
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        found = _fresh(session)  # somebody may have been faster
    return found or replace(session, master_key)


def replace(session: Session, master_key: bytes, *, end_old: bool = False) -> SigningKey:
    """A new key signs from now on; in a system session.

    Args:
        session: the system's.
        master_key: wraps it.
        end_old: the tokens of older keys end with this, instead of each in its own time.
    """
    now = clock.now()
    until = now if end_old else now + AT_MOST
    ending = update(SigningKey).where(or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > until))
    session.execute(ending.values(ends_at=until))
    key_id = uuid4()
    made = SigningKey(id=key_id, wrapped_key=crypto.make_data_key(key_id, master_key), created_at=now)
    session.add(made)
    session.flush()
    return made


def live(session: Session) -> dict[UUID, bytes]:
    """The wrapped keys whose tokens are good; in a system session."""
    counting = or_(SigningKey.ends_at.is_(None), SigningKey.ends_at > clock.now())
    found = session.execute(select(SigningKey.id, SigningKey.wrapped_key).where(counting))
    return {row.id: row.wrapped_key for row in found}


def _fresh(session: Session) -> SigningKey | None:
    young = SigningKey.created_at > clock.now() - SIGNS_FOR
    found = select(SigningKey).where(SigningKey.ends_at.is_(None), young)
    return session.scalar(found.order_by(SigningKey.created_at.desc()).limit(1))
