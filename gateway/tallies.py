"""Sums of what all processes count: each adds to a table what it has counted since the last time.

The figures of one process die with it, and a scrape of the API sees the API only. So each process settles every two
seconds and when it ends, and the API before it is scraped. One that is killed loses what it counted since.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from gateway import metrics
from gateway.db.session import Database
from gateway.errors import Problem
from gateway.metrics import Timer

_EVERY_SECONDS = 2.0
_END_SECONDS = 2.0  # what an ending process waits for a database that does not answer


@contextmanager
def kept(db: Database, *more: Callable[[Database], None]) -> Iterator[None]:
    """Settle now and then while a process lives, and when it ends; `more` is what else is settled then, likewise."""
    ending = threading.Event()
    thread = threading.Thread(target=_keep, args=[db, ending, (settle, *more)], name="tallies", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(_END_SECONDS)


def _keep(db: Database, ending: threading.Event, all_of_it: Sequence[Callable[[Database], None]]) -> None:
    is_over = False
    while not is_over:
        is_over = ending.wait(_EVERY_SECONDS)
        for one in all_of_it:
            with suppress(Problem):  # the database is away, as others have logged: the next time adds this one's too
                one(db)


def settle(db: Database) -> None:
    """Add what this process has counted since the last time.

    Raises:
        Transient: the database is away or busy; nothing was added.
    """
    taken = metrics.take()
    if not taken:
        return
    try:
        with db.system() as session:
            session.execute(_ADD, _columns(taken))
    except BaseException:
        metrics.give_back(taken)
        raise


def _columns(taken: dict[metrics.Note, float]) -> dict[str, list[object]]:
    """In one order, so that two processes that add at once do not wait for each other."""
    rows = sorted(
        (one.metric, _labels(metrics.LIST[one.metric].labels, one.labels), one.part, value)
        for one, value in taken.items()
    )
    return dict(zip(("metrics", "labels", "parts", "values"), map(list, zip(*rows, strict=True)), strict=True))


# the figures need not reach the disk before anybody goes on
_ADD = text("""
WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO tallies (metric, labels, part, value)
SELECT g.metric, g.labels, g.part, g.value
FROM quick, unnest(CAST(:metrics AS text[]), CAST(:labels AS text[]), CAST(:parts AS text[]),
                   CAST(:values AS double precision[])) WITH ORDINALITY g (metric, labels, part, value, place)
ORDER BY g.place
ON CONFLICT (metric, labels, part) DO UPDATE SET value = tallies.value + excluded.value
""")


# ---------------------------------------------------------------- telling, in Prometheus' text format 0.0.4


def told(session: Session) -> Iterator[str]:
    """Lines of what all processes have counted, in a system session."""
    found = session.execute(text("SELECT metric, labels, part, value FROM tallies ORDER BY metric, labels")).all()
    by_metric = {name: list(rows) for name, rows in groupby(found, key=lambda row: str(row.metric))}
    for name, metric in metrics.LIST.items():
        rows = by_metric.get(name, [])
        if isinstance(metric, Timer):
            yield from _head(name, metric.describes, "histogram")
            yield from _timed(metric, rows)
        else:
            yield from _head(name, metric.describes, "counter")
            yield from (f"{name}{{{row.labels}}} {row.value}" for row in rows)


def gauge(name: str, describes: str, labels: Sequence[str], found: Mapping[tuple[str, ...], float]) -> Iterator[str]:
    """Lines of a figure that may fall again, with its values by labels."""
    yield from _head(name, describes, "gauge")
    for values, value in found.items():
        yield f"{name}{{{_labels(labels, values)}}} {float(value)}"


def _head(name: str, describes: str, kind: str) -> list[str]:
    return [f"# HELP {name} {describes}", f"# TYPE {name} {kind}"]


def _timed(metric: Timer, rows: Iterable[Row[tuple[str, str, str, float]]]) -> Iterator[str]:
    """Each bucket tells those below it as well, from the lowest to the highest."""
    for labels, group in groupby(rows, key=lambda row: str(row.labels)):
        parts = {row.part: row.value for row in group}
        below = 0.0
        for bound in metric.parts:
            below += parts.get(bound, 0.0)
            yield f'{metric.name}_bucket{{{labels},le="{bound}"}} {below}'
        yield f"{metric.name}_count{{{labels}}} {below}"
        yield f"{metric.name}_sum{{{labels}}} {parts.get('sum', 0.0)}"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
