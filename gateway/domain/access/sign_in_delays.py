"""Slows down whoever guesses passwords: five tries, then a delay that doubles with each further one.

Where a person has signed in within the last month, that person is counted there alone, by account and address together.
Everywhere else a try counts twice: against the account, whoever tries it, and against the address, whichever account it
tries. Hence:

- An attacker elsewhere cannot keep people out of their usual places: those are counted apart.
- Nor for long out of new places: an account's own delay never exceeds a minute, which still leaves an attacker with any
  number of addresses about 1,440 tries a day at a password of twelve characters.
- An address waits up to 15 minutes, and signing in with an account of one's own does not wash it clean: only the try
  that succeeded is taken back.

Tries are counted before the password is looked at, so that a hundred at once are a hundred. Counted in the database,
they count for all processes; under digests, for people type passwords where an e-mail address belongs.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from gateway import clock
from gateway.db.models import SignInTries
from gateway.errors import Permanent

FREE_TRIES = 5
FIRST_DELAY = timedelta(minutes=1)
MOST_BY_ACCOUNT = timedelta(minutes=1)
MOST_BY_ADDRESS = timedelta(minutes=15)
CALM = timedelta(minutes=15)  # without a try, after which nothing is held against anybody
_KEPT = timedelta(days=1)
_IPV6_NETWORK = 64  # bits; whoever has one IPv6 address has all of its network


class TooManyTries(Permanent):
    """Somebody must wait.

    Args:
        seconds: how long, at least.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__("too_many_tries", f"Too many tries to sign in. Try again in {seconds} seconds.")
        self.seconds = seconds


class Counter(NamedTuple):
    """What tries are counted by.

    Attributes:
        most: the longest that this counter makes anybody wait.
        forgiven: a sign-in forgets all tries, not only its own.
    """

    digest: bytes
    most: timedelta
    forgiven: bool


def counters(email: str, origin: str, *, is_usual: bool) -> list[Counter]:
    """What counts a try: of an account, from an address that is usual for it or not."""
    network = _network(origin)
    if is_usual:
        return [Counter(_digest("both", email, network), MOST_BY_ADDRESS, forgiven=True)]
    account = Counter(_digest("account", email), MOST_BY_ACCOUNT, forgiven=True)
    return [account, Counter(_digest("address", network), MOST_BY_ADDRESS, forgiven=False)]


def count(session: Session, by: list[Counter]) -> None:
    """Count a try before it is made; in a system session of its own, which must be committed first.

    Raises:
        TooManyTries: it must not be made yet, and was not counted.
    """
    for counter in by:
        row = _locked(session, counter.digest)
        now = clock.now()
        if row.blocked_until and row.blocked_until > now:
            raise TooManyTries(math.ceil((row.blocked_until - now).total_seconds()))
        if now - (row.blocked_until or row.last_at) > CALM:
            row.tries = 0
        row.tries += 1
        row.last_at = now
        delay = delay_after(row.tries, counter.most)
        row.blocked_until = now + delay if delay else None


def forgive(session: Session, by: list[Counter]) -> None:
    """Take back the try that turned out to be right; in a system session."""
    for counter in by:
        row = _locked(session, counter.digest)
        row.tries = 0 if counter.forgiven else max(row.tries - 1, 0)
        row.blocked_until = None


def touch(session: Session, counter: Counter) -> None:
    """Write a counter anew as it is: what nobody learns from, and what takes as long as an entry of the audit log."""
    same = update(SignInTries).where(SignInTries.digest == counter.digest)
    session.execute(same.values(last_at=SignInTries.last_at))


def forget(session: Session, most: int) -> int:
    """Delete counters that hold nothing against anybody any more, so many at most; in a system session.

    Whoever tries from thousands of addresses leaves as many; so this is nothing for a person who signs in to wait for.
    """
    old = select(SignInTries.digest).where(SignInTries.last_at < clock.now() - _KEPT).limit(most)
    # those that somebody counts at this moment stay, or we would wait for each other
    mine = old.with_for_update(skip_locked=True).cte("old")
    gone = session.execute(delete(SignInTries).where(SignInTries.digest == mine.c.digest).returning(literal(1)))
    return len(gone.all())


def delay_after(tries: int, most: timedelta) -> timedelta:
    """How long to wait after this many tries."""
    if tries < FREE_TRIES:
        return timedelta()
    doubled: int = 2 ** min(tries - FREE_TRIES, 10)
    return min(most, FIRST_DELAY * doubled)


def _locked(session: Session, digest: bytes) -> SignInTries:
    """The counter's row, made where there is none, and ours until the transaction ends."""
    fresh = insert(SignInTries).values(digest=digest, tries=0, last_at=clock.now())
    session.execute(fresh.on_conflict_do_nothing())
    return session.get_one(SignInTries, digest, with_for_update=True)


def _digest(*what: str) -> bytes:
    return hashlib.sha256("\x00".join(what).encode()).digest()


def _network(origin: str) -> str:
    try:
        address = ipaddress.ip_address(origin)
    except ValueError:  # a server behind a UNIX socket knows no address
        return origin
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address.packed, _IPV6_NETWORK), strict=False))
    return str(address)
