"""A look at a partner's place that dies at a chosen point: `python dying.py POINT SLUG`, in the environment of a command."""

from __future__ import annotations

import sys
from typing import Any

from gateway.db.session import Database
from gateway.domain.partners.homes import find_home
from gateway.settings import load
from gateway.wings import office_of
from helpers.breaking import break_at, die
from ingest.arrivals import drop, memory, polling

POINTS: dict[str, tuple[Any, str, bool]] = {  # what is about to be called, or has just been
    "listed": (memory, "remember", False),
    "remembered": (memory, "remember", True),
    "nothing read": (drop.HeldFile, "chunks", False),
    "stored, not on record": (memory, "note_taken", False),
    "on record, not committed": (memory, "note_taken", True),
    "committed, not settled": (drop.HeldFile, "settle", False),
    "put aside, not compared": (drop.DropPlace, "digest", False),
    "compared, not put away": (drop.DropPlace, "put_away", False),
    "put away, not noted": (drop.DropPlace, "put_away", True),
    "noted": (memory, "note_settled", True),
}
COMMITTED = {name for number, name in enumerate(POINTS) if number > list(POINTS).index("on record, not committed")}


def main(point: str, slug: str) -> None:
    owner, name, after = POINTS[point]
    break_at(owner, name, after=after, by=die)
    settings = load()
    office = office_of(Database.open(settings), settings)
    list(polling.poll(office, find_home(office, slug)))


if __name__ == "__main__":
    main(*sys.argv[1:])
