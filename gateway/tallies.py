"""What several processes count: each adds what it has counted since the last time, so one of them can tell the sum.

The figures of one process die with it, and a scrape of the API sees the API only. What is registered in `SHARED` goes
into a table: once a second from workers and the scheduler, at the end of a command, and when the API is scraped. So a
process that is killed loses what it counted since, which a scrape would not have seen either.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator

import msgspec
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from sqlalchemy import text
from sqlalchemy.orm import Session

from gateway.db.session import Database

SHARED = CollectorRegistry()

NUDGES = Counter("gateway_job_nudges", "Wakes for workers by what became of them", ["outcome"], registry=SHARED)
JOB_SECONDS = Histogram(
    "gateway_job_seconds",
    "Attempts at jobs by kind and outcome, and how long they took",
    ["kind", "outcome"],
    buckets=(0.05, 0.25, 1, 5, 15, 60, 300, 900, 3_600),
    registry=SHARED,
)
IMPORTS = Counter(
    "gateway_imports", "Imports by partner and the state that they came to", ["partner", "state"], registry=SHARED
)
ROWS = Counter(
    "gateway_import_rows", "Rows of loaded imports by partner and outcome", ["partner", "outcome"], registry=SHARED
)

_Sample = tuple[str, str]  # its name, and its labels as JSON
_told: dict[_Sample, float] = {}  # of this process's counts, what the table has already
_lock = threading.Lock()


def settle(db: Database) -> None:
    """Add what this process has counted since the last time; without a database it waits for the next time.

    Raises:
        Transient: the database is away or busy.
    """
    with _lock:
        now = dict(_counted())
        gained = {sample: value - _told.get(sample, 0.0) for sample, value in now.items()}
        gained = {sample: value for sample, value in sorted(gained.items()) if value}
        if not gained:
            return
        names, labels = zip(*gained, strict=True)
        with db.system() as session:
            session.execute(_ADD, {"names": names, "labels": labels, "values": list(gained.values())})
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
    for family in SHARED.collect():
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                yield (sample.name, msgspec.json.encode(sample.labels, order="sorted").decode()), sample.value


def families(session: Session) -> Iterator[Metric]:
    """What all processes have counted, in a system session."""
    found = defaultdict(list)
    for sample, labels, value in session.execute(text("SELECT sample, labels, value FROM tallies")):
        found[sample].append((labels, value))
    for family in SHARED.collect():
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
