"""Leases by name: who makes the jobs of the schedules, and which workers live.

By the wall clock, never a pretended one: they are about processes.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

SCHEDULER = "scheduler"
WORKER = "worker "  # and its name

_LEASE = timedelta(seconds=10)


def take(session: Session, name: str, holder: str) -> bool:
    """Take or renew a lease until ten seconds from now, in a system session; False while somebody else has it."""
    return session.scalar(_TAKE, {"name": name, "holder": holder, "lease": _LEASE}) is not None


_TAKE = text(
    "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, clock_timestamp() + :lease)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
    " WHERE leases.holder = excluded.holder OR leases.until < clock_timestamp() RETURNING holder"
)


def announce(session: Session, name: str, about: dict[str, object]) -> None:
    """Say that a worker lives, and forget those that have not said so for an hour."""
    told = msgspec.json.encode(about).decode()
    session.execute(_ANNOUNCE, {"name": WORKER + name, "holder": name, "lease": _LEASE, "about": told})
    session.execute(text("DELETE FROM leases WHERE until < clock_timestamp() - interval '1 hour'"))


_ANNOUNCE = text(
    "INSERT INTO leases (name, holder, until, about) VALUES (:name, :holder, clock_timestamp() + :lease, :about)"
    " ON CONFLICT (name) DO UPDATE SET until = excluded.until, about = excluded.about"
)


def give_up(session: Session, holder: str) -> None:
    """Give up every lease of this holder, so that nobody must wait for its end."""
    session.execute(text("DELETE FROM leases WHERE holder = :holder"), {"holder": holder})
