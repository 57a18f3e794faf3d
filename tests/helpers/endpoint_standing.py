"""Our SFTP endpoint in a process of its own that stands still at a named step of an arrival, and says so.

`python endpoint_standing.py POINT`; first it prints the port at which it listens.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

from gateway.db.session import Database
from gateway.settings import load
from gateway.storage import Store
from gateway.wings import office_of
from helpers.breaking import break_at, stand_still
from ingest import recording
from ingest.arrivals.endpoint import partials, server, taking


def _before(owner: Any, name: str) -> Callable[[], None]:
    return lambda: break_at(owner, name, after=False, by=stand_still)


def _after(owner: Any, name: str) -> Callable[[], None]:
    return lambda: break_at(owner, name, after=True, by=stand_still)


BEFORE = {  # it is on record
    "before a byte is written": _before(partials.Partial, "write"),
    "amid the bytes": _after(partials.Partial, "write"),
    "before the close is heeded": _before(partials.Partial, "check_whole"),
    "before it is stored": _before(taking, "receive"),
    "amid storing it": _before(Store, "_sync"),
    "stored, before it is on record": _before(recording.Reception, "record"),
    "on record and marked, before the commit": _before(recording.Reception, "settle"),
}
AFTER = {
    "committed, before the partial goes": _after(taking, "receive"),
    "before the partial is deleted": _before(partials.Partial, "delete"),
    "arrived, before the answer": _after(partials.Partial, "delete"),
}
NOWHERE = "nowhere"


def main(point: str) -> None:
    if point != NOWHERE:
        (BEFORE | AFTER)[point]()
    settings = load()
    office = office_of(Database.open(settings), settings)
    server.serve(office, threading.Event(), lambda _: None, lambda port: print(f"port {port}", flush=True))  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main(sys.argv[1])
