"""The demo's cases that find attorneys: two of its staff take cases; who got which and why, and what waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from gateway.cli.office import me
from gateway.db.paging import Paging
from gateway.domain.assignment import attorneys, history, queueing
from gateway.domain.assignment.attorneys import Said
from gateway.domain.assignment.history import Given, Waits
from gateway.jobs.worker import drain
from gateway.office import Acting, Office
from gateway.wings import KINDS

_PEOPLE = {
    "attorney": (Said(licence="NY 4821093", capacity=15, languages=["es"]), {"H1B_EXT": 4, "TN": 2}),
    "admin": (Said(licence="NY 3310475", capacity=20, senior=True), {"PERM": 4, "O1A": 5}),
}
_SHOWN = 3
_LEASE = timedelta(minutes=10)


class Found(NamedTuple):
    """Some decisions, one case that waits, and how many there are of both."""

    given: Sequence[Given]
    waits: Waits | None
    held: int
    waiting: int


def find(office: Office, firm_id: UUID, domain: str) -> Found:
    """Let two of the staff take cases, have the queue looked at, and say what came of it.

    Args:
        office: of the demo.
        firm_id: whose cases.
        domain: of the addresses of its staff.
    """
    with office.acting(firm_id, me()) as acting:
        _hire(acting, domain)
        queueing.fill(acting)
    drain(office, KINDS, ["normal"], _LEASE)
    with office.acting(firm_id, me()) as acting:
        given = history.latest(acting, Paging(_SHOWN, total=True))
        waiting = history.waiting(acting, Paging(1, total=True))
        waits = [history.waits(one) for one in waiting.rows]
        return Found(given.rows, waits[0] if waits else None, given.total or 0, waiting.total or 0)


def _hire(acting: Acting, domain: str) -> None:
    known = {one.staff.email for one in attorneys.listing(acting)}
    for name, (said, levels) in _PEOPLE.items():
        email = f"{name}@{domain}"
        if email not in known:
            attorneys.add(acting, email, said)
            attorneys.set_expertise(acting, email, levels)
