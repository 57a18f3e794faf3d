"""Sums of what all processes count: each adds to a table what it has counted since the last time.

The figures of one process die with it, and a scrape of the API sees the API only. So each process settles every two
seconds and when it ends, and the API before it is scraped. One that is killed loses what it counted since.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
from prometheus_client.metrics_core import Metric
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.db.session import Database
from gateway.errors import Problem
from gateway.metrics import COUNTED

_EVERY_SECONDS = 2.0
_END_SECONDS = 2.0  # what an ending process waits for a database that does not answer

_Sample = tuple[str, tuple[tuple[str, str], ...]]  # its name, and its labels by name
_told: dict[_Sample, float] = {}  # of this process's counts, what the table has already
_lock = threading.Lock()


@contextmanager
def kept(db: Database) -> Iterator[None]:
    """Settle now and then while a process lives, and when it ends."""
    ending = threading.Event()
    thread = threading.Thread(target=_keep, args=[db, ending], name="tallies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(_END_SECONDS)


def _keep(db: Database, ending: threading.Event) -> None:
    is_over = False
    while not is_over:
        is_over = ending.wait(_EVERY_SECONDS)
        with suppress(Problem):  # the database is away, as others have logged: the next time adds this one's too
            settle(db)


def settle(db: Database) -> None:
    """Add what this process has counted since the last time.

    Raises:
        Transient: the database is away or busy; nothing was added.
    """
    with _lock:
        now = dict(_counted())
        gained = {sample: value - _told.get(sample, 0.0) for sample, value in now.items()}
        gained = {sample: value for sample, value in sorted(gained.items()) if value}
        if not gained:
            return
        values = {
            "names": [name for name, _ in gained],
            "labels": [msgspec.json.encode(dict(labels)).decode() for _, labels in gained],
            "values": list(gained.values()),
        }
        with db.system() as session:
            session.execute(_ADD, values)
        _told.update(now)


# The order keeps two processes that add at once from waiting for each other; the figures need not reach the disk
_ADD = text("""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO tallies (sample, labels, value)
SELECT g.sample, CAST(g.labels AS jsonb), g.value
FROM quick, unnest(CAST(:names AS text[]), CAST(:labels AS text[]), CAST(:values AS double precision[]))
    WITH ORDINALITY g (sample, labels, value, place) ORDER BY g.place
ON CONFLICT (sample, labels) DO UPDATE SET value = tallies.value + excluded.value
""")


def _counted() -> Iterator[tuple[_Sample, float]]:
    for family in COUNTED.collect():
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                yield (sample.name, tuple(sorted(sample.labels.items()))), sample.value


def families(session: Session) -> Iterator[Metric]:
    """What all processes have counted, in a system session."""
    found = defaultdict(list)
    for sample, labels, value in session.execute(text("SELECT sample, labels, value FROM tallies")):
        found[sample].append((labels, value))
    for family in COUNTED.collect():
        whole = Metric(family.name, family.documentation, family.type)
        for suffix in _SUFFIXES[family.type]:
            for labels, value in sorted(found[family.name + suffix], key=_order):
                whole.add_sample(family.name + suffix, labels, value)
        yield whole


_SUFFIXES = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}


def _order(one: tuple[dict[str, str], float]) -> tuple[list[str], float]:
    """Buckets from the lowest to the highest, as the format wants them."""
    labels, _ = one
    rest = [value for name, value in sorted(labels.items()) if name != "le"]
    return rest, float(labels.get("le", 0))
