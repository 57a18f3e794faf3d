"""Counts who follows short links: in memory, beside the request, and every two seconds into the database.

A process that is killed loses what it counted since.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import text

from gateway.db.session import Database
from gateway.domain.links.links import Target

Visitor = Literal["person", "bot", "scanner", "prefetch", "head"]


class _Click(NamedTuple):
    firm_id: UUID
    link_id: UUID
    day: date
    kind: str


class Clicks:
    """What one process has counted and not yet put into the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._new: defaultdict[_Click, int] = defaultdict(int)

    def note(self, followed: Target, visitor: Visitor) -> None:
        """Count that somebody followed a link."""
        with self._lock:
            self._new[_Click(followed.firm_id, followed.link_id, followed.today, visitor)] += 1

    def settle(self, db: Database) -> None:
        """Add what was counted since the last time.

        Raises:
            Transient: the database is away or busy; nothing was added.
        """
        with self._lock:
            taken, self._new = self._new, defaultdict(int)
        if not taken:
            return
        try:
            with db.system() as session:
                session.execute(_ADD, _columns(taken))
        except BaseException:
            self._give_back(taken)
            raise

    def _give_back(self, taken: dict[_Click, int]) -> None:
        with self._lock:
            for one, number in taken.items():
                self._new[one] += number


def _columns(taken: dict[_Click, int]) -> dict[str, list[object]]:
    """In one order, so that two processes that add at once do not wait for each other."""
    rows = sorted((*one, number) for one, number in taken.items())
    return dict(zip(("firms", "links", "days", "kinds", "numbers"), map(list, zip(*rows, strict=True)), strict=True))


# a link that went meanwhile is counted no more; the figures need not reach the disk before anybody goes on
_ADD = text("""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO link_clicks (firm_id, link_id, day, kind, clicks)
SELECT g.firm_id, g.link_id, g.day, g.kind, g.number
FROM quick, unnest(CAST(:firms AS uuid[]), CAST(:links AS uuid[]), CAST(:days AS date[]), CAST(:kinds AS text[]),
                   CAST(:numbers AS integer[])) WITH ORDINALITY g (firm_id, link_id, day, kind, number, place)
JOIN short_links l ON l.firm_id = g.firm_id AND l.id = g.link_id
ORDER BY g.place
ON CONFLICT (firm_id, link_id, day, kind) DO UPDATE SET clicks = link_clicks.clicks + excluded.clicks
""")
